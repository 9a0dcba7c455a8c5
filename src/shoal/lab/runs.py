"""Guarantee: what was computed of a run is used again, and what is kept of runs is bounded.

A question names its scenario; whether its timeline is still here makes a difference in time only.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import Lock, RLock
from typing import Any, TypeVar

from shoal.columns import Table
from shoal.lab.material import Material, Tables, material_of
from shoal.lab.plane import Plane, plane_of, view_from_data
from shoal.lab.scenario import Scenario, TableData
from shoal.lab.timeline import Timeline

MOST_TIMELINES, MOST_MATERIALS, MOST_PLANES = 12, 4, 8

T = TypeVar("T")


class Runs:
    """The timelines of the scenarios that were asked for last.

    Attributes
    ----------
    tables : Tables
    lock : RLock
        Whoever looks at a timeline holds it.
    """

    def __init__(self) -> None:
        self.tables = Tables()
        self.lock = RLock()
        self._making: dict[str, Lock] = {}  # examples by their key: those asked twice are made once
        self._timelines: OrderedDict[str, Timeline] = OrderedDict()
        self._materials: OrderedDict[str, Material] = OrderedDict()
        self._planes: OrderedDict[str, Plane] = OrderedDict()

    def plane(self, scenario: Scenario, view: Any) -> Plane:
        """Return the plane of a view through the examples of a scenario."""
        wanted = view_from_data(view)
        key = f"{scenario.examples_key} {wanted}"
        return _kept(
            self._planes, MOST_PLANES, key, lambda: plane_of(wanted, self.material(scenario))
        )

    def make_ready(self, scenario: Scenario) -> None:
        """Make the examples of a scenario without the lock: a large table takes seconds."""
        key = scenario.examples_key
        with self.lock:
            if key in self._materials:
                return
            making = self._making.setdefault(key, Lock())
        with making:
            with self.lock:
                if key in self._materials:
                    return
                table = self._table(scenario)
            try:
                made = material_of(scenario, table)
                with self.lock:
                    self._keep_material(scenario, lambda: made)
            finally:
                self._making.pop(key, None)

    def material(self, scenario: Scenario) -> Material:
        """Return the examples of a scenario."""
        return self._keep_material(scenario, lambda: material_of(scenario, self._table(scenario)))

    def _table(self, scenario: Scenario) -> Table | None:
        data = scenario.data
        return self.tables.find(data) if isinstance(data, TableData) else None

    def _keep_material(self, scenario: Scenario, make: Callable[[], Material]) -> Material:
        """Keep the examples of a scenario; runs of examples that are no longer kept go."""
        found = _kept(self._materials, MOST_MATERIALS, scenario.examples_key, make)
        kept = {id(each) for each in self._materials.values()}
        for key in [k for k, each in self._timelines.items() if id(each.material) not in kept]:
            del self._timelines[key]
        return found

    def timeline(self, scenario: Scenario) -> Timeline:
        """Return the timeline of a scenario; those that it branches off from are made first."""

        def make() -> Timeline:
            parent = None
            if scenario.changes:
                parent = self.timeline(replace(scenario, changes=scenario.changes[:-1]))
            return Timeline(scenario, self.material(scenario), parent)

        return _kept(self._timelines, MOST_TIMELINES, scenario.key, make)


def _kept(kept: OrderedDict[str, T], most: int, key: str, make: Callable[[], T]) -> T:
    if key not in kept:
        kept[key] = make()
    kept.move_to_end(key)
    while len(kept) > most:
        kept.popitem(last=False)
    return kept[key]

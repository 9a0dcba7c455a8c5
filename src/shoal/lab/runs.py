"""Guarantee: what was computed of a run is used again, and what is kept of runs is bounded.

A question names its scenario; whether its timeline is still here makes a difference in time only.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from threading import RLock
from typing import TypeVar

from shoal.lab.material import Material, Tables, material_of
from shoal.lab.scenario import Scenario
from shoal.lab.timeline import Timeline

MOST_TIMELINES, MOST_MATERIALS = 24, 4

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
        self._timelines: OrderedDict[str, Timeline] = OrderedDict()
        self._materials: OrderedDict[str, Material] = OrderedDict()

    def material(self, scenario: Scenario) -> Material:
        """Return the examples of a scenario."""
        examples = Scenario(
            data=scenario.data, held_out=scenario.held_out,
            seed=scenario.seed if scenario.held_out else 0,
        )  # fmt: skip
        make = lambda: material_of(scenario, self.tables)  # noqa: E731
        return _kept(self._materials, MOST_MATERIALS, examples.key, make)

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

"""Guarantee: a scenario holds all that reproduces a run, and nothing in it is taken on trust.

The page's link, the exported script and every question carry one. What it says is checked before
anything is computed, with the sentences of the network and of the optimisers.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any

from shoal.activations import ACTIVATIONS
from shoal.datasets import DATA_SETS
from shoal.errors import InputError
from shoal.network import INITIALISATIONS
from shoal.optimizers import Adam, GradientDescent, Momentum, Optimizer

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "descent": GradientDescent, "momentum": Momentum, "adam": Adam,
}  # fmt: skip
MOST_UNITS, MOST_POINTS, MOST_CHANGES = 500, 2000, 200
LARGEST = 2**31 - 1  # of a seed, an iteration, a size
MOST_DIGITS = 10  # of a place in theta


@dataclass(frozen=True)
class BuiltIn:
    """Points of a formula, see ``shoal.datasets``."""

    name: str
    seed: int = 1


@dataclass(frozen=True)
class Points:
    """Points drawn by hand: x1, x2 and the class of each."""

    points: tuple[tuple[float, float, int], ...]


@dataclass(frozen=True)
class TableData:
    """A table, known by the fingerprint of its bytes."""

    table: str
    name: str
    target: str


Data = BuiltIn | Points | TableData
KINDS: dict[str, type[Data]] = {"built-in": BuiltIn, "points": Points, "table": TableData}


@dataclass(frozen=True)
class Settings:
    """What may be changed at any iteration."""

    optimizer: str = "descent"
    alpha: float = 1.2
    batch_size: int | None = None
    l2: float = 0.0

    def make_optimizer(self) -> Optimizer:
        """Return the optimiser, that has made no step yet."""
        return OPTIMIZERS[self.optimizer](self.alpha)


@dataclass(frozen=True)
class Change:
    """Other settings from an iteration on, and weights set by hand, by their place in theta."""

    at: int
    settings: Mapping[str, Any]
    weights: Mapping[int, float]


@dataclass(frozen=True)
class Scenario:
    """A network, its examples, and how it descends.

    Attributes
    ----------
    data : BuiltIn, Points or TableData
    held_out : float
        Share of the examples that is measured on and never learned from.
    n_h, activation, init, scale
        See :class:`shoal.Network` and its ``initialise``.
    seed : int
        Of the start, of the batches and of the held-out part.
    settings : Settings
        At the start.
    changes : tuple of Change
        By rising iteration.
    """

    data: Data = BuiltIn("flower")
    held_out: float = 0.0
    n_h: int = 4
    activation: str = "tanh"
    init: str = "gaussian"
    scale: float = 0.01
    seed: int = 2
    settings: Settings = Settings()
    changes: tuple[Change, ...] = ()

    def settings_at(self, iteration: int) -> Settings:
        """Return the settings of the pass after an iteration."""
        settings = self.settings
        for change in self.changes:
            if change.at <= iteration:
                settings = replace(settings, **change.settings)
        return settings

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data, as the page writes it."""
        kind = next(name for name, kind in KINDS.items() if isinstance(self.data, kind))
        plain = asdict(self) | {"data": {"kind": kind} | asdict(self.data)}
        plain |= plain.pop("settings")
        if isinstance(self.data, Points):
            plain["data"]["points"] = [list(point) for point in self.data.points]
        plain["changes"] = [
            {"at": each.at, **each.settings}
            | ({"weights": {str(k): w for k, w in each.weights.items()}} if each.weights else {})
            for each in self.changes
        ]
        return plain

    @cached_property
    def key(self) -> str:
        """Two scenarios with the same key are the same run."""
        return json.dumps(self.to_data(), sort_keys=True)

    @cached_property
    def examples_key(self) -> str:
        """Two scenarios with the same one have the same examples."""
        seed = self.seed if self.held_out else 0
        return Scenario(data=self.data, held_out=self.held_out, seed=seed).key


def scenario_from_data(given: Any) -> Scenario:
    """Read a scenario, and check it.

    Raises
    ------
    InputError
        It names what cannot be used.
    """
    rest = _object("the scenario", given, {*_NAMES, "data", "changes"})
    changes, data = rest.pop("changes", []), rest.pop("data", None)
    if not isinstance(changes, list) or len(changes) > MOST_CHANGES:
        raise InputError(f"changes must be a list of at most {MOST_CHANGES}: start anew")
    checked = {name: _CHECKS[name](name, value) for name, value in rest.items()}
    settings = Settings(**{name: checked.pop(name) for name in _SETTINGS & checked.keys()})
    made = tuple(_change(each) for each in changes)
    if [each.at for each in made] != sorted(each.at for each in made):
        raise InputError("changes must come in the order of their iterations")
    return Scenario(
        **checked, settings=settings, changes=made,
        data=Scenario.data if data is None else _data(data),
    )  # fmt: skip


def whole(name: str, value: Any, least: int = 0, most: int = LARGEST) -> int:
    """Check a whole number."""
    if type(value) is not int or not least <= value <= most:
        raise InputError(
            f"{name} is {_short(value)}, but must be a whole number, {least} to {most:,}"
        )
    return value


def text(name: str, value: Any) -> str:
    """Check a name of something."""
    lone = isinstance(value, str) and any("\ud800" <= each <= "\udfff" for each in value)
    if not isinstance(value, str) or not 0 < len(value) <= 1000 or lone:
        raise InputError(f"{name} must be a text of at most 1,000 characters")
    return value


def _number(name: str, value: Any, least: float, most: float) -> float:
    if type(value) not in (int, float) or not least <= value <= most:  # NaN is in no range
        raise InputError(f"{name} is {_short(value)}, but must be a number, {least:g} to {most:g}")
    return float(value)


def _one_of(name: str, value: Any, names: Any) -> str:
    if not isinstance(value, str) or value not in names:
        raise InputError(f"{name} is {_short(value)}, but must be one of {', '.join(names)}")
    return value


def _rate(name: str, value: Any) -> float:
    if _number(name, value, 0.0, 1e6) == 0:
        raise InputError(f"{name} is 0, but must be above 0: no step would be made")
    return float(value)


_CHECKS: dict[str, Any] = {
    "held_out": lambda name, value: _number(name, value, 0.0, 0.5),
    "n_h": lambda name, value: whole(name, value, 1, MOST_UNITS),
    "activation": lambda name, value: _one_of(name, value, ACTIVATIONS),
    "init": lambda name, value: _one_of(name, value, INITIALISATIONS),
    "scale": lambda name, value: _number(name, value, 0.0, 1e6),
    "seed": whole,
    "optimizer": lambda name, value: _one_of(name, value, OPTIMIZERS),
    "alpha": _rate,
    "batch_size": lambda name, value: None if value is None else whole(name, value, 1),
    "l2": lambda name, value: _number(name, value, 0.0, 1e6),
}
_SETTINGS = {each.name for each in fields(Settings)}
_NAMES = set(_CHECKS)


def _object(name: str, value: Any, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{name} must be an object with names and values")
    if unknown := sorted(map(str, value.keys() - known)):
        raise InputError(f"{name} has {_short(unknown[0])}, which is not known")
    return dict(value)


def _data(given: Any) -> Data:
    kind = _one_of("data.kind", given.get("kind") if isinstance(given, dict) else given, KINDS)
    names = {each.name for each in fields(KINDS[kind])}
    rest = _object("data", given, {"kind", *names})
    del rest["kind"]
    if missing := sorted(names - rest.keys() - {"seed"}):
        raise InputError(f"data lacks {missing[0]}")
    if kind == "built-in":
        name = _one_of("data.name", rest["name"], DATA_SETS)
        return BuiltIn(name, whole("data.seed", rest.get("seed", 1)))
    if kind == "table":
        return TableData(**{name: text(f"data.{name}", value) for name, value in rest.items()})
    points = rest["points"]
    if not isinstance(points, list) or not 2 <= len(points) <= MOST_POINTS:
        raise InputError(
            f"data.points must be a list of 2 to {MOST_POINTS:,} points: draw some more"
        )
    drawn = tuple(_point(each) for each in points)
    if len({label for *_, label in drawn}) < 2:
        raise InputError("all points are of one class: draw some of the other too")
    return Points(drawn)


def _point(given: Any) -> tuple[float, float, int]:
    if not isinstance(given, list) or len(given) != 3:
        raise InputError("each of data.points must be a list of x1, x2 and a class")
    x1, x2 = (_number("a coordinate", value, -1e6, 1e6) for value in given[:2])
    return x1, x2, whole("a point's class", given[2], 0, 1)


def _change(given: Any) -> Change:
    rest = _object("a change", given, {"at", "weights", *_SETTINGS})
    at, weights = whole("at", rest.pop("at", None)), rest.pop("weights", {})
    if not isinstance(weights, dict) or not all(_is_place(key) for key in weights):
        raise InputError("weights must be numbers by their place in theta")
    return Change(
        at,
        {name: _CHECKS[name](name, value) for name, value in rest.items()},
        {int(key): _number("a weight", value, -1e6, 1e6) for key, value in weights.items()},
    )


def _is_place(key: Any) -> bool:
    return isinstance(key, str) and key.isdecimal() and len(key) <= MOST_DIGITS


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"

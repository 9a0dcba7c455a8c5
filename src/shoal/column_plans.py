"""Guarantee: a plan turns a column into the same features in training and ever after.

Floor 4, NumPy alone. One class for each way in which a column is used; what was learned from the
training rows is plain data.
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array
from shoal.columns import Column, Kind
from shoal.dates import date_parts, to_days

MAX_DEVIATIONS = 1e6  # in standard deviations; new values farther off are taken to be there
MIN_COUNT = 3  # a text value seen less often is too rare to learn about alone
MAX_CATEGORIES = 100  # of a column that have a feature of their own
OTHER, MISSING = "(rare or new)", "(missing)"


@dataclass(frozen=True)
class ColumnPlan:
    """How one column becomes features; by itself, that of a column of which nothing is used.

    Attributes
    ----------
    name : str
    kind : {"number", "text"}
    use : str
        How it is used, in words.
    note : str
        What a user should know: why it is left out, or what is odd about it.
    missing : int
        How many training rows had no value: if any, a feature marks the gaps.
    """

    name: str
    kind: Kind
    note: str = ""
    missing: int = 0
    use: ClassVar[str] = "left out"

    @property
    def features(self) -> list[str]:
        """Names of the features that the column becomes."""
        return []

    def transform(self, column: Column) -> Array:
        """Return the features, (m, number of features)."""
        return np.empty((len(column.values), 0))

    def to_data(self) -> dict[str, Any]:
        """Return the plan as plain data."""
        return {"use": self.use} | asdict(self)

    def _marked(self, names: list[str]) -> list[str]:
        return names + ([f"{self.name} = {MISSING}"] if self.missing else [])

    def _stacked(self, features: list[Array], absent: NDArray[np.bool_]) -> Array:
        marks = [absent.astype(np.float64)] if self.missing else []
        return np.stack([*features, *marks], axis=1)


@dataclass(frozen=True)
class Gaps(ColumnPlan):
    """Only whether there is a value."""

    use: ClassVar[str] = "indicator"

    @property
    def features(self) -> list[str]:  # noqa: D102
        return self._marked([])

    def transform(self, column: Column) -> Array:  # noqa: D102
        return self._stacked([], column.absent)


@dataclass(frozen=True)
class Scaled(ColumnPlan):
    """A number, centred and scaled to unit variance; gaps are the mean, which is 0.

    Attributes
    ----------
    mean, scale : float
    """

    mean: float = 0.0
    scale: float = 1.0
    use: ClassVar[str] = "scaled"

    @property
    def features(self) -> list[str]:  # noqa: D102
        return self._marked([self.name])

    def transform(self, column: Column) -> Array:  # noqa: D102
        return self._stacked([_scaled(column.values, self.mean, self.scale)], column.absent)


@dataclass(frozen=True)
class Dates(ColumnPlan):
    """The parts of dates that vary, each as a scaled number.

    Attributes
    ----------
    form : str
        How the dates are written.
    parts : tuple of (str, float, float)
        Name, mean and scale of each part.
    """

    form: str = ""
    parts: tuple[tuple[str, float, float], ...] = ()
    use: ClassVar[str] = "date"

    @property
    def features(self) -> list[str]:  # noqa: D102
        return self._marked([f"{self.name}: {part}" for part, _, _ in self.parts])

    def transform(self, column: Column) -> Array:  # noqa: D102
        days = to_days(column.cells, self.form)
        values = dict(date_parts(days))
        scaled = [_scaled(values[part], mean, scale) for part, mean, scale in self.parts]
        return self._stacked(scaled, np.isnan(days))


@dataclass(frozen=True)
class Categories(ColumnPlan):
    """What the plans of categories share.

    Attributes
    ----------
    categories : tuple of str
        Those that have something of their own, the most frequent first.
    codes : bool
        Whether some text looks like a number.
    """

    categories: tuple[str, ...] = ()
    codes: bool = False

    def _positions(self, column: Column, other: int, absent: int) -> NDArray[np.intp]:
        """Return the position of each cell among the categories, or what stands for others."""
        position = {category: i for i, category in enumerate(self.categories)}
        at = (absent if cell is None else position.get(cell, other) for cell in column.cells)
        return np.fromiter(at, np.intp, len(column.values))


@dataclass(frozen=True)
class OneHot(Categories):
    """A feature of 0 and 1 for each frequent value, and one for all rare or new ones.

    Attributes
    ----------
    other : int
        How many training rows had a rare value: if none, new values have no feature at all.
    """

    other: int = 0
    use: ClassVar[str] = "one-hot"

    @property
    def features(self) -> list[str]:  # noqa: D102
        names = [f"{self.name} = {category}" for category in self.categories]
        return self._marked(names + ([f"{self.name} = {OTHER}"] if self.other else []))

    def transform(self, column: Column) -> Array:  # noqa: D102
        n = len(self.features)
        # without a feature of its own, a value has none at all: column n is cut off
        other = len(self.categories) if self.other else n
        at = self._positions(column, other, n - 1 if self.missing else other)
        return np.eye(n + 1)[at][:, :n]


@dataclass(frozen=True)
class Boolean(Categories):
    """One feature of two values: 0 for the first, 1 for the second.

    Attributes
    ----------
    share : float
        Of the second among the training rows; gaps and new values count as so much.
    """

    share: float = 0.5
    use: ClassVar[str] = "boolean"

    @property
    def features(self) -> list[str]:  # noqa: D102
        return self._marked([f"{self.name} = {self.categories[1]}"])

    def transform(self, column: Column) -> Array:  # noqa: D102
        values = np.array([0.0, 1.0, self.share])[self._positions(column, 2, 2)]
        return self._stacked([values], column.absent)


@dataclass(frozen=True)
class TargetMeans(Categories):
    """For each class the share that it has among rows of the same value, smoothed and scaled.

    The most frequent values have features of 0 and 1 besides.

    Attributes
    ----------
    frequent : int
        How many of the categories, the first ones, have a feature of their own.
    classes : tuple of str
        Whose shares there are: the positive one of two, or all.
    means : tuple of tuple of float
        For each category those of the classes, after scaling; gaps and new values are 0.
    """

    frequent: int = 0
    classes: tuple[str, ...] = ()
    means: tuple[tuple[float, ...], ...] = ()
    use: ClassVar[str] = "target means"

    @property
    def features(self) -> list[str]:  # noqa: D102
        names = [f"{self.name}: share of {label}" for label in self.classes]
        return self._marked(
            names + [f"{self.name} = {value}" for value in self.categories[: self.frequent]]
        )

    def transform(self, column: Column) -> Array:  # noqa: D102
        table = np.array([*self.means, [0.0] * len(self.classes)])
        n = len(self.categories)
        at = self._positions(column, n, n)
        own = np.eye(self.frequent + 1)[np.minimum(at, self.frequent)][:, : self.frequent]
        return self._stacked([*table[at].T, *own.T], column.absent)


PLANS: dict[str, type[ColumnPlan]] = {
    plan.use: plan for plan in (ColumnPlan, Gaps, Scaled, Dates, OneHot, Boolean, TargetMeans)
}


def plan_from_data(data: dict[str, Any]) -> ColumnPlan:
    """Rebuild a plan from :meth:`ColumnPlan.to_data`."""
    fields = {name: _tuples(value) for name, value in data.items() if name != "use"}
    return PLANS[data["use"]](**fields)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(each) for each in value) if isinstance(value, list) else value


def _scaled(values: Array, mean: float, scale: float) -> Array:
    with np.errstate(over="ignore"):  # halves, for a difference may exceed the floats
        scaled = (values / 2 - mean / 2) / scale * 2
    return np.where(np.isnan(values), 0.0, scaled.clip(-MAX_DEVIATIONS, MAX_DEVIATIONS))

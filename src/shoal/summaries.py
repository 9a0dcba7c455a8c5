"""Guarantee: what decides on a column's use is learned in one pass, whole or part by part.

Floor 4, NumPy alone. The summaries of parts add up to that of the whole: counts, ranges and means
are exact. Two things are bounded or taken part by part, for they would need memory as large as the
table: of text with very many values the rarest are counted together, and numbers are distinct if
they are so in each part.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from shoal.activations import Array
from shoal.columns import Column, Kind

MOST_VALUES = 200_000  # of a column's texts are counted one by one
MIN_ROWS_OF_AN_ID = 20  # in fewer rows, distinct ascending numbers are no sign of a row number


@dataclass(frozen=True)
class NumberSummary:
    """What is known of a column of numbers.

    Attributes
    ----------
    name : str
    rows, missing : int
        How many there are, and how many of them have no value.
    low, high, first, last : float
        The least, the greatest, the first and the last value; NaN where there is none.
    mean, scale : float
        The mean and the standard deviation of the values.
    distinct, ascending : bool
        Whether they are whole numbers that differ, at least in each part, and whether each is
        greater than the one before; asked only of columns without gaps.
    """

    name: str
    rows: int
    missing: int
    low: float
    high: float
    first: float
    last: float
    mean: float
    scale: float
    distinct: bool
    ascending: bool
    kind: Kind = "number"

    @classmethod
    def of(cls, column: Column) -> Self:
        """Summarise a column."""
        values, missing = column.values[~column.absent], column.n_missing
        if not len(values):
            nan = float("nan")
            return cls(column.name, missing, missing, nan, nan, nan, nan, nan, 0.0, False, False)
        may_be_id = not missing and bool((values == np.floor(values)).all())
        mean, scale = mean_and_scale(values)
        return cls(
            column.name, len(column.values), missing, float(values.min()), float(values.max()),
            float(values[0]), float(values[-1]), mean, scale,
            may_be_id and len(np.unique(values)) == len(values),
            may_be_id and bool((values[1:] > values[:-1]).all()),
        )  # fmt: skip

    def __add__(self, other: "NumberSummary") -> "NumberSummary":
        if not (self.rows and other.rows):
            return self if self.rows else other
        if not (self.present and other.present):
            some = self if self.present else other
            return replace(
                some, rows=self.rows + other.rows, missing=self.missing + other.missing,
                distinct=False, ascending=False,
            )  # fmt: skip
        share = other.present / (self.present + other.present)
        size = max(abs(self.low), abs(self.high), abs(other.low), abs(other.high)) or 1.0
        apart = other.mean / size - self.mean / size  # squares of huge numbers would overflow
        spread = (
            (1 - share) * (self.scale / size) ** 2 + share * (other.scale / size) ** 2
            + share * (1 - share) * apart**2
        )  # fmt: skip
        return NumberSummary(
            self.name, self.rows + other.rows, self.missing + other.missing,
            min(self.low, other.low), max(self.high, other.high), self.first, other.last,
            (self.mean / size + share * apart) * size, float(np.sqrt(spread)) * size,
            self.distinct and other.distinct,
            self.ascending and other.ascending and self.last < other.first,
        )  # fmt: skip

    @property
    def present(self) -> int:
        """How many rows have a value."""
        return self.rows - self.missing

    @property
    def constant(self) -> str | None:
        """The only value, in words, if there is but one."""
        return f"{self.low:g}" if self.low == self.high else None


@dataclass(frozen=True)
class CellSummary:
    """What is known of a column of text, or of numbers taken as text.

    Attributes
    ----------
    name : str
    kind : {"number", "text"}
    rows, missing : int
    counts : Counter of str
        In how many rows each value is.
    uncounted : int
        How many rows have values that were too many to be counted one by one.
    """

    name: str
    kind: Kind
    rows: int
    missing: int
    counts: Counter[str]
    uncounted: int = 0

    @classmethod
    def of(cls, column: Column) -> Self:
        """Summarise a column."""
        counts = Counter(cell for cell in column.cells if cell is not None)
        return cls(column.name, column.kind, len(column.values), column.n_missing, counts)

    def __add__(self, other: "CellSummary") -> "CellSummary":
        counts, uncounted = self.counts + other.counts, self.uncounted + other.uncounted
        if len(counts) > MOST_VALUES:
            kept = by_frequency(counts)[: MOST_VALUES // 2]
            frequent = Counter({value: counts[value] for value in kept})
            uncounted += counts.total() - frequent.total()
            counts = frequent
        return CellSummary(
            self.name, self.kind, self.rows + other.rows, self.missing + other.missing, counts,
            uncounted,
        )  # fmt: skip

    @property
    def present(self) -> int:
        """How many rows have a value."""
        return self.rows - self.missing

    @property
    def constant(self) -> str | None:
        """The only value, in words, if there is but one."""
        only = next(iter(self.counts)) if len(self.counts) == 1 and not self.uncounted else None
        return only if only is None or self.kind == "number" else repr(only)


ColumnSummary = NumberSummary | CellSummary


def summarise(column: Column, use: str | None = None) -> ColumnSummary:
    """Summarise a column for a use that was asked for, or for none in particular."""
    if column.kind == "number" and use in (None, "number"):
        return NumberSummary.of(column)
    return CellSummary.of(column)


def by_frequency(counts: Counter[str]) -> list[str]:
    """Return values, the most frequent first, and those that are as frequent by name."""
    return sorted(counts, key=lambda value: (-counts[value], value))


def mean_and_scale(values: Array, counts: Array | None = None) -> tuple[float, float]:
    """Return mean and standard deviation of values, (n,), each so many times if counts are given.

    They are made on values divided by the greatest: squares of huge numbers would overflow.
    """
    size = np.abs(values).max() or 1.0
    values = values / size
    mean = np.average(values, weights=counts)
    return float(mean * size), float(
        np.sqrt(np.average((values - mean) ** 2, weights=counts)) * size
    )

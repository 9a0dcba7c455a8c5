"""Guarantee: a column whose values are no longer those of training is named, with the evidence.

Floor 4. Compared are shares of rows: a number's in tenths of the training rows, a
text's for each common value. Source of the measure: the population stability index of credit
scoring, sum (p - q) log(p / q), of which .25 is taken to be a major shift.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.stats import chi2

from shoal.activations import Array
from shoal.cells import FloatArray
from shoal.columns import Column, Kind, Table
from shoal.dates import to_days

MAJOR = 0.25
CHANCE = 1e-4  # that few rows look like drift
BINS, MOST_VALUES = 10, 20
ADDED = 0.5  # row in each bin, so that the logarithm is one of a number
MOST_NAMED = 5


@dataclass(frozen=True)
class Profile:
    """How the values of a column were spread in training.

    Attributes
    ----------
    name : str
    kind : {"number", "text"}
    rows : int
    form : str
        How dates are written; their days are compared as numbers are.
    edges : tuple of float
        Of a number: the inner edges of its bins; a bin holds its upper edge.
    values : tuple of str
        Of a text: the most common values.
    shares : tuple of float
        Of the rows: in each bin, or with each value; then of other values; then of gaps.
    """

    name: str
    kind: Kind
    rows: int
    form: str
    edges: tuple[float, ...]
    values: tuple[str, ...]
    shares: tuple[float, ...]

    @classmethod
    def fit(cls, column: Column, form: str = "") -> "Profile":
        """Describe a column of training rows."""
        edges: tuple[float, ...] = ()
        values: tuple[str, ...] = ()
        numbers = _numbers(column, form)
        if numbers is not None:
            present = numbers[~np.isnan(numbers)]
            if len(present):
                inner = np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1], method="lower")
                edges = tuple(np.unique(inner).tolist())
        else:
            counts = Counter(cell for cell in column.cells if cell is not None)
            values = tuple(value for value, _ in counts.most_common(MOST_VALUES))
        bare = cls(column.name, column.kind, len(column.values), form, edges, values, ())
        return replace(bare, shares=tuple(bare.spread(column).tolist()))

    def spread(self, column: Column) -> Array:
        """Return the shares of a column's rows in the bins, of other values, and of gaps."""
        numbers = _numbers(column, self.form)
        if numbers is not None:
            n = len(self.edges) + 1
            at = np.where(np.isnan(numbers), n + 1, np.searchsorted(self.edges, numbers))
        else:
            n = len(self.values)
            position = {value: i for i, value in enumerate(self.values)}
            at = np.array([n + 1 if c is None else position.get(c, n) for c in column.cells])
        return np.bincount(at, minlength=n + 2) / len(at)

    def bins(self) -> list[str]:
        """Say in words what each share is of."""
        if self.kind == "text" and not self.form:
            words = [repr(value) for value in self.values]
        elif not self.edges:
            words = ["any number"]
        else:
            edges = [f"{edge:g}" for edge in self.edges]
            if self.form:
                edges = [str(np.datetime64(0, "D") + math.floor(edge)) for edge in self.edges]
            words = [f"{edges[0]} or less"]
            words += [f"above {low} to {high}" for low, high in pairwise(edges)]
            words += [f"above {edges[-1]}"]
        return [*words, "values that were rare or never seen", "gaps"]


def _numbers(column: Column, form: str) -> FloatArray | None:
    """Return what is compared as numbers, NaN where missing; None of text."""
    if form:
        return to_days(column.cells, form)
    return column.values if column.kind == "number" else None


class Spreads:
    """Adds up how the columns of a table are spread, block by block."""

    def __init__(self, profiles: Iterable[Profile]) -> None:
        self.profiles = tuple(profiles)
        self.counts: list[Array] = [np.zeros(len(each.shares)) for each in self.profiles]
        self.rows = 0

    def add(self, table: Table) -> None:
        """Count the rows of a table in."""
        self.rows += table.n_rows
        for i, profile in enumerate(self.profiles):
            self.counts[i] += profile.spread(table[profile.name]) * table.n_rows

    def merge(self, other: "Spreads") -> None:
        """Count in the rows that others have counted."""
        self.rows += other.rows
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]

    def __add__(self, other: "Spreads") -> "Spreads":
        total = Spreads(self.profiles)
        total.merge(self)
        total.merge(other)
        return total

    def notes(self) -> list[str]:
        """Return a sentence on each column that is spread as in training no longer."""
        found = []
        for profile, count in zip(self.profiles, self.counts, strict=True):
            old, new = np.array(profile.shares), count / self.rows
            index = stability_index(old, new, profile.rows, self.rows)
            bins = int((np.maximum(old, new) > 0).sum())
            rows = 1 / profile.rows + 1 / self.rows
            if index > MAJOR + chi2.isf(CHANCE, max(bins - 1, 1)) * rows:  # more than by chance
                found.append((index, _sentence(profile, old, new, index)))
        found.sort(key=lambda each: -each[0])
        notes = [sentence for _, sentence in found[:MOST_NAMED]]
        if len(found) > MOST_NAMED:
            notes.append(f"{len(found) - MOST_NAMED} columns more are not as they were in training")
        return notes


def drift(profiles: Iterable[Profile], table: Table) -> list[str]:
    """Return a sentence on each column of a table that is spread as in training no longer."""
    spreads = Spreads(profiles)
    spreads.add(table)
    return spreads.notes()


def stability_index(old: Array, new: Array, rows: int, new_rows: int) -> float:
    """Return sum (p - q) log(p / q) of two lists of shares among so many rows."""
    p, q = (
        (share * m + ADDED) / (m + ADDED * len(share))
        for share, m in ((old, rows), (new, new_rows))
    )
    return float(((p - q) * np.log(p / q)).sum())


def _sentence(profile: Profile, old: Array, new: Array, index: float) -> str:
    k = int(np.abs(new - old).argmax())
    return (
        f"column {profile.name!r} is not as it was in training (stability index {index:.2f};"
        f" {MAJOR} is much): {profile.bins()[k]} in {new[k]:.0%} of the rows, formerly in"
        f" {old[k]:.0%}"
    )


def profiles_to_data(profiles: Sequence[Profile]) -> list[dict[str, Any]]:
    """Return profiles as plain data, for a file."""
    return [asdict(profile) for profile in profiles]


def profiles_from_data(data: Iterable[dict[str, Any]]) -> tuple[Profile, ...]:
    """Rebuild profiles from :func:`profiles_to_data`."""
    listed = ("edges", "values", "shares")
    return tuple(Profile(**row | {name: tuple(row[name]) for name in listed}) for row in data)

"""Guarantee: a number becomes pieces of a line by one formula, whatever engine computes it.

Floor 2, NumPy alone. The native engine repeats it to the bit (``pieces.hpp``). What the pieces are
for, and where they come from, is told in ``piecewise``.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array

ROWS_AT_ONCE = 512  # their features fit into the processor's cache
SOFT_LIMIT = 3.0  # no number in pieces is farther from 0 than that after scaling
NEAR = 1e100  # the square of a number beyond it might overflow


@dataclass(frozen=True)
class Lines:
    """Of n features: those without edges are used as they are.

    Attributes
    ----------
    centre, spread : ndarray, (n,)
    edges : ndarray
        Of all features, one after the other, ascending within each.
    first : ndarray, (n + 1,)
        Where in the edges those of each feature begin; last, how many there are.
    """

    centre: Array
    spread: Array
    edges: Array
    first: NDArray[np.uint64]

    @property
    def width(self) -> int:
        """How many features they become: as many as each has edges, or one."""
        return int(np.maximum(np.diff(self.first.astype(np.int64)), 1).sum())

    def transform(self, X: Array) -> Array:
        """Return features, (m, width), of X in rows, (m, n), in float32."""
        features = np.empty((len(X), self.width), np.float32)
        for first in range(0, len(X), ROWS_AT_ONCE):
            rows = slice(first, first + ROWS_AT_ONCE)
            self._write(X[rows], features[rows])
        return features

    def _write(self, X: Array, to: Array) -> None:
        at = 0
        for k, (first, end) in enumerate(pairwise(self.first.tolist())):
            x = X[:, k]
            if first == end:
                to[:, at] = x
                at += 1
                continue
            z = (x - float(self.centre[k])) / float(self.spread[k])
            to[:, at] = z / _length(z / SOFT_LIMIT)
            edges = self.edges[first:end]
            own = to[:, at + 1 : at + len(edges)]
            np.clip((x[:, None] - edges[:-1]) / np.diff(edges), 0.0, 1.0, out=own)
            at += len(edges)


def _length(z: Array) -> Array:
    """Return the length of (1, z), the same from every library, as ``hypot`` is not."""
    far = np.abs(z.astype(np.float64))
    return np.maximum(far, np.sqrt(1.0 + np.minimum(far, NEAR) ** 2)).astype(z.dtype)


class LazyFeatures:
    """X, (width, m), of numbers in pieces, which are made where they are needed.

    An engine takes it as the array that it stands for, with the same result: to the bit where it
    makes the features, to rounding where it computes with the pieces as they are.

    Parameters
    ----------
    lines : Lines
    numbers : ndarray, (n, m)

    Raises
    ------
    ValueError
        The numbers are not as many as have lines.
    """

    ndim, dtype = 2, np.dtype(np.float32)

    def __init__(self, lines: Lines, numbers: Array) -> None:
        n = len(numbers)
        if n != len(lines.centre):
            raise ValueError(f"X has {n} features, but {len(lines.centre)} have lines")
        self.lines = lines
        self.numbers = numbers.astype(np.result_type(numbers, np.float32), copy=False)

    @property
    def shape(self) -> tuple[int, int]:
        """As it is of the array."""
        return self.lines.width, self.numbers.shape[1]

    @property
    def arrays(self) -> tuple[Any, ...]:
        """All that it is made of, for a checksum."""
        lines = self.lines
        return self.numbers.T, lines.centre, lines.spread, lines.edges, lines.first

    @property
    def T(self) -> "LazyRows":  # noqa: N802  (NumPy's name)
        """The same with examples in rows."""
        return LazyRows(self)

    def __getitem__(self, at: tuple[slice, Any]) -> "LazyFeatures":
        """Return some of the examples: ``X[:, some]``."""
        return LazyFeatures(self.lines, self.numbers[at])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Make the array."""
        return np.asarray(self.lines.transform(self.numbers.T).T, dtype)


@dataclass(frozen=True)
class LazyRows:
    """Lazy features with examples in rows, (m, width)."""

    T: LazyFeatures
    ndim, dtype = LazyFeatures.ndim, LazyFeatures.dtype

    @property
    def shape(self) -> tuple[int, int]:
        """As it is of the array."""
        return self.T.shape[::-1]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> "LazyRows":
        """Return some of the rows."""
        return self.T[:, rows].T

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        """Make the array."""
        return np.asarray(self.T, dtype).T


Matrix = Array | LazyFeatures  # X as engines take it
Features = Array | LazyRows  # the same with examples in rows


def made(X: Any) -> Any:
    """Return X, with features that are there."""
    return np.asarray(X) if isinstance(X, LazyFeatures | LazyRows) else X

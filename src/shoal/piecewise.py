"""Guarantee: a number becomes pieces of a line, so that a network sees at once where it lies.

Floor 4, NumPy alone. The pieces are chosen on training rows (``bins``), are plain data, and are the
same ever after. Source: Gorishniy, Rubachev and Babenko, On Embeddings for Numerical Features in
Tabular Deep Learning, 2022; the clipping is that of Holzmüller, Grinsztajn and Steinwart, 2024.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import numpy as np

from shoal.activations import Array

ROWS_AT_ONCE = 512  # their features fit into the processor's cache
SOFT_LIMIT = 3.0  # no number in pieces is farther from 0 than that after scaling


@dataclass(frozen=True)
class Pieces:
    """How one feature is seen by the network.

    Attributes
    ----------
    centre, spread : float
        The feature x is first ``(x - centre) / spread``, and then clipped smoothly.
    edges : tuple of float
        Ascending, T + 1 of them: T more features follow, each 0 up to its piece, 1 beyond it and
        rising evenly within. Empty for a feature of 0 and 1, which is used as it is.
    """

    centre: float = 0.0
    spread: float = 1.0
    edges: tuple[float, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether the feature is used as it is."""
        return not self.edges

    @property
    def width(self) -> int:
        """How many features it becomes."""
        return 1 if self.plain else len(self.edges)

    def write(self, x: Array, to: Array) -> None:
        """Write the features of x, (m,), into the columns of an array, (m, width)."""
        if self.plain:
            to[:, 0] = x
            return
        z = (x - self.centre) / self.spread
        to[:, 0] = z / np.hypot(1.0, z / SOFT_LIMIT)
        edges = np.asarray(self.edges)
        np.clip((x[:, None] - edges[:-1]) / np.diff(edges), 0.0, 1.0, out=to[:, 1:])


class PiecewiseLinear:
    """Turns the features of a table into those of a network.

    Parameters
    ----------
    pieces : sequence of Pieces
        One for each feature.
    """

    def __init__(self, pieces: Sequence[Pieces]) -> None:
        self.pieces = tuple(pieces)

    @property
    def width(self) -> int:
        """How many features the network sees."""
        return sum(each.width for each in self.pieces)

    def of(self, at: slice) -> tuple["PiecewiseLinear", slice]:
        """Return the pieces of some features alone, and where in ``transform``'s they are."""
        before = sum(each.width for each in self.pieces[: at.start])
        some = PiecewiseLinear(self.pieces[at])
        return some, slice(before, before + some.width)

    def names(self, features: Sequence[str]) -> list[str]:
        """Return the names of the network's features, of the table's: those in pieces numbered."""
        found = []
        for name, each in zip(features, self.pieces, strict=True):
            found += [name, *(f"{name}, piece {t}" for t in range(1, each.width))]
        return found

    def transform(self, X: Array) -> Array:
        """Return the network's features, (m, width), of features in rows, (m, n), in float32."""
        features = np.empty((len(X), self.width), np.float32)
        for first in range(0, len(X), ROWS_AT_ONCE):
            rows = slice(first, first + ROWS_AT_ONCE)
            self._write(X[rows], features[rows])
        return features

    def _write(self, X: Array, to: Array) -> None:
        """Write the network's features of some rows; those used as they are, run by run."""
        i = at = 0
        for plain, run in groupby(self.pieces, key=lambda each: each.plain):
            own = list(run)
            if plain:
                to[:, at : at + len(own)] = X[:, i : i + len(own)]
                at += len(own)
            else:
                for k, each in enumerate(own, start=i):
                    each.write(X[:, k], to[:, at : at + each.width])
                    at += each.width
            i += len(own)

    def to_data(self) -> list[dict[str, Any]]:
        """Return the pieces as plain data, for a file."""
        return [asdict(each) for each in self.pieces]

    @classmethod
    def from_data(cls, data: Iterable[dict[str, Any]]) -> "PiecewiseLinear":
        """Rebuild an encoding from :meth:`to_data`."""
        return cls([Pieces(**row | {"edges": tuple(row["edges"])}) for row in data])

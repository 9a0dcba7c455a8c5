"""Guarantee: a number becomes pieces of a line, so that a network sees at once where it lies.

Floor 4. The pieces are chosen on training rows (``bins``), are plain data, and are the same ever
after. Source: Gorishniy, Rubachev and Babenko, On Embeddings for Numerical Features in
Tabular Deep Learning, 2022; the clipping is that of Holzmüller, Grinsztajn and Steinwart, 2024.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.engine import default_engine
from shoal.engine.lines import LazyFeatures, LazyRows, Lines


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


class PiecewiseLinear:
    """Turns the features of a table into those of a network.

    Parameters
    ----------
    pieces : sequence of Pieces
        One for each feature.
    """

    def __init__(self, pieces: Sequence[Pieces]) -> None:
        self.pieces = tuple(pieces)
        self._lines = Lines(
            np.array([each.centre for each in self.pieces], np.float64),
            np.array([each.spread for each in self.pieces], np.float64),
            np.array([*chain.from_iterable(each.edges for each in self.pieces)], np.float64),
            np.cumsum([0, *(len(each.edges) for each in self.pieces)], dtype=np.uint64),
        )

    @property
    def width(self) -> int:
        """How many features the network sees."""
        return self._lines.width

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
        return default_engine().in_pieces(self._lines, X)

    def lazy(self, X: Array) -> LazyRows:
        """Return what stands for what :meth:`transform` returns, without the memory for it."""
        return LazyFeatures(self._lines, X.T).T

    def to_data(self) -> list[dict[str, Any]]:
        """Return the pieces as plain data, for a file."""
        return [asdict(each) for each in self.pieces]

    @classmethod
    def from_data(cls, data: Iterable[dict[str, Any]]) -> "PiecewiseLinear":
        """Rebuild an encoding from :meth:`to_data`."""
        return cls([Pieces(**row | {"edges": tuple(row["edges"])}) for row in data])

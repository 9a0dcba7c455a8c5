"""Guarantee: what a row is for depends on the seed and its place alone, whoever reads it.

Floor 6. Some rows are measured on, some stop training, all others are learned from. A row's place
is its shard and its number there; with groups, it is its group, so that none straddles the cut.
"""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array
from shoal.columns import Table
from shoal.engine.order import splitmix64

FOLDS = 5  # of the rows that are learned from, for the shares of categories
Numbers = NDArray[np.uint64]
Mask = NDArray[np.bool_]


class RowRoles(NamedTuple):
    """What the rows of a block are for, (m,) each.

    ``fold`` numbers the folds of those that are learned from, and the rows with the least
    ``priority`` are drawn where some stand for all.
    """

    learned: Mask
    measured: Mask
    stopping: Mask
    fold: NDArray[np.intp]
    priority: Numbers


@dataclass(frozen=True)
class Roles:
    """Says what rows are for.

    Attributes
    ----------
    seed : int
    measured : tuple of float
        Those are measured on whose number, from 0 to 1, lies from the first to below the second.
    stopping : float
        The share of the others that stops training.
    group : str or None
        A column whose equal values are never apart.
    """

    seed: int
    measured: tuple[float, float]
    stopping: float
    group: str | None = None

    def of(self, block: Table, shard: int) -> RowRoles:
        """Return what the rows of a block are for."""
        rows = np.arange(block.first, block.first + block.n_rows, dtype=np.uint64)
        own = mixed(splitmix64(self.seed, shard), rows)
        places = own if self.group is None else self._of_groups(block, own)
        low, high = self.measured
        share = _uniform(mixed(1, places))
        measured = (low <= share) & (share < high)
        stopping = ~measured & (_uniform(mixed(2, places)) < self.stopping)
        fold = (mixed(3, places) % np.uint64(FOLDS)).astype(np.intp)
        return RowRoles(~measured & ~stopping, measured, stopping, fold, mixed(4, own))

    def _of_groups(self, block: Table, own: Numbers) -> Numbers:
        """Return the places of the rows' groups; a row without a group is one of its own."""
        cells = block[self.group or ""].cells
        known = {cell: _hash(f"{self.seed} {cell}") for cell in set(cells) if cell is not None}
        return np.array(
            [int(alone) if cell is None else known[cell]
             for cell, alone in zip(cells, own, strict=True)], np.uint64,
        )  # fmt: skip


def mixed(key: int, numbers: Numbers) -> Numbers:
    """Return a number for each of some numbers, as if drawn at random (splitmix64)."""
    step, second, third = (
        np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
    )
    with np.errstate(over="ignore"):  # modulo 2^64
        z = np.uint64(splitmix64(key, 0)) + (numbers + np.uint64(1)) * step
        z = (z ^ z >> np.uint64(30)) * second
        z = (z ^ z >> np.uint64(27)) * third
        return np.asarray(z ^ z >> np.uint64(31))


def _uniform(numbers: Numbers) -> Array:
    """Return numbers from 0 to below 1."""
    return (numbers >> np.uint64(11)) * 2.0**-53


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")

"""Guarantee: what examples have in J and its gradient adds up to the same bits, whoever adds.

Floor 4. The sums are made in a tree that depends on keys of the terms alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

from shoal.activations import Array
from shoal.engine import Engine
from shoal.examples import Examples
from shoal.network import Network


class Summable(Protocol):
    """What can be added up."""

    def __add__(self, other: Self, /) -> Self: ...


T = TypeVar("T", bound=Summable)


class TreeSum(Generic[T]):
    """Adds terms up in a tree that depends on their keys alone, whoever adds.

    The tree is that of the keys' binary digits: two terms are added before others if their keys
    agree in more of the leading digits. So the sum of neighbours can be made where they are, and
    added as one term, with the same result.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[int, T]] = []

    def add(self, key: int, term: T) -> None:
        """Add a term, whose key is greater than those before."""
        while len(self._pending) > 1 and self._apart(-2, -1) < _levels(self._pending[-1][0], key):
            self._join()
        self._pending.append((key, term))

    def total(self) -> T:
        """Return the sum; there is at least one term."""
        while len(self._pending) > 1:
            self._join()
        return self._pending[0][1]

    def _apart(self, i: int, j: int) -> int:
        return _levels(self._pending[i][0], self._pending[j][0])

    def _join(self) -> None:
        _, second = self._pending.pop()
        key, first = self._pending.pop()
        self._pending.append((key, first + second))


def _levels(one: int, other: int) -> int:
    """Return how far up in the tree two keys meet."""
    return (one ^ other).bit_length()


@dataclass(frozen=True)
class Sums:
    """The share that some of the examples have in J and in its gradient."""

    J: float
    gradient: Array

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.J + other.J, self.gradient + other.gradient)


def add_part(
    totals: Sequence[TreeSum[Sums]], engine: Engine, networks: Sequence[Network], key: int,
    part: Examples, weight: float,
) -> None:  # fmt: skip
    """Add what a part of examples has in each network's cost and gradient."""
    for network, total in zip(networks, totals, strict=True):
        with engine.threads(network, 0):  # NumPy's bits depend on how many there are
            sums = engine.cost_and_gradient(network, part.X, part.Y, part.w, weight)
        total.add(key, Sums(*sums))

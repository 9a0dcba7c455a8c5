"""Guarantee: what every engine offers, and nothing about how it does it.

Floor 2.
"""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

from shoal.activations import Array
from shoal.network import Network


class CostAndGradient(NamedTuple):
    """J and its gradient, laid out as the network's theta."""

    J: float
    gradient: Array


class Engine(ABC):
    """Sums over examples for one network. X is (n_x, m), dense or SciPy sparse; Y is (n_y, m)."""

    name: str

    def threads(self, network: Network, m: int) -> AbstractContextManager[None]:
        """Enter this around many calls with m examples each: threads as that much work needs."""
        return nullcontext()

    @abstractmethod
    def predict(self, network: Network, X: Array) -> Array:
        """Return A2, (n_y, m)."""

    @abstractmethod
    def cost_and_gradient(
        self, network: Network, X: Array, Y: Array, w: Array | None = None, m: float | None = None
    ) -> CostAndGradient:
        """Return J = (1/m) sum w L and its gradient; w is (1, m) or None, m its sum unless given.

        A given m is that of the whole that these examples are a part of: the parts' results then
        add up to the whole's.
        """

    @abstractmethod
    def cost(self, network: Network, X: Array, Y: Array, w: Array | None = None) -> float:
        """Return J alone."""

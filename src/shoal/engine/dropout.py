"""Guarantee: which hidden units are dropped is a formula of the example, the unit, seed and step.

Floor 2, NumPy alone. No generator's state has to be kept, and neither threads nor batches matter.
The native engine computes the same (``dropout.hpp``). Source of the method: Srivastava and others,
Dropout, 2014; of the integer hash: C. Wellons, Prospecting for Hash Functions, 2018 (lowbias32).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Activation, Array
from shoal.engine.order import splitmix64
from shoal.errors import share
from shoal.network import Network

GOLDEN = np.uint32(0x9E3779B9)


@dataclass(frozen=True)
class Dropout:
    """Hidden units are left out of a step, each example's own, and the others count the more.

    Attributes
    ----------
    rate : float
        The share that is left out, from 0 up to but not including 1.
    seed : int
    """

    rate: float
    seed: int = 0

    def __post_init__(self) -> None:
        # it is frozen
        object.__setattr__(self, "rate", share("the dropout rate", self.rate))
        object.__setattr__(self, "seed", int(self.seed))

    @property
    def below(self) -> int:
        """Hashes below this are dropped, of 2**32."""
        return int(self.rate * 2**32)

    def activation(self, network: Network, rows: NDArray[np.uint32], step: int) -> Activation:
        """Return ReLU as it is in a step for the examples of some numbers."""
        factors = self.factors(rows, network.n_h, step).astype(network.theta.dtype)
        g1 = network.g1
        return Activation(
            g1.name, lambda Z: factors * g1.g(Z), lambda Z, A: factors * g1.g_prime(Z, A), g1.steep
        )

    def factors(self, rows: NDArray[np.uint32], n_h: int, step: int) -> Array:
        """Return what multiplies A1 in a step, (n_h, m): 0, or 1 / (1 - rate)."""
        key = splitmix64(self.seed % 2**64, step)
        of_row = _mixed(rows ^ np.uint32(key % 2**32))
        of_unit = np.arange(n_h, dtype=np.uint32) * GOLDEN + np.uint32(key >> 32)
        dropped = _mixed(of_row[None, :] + of_unit[:, None]) < self.below
        return np.where(dropped, 0.0, 2**32 / (2**32 - self.below))


def _mixed(x: NDArray[np.uint32]) -> NDArray[np.uint32]:
    x = x ^ (x >> np.uint32(16))
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))

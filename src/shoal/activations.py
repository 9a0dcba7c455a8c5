"""Guarantee: each hidden activation g1 is a row of a table: its value, slope and steep part.

Floor 0. ``g(Z)`` is the activation, ``g_prime(Z, A)`` its derivative at Z, where ``A = g(Z)`` is
at hand already and often makes the derivative free. ``steep`` bounds the part of the axis where
the slope is worth learning from: outside it, g' is below one hundredth of its greatest value, and
gradient descent is slow there (saturation).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

LEAK = 0.01  # the slope of leaky ReLU below zero


@dataclass(frozen=True)
class Activation:
    """A hidden activation g1.

    Attributes
    ----------
    name : str
    g : callable
        ``g(Z)``, element by element, any shape.
    g_prime : callable
        ``g_prime(Z, A)``: the derivative of g at Z, given A = g(Z).
    steep : (float, float)
        The interval of z outside which g' is below one hundredth of its greatest value.
    """

    name: str
    g: Callable[[Array], Array]
    g_prime: Callable[[Array, Array], Array]
    steep: tuple[float, float]

    def saturated(self, Z: Array) -> NDArray[np.bool_]:
        """Tell which elements of Z lie on a flat end of the activation, where learning is slow."""
        return (self.steep[0] >= Z) | (self.steep[1] <= Z)


def sigmoid(Z: Array) -> Array:
    """Return 1 / (1 + e^-z), exact in both tails and without overflow for any z."""
    e = np.exp(-np.abs(Z))  # never above 1
    A: Array = np.where(Z >= 0, 1, e) / (1 + e)
    return A


def _relu(Z: Array) -> Array:
    return np.maximum(Z, 0)


def _relu_slope(Z: Array, A: Array) -> Array:
    return (Z > 0).astype(Z.dtype)  # at the kink itself 0, as other libraries take it


def _leaky_relu(Z: Array) -> Array:
    return np.where(Z > 0, Z, LEAK * Z)


def _leaky_relu_slope(Z: Array, A: Array) -> Array:
    return np.where(Z > 0, 1, LEAK).astype(Z.dtype)


EVERYWHERE = (-np.inf, np.inf)
TANH_STEEP = float(np.arctanh(np.sqrt(0.99)))  # beyond it, 1 - tanh(z)^2 < 0.01

ACTIVATIONS = {
    activation.name: activation
    for activation in (
        Activation("tanh", np.tanh, lambda Z, A: 1 - A * A, (-TANH_STEEP, TANH_STEEP)),
        # a (1 - a) = (1 - tanh(z / 2)^2) / 4
        Activation("sigmoid", sigmoid, lambda Z, A: A * (1 - A), (-2 * TANH_STEEP, 2 * TANH_STEEP)),
        Activation("relu", _relu, _relu_slope, (0.0, np.inf)),
        Activation("leaky_relu", _leaky_relu, _leaky_relu_slope, EVERYWHERE),
        Activation("identity", lambda Z: Z, lambda Z, A: np.ones_like(Z), EVERYWHERE),
    )
}

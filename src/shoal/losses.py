"""Guarantee: each output is one row of a table: g2, its loss L, and a slope dZ2 = A2 - Y.

Floor 0. The pairs are chosen so that the derivative of the loss with respect to z2 is a2 - y for
all of them, which is the first line of back-propagation:

========  =======================  ==========================================
output    a2 = g2(z2)              L(a2, y), summed over the n_y outputs
========  =======================  ==========================================
sigmoid   1 / (1 + e^-z2)          -(y log a2 + (1 - y) log(1 - a2))
softmax   e^z2 / sum of e^z2       -sum of y log a2
identity  z2                       (a2 - y)^2 / 2
========  =======================  ==========================================

The losses are computed from Z2, not from A2, so that no logarithm of a rounded 0 is ever taken:
L, and any mean of it, is finite for every finite z2 (at most half the largest float).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array, sigmoid


@dataclass(frozen=True)
class Loss:
    """An output activation g2 with the loss that belongs to it.

    Attributes
    ----------
    name : str
        The name of the output: ``sigmoid``, ``softmax`` or ``identity``.
    g2 : callable
        ``g2(Z2)``, (n_y, m) to (n_y, m).
    L : callable
        ``L(Z2, Y)``, both (n_y, m), to the loss of each example, (1, m).
    """

    name: str
    g2: Callable[[Array], Array]
    L: Callable[[Array, Array], Array]


def _softmax(Z2: Array) -> Array:
    with np.errstate(over="ignore"):  # the distance between two huge z may be infinite: e^-inf = 0
        e = np.exp(Z2 - Z2.max(axis=0, keepdims=True))  # never above 1
    A2: Array = e / e.sum(axis=0, keepdims=True)
    return A2


def _cross_entropy(Z2: Array, Y: Array) -> Array:
    """Cross-entropy of logistic regression: log(1 + e^z) - y z, rearranged."""
    per_output = np.maximum(Z2, 0) - Z2 * Y + np.log1p(np.exp(-np.abs(Z2)))  # (n_y, m)
    return _sum_over_outputs(per_output, Z2)


def _softmax_cross_entropy(Z2: Array, Y: Array) -> Array:
    """Cross-entropy of softmax: log(sum of e^z) - z of the true class."""
    k = Z2.argmax(axis=0)  # (m,)
    with np.errstate(over="ignore", invalid="ignore"):  # an infinite z gives NaN, which stays
        below = Z2.max(axis=0, keepdims=True) - Z2  # (n_y, m), how far each z is from the greatest
        e = np.exp(-below)
        e[k, np.arange(len(k))] = 0  # the greatest one's, 1, is log1p's: small losses stay exact
        log_sum = np.log1p(e.sum(axis=0, keepdims=True))  # (1, m)
        per_output = np.where(Y == 0, 0 * Z2, Y * (below + log_sum))
    return _sum_over_outputs(per_output, Z2)


def _squares(Z2: Array, Y: Array) -> Array:
    with np.errstate(over="ignore"):
        return _sum_over_outputs((Z2 - Y) ** 2 / 2, Z2)


def _sum_over_outputs(per_output: Array, Z2: Array) -> Array:
    """Sum (n_y, m) to (1, m); if z is finite, a sum is at most half the greatest float.

    The half leaves room for the rounding of a mean of such sums.
    """
    with np.errstate(over="ignore"):
        total: Array = per_output.sum(axis=0, keepdims=True)
    most = np.finfo(total.dtype).max / 2
    beyond = total > most
    if beyond.any():
        beyond &= np.isfinite(Z2).all(axis=0, keepdims=True)  # an infinite z must stay visible
        total[beyond] = most
    return total


def class_outputs(labels: NDArray[np.intp], K: int) -> Array:
    """Return Y, (n_y, m), for class numbers, (m,): one output for two classes, else K."""
    Y: Array = np.eye(K)[:, labels]
    return Y[1:] if K == 2 else Y


def class_probabilities(A2: Array) -> Array:
    """Return the probability of each class, (K, m), from a classifier's outputs, (n_y, m).

    One sigmoid output stands for two classes; softmax has an output for each.
    """
    if len(A2) > 1:
        return A2
    A2 = uncertain(A2)
    return np.concatenate([1 - A2, A2])


def uncertain(A2: Array) -> Array:
    """Keep rounding from making a sigmoid certain: the logarithms of both sides stay finite."""
    limits = np.finfo(A2.dtype)
    return A2.clip(limits.tiny, 1 - limits.epsneg)


LOSSES = {
    loss.name: loss
    for loss in (
        Loss("sigmoid", sigmoid, _cross_entropy),
        Loss("softmax", _softmax, _softmax_cross_entropy),
        Loss("identity", lambda Z2: Z2, _squares),
    )
}

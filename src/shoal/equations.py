"""Guarantee: the course's equations, symbol for symbol; every engine is tested against this page.

Floor 0, NumPy alone, never bent for speed. Columns are examples: X is (n_x, m), Y is (n_y, m).
The first half is for one example (lower case, column vectors), the second vectorised over m.
With no hidden layer (n_h = 0, logistic regression) the features themselves take the place of A1.
Where the equations come from: back-propagation, the chain rule walked from the cost to W1.
"""

from typing import NamedTuple

import numpy as np

from shoal.activations import Activation, Array
from shoal.losses import Loss


class Parameters(NamedTuple):
    """What the network learns; the same shapes hold the gradients dW1, db1, dW2, db2."""

    W1: Array  # (n_h, n_x)
    b1: Array  # (n_h, 1)
    W2: Array  # (n_y, n_h), or (n_y, n_x) without a hidden layer
    b2: Array  # (n_y, 1)


class Forward(NamedTuple):
    """Everything that forward propagation computes."""

    Z1: Array  # (n_h, m)
    A1: Array  # (n_h, m), or X without a hidden layer
    Z2: Array  # (n_y, m)
    A2: Array  # (n_y, m), the prediction y_hat


# ---- one example: x is (n_x, 1), y is (n_y, 1) ----


def forward_one(x: Array, parameters: Parameters, g1: Activation, g2: Loss) -> Forward:
    """Forward propagation of one example."""
    W1, b1, W2, b2 = parameters
    z1 = W1 @ x + b1  # (n_h, 1)
    a1 = g1.g(z1) if len(W1) else x  # (n_h, 1)
    z2 = W2 @ a1 + b2  # (n_y, 1)
    a2 = g2.g2(z2)  # (n_y, 1)
    return Forward(z1, a1, z2, a2)


def backward_one(
    x: Array, y: Array, forward: Forward, parameters: Parameters, g1: Activation
) -> Parameters:
    """Back-propagation of one example: the six equations."""
    z1, a1, _, a2 = forward
    W1, b1, W2, _ = parameters
    dz2 = a2 - y  # (n_y, 1)
    dW2 = dz2 @ a1.T  # (n_y, n_h)
    db2 = dz2  # (n_y, 1)
    if not len(W1):
        return Parameters(np.zeros_like(W1), np.zeros_like(b1), dW2, db2)
    dz1 = W2.T @ dz2 * g1.g_prime(z1, a1)  # (n_h, 1)
    dW1 = dz1 @ x.T  # (n_h, n_x)
    db1 = dz1  # (n_h, 1)
    return Parameters(dW1, db1, dW2, db2)


# ---- vectorised: X is (n_x, m), Y is (n_y, m), weights w is (1, m) and m their sum ----


def forward(X: Array, parameters: Parameters, g1: Activation, g2: Loss) -> Forward:
    """Forward propagation of m examples at once."""
    W1, b1, W2, b2 = parameters
    Z1 = W1 @ X + b1  # (n_h, m)
    A1 = g1.g(Z1) if len(W1) else X  # (n_h, m)
    Z2 = W2 @ A1 + b2  # (n_y, m)
    A2 = g2.g2(Z2)  # (n_y, m)
    return Forward(Z1, A1, Z2, A2)


def cost(Z2: Array, Y: Array, g2: Loss, w: Array | None = None, m: float | None = None) -> float:
    """J = (1/m) sum L(y_hat, y); of part of the examples when m is that of all of them."""
    w, m = total_weight(Y, w, m)
    return float(np.sum(g2.L(Z2, Y) * (w / m)))  # divided before the sum: it cannot overflow


def backward(
    X: Array, Y: Array, forward: Forward, parameters: Parameters, g1: Activation,
    w: Array | None = None, m: float | None = None,
) -> Parameters:  # fmt: skip
    """Back-propagation of m examples at once: the gradients of J."""
    Z1, A1, _, A2 = forward
    W1, b1, W2, _ = parameters
    w, m = total_weight(Y, w, m)
    dZ2 = (A2 - Y) * w  # (n_y, m)
    dW2 = (1 / m) * (dZ2 @ A1.T)  # (n_y, n_h)
    db2 = (1 / m) * np.sum(dZ2, axis=1, keepdims=True)  # (n_y, 1)
    if not len(W1):
        return Parameters(np.zeros_like(W1), np.zeros_like(b1), dW2, db2)
    dZ1 = W2.T @ dZ2 * g1.g_prime(Z1, A1)  # (n_h, m)
    dW1 = (1 / m) * (dZ1 @ X.T)  # (n_h, n_x)
    db1 = (1 / m) * np.sum(dZ1, axis=1, keepdims=True)  # (n_h, 1)
    return Parameters(dW1, db1, dW2, db2)


def update(parameters: Parameters, gradients: Parameters, alpha: float) -> Parameters:
    """One step of gradient descent: W := W - alpha dW, b := b - alpha db."""
    return Parameters(*(p - alpha * dp for p, dp in zip(parameters, gradients, strict=True)))


def total_weight(Y: Array, w: Array | None, m: float | None) -> tuple[Array, float]:
    """Return the weights, 1 for each example unless given, and m, their sum unless given."""
    w = np.ones((1, Y.shape[1]), Y.dtype) if w is None else w  # (1, m)
    return w, float(w.sum(dtype=np.float64)) if m is None else m

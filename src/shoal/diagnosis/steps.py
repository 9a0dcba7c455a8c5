"""Guarantee: a learning rate is held against the curvature of the cost that it meets."""

from collections.abc import Callable, Iterator

import numpy as np

from shoal.activations import Array
from shoal.diagnosis.finding import Finding
from shoal.engine import Engine
from shoal.history import History
from shoal.network import Network

MOST_ITERATIONS, NEAR = 100, 1e-3  # of the power iteration; residue beside the eigenvalue
SMALL = 0.01  # alpha times curvature; 1 goes down fastest, above 2 it goes up
NEARLY_DOWN = 1e-3  # of the cost: what is left to fall
SOLVED = 0.01  # of a constant guess's cost: there is no hurry any more


def curvature(network: Network, X: Array, Y: Array, w: Array | None, engine: Engine) -> float:
    """Return the greatest eigenvalue of the Hessian of J, by power iteration.

    The product of the Hessian with a direction is a difference of two gradients. The iteration
    finds the eigenvalue of the greatest size; if that is negative, it is done again with the
    Hessian shifted by it, of which no eigenvalue is negative.
    """
    probe = network.in_double_precision()
    reach = max(1.0, float(np.sqrt((X**2).sum(axis=0).max())))
    step = 1e-4 / reach  # so small that z1 hardly moves

    def product(v: Array) -> Array:
        gradients = []
        for sign in (1, -1):
            probe.theta[:] = network.theta + sign * step * v
            gradients.append(engine.cost_and_gradient(probe, X, Y, w).gradient)
        return np.asarray((gradients[0] - gradients[1]) / (2 * step))

    size = network.theta.size
    largest = _power_iteration(product, size)
    if largest >= 0:
        return largest
    return _power_iteration(lambda v: product(v) - largest * v, size) + largest


def _power_iteration(product: Callable[[Array], Array], size: int) -> float:
    v: Array = np.random.default_rng(0).normal(size=size)
    value = 0.0
    for _ in range(MOST_ITERATIONS):
        v /= np.linalg.norm(v)
        Hv = product(v)
        value = float(v @ Hv)
        if not np.linalg.norm(Hv - value * v) > NEAR * abs(value):
            break
        v = Hv
    return value


def of_step(
    network: Network, X: Array, Y: Array, w: Array | None, alpha: float, cost: float, guess: float,
    history: History | None, engine: Engine,
) -> Iterator[Finding]:  # fmt: skip
    """Find whether alpha is too large or too small where the network is."""
    greatest = curvature(network, X, Y, w, engine)
    evidence = {"curvature": greatest, "alpha times curvature": alpha * greatest}
    gradient = engine.cost_and_gradient(network, X, Y, w).gradient
    if alpha * greatest > 2:
        falling = history is not None and len(history) and history["cost"][-1] < history["cost"][0]
        yield Finding(
            "alpha too large", "warning" if falling else "failure",
            f"alpha times the curvature is {alpha * greatest:.3g}, and above 2 a step goes farther"
            " up than it came down",
            f"choose alpha below {2 / greatest:.3g}", evidence,
        )  # fmt: skip
    elif (
        0 < alpha * greatest < SMALL
        and cost > SOLVED * guess
        and gradient @ gradient > 2 * greatest * NEARLY_DOWN * cost
    ):
        yield Finding(
            "alpha too small", "warning",
            f"alpha times the curvature is {alpha * greatest:.1e}: steps are a small part of what"
            " they could be",
            f"try alpha = {1 / greatest:.3g}", evidence,
        )  # fmt: skip

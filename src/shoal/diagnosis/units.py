"""Guarantee: hidden units that cannot learn are counted, and only those."""

from collections.abc import Iterator

import numpy as np

from shoal import equations
from shoal.activations import Array
from shoal.diagnosis.finding import Finding
from shoal.equations import Forward
from shoal.network import Network

COPY = 1e-6  # of each parameter: units nearer to each other than that are the same
MUCH, SOME = 0.5, 0.25  # share of the units or activations: a failure, a warning
NO_BETTER, HARDLY_BETTER = 0.999, 0.9  # cost, beside that of a constant guess
VANISHING = 1e-6  # of dZ1 beside dZ2
FEW = 30  # examples, on which a unit at rest may well wake later


def of_units(
    network: Network, X: Array, Y: Array, w: Array | None, forward: Forward, cost: float,
    guess: float,
) -> Iterator[Finding]:  # fmt: skip
    """Find what is wrong with the hidden units; ``guess`` is the cost of a constant guess."""
    W1, _, W2, _ = network.parameters
    if not (W1.any() or W2.any() or forward.A1.any()):
        yield Finding(
            "dead", "failure",
            "W1 and W2 are exactly zero, and so are their derivatives: they will stay so, and the"
            " output bias alone learns",
            "start from small random weights",
            {"greatest |A1|": 0.0, "units": network.n_h},
        )  # fmt: skip
        return
    yield from _copies(network)
    if network.activation in ("tanh", "sigmoid"):
        yield from _saturated(network, forward.Z1, cost, guess)
    if network.activation not in ("relu", "leaky_relu"):
        yield from _vanishing(network, Y, w, forward)
    elif X.shape[1] >= FEW:
        at_rest = list(_one_sided(network, forward.Z1, cost, guess))
        yield from at_rest or _vanishing(network, Y, w, forward)


def distinct_units(network: Network) -> int:
    """Return how many hidden units there are that are no copies of others.

    With tanh, a unit of which all signs are turned is a copy too: it computes the same.
    """
    W1, b1, W2, _ = network.in_double_precision().parameters
    units = np.concatenate([W1, b1, W2.T], axis=1)
    sizes = np.abs(units).max(axis=0)
    direction = np.random.default_rng(0).normal(size=units.shape[1]) / np.where(sizes, sizes, 1)
    along = units @ direction
    if network.activation in ("tanh", "identity"):  # odd: g(-z) = -g(z)
        signs = np.where(along < 0, -1.0, 1.0)
        units, along = units * signs[:, None], along * signs
    units = units[np.argsort(along, kind="stable")]  # copies are neighbours now
    apart = np.abs(np.diff(units, axis=0)) > COPY * np.maximum(*np.abs([units[1:], units[:-1]]))
    return 1 + int(apart.any(axis=1).sum())


def _copies(network: Network) -> Iterator[Finding]:
    n_h, distinct = network.n_h, distinct_units(network)
    if n_h > 1 and distinct < n_h:
        yield Finding(
            "symmetric", "failure" if distinct <= (1 - MUCH) * n_h else "warning",
            f"of {n_h} hidden units {distinct} {'are' if distinct > 1 else 'is'} distinct: what is"
            " a copy of another gets the same derivatives",
            "start from random weights",
            {"units": n_h, "distinct units": distinct},
        )  # fmt: skip


def _saturated(network: Network, Z1: Array, cost: float, guess: float) -> Iterator[Finding]:
    share = float(network.g1.saturated(Z1).mean())
    # units that are sure of what is right do no harm
    if share > MUCH and cost > HARDLY_BETTER * guess:
        how = "no better than" if cost >= NO_BETTER * guess else "hardly below"
        yield Finding(
            "saturated", "failure" if cost >= NO_BETTER * guess else "warning",
            f"{share:.0%} of the activations are on the flat ends of {network.activation}, where"
            f" the slope is below a hundredth of its greatest, while the cost, {cost:.4g}, is {how}"
            f" that of a constant guess, {guess:.4g}: learning is slow",
            "start from smaller weights (x 0.01), and centre and scale the features",
            {"share": share, "cost": cost, "cost of a constant guess": guess},
        )  # fmt: skip


def _one_sided(network: Network, Z1: Array, cost: float, guess: float) -> Iterator[Finding]:
    off, on = (Z1 <= 0).all(axis=1), (Z1 > 0).all(axis=1)
    dead = int(off.sum()) if network.activation == "relu" else 0
    if dead >= SOME * network.n_h:
        learns = dead < MUCH * network.n_h or cost <= HARDLY_BETTER * guess
        yield Finding(
            "dead units", "warning" if learns else "failure",
            f"{dead} of {network.n_h} hidden units are zero for every example, and have no slope",
            "lower the learning rate, start anew, or use leaky_relu",
            {"units": network.n_h, "dead units": dead},
        )  # fmt: skip
    if (off | on).all() and dead < network.n_h:
        yield Finding(
            "linear", "warning",
            f"no hidden unit bends between the examples: with {network.activation} each is on one"
            " side of zero for all of them, so that the network is logistic regression",
            "start anew from smaller biases, and centre the features",
            {"units": network.n_h},
        )  # fmt: skip


def _vanishing(network: Network, Y: Array, w: Array | None, forward: Forward) -> Iterator[Finding]:
    W2 = network.parameters.W2
    weights, _ = equations.total_weight(Y, w, None)
    dZ2 = (forward.A2 - Y) * weights
    dZ1 = W2.T @ dZ2 * network.g1.g_prime(forward.Z1, forward.A1)
    of_1, of_2 = (float(np.sqrt(np.mean(each**2))) for each in (dZ1, dZ2))
    if W2.any() and of_1 < VANISHING * of_2:  # from W2 = 0, W1 learns from the second step on
        yield Finding(
            "vanishing", "failure",
            f"dZ1 is {of_1:.1e} in size, dZ2 {of_2:.1e}: the hidden layer hardly learns",
            "start from larger W2, or from smaller W1 if units are saturated",
            {"size of dZ1": of_1, "size of dZ2": of_2},
        )  # fmt: skip

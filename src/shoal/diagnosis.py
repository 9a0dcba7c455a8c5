"""Guarantee: why a network does not learn is named, with the numbers that show it, or nothing is.

Floor 4, NumPy alone. Each finding looks at a network on examples, its gradient, or the history of
its training; a healthy network has none.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from shoal import equations
from shoal.activations import Array
from shoal.engine import Engine, default_engine
from shoal.history import History
from shoal.network import Network

OF_THE_EXAMPLES = ("unscaled", "imbalance")  # findings that are not of a network
MOST_EXAMPLES = 1000  # are enough
COPY = 1e-9  # of the greatest parameter: units nearer to each other than that are the same
MUCH = 0.5  # share of the units or activations
STEEP_SPREAD = 100.0  # times, from the least to the greatest deviation of a feature
RARE = 0.05  # share of a class
VANISHING = 1e-6  # of dW1 beside dW2
POWER_ITERATIONS = 30
RISES, FALL, STILL = 0.3, 0.01, 1e-5  # share of iterations; of the cost, over a training, its half


@dataclass(frozen=True)
class Finding:
    """Something that keeps a network from learning, or that its user should know.

    Attributes
    ----------
    name : str
        ``dead``, ``symmetric``, ``saturated``, ``dead units``, ``vanishing``, ``alpha too large``,
        ``alpha too small``, ``plateau``, ``memorising``, ``unscaled`` or ``imbalance``.
    kind : {"failure", "warning"}
        Whether it keeps the network from learning.
    sentence, cure : str
    evidence : dict of str to float
    """

    name: str
    kind: Literal["failure", "warning"]
    sentence: str
    cure: str
    evidence: dict[str, float] = field(default_factory=dict)


def diagnose(
    network: Network,
    X: Array,
    Y: Array,
    w: Array | None = None,
    *,
    history: History | None = None,
    alpha: float | None = None,
    engine: Engine | None = None,
    seed: int = 0,
) -> list[Finding]:
    """Return what is wrong with a network, the failures first.

    Parameters
    ----------
    network : Network
        With a hidden layer; it is not changed.
    X, Y, w : ndarray, (n_x, m), (n_y, m), (1, m)
        Examples; of many, some are used.
    history : History, optional
        Of its training.
    alpha : float, optional
        The learning rate of plain gradient descent, to be held against the curvature of the cost.
    engine : Engine, optional
    seed : int
        Of the choice of examples.
    """
    network.check(X, Y, w)
    some = np.sort(np.random.default_rng(seed).permutation(X.shape[1])[:MOST_EXAMPLES])
    X, Y = X[:, some].astype(np.float64), Y[:, some].astype(np.float64)
    w = None if w is None else w[:, some].astype(np.float64)
    double = network.in_double_precision()
    found = [*_of_features(X, Y)]
    if network.n_h:
        found += _of_units(double, X, Y, w)
    if history is not None:
        found += _of_history(history)
    if alpha is not None:
        found += _of_step(double, X, Y, w, alpha, engine or default_engine())
    return sorted(found, key=lambda finding: finding.kind != "failure")


def distinct_units(network: Network) -> int:
    """Return how many hidden units there are that are no copies of others."""
    W1, b1, W2, _ = network.parameters
    units = np.concatenate([W1, b1, W2.T], axis=1)
    size = np.abs(units).max() or 1.0
    return len(np.unique(np.round(units / (size * COPY)), axis=0))


def curvature(network: Network, X: Array, Y: Array, w: Array | None, engine: Engine) -> float:
    """Return the greatest eigenvalue of the Hessian of J, by power iteration.

    The product of the Hessian with a direction is a difference of two gradients.
    """
    probe = network.in_double_precision()
    v = np.random.default_rng(0).normal(size=network.theta.size)
    v /= np.linalg.norm(v)
    step = 1e-4 * max(1.0, float(np.abs(network.theta).max()))
    greatest = 0.0
    for _ in range(POWER_ITERATIONS):
        gradients = []
        for sign in (1, -1):
            probe.theta[:] = network.theta + sign * step * v
            gradients.append(engine.cost_and_gradient(probe, X, Y, w).gradient)
        Hv = (gradients[0] - gradients[1]) / (2 * step)
        greatest, size = float(v @ Hv), float(np.linalg.norm(Hv))
        if not size > 0:
            break
        v = Hv / size
    return greatest


def _of_features(X: Array, Y: Array) -> Iterator[Finding]:
    spread = X.std(axis=1)
    spread = spread[spread > 0]
    if len(spread) > 1 and spread.max() > STEEP_SPREAD * spread.min():
        yield Finding(
            "unscaled", "warning",
            f"the features' deviations reach from {spread.min():.3g} to {spread.max():.3g}",
            "scale the features, so that one learning rate suits all of them",
            {"least": float(spread.min()), "greatest": float(spread.max())},
        )  # fmt: skip
    shares = Y.mean(axis=1)
    shares = np.minimum(shares, 1 - shares) if len(Y) == 1 else shares
    if np.isin(Y, (0, 1)).all() and shares.min() < RARE:
        yield Finding(
            "imbalance", "warning",
            f"the rarest class has {shares.min():.1%} of the examples",
            "judge by balanced accuracy or recall, not by accuracy; class weights may help",
            {"share": float(shares.min())},
        )  # fmt: skip


def _of_units(network: Network, X: Array, Y: Array, w: Array | None) -> Iterator[Finding]:
    forward = network.forward(X)
    gradients = equations.backward(X, Y, forward, network.parameters, network.g1, w)
    dW1, dW2 = (float(np.abs(each).max()) for each in (gradients.W1, gradients.W2))
    W1, _, W2, _ = network.parameters
    n_h, distinct = network.n_h, distinct_units(network)
    if not (W1.any() or W2.any() or dW1 or dW2):
        yield Finding(
            "dead", "failure",
            "W1 and W2 are exactly zero, and so are their derivatives: they will stay so, and the"
            " output bias alone learns",
            "start from small random weights",
            {"greatest dW1": dW1, "greatest dW2": dW2, "distinct units": distinct},
        )  # fmt: skip
    elif n_h > 1 and distinct < n_h:
        yield Finding(
            "symmetric", "failure",
            f"of {n_h} hidden units {distinct} {'are' if distinct > 1 else 'is'} distinct: the"
            " others are copies, with the same derivatives, and stay copies",
            "start from random weights",
            {"units": n_h, "distinct units": distinct},
        )  # fmt: skip
    else:
        cost = equations.cost(forward.Z2, Y, network.g2, w)
        yield from _of_activations(network, forward.Z1, cost, _cost_of_a_guess(network, Y, w))
        yield from _of_slopes(dW1, dW2)


def _cost_of_a_guess(network: Network, Y: Array, w: Array | None) -> float:
    """Return the least cost of a network whose output is the same for every example."""
    mean = np.average(Y, axis=1, weights=None if w is None else w[0])[:, None]
    with np.errstate(divide="ignore"):  # a class that never is has a z of -infinity
        z = {
            "sigmoid": np.log(mean) - np.log1p(-mean), "softmax": np.log(mean), "identity": mean,
        }[network.output].clip(-700, 700)  # fmt: skip
    return equations.cost(np.repeat(z, Y.shape[1], axis=1), Y, network.g2, w)


def _of_activations(network: Network, Z1: Array, cost: float, guess: float) -> Iterator[Finding]:
    if network.activation in ("tanh", "sigmoid"):
        share = float(network.g1.saturated(Z1).mean())
        if share > MUCH and cost >= guess:  # units that are sure of what is right do no harm
            yield Finding(
                "saturated", "failure",
                f"{share:.0%} of the activations are on the flat ends of {network.activation},"
                " where the slope is below a hundredth of its greatest, while the cost,"
                f" {cost:.4g}, is no better than that of a constant guess: learning is slow",
                "start from smaller weights (x 0.01), and scale the features",
                {"share": share, "cost": cost, "cost of a constant guess": guess},
            )  # fmt: skip
    if network.activation == "relu":
        dead = float((Z1 <= 0).all(axis=1).mean())
        if dead > MUCH:
            yield Finding(
                "dead units", "failure",
                f"{dead:.0%} of the hidden units are zero for every example, and have no slope",
                "lower the learning rate, start anew, or use leaky_relu",
                {"share": dead},
            )  # fmt: skip


def _of_slopes(dW1: float, dW2: float) -> Iterator[Finding]:
    if dW2 > 0 and dW1 < VANISHING * dW2:
        yield Finding(
            "vanishing", "failure",
            f"the greatest derivative of W1 is {dW1:.1e}, of W2 {dW2:.1e}: the hidden layer hardly"
            " learns",
            "start from larger W2, or from smaller W1 if units are saturated",
            {"greatest dW1": dW1, "greatest dW2": dW2},
        )  # fmt: skip


def _of_history(history: History) -> Iterator[Finding]:
    cost = np.array(history["cost"]) if len(history) else np.zeros(0)
    if history.diverged or len(cost) < 20:
        if history.diverged:
            yield Finding(
                "alpha too large", "failure", history.stop_reason, "lower the learning rate"
            )
        return
    late = cost[len(cost) // 2 :]
    rises = float((np.diff(late) > 0).mean())
    if cost[-1] > cost[0]:
        yield Finding(
            "alpha too large", "failure",
            f"the cost rose from {cost[0]:.4g} to {cost[-1]:.4g}", "lower the learning rate",
            {"first": float(cost[0]), "last": float(cost[-1])},
        )  # fmt: skip
    elif late[0] - late[-1] < STILL * cost[0] and rises < RISES and cost[0] - cost[-1] > 0:
        yield Finding(
            "plateau", "warning",
            f"in the last {len(late):,} passes the cost fell by {late[0] - late[-1]:.1e} in all",
            "it may be a minimum; if the network is not good enough, give it more hidden units",
            {"fall": float(late[0] - late[-1])},
        )  # fmt: skip
    if "validation_cost" in history:
        held_out = np.array(history["validation_cost"])
        if held_out[-1] > 1.1 * held_out.min() and cost[-1] < cost[int(held_out.argmin())]:
            yield Finding(
                "memorising", "warning",
                f"the cost of held-out examples rose from {held_out.min():.4g} to"
                f" {held_out[-1]:.4g}, while that of the training examples fell",
                "stop early, or raise the penalty l2",
                {"best": float(held_out.min()), "last": float(held_out[-1])},
            )  # fmt: skip


def _of_step(
    network: Network, X: Array, Y: Array, w: Array | None, alpha: float, engine: Engine
) -> Iterator[Finding]:
    greatest = curvature(network, X, Y, w, engine)
    evidence = {"curvature": greatest, "alpha times curvature": alpha * greatest}
    if alpha * greatest > 2:
        yield Finding(
            "alpha too large", "failure",
            f"alpha times the curvature is {alpha * greatest:.3g}, and above 2 a step goes farther"
            " up than it came down",
            f"choose alpha below {2 / greatest:.3g}", evidence,
        )  # fmt: skip
    elif 0 < alpha * greatest < FALL:
        yield Finding(
            "alpha too small", "warning",
            f"alpha times the curvature is {alpha * greatest:.1e}: steps are a small part of what"
            " they could be",
            f"try alpha = {1 / greatest:.3g}", evidence,
        )  # fmt: skip

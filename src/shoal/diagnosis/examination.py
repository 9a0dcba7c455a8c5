"""Guarantee: one call looks at everything: the examples, the units, the cost, the steps."""

from collections.abc import Iterator

import numpy as np

from shoal import equations
from shoal.activations import Array
from shoal.diagnosis.examples import of_examples
from shoal.diagnosis.finding import Finding
from shoal.diagnosis.passes import of_history
from shoal.diagnosis.steps import of_step
from shoal.diagnosis.units import NO_BETTER, of_units
from shoal.engine import Engine, default_engine
from shoal.errors import positive
from shoal.history import History
from shoal.network import Network
from shoal.sampling import some_of

MOST_EXAMPLES = 1000  # are enough
LARGE = 10.0  # times the labels, and times a guess's cost


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
        It is not changed.
    X, Y, w : ndarray, (n_x, m), (n_y, m), (1, m)
        Examples; of many, some are used.
    history : History, optional
        Of its training. With one, a network that is no better than a constant guess is named.
    alpha : float, optional
        The learning rate of plain gradient descent, to be held against the curvature of the cost,
        without a penalty.
    engine : Engine, optional
    seed : int
        Of the choice of examples.

    Raises
    ------
    InputError
        The examples do not fit the network, or hold NaN or infinity; alpha is no learning rate.
    """
    network.check_examples(X, Y, w, features=True)
    if alpha is not None:
        alpha = positive("alpha", alpha)
    some = some_of(X.shape[1], MOST_EXAMPLES, seed)
    X, Y = X[:, some].astype(np.float64), Y[:, some].astype(np.float64)
    w = None if w is None or not w[:, some].any() else w[:, some].astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is a finding
        found = _of_network(network.in_double_precision(), X, Y, w, history, alpha, engine)
    return sorted(found, key=lambda finding: finding.kind != "failure")


def _of_network(
    network: Network, X: Array, Y: Array, w: Array | None, history: History | None,
    alpha: float | None, engine: Engine | None,
) -> list[Finding]:  # fmt: skip
    found = [*of_examples(X, Y, w, network.output)]
    forward = network.forward(X)
    cost, guess = equations.cost(forward.Z2, Y, network.g2, w), _cost_of_a_guess(network, Y, w)
    if history is not None:
        found += of_history(history)
    if not (np.isfinite(network.theta).all() and np.isfinite(cost)):
        found.append(
            Finding(
                "not finite", "failure",
                f"the cost is {cost:g}, and the greatest parameter {np.abs(network.theta).max():g}",
                "start anew, with a lower learning rate and scaled features",
            )
        )  # fmt: skip
        return found
    if network.n_h:
        found += of_units(network, X, Y, w, forward, cost, guess)
    found += _of_cost(network.output, Y, forward.Z2, cost, guess, trained=history is not None)
    if alpha is not None:
        names = {each.name for each in found}
        step = of_step(network, X, Y, w, alpha, cost, guess, history, engine or default_engine())
        found += [each for each in step if each.name not in names]
        if any(each.name == "alpha too small" for each in found):  # it is why the cost stands still
            found = [each for each in found if each.name != "plateau"]
    return found


def _of_cost(
    output: str, Y: Array, Z2: Array, cost: float, guess: float, *, trained: bool
) -> Iterator[Finding]:
    z2 = float(np.abs(Z2).max())
    large = LARGE * guess if output == "identity" else max(1.0, LARGE * guess)
    if z2 > LARGE * max(1.0, float(np.abs(Y).max())) and cost > large:
        yield Finding(
            "exploding", "failure",
            f"z2 goes up to {z2:.3g}, and the cost, {cost:.4g}, is far above that of a constant"
            f" guess, {guess:.4g}: derivatives are as large",
            "start from smaller weights, scale the features, or lower the learning rate",
            {"cost": cost, "cost of a constant guess": guess, "greatest z2": z2},
        )  # fmt: skip
    elif trained and guess > 0 and cost >= NO_BETTER * guess:
        yield Finding(
            "no better than a guess", "failure",
            f"after training the cost is {cost:.4g}, that of a constant guess {guess:.4g}",
            "train longer, and see whether the learning rate suits and the features tell of the"
            " target",
            {"cost": cost, "cost of a constant guess": guess},
        )  # fmt: skip


def _cost_of_a_guess(network: Network, Y: Array, w: Array | None) -> float:
    """Return the least cost of a network whose output is the same for every example."""
    mean = np.average(Y, axis=1, weights=None if w is None else w[0])[:, None]
    with np.errstate(divide="ignore"):  # a class that never is has a z of -infinity
        if network.output == "sigmoid":
            z = np.log(mean) - np.log1p(-mean)
        else:
            z = np.log(mean) if network.output == "softmax" else mean
    z = z if network.output == "identity" else z.clip(-700, 700)
    return equations.cost(np.repeat(z, Y.shape[1], axis=1), Y, network.g2, w)

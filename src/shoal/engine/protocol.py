"""Guarantee: what every engine offers, and nothing about how it does it.

Floor 2.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shoal import equations
from shoal.activations import Activation, Array
from shoal.engine.dropout import Dropout
from shoal.engine.lines import LazyFeatures, Lines, Matrix, made
from shoal.engine.order import order
from shoal.errors import InputError
from shoal.network import Network
from shoal.optimizers import Optimizer, ScaledAdam

Batch = slice | NDArray[np.uint32]
Tick = Callable[[], bool]  # asked from time to time; True ends the work


class CostAndGradient(NamedTuple):
    """J and its gradient, laid out as the network's theta."""

    J: float
    gradient: Array


@dataclass(frozen=True)
class Passes:
    """Passes over m examples: the number of the first, how many, and their batches."""

    first: int
    count: int
    batch_size: int
    shuffle: bool
    seed: int

    def batches(self, m: int, epoch: int) -> Iterator[Batch]:
        """Return the batches of a pass."""
        starts = range(0, m, self.batch_size)
        if not self.shuffle or self.batch_size >= m:
            return (slice(start, min(start + self.batch_size, m)) for start in starts)
        rows = order(m, self.seed, epoch)
        return (rows[start : start + self.batch_size] for start in starts)


@dataclass
class Descent:
    """One network that descends: its theta and its optimiser are changed in place.

    Attributes
    ----------
    l2 : float
        Strength of the penalty, see :func:`shoal.train`.
    w : ndarray, (1, m), or None
        Weights of the examples.
    dropout : Dropout or None
        Of the hidden layer, which then is one of ReLU.
    costs : list of float
        The cost of each pass; a cost that is not finite is the last.
    mean_weight : float
        What an example of a mini-batch weighs, so that light batches make small steps.
    """

    network: Network
    optimizer: Optimizer
    l2: float = 0.0
    w: Array | None = None
    dropout: Dropout | None = None
    costs: list[float] = field(default_factory=list)
    mean_weight: float = field(init=False)

    def __post_init__(self) -> None:
        if self.dropout is not None and (self.network.activation, self.network.n_h > 0) != (
            "relu", True
        ):  # fmt: skip
            raise InputError(
                f"dropout needs hidden units with ReLU, but the network has {self.network.n_h} with"
                f" {self.network.activation}: choose activation='relu', or leave dropout out"
            )
        if isinstance(self.optimizer, ScaledAdam):
            shape = self.optimizer.n_h, self.optimizer.n_x
            if shape != (self.network.n_h, self.network.n_x):
                raise InputError(
                    f"the optimizer scales W1 of the shape {shape}, but the network's has"
                    f" {(self.network.n_h, self.network.n_x)}: give it one of its own"
                )
        self.mean_weight = 1.0 if self.w is None else float(self.w.mean(dtype=np.float64))

    @property
    def diverged(self) -> bool:
        """Whether the last cost is no finite number."""
        return bool(self.costs) and not math.isfinite(self.costs[-1])


class Engine(ABC):
    """Sums over examples. X is (n_x, m), dense, lazy or SciPy sparse; Y is (n_y, m).

    Where X is not looked at, NaN makes the results NaN, but a unit that saturates takes infinity
    for a large number; :meth:`shoal.Network.check_features` tells.
    """

    name: str
    reproducible = False  # on every instruction set

    def facts(self) -> dict[str, str | int]:
        """Return what a person asks about the engine."""
        return {"engine": self.name}

    def threads(self, network: Network, m: int) -> AbstractContextManager[None]:
        """Enter this around many calls with m examples each: threads as that much work needs."""
        return nullcontext()

    def predict(self, network: Network, X: Matrix) -> Array:
        """Return A2, (n_y, m); refuse NaN and infinity in X and in the parameters."""
        network.check_features(X)
        network.check_parameters()
        return self.outputs(network, X)

    @abstractmethod
    def outputs(self, network: Network, X: Matrix) -> Array:
        """Return A2, (n_y, m), without a look for NaN and infinity.

        For another network on X that was checked, or for X that is known to be finite.
        """

    @abstractmethod
    def cost_and_gradient(
        self, network: Network, X: Matrix, Y: Array, w: Array | None = None, m: float | None = None
    ) -> CostAndGradient:
        """Return J = (1/m) sum w L and its gradient; w is (1, m) or None, m its sum unless given.

        A given m is that of the whole that these examples are a part of: the parts' results then
        add up to the whole's.
        """

    @abstractmethod
    def cost_and_predictions(
        self, network: Network, X: Matrix, Y: Array, w: Array | None = None
    ) -> tuple[float, Array]:
        """Return J and A2, (n_y, m), from one pass."""

    def in_pieces(self, lines: Lines, X: Array) -> Array:
        """Return the features, (m, width), of numbers in rows, (m, n): the same on all engines."""
        return self.made(LazyFeatures(lines, X.T)).T

    def made(self, X: LazyFeatures) -> Array:
        """Return the array that lazy features stand for: the same from all engines."""
        return np.asarray(X)

    def descend(
        self, descents: Sequence[Descent], X: Any, Y: Array, passes: Passes, tick: Tick
    ) -> None:
        """Make passes over the examples for all networks, side by side.

        The tick is asked at least every 0.1 s of a call; if it says True, work ends after the last
        update that is whole.
        """
        X = made(X)  # once a call
        largest = max((descent.network for descent in descents), key=lambda each: each.theta.size)
        with self.threads(largest, min(passes.batch_size, X.shape[1])):
            for epoch in range(passes.first, passes.first + passes.count):
                if all(descent.diverged for descent in descents):
                    return
                if not self._make_pass(descents, X, Y, passes.batches(X.shape[1], epoch), tick):
                    return

    def _make_pass(
        self,
        descents: Sequence[Descent],
        X: Any,
        Y: Array,
        batches: Iterator[Batch],
        tick: Tick,
    ) -> bool:
        descents = [descent for descent in descents if not descent.diverged]
        totals, seen = [0.0 for _ in descents], 0.0  # seen is the share of the examples
        for descent in descents:
            descent.costs.append(0.0)
        for batch in batches:
            X_batch, Y_batch = X[:, batch], Y[:, batch]
            share = Y_batch.shape[1] / Y.shape[1]
            seen += share
            for i, descent in enumerate(descents):
                if not descent.diverged:
                    totals[i] += share * self._step(descent, X_batch, Y_batch, batch, X.shape[1])
                    descent.costs[-1] = totals[i] / seen
            if tick():
                return False
        return True

    def _step(self, descent: Descent, X: Any, Y: Array, batch: Batch, m: int) -> float:
        """Make one update; return the cost before it."""
        network, mean_weight = descent.network, descent.mean_weight
        w = None if descent.w is None else descent.w[:, batch]
        if descent.dropout is None:
            J, gradient = self.cost_and_gradient(network, X, Y, w, Y.shape[1] * mean_weight)
        else:
            rows = np.r_[batch].astype(np.uint32)
            g1 = descent.dropout.activation(network, rows, descent.optimizer.t)
            J, gradient = _with_dropout(network, X, Y, w, Y.shape[1] * mean_weight, g1)
        J, gradient = penalised(network, J, gradient, descent.l2 / (m * mean_weight))
        descent.optimizer.step(network.theta, gradient)
        return J


def _with_dropout(
    network: Network, X: Array, Y: Array, w: Array | None, m: float, g1: Activation
) -> CostAndGradient:
    forward = equations.forward(X, network.parameters, g1, network.g2)
    J = equations.cost(forward.Z2, Y, network.g2, w, m)
    gradients = equations.backward(X, Y, forward, network.parameters, g1, w, m)
    return CostAndGradient(J, np.concatenate([d.ravel() for d in gradients]))


def penalised(network: Network, J: float, gradient: Array, decay: float) -> CostAndGradient:
    """Add decay / 2 * (sum of squared weights) to J; the gradient is changed in place."""
    if decay:
        gradients = network.split(gradient)
        for W, dW in zip(network.parameters[::2], gradients[::2], strict=True):  # W1 and W2
            np.add(dW, decay * W, out=dW)
            J += decay * float(np.vdot(W, W)) / 2
    return CostAndGradient(J, gradient)

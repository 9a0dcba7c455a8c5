"""Guarantee: one loop trains every network; it knows no tables, no scikit-learn, no terminal.

Floor 4. The order of the examples in a pass depends on the seed and the pass alone, so that the
same seed gives the same network wherever training was interrupted and taken up again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array
from shoal.callbacks import Callback, TrainingState
from shoal.engine import CostAndGradient, Engine, default_engine
from shoal.errors import DivergedError, InputError
from shoal.history import History
from shoal.network import Network, weights_only
from shoal.optimizers import GradientDescent, Optimizer, minimize_lbfgs

Batch = slice | NDArray[np.intp]
Metrics = Mapping[str, Callable[[Array, Array], float]]


@dataclass
class Examples:
    """Examples in columns: X (n_x, m), Y (n_y, m) and weights w (1, m), or None for 1 each."""

    X: Any  # ndarray or SciPy sparse
    Y: Array
    w: Array | None = None

    @property
    def m(self) -> int:
        """The number of examples."""
        return int(self.X.shape[1])

    def check(self, network: Network) -> None:
        """Check that the examples have the shapes that a network takes.

        Raises
        ------
        InputError
            It names the array, its shape and the shape that is wanted.
        """
        n_x, m = network.n_x, self.X.shape[-1]
        wanted = {"X": (n_x, m), "Y": (network.n_y, m)} | ({} if self.w is None else {"w": (1, m)})
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise InputError(
                    f"{name} has the shape {getattr(self, name).shape}, but must have {shape}:"
                    " columns are examples"
                )
        if network.output != "identity" and not ((self.Y >= 0) & (self.Y <= 1)).all():
            raise InputError(
                f"Y has values outside 0 to 1, which the output {network.output!r} cannot give:"
                " give 0 and 1, or use the output 'identity'"
            )
        if not m or (self.w is not None and not self.w.sum() > 0):
            raise InputError("there is no example with a weight above 0: give at least one")

    def take(self, batch: Batch) -> "Examples":
        """Return some of the examples."""
        w = None if self.w is None else self.w[:, batch]
        return Examples(self.X[:, batch], self.Y[:, batch], w)


def train(
    network: Network,
    examples: Examples,
    *,
    optimizer: Optimizer | Literal["lbfgs"] | None = None,
    max_epochs: int = 1000,
    batch_size: int | None = None,
    l2: float = 0.0,
    tol: float = 1e-4,
    shuffle: bool = True,
    seed: int = 0,
    first_epoch: int = 0,
    validation: Examples | None = None,
    metrics: Metrics | None = None,
    callbacks: Sequence[Callback] = (),
    engine: Engine | None = None,
) -> History:
    """Train the network in place.

    Parameters
    ----------
    network : Network
        Already initialised; its theta is the starting point and receives the result.
    examples : Examples
    optimizer : Optimizer, "lbfgs" or None
        None is plain gradient descent with alpha = 1.2, the course's example.
    max_epochs : int
        Passes over the examples at the most.
    batch_size : int or None
        Examples in an update; None takes them all (full batch). L-BFGS always takes them all.
    l2 : float
        Strength of the penalty l2 / (2 m) * (sum of squared weights) added to the cost.
    tol : float
        For L-BFGS: the greatest element of the gradient at which a minimum is reached.
    shuffle : bool
        Draw the order of the examples anew in each pass; full batch needs none.
    seed : int
        Seed of that order.
    first_epoch : int
        The number of the first pass, where earlier ones were made already.
    validation : Examples, optional
        Examples to measure after each pass and never to learn from.
    metrics : mapping of str to callable, optional
        Further measures ``f(Y, A2)`` of the validation part.
    callbacks : sequence of Callback
    engine : Engine, optional

    Returns
    -------
    History

    Raises
    ------
    DivergedError
        The cost or a parameter is no longer finite.
    """
    _check(max_epochs=(max_epochs, 1), batch_size=(batch_size, 1), l2=(l2, 0), seed=(seed, 0))
    if not (optimizer in (None, "lbfgs") or isinstance(optimizer, Optimizer)):
        raise InputError(f"optimizer is {optimizer!r}, but must be an Optimizer, 'lbfgs' or None")
    for part in (examples, validation):
        if part is not None:
            part.check(network)
    run = _Run(network, examples, l2, engine or default_engine(), validation, metrics or {})
    state = TrainingState(network, History(), max_epochs)
    step = examples.m if optimizer == "lbfgs" else batch_size or examples.m
    try:
        for callback in callbacks:
            callback.on_train_begin(state)
        # costs that are not finite are caught by the run
        with np.errstate(over="ignore", invalid="ignore"), run.engine.threads(network, step):
            if optimizer == "lbfgs":
                _train_lbfgs(run, state, callbacks, tol)
            else:
                batches = _Batches(examples.m, step, shuffle, seed)
                descent = optimizer or GradientDescent(alpha=1.2)
                _train_by_steps(run, state, callbacks, descent, batches, first_epoch)
    finally:
        for callback in callbacks:
            callback.on_train_end(state)
    if not np.isfinite(network.theta).all():
        raise _diverged(len(state.history))
    state.history.reached_max_epochs = not state.stopped
    state.stop(f"all {max_epochs} epochs were made")
    return state.history


class _Batches:
    """The batches of each pass."""

    def __init__(self, m: int, batch_size: int, shuffle: bool, seed: int) -> None:
        self.m, self.batch_size, self.seed = m, batch_size, seed
        self.shuffle = shuffle and batch_size < m

    def of(self, epoch: int) -> Iterator[Batch]:
        starts = range(0, self.m, self.batch_size)
        if not self.shuffle:
            return (slice(start, start + self.batch_size) for start in starts)
        key = np.array([self.seed, epoch], np.uint64)  # a counter-based generator: no past needed
        order = np.random.Generator(np.random.Philox(key=key)).permutation(self.m)
        return (order[start : start + self.batch_size] for start in starts)

    def size(self, batch: Batch) -> int:
        return len(range(*batch.indices(self.m))) if isinstance(batch, slice) else len(batch)


class _Run:
    """The cost that is minimised, and what is measured beside it."""

    def __init__(
        self,
        network: Network,
        examples: Examples,
        l2: float,
        engine: Engine,
        validation: Examples | None,
        metrics: Metrics,
    ) -> None:
        self.network, self.examples, self.engine = network, examples, engine
        self.validation, self.metrics = validation, metrics
        self.mean_weight = 1.0 if examples.w is None else float(examples.w.mean())
        self.decay = l2 / (examples.m * self.mean_weight) * weights_only(network) if l2 else None

    def cost_and_gradient(self, batch: Batch) -> CostAndGradient:
        part = self.examples.take(batch)
        m = part.m * self.mean_weight  # so that a batch of light examples makes a small step
        J, gradient = self.engine.cost_and_gradient(self.network, part.X, part.Y, part.w, m)
        if self.decay is not None:
            penalty = self.decay * self.network.theta
            J += float(penalty @ self.network.theta) / 2
            gradient += penalty
        return CostAndGradient(J, gradient)

    def record(self, state: TrainingState, cost: float, callbacks: Sequence[Callback]) -> None:
        epoch = len(state.history)
        row = {"epoch": epoch, "cost": cost}
        if self.validation is not None:
            X, Y, w = self.validation.X, self.validation.Y, self.validation.w
            row["validation_cost"] = self.engine.cost(self.network, X, Y, w)
            if self.metrics:
                A2 = self.engine.predict(self.network, X)
                row |= {f"validation_{name}": f(Y, A2) for name, f in self.metrics.items()}
        if not np.isfinite([cost, row.get("validation_cost", 0.0)]).all():
            raise _diverged(epoch)
        state.history.append(**row)
        for callback in callbacks:
            callback.on_epoch_end(state)


def _train_by_steps(
    run: _Run,
    state: TrainingState,
    callbacks: Sequence[Callback],
    optimizer: Optimizer,
    batches: _Batches,
    first_epoch: int,
) -> None:
    for epoch in range(first_epoch, first_epoch + state.max_epochs):
        total = seen = 0.0  # seen is the share of the examples
        for batch in batches.of(epoch):
            J, gradient = run.cost_and_gradient(batch)
            optimizer.step(state.network.theta, gradient)
            share = batches.size(batch) / batches.m
            total, seen = total + J * share, seen + share
            for callback in callbacks:
                callback.on_update_end(state)
            if state.stopped:
                break
        run.record(state, total / seen, callbacks)
        if state.stopped:
            return


def _train_lbfgs(
    run: _Run, state: TrainingState, callbacks: Sequence[Callback], tol: float
) -> None:
    everything = slice(None)

    def after_iteration(cost: float) -> bool:
        for callback in callbacks:
            callback.on_update_end(state)
        run.record(state, cost, callbacks)
        return state.stopped

    reason = minimize_lbfgs(
        lambda: run.cost_and_gradient(everything),
        state.network.theta,
        state.max_epochs,
        tol,
        after_iteration,
    )
    state.stop(reason)
    if not len(state.history):  # it stood at a minimum from the start
        run.record(state, run.cost_and_gradient(everything).J, callbacks)


def _check(**limits: tuple[float | None, int]) -> None:
    for name, (value, least) in limits.items():
        if value is not None and not value >= least:
            raise InputError(f"{name} is {value!r}, but must be {least} or more")


def _diverged(epoch: int) -> DivergedError:
    return DivergedError(
        f"training diverged: the cost or a parameter was no longer a finite number in epoch {epoch}"
        " (counted from 0): lower the learning rate, scale the features, or look for NaN in them"
    )

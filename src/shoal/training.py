"""Guarantee: one loop trains every network; it knows no tables, no scikit-learn, no terminal.

Floor 4. The order of the examples in a pass depends on the seed and the pass alone, so that the
same seed gives the same network wherever training was interrupted and taken up again.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, Literal

import numpy as np

from shoal.callbacks import Callback
from shoal.checkpoint import Checkpoint, Snapshot
from shoal.engine import (
    CostAndGradient,
    Engine,
    Passes,
    default_engine,
    penalised,
)
from shoal.errors import DivergedError, InputError
from shoal.examples import Examples, Member, Metrics
from shoal.history import History
from shoal.lbfgs import minimize_lbfgs
from shoal.network import Network
from shoal.optimizers import GradientDescent, Optimizer
from shoal.partition_descent import cost_and_gradient, descend
from shoal.partitions import Partitions
from shoal.run import Run, what_of

MOST_PASSES = 10_000  # in one call of an engine: their costs have to be kept
TICK_EVERY = 0.03  # seconds, as in the native engine


def train(
    network: Network,
    examples: Examples | Partitions,
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
    checkpoint: Checkpoint | None = None,
) -> History:
    """Train the network in place.

    Parameters
    ----------
    network : Network
        Already initialised; its theta is the starting point and receives the result.
    examples : Examples or Partitions
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
        For instance ``NativeEngine(threads=2)``; the fastest there is unless given.
    checkpoint : Checkpoint, optional
        Where the training is kept from time to time, to be resumed after a crash with the same
        result to the bit. L-BFGS cannot be resumed.

    Returns
    -------
    History

    Raises
    ------
    DivergedError
        The cost or a parameter is no longer finite.
    """
    if not (optimizer in (None, "lbfgs") or isinstance(optimizer, Optimizer)):
        raise InputError(f"optimizer is {optimizer!r}, but must be an Optimizer, 'lbfgs' or None")
    descent = optimizer if isinstance(optimizer, Optimizer) else GradientDescent(alpha=1.2)
    member = Member(network, descent, l2, None, validation, callbacks)
    if optimizer == "lbfgs":
        if checkpoint is not None:
            raise InputError("L-BFGS cannot be resumed: give no checkpoint, or another optimizer")
        history = _train_lbfgs(member, examples, max_epochs, tol, metrics or {}, engine)
    else:
        (history,) = train_population(
            [member], examples, max_epochs=max_epochs, batch_size=batch_size, shuffle=shuffle,
            seed=seed, first_epoch=first_epoch, metrics=metrics, engine=engine,
            checkpoint=checkpoint,
        )  # fmt: skip
    if history.diverged:
        raise DivergedError(history.stop_reason, history)
    return history


def train_population(
    members: Sequence[Member],
    examples: Examples | Partitions,
    *,
    max_epochs: int = 1000,
    batch_size: int | None = None,
    shuffle: bool = True,
    seed: int = 0,
    first_epoch: int = 0,
    metrics: Metrics | None = None,
    engine: Engine | None = None,
    checkpoint: Checkpoint | None = None,
) -> list[History]:
    """Train many networks on the same examples in one run, each in place.

    They may differ in width, starting point, optimiser, penalty and weights, and each stops for
    itself; they share the batches, so that X is read once for all. Each comes out as if it had been
    trained alone, to the bit.

    Parameters
    ----------
    members : sequence of Member
        With the same n_x, n_y, output and dtype.
    examples, max_epochs, batch_size, shuffle, seed, first_epoch, metrics, engine, checkpoint
        As for :func:`train`.

    Returns
    -------
    list of History
        One for each member. A network that diverged says so in its history (``diverged``), and
        the others go on.
    """
    max_epochs, seed = _whole("max_epochs", max_epochs, 1), _whole("seed", seed, 0)
    first_epoch = _whole("first_epoch", first_epoch, 0)
    batch_size = batch_size if batch_size is None else _whole("batch_size", batch_size, 1)
    engine = engine or default_engine()
    runs = [Run(member, examples, max_epochs, engine, metrics or {}) for member in members]
    _check_alike(members)
    passes = Passes(first_epoch, max_epochs, batch_size or examples.m, bool(shuffle), seed)
    kept = (
        None
        if checkpoint is None
        else checkpoint.begin(what_of(runs, examples, passes, engine, metrics or {}))
    )
    try:
        for run in runs:
            run.call("on_train_begin")
        if kept is not None and checkpoint is not None:
            with checkpoint.refusing():
                for run, memory in zip(runs, kept.members, strict=True):
                    run.recall(memory)
            if not 0 <= kept.passes <= max_epochs:
                raise InputError(
                    f"{checkpoint.folder} holds {kept.passes:,} passes, and max_epochs is"
                    f" {max_epochs:,}: give as many, or choose another folder"
                )
            passes = replace(
                passes, first=first_epoch + kept.passes, count=max(0, max_epochs - kept.passes)
            )
        # costs that are not finite are caught by the runs
        with np.errstate(over="ignore", invalid="ignore"):
            _make_passes(runs, examples, passes, engine, checkpoint)
    finally:
        if checkpoint is not None:
            checkpoint.end()
        for run in runs:
            run.call("on_train_end")
    for run in runs:
        run.finish()
    return [run.history for run in runs]


class _Ticks:
    """Asks the callbacks of runs: engines do in calls that take long, and make_up after others."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self._asked = time.monotonic()

    def __call__(self) -> bool:
        self._asked = time.monotonic()
        for run in self.runs:
            run.call("on_tick")
        return all(run.state.stopped for run in self.runs)

    def make_up(self) -> None:
        if time.monotonic() - self._asked >= TICK_EVERY:
            self()


def _make_passes(
    runs: list[Run], examples: Examples | Partitions, passes: Passes, engine: Engine,
    checkpoint: Checkpoint | None,
) -> None:  # fmt: skip
    end = passes.first + passes.count
    epoch, at_once = passes.first, 1
    ticks = _Ticks()
    while epoch < end and (active := [run for run in runs if not run.state.stopped]):
        ticks.runs = active
        count = min(end - epoch, MOST_PASSES, *(run.passes_until_call() for run in active))
        if len(active) > 1 and any(run.ticks for run in active):
            count = 1  # one may be stopped while the others go on
        if checkpoint is not None:
            count, at_once = min(count, at_once), 2 * at_once
        some = replace(passes, first=epoch, count=count)
        descents = [run.descent for run in active]
        descend(engine, descents, examples, some, ticks)
        epoch += count
        whole = not any(run.state.stopped for run in active)  # a tick may end within a pass
        ticks.make_up()
        for run in active:
            run.record(last=epoch == end)
        if checkpoint is not None and checkpoint.due():
            at_once = 1
            if whole:
                made = max(len(run.history) for run in runs)
                checkpoint.keep(Snapshot(made, [run.memory() for run in runs]))


def _train_lbfgs(
    member: Member,
    examples: Examples | Partitions,
    max_epochs: int,
    tol: float,
    metrics: Metrics,
    engine: Engine | None,
) -> History:
    max_epochs = _whole("max_epochs", max_epochs, 1)
    run = Run(member, examples, max_epochs, engine or default_engine(), metrics)
    network, engine = member.network, run.engine

    def objective() -> CostAndGradient:
        J, gradient = cost_and_gradient(engine, network, examples)
        return penalised(network, J, gradient, member.l2 / examples.weight)

    def after_iteration(cost: float) -> bool:
        run.call("on_tick")
        run.descent.costs.append(cost)
        run.record(last=False)
        return run.state.stopped

    try:
        run.call("on_train_begin")
        with np.errstate(over="ignore", invalid="ignore"), engine.threads(network, examples.m):
            reason = minimize_lbfgs(objective, network.theta, max_epochs, tol, after_iteration)
            run.state.stop(reason)
            if not len(run.history):  # it stood at a minimum from the start
                run.append(objective().J)
    finally:
        run.call("on_train_end")
    run.finish()
    return run.history


def _check_alike(members: Sequence[Member]) -> None:
    kinds = {
        (each.network.n_x, each.network.n_y, each.network.output, each.network.theta.dtype.name)
        for each in members
    }
    if len(kinds) != 1:
        raise InputError(
            "the networks of a population must have the same n_x, n_y, output and dtype, but these"
            f" have {', '.join(map(str, sorted(kinds))) or 'no member'}"
        )
    for what in ("network", "optimizer"):
        if len({id(getattr(each, what)) for each in members}) < len(members):
            raise InputError(f"two members share one {what}: give each one of its own")


def _whole(name: str, value: Any, least: int) -> int:
    """Return a whole number as Python's, which does not overflow."""
    if not (isinstance(value, Integral) and least <= int(value) < 2**63):
        raise InputError(f"{name} is {value!r}, but must be a whole number, {least} or more")
    return int(value)

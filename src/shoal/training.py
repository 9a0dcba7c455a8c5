"""Guarantee: one loop trains every network; it knows no tables, no scikit-learn, no terminal.

Floor 4. The order of the examples in a pass depends on the seed and the pass alone, so that the
same seed gives the same network wherever training was interrupted and taken up again.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, Literal

import numpy as np

from shoal.callbacks import Callback, TrainingState
from shoal.checkpoint import FLAGS, Checkpoint, Memory, Snapshot, digest, settings
from shoal.engine import (
    CostAndGradient,
    Descent,
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

MOST_PASSES = 10_000  # in one call of an engine: their costs have to be kept


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
    checkpoint: Checkpoint | None = None,
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
    examples: Examples,
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
    _check_whole(max_epochs=(max_epochs, 1), seed=(seed, 0), first_epoch=(first_epoch, 0))
    if batch_size is not None:
        _check_whole(batch_size=(batch_size, 1))
    engine = engine or default_engine()
    runs = [_Run(member, examples, max_epochs, engine, metrics or {}) for member in members]
    _check_alike(members)
    passes = Passes(first_epoch, max_epochs, batch_size or examples.m, bool(shuffle), seed)
    kept = (
        None
        if checkpoint is None
        else checkpoint.begin(_what(runs, examples, passes, engine, metrics or {}))
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


def _make_passes(
    runs: list["_Run"], examples: Examples, passes: Passes, engine: Engine,
    checkpoint: Checkpoint | None,
) -> None:  # fmt: skip
    end = passes.first + passes.count
    epoch, at_once = passes.first, 1
    while epoch < end and (active := [run for run in runs if not run.state.stopped]):

        def tick(active: list["_Run"] = active) -> bool:
            for run in active:
                run.call("on_tick")
            return all(run.state.stopped for run in active)

        count = min(end - epoch, MOST_PASSES, *(run.passes_until_call() for run in active))
        if len(active) > 1 and any(run.ticks for run in active):
            count = 1  # one may be stopped while the others go on
        if checkpoint is not None:
            count, at_once = min(count, at_once), 2 * at_once
        some = replace(passes, first=epoch, count=count)
        engine.descend([run.descent for run in active], examples.X, examples.Y, some, tick)
        epoch += count
        whole = not any(run.state.stopped for run in active)  # a tick may end within a pass
        for run in active:
            run.record(last=epoch == end)
        if checkpoint is not None and checkpoint.due():
            at_once = 1
            if whole:
                made = max(len(run.history) for run in runs)
                checkpoint.keep(Snapshot(made, [run.memory() for run in runs]))


class _Run:
    """One network in training: its cost, and what is measured and called beside it."""

    def __init__(
        self,
        member: Member,
        examples: Examples,
        max_epochs: int,
        engine: Engine,
        metrics: Metrics,
    ) -> None:
        if not 0 <= member.l2 < math.inf:
            raise InputError(f"l2 is {member.l2!r}, but must be a number, 0 or more")
        own = examples if member.w is None else Examples(examples.X, examples.Y, member.w)
        for part in (own, member.validation):
            if part is not None:
                part.check(member.network)
        self.member, self.engine, self.metrics = member, engine, metrics
        self.descent = Descent(member.network, member.optimizer, member.l2, own.w, member.dropout)
        self.state = TrainingState(member.network, History(), max_epochs)
        self.callers = [
            callback
            for callback in member.callbacks
            if type(callback).on_epoch_end is not Callback.on_epoch_end
        ]
        self.ticks = any(type(each).on_tick is not Callback.on_tick for each in member.callbacks)

    @property
    def history(self) -> History:
        return self.state.history

    def call(self, hook: str) -> None:
        for callback in self.member.callbacks:
            getattr(callback, hook)(self.state)

    def passes_until_call(self) -> int:
        """Return how many passes may be made before somebody has to look at the network."""
        done = len(self.history)
        periods = [callback.every for callback in self.callers]
        if self.member.validation is not None:
            periods.append(1)
        return min((every - done % every for every in periods), default=self.state.max_epochs)

    def record(self, last: bool) -> None:
        """Add the passes made since to the history, and call the callbacks that are due."""
        before = len(self.history)
        costs = self.descent.costs[before:]
        if self.member.validation is None and not self.descent.diverged:
            self.history.extend(costs)
        else:
            for cost in costs:
                self.append(cost)
        if self.history.diverged or len(self.history) == before:  # or stopped before an update
            return
        last = last or self.state.stopped
        for callback in self.callers:
            if last or len(self.history) % callback.every == 0:
                callback.on_epoch_end(self.state)

    def append(self, cost: float) -> None:
        """Add a row, with measures of the validation part; a divergence is named and stops."""
        epoch = len(self.history)
        row = {"epoch": epoch, "cost": cost}
        if self.member.validation is not None:
            X, Y, w = self.member.validation.X, self.member.validation.Y, self.member.validation.w
            network = self.member.network
            row["validation_cost"], A2 = self.engine.cost_and_predictions(network, X, Y, w)
            row |= {f"validation_{name}": f(Y, A2) for name, f in self.metrics.items()}
        if math.isfinite(cost) and math.isfinite(row.get("validation_cost", 0.0)):
            self.history.append(**row)
        else:
            self.diverge(epoch)

    def diverge(self, epoch: int) -> None:
        self.history.diverged = True
        self.history.stop_reason = (
            "training diverged: the cost or a parameter was no longer a finite number in epoch"
            f" {epoch} (counted from 0): lower the learning rate, scale the features, or look for"
            " NaN in them"
        )

    @property
    def remembering(self) -> list[Callback]:
        """The callbacks that have something to keep, in order."""
        return [c for c in self.member.callbacks if type(c).memory is not Callback.memory]

    def memory(self) -> Memory:
        """Return all that it takes to go on from here."""
        arrays = {"theta": self.member.network.theta}
        arrays |= {f"history {name}": np.array(c) for name, c in self.history.columns.items()}
        arrays |= {f"optimizer {k}": v for k, v in self.member.optimizer.memory().items()}
        for i, callback in enumerate(self.remembering):
            arrays |= {f"callback {i} {k}": v for k, v in callback.memory().items()}
        return Memory(arrays, {name: getattr(self.history, name) for name in FLAGS})

    def recall(self, memory: Memory) -> None:
        """Take up what :meth:`memory` returned; a ValueError or such if it is not of this run."""
        theta, columns = self.member.network.theta, memory.of("history")
        kept = memory.arrays["theta"]
        if (kept.shape, kept.dtype) != (theta.shape, theta.dtype):
            raise ValueError("theta is not of this network")
        if len({len(column) for column in columns.values()}) > 1 or not columns.keys() >= {
            "epoch", "cost"
        }:  # fmt: skip
            raise ValueError("the history is not whole")
        self.member.optimizer.recall(memory.of("optimizer"), theta)
        theta[:] = kept
        for i, callback in enumerate(self.remembering):
            callback.recall(memory.of(f"callback {i}"))
        self.history.columns = {name: column.tolist() for name, column in columns.items()}
        for name in FLAGS:
            setattr(self.history, name, memory.flags[name])
        self.descent.costs[:] = self.history["cost"]

    def finish(self) -> None:
        if not self.history.diverged and not np.isfinite(self.member.network.theta).all():
            self.diverge(len(self.history))
        self.history.reached_max_epochs = not self.state.stopped
        self.state.stop(f"all {self.state.max_epochs} epochs were made")


def _train_lbfgs(
    member: Member,
    examples: Examples,
    max_epochs: int,
    tol: float,
    metrics: Metrics,
    engine: Engine | None,
) -> History:
    _check_whole(max_epochs=(max_epochs, 1))
    run = _Run(member, examples, max_epochs, engine or default_engine(), metrics)
    network, engine, m = member.network, run.engine, examples.m * run.descent.mean_weight

    def objective() -> CostAndGradient:
        J, gradient = engine.cost_and_gradient(network, examples.X, examples.Y, examples.w)
        return penalised(network, J, gradient, member.l2 / m)

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


def _what(
    runs: Sequence["_Run"], examples: Examples, passes: Passes, engine: Engine, metrics: Metrics
) -> dict[str, str]:
    """Return what a checkpoint must have been made of, to be taken up."""
    members = [run.member for run in runs]
    networks = [member.network for member in members]
    parts = [each.validation for each in members]
    validation = [(None,) if p is None else (p.X, p.Y, p.w) for p in parts]
    return {
        "examples": digest(examples.X, examples.Y, examples.w),
        "weights": digest(*(member.w for member in members)),
        "validation part": digest(*(array for part in validation for array in part)),
        "starts": digest(*(network.theta for network in networks)),
        "networks": ", ".join(
            f"{each.n_x} {each.n_h} {each.n_y} {each.activation} {each.output}" for each in networks
        ),
        "optimizers": ", ".join(settings(each.optimizer) for each in members),
        "penalties": ", ".join(f"{each.l2!r} {each.dropout!r}" for each in members),
        "callbacks": ", ".join(settings(each) for run in runs for each in run.remembering),
        "metrics": ", ".join(metrics),
        "batches": f"{passes.batch_size} {passes.shuffle} {passes.seed} {passes.first}",
        "engine": engine.name + (", reproducible" if engine.reproducible else ""),
    }  # fmt: skip


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


def _check_whole(**limits: tuple[Any, int]) -> None:
    """Check whole numbers, given as name=(value, least)."""
    for name, (value, least) in limits.items():
        if not (isinstance(value, Integral) and least <= int(value) < 2**63):
            raise InputError(f"{name} is {value!r}, but must be a whole number, {least} or more")

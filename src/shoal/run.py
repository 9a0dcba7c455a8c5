"""Guarantee: one network in training knows its cost, who watches it, and how to go on later.

Floor 4.
"""

import copy
import math
from collections.abc import Sequence

import numpy as np

from shoal.callbacks import Callback, TrainingState
from shoal.checkpoint import FLAGS, Memory, digest, settings
from shoal.engine import Descent, Engine, Passes
from shoal.errors import InputError, check_number, share
from shoal.examples import Examples, Member, Metrics
from shoal.history import History
from shoal.partitions import Partitions


class Run:
    """One network in training: its cost, and what is measured and called beside it."""

    def __init__(
        self,
        member: Member,
        examples: Examples | Partitions,
        max_epochs: int,
        engine: Engine,
        metrics: Metrics,
    ) -> None:
        l2 = check_number("l2", member.l2, lambda l2: 0 <= l2 < math.inf, "0 or more")
        share("averaging", member.averaging)
        w = member.w
        if isinstance(examples, Partitions):
            if w is not None:
                raise InputError("examples in parts have their weights in the parts: give no w")
        else:
            own = examples if w is None else Examples(examples.X, examples.Y, w)
            own.check(member.network)
            w = own.w
        if member.validation is not None:
            member.validation.check(member.network, features=True)
        self.member, self.engine, self.metrics = member, engine, metrics
        self.descent = Descent(member.network, member.optimizer, l2, w, member.dropout)
        seen = copy.deepcopy(member.network) if member.averaging else member.network
        self.state = TrainingState(seen, History(), max_epochs)
        self.callers = [
            callback
            for callback in member.callbacks
            if type(callback).on_epoch_end is not Callback.on_epoch_end
        ]
        self.ticks = any(type(each).on_tick is not Callback.on_tick for each in member.callbacks)

    @property
    def history(self) -> History:
        """What has happened so far."""
        return self.state.history

    def call(self, hook: str) -> None:
        """Call a hook of all callbacks."""
        for callback in self.member.callbacks:
            getattr(callback, hook)(self.state)

    def passes_until_call(self) -> int:
        """Return how many passes may be made before somebody has to look at the network."""
        done = len(self.history)
        periods = [callback.every for callback in self.callers]
        if self.member.validation is not None or self.member.averaging:
            periods.append(1)
        return min((every - done % every for every in periods), default=self.state.max_epochs)

    def record(self, last: bool) -> None:
        """Add the passes made since to the history, and call the callbacks that are due."""
        before = len(self.history)
        costs = self.descent.costs[before:]
        if costs and self.member.averaging:
            self._average(before)
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

    def _average(self, t: int) -> None:
        """Take the parameters after a pass into their average."""
        share = min(self.member.averaging, t / (t + 2))
        average = self.state.network.theta
        average *= share
        average += (1 - share) * self.member.network.theta

    def append(self, cost: float) -> None:
        """Add a row, with measures of the validation part; a divergence is named and stops."""
        epoch = len(self.history)
        row = {"epoch": epoch, "cost": cost}
        if self.member.validation is not None:
            X, Y, w = self.member.validation.X, self.member.validation.Y, self.member.validation.w
            network = self.state.network
            row["validation_cost"], A2 = self.engine.cost_and_predictions(network, X, Y, w)
            row |= {f"validation_{name}": f(Y, A2) for name, f in self.metrics.items()}
        if math.isfinite(cost) and math.isfinite(row.get("validation_cost", 0.0)):
            self.history.append(**row)
        else:
            self.diverge(epoch)

    def diverge(self, epoch: int) -> None:
        """Say that the numbers were no longer finite, which ends the training."""
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
        if self.member.averaging:
            arrays["average"] = self.state.network.theta
        arrays |= {f"history {name}": np.array(c) for name, c in self.history.columns.items()}
        arrays |= {f"optimizer {k}": v for k, v in self.member.optimizer.memory().items()}
        for i, callback in enumerate(self.remembering):
            arrays |= {f"callback {i} {k}": v for k, v in callback.memory().items()}
        return Memory(arrays, {name: getattr(self.history, name) for name in FLAGS})

    def recall(self, memory: Memory) -> None:
        """Take up what :meth:`memory` returned; a ValueError or such if it is not of this run."""
        theta, columns = self.member.network.theta, memory.of("history")
        kept, seen = memory.arrays["theta"], self.state.network.theta
        average = memory.arrays["average"] if self.member.averaging else kept
        if {(kept.shape, kept.dtype), (average.shape, average.dtype)} != {
            (theta.shape, theta.dtype)
        }:
            raise ValueError("theta is not of this network")
        if len({len(column) for column in columns.values()}) > 1 or not columns.keys() >= {
            "epoch", "cost"
        }:  # fmt: skip
            raise ValueError("the history is not whole")
        self.member.optimizer.recall(memory.of("optimizer"), theta)
        theta[:], seen[:] = kept, average
        for i, callback in enumerate(self.remembering):
            callback.recall(memory.of(f"callback {i}"))
        self.history.columns = {name: column.tolist() for name, column in columns.items()}
        for name in FLAGS:
            setattr(self.history, name, memory.flags[name])
        self.descent.costs[:] = self.history["cost"]

    def finish(self) -> None:
        """Say why training ended, and give the network what was kept."""
        theta = self.member.network.theta
        if not self.history.diverged and not np.isfinite(theta).all():
            self.diverge(len(self.history))
        theta[:] = self.state.network.theta
        self.history.reached_max_epochs = not self.state.stopped
        self.state.stop(f"all {self.state.max_epochs} epochs were made")


def what_of(
    runs: Sequence[Run], examples: Examples | Partitions, passes: Passes, engine: Engine,
    metrics: Metrics,
) -> dict[str, str]:  # fmt: skip
    """Return what a checkpoint must have been made of, to be taken up."""
    members = [run.member for run in runs]
    networks = [member.network for member in members]
    parts = [each.validation for each in members]
    validation = [(None,) if p is None else (p.X, p.Y, p.w) for p in parts]
    return {
        "examples": (
            examples.fingerprint if isinstance(examples, Partitions)
            else digest(examples.X, examples.Y, examples.w)
        ),
        "weights": digest(*(member.w for member in members)),
        "validation part": digest(*(array for part in validation for array in part)),
        "starts": digest(*(network.theta for network in networks)),
        "networks": ", ".join(
            f"{each.n_x} {each.n_h} {each.n_y} {each.activation} {each.output}" for each in networks
        ),
        "optimizers": ", ".join(settings(each.optimizer) for each in members),
        "penalties": ", ".join(f"{each.l2!r} {each.dropout!r}" for each in members),
        "averages": ", ".join(repr(each.averaging) for each in members),
        "callbacks": ", ".join(settings(each) for run in runs for each in run.remembering),
        "metrics": ", ".join(metrics),
        "batches": f"{passes.batch_size} {passes.shuffle} {passes.seed} {passes.first}",
        "engine": engine.name + (", reproducible" if engine.reproducible else ""),
    }  # fmt: skip

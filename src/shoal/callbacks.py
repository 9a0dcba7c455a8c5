"""Guarantee: what happens around training is said in callbacks; the loop itself knows none.

Floor 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from shoal.activations import Array
from shoal.errors import InputError
from shoal.history import History
from shoal.network import Network


@dataclass
class TrainingState:
    """What a callback sees, and may stop.

    Attributes
    ----------
    network : Network
        The network as it is now, or its average if one is made; its theta may be replaced in place.
    history : History
    max_epochs : int
        Passes at the most.
    """

    network: Network
    history: History
    max_epochs: int

    def stop(self, reason: str) -> None:
        """Ask training to end now; the first reason given is kept."""
        self.history.stop_reason = self.history.stop_reason or reason

    @property
    def stopped(self) -> bool:
        """Whether somebody asked training to end."""
        return bool(self.history.stop_reason)


class Callback:
    """Hooks around training; override those you need.

    Attributes
    ----------
    every : int
        ``on_epoch_end`` is called after so many passes each time, and after the last; the fewer
        calls, the longer small networks train without returning to Python.
    """

    every = 1

    def on_train_begin(self, state: TrainingState) -> None:
        """Run before the first pass."""

    def on_tick(self, state: TrainingState) -> None:
        """Run from time to time, at least every 0.1 s; what it stops, stops within a pass.

        The network may be in the middle of a pass: look, but do not change it here.
        """

    def on_epoch_end(self, state: TrainingState) -> None:
        """Run after passes, when their rows are in the history."""

    def on_train_end(self, state: TrainingState) -> None:
        """Run after the last pass, whatever ended it."""

    def memory(self) -> dict[str, Array]:
        """Return what it needs to go on from here later, as plain arrays."""
        return {}

    def recall(self, memory: Mapping[str, Array]) -> None:
        """Take up what :meth:`memory` returned; run after ``on_train_begin``."""


class PrintProgress(Callback):
    """Print a line after each pass."""

    def on_epoch_end(self, state: TrainingState) -> None:  # noqa: D102
        row = {name: values[-1] for name, values in state.history.columns.items()}
        print(", ".join(f"{name} {value:.6g}" for name, value in row.items()))


class EarlyStopping(Callback):
    """End training when the cost no longer falls, or a measure no longer rises.

    Parameters
    ----------
    monitor : str
        The column of the history to watch: ``cost``, ``validation_cost``, or ``validation_`` and
        the name of a metric. With those of the validation part the parameters of the best
        pass are put back at the end, whatever ended training; ``cost`` is met before the updates
        of its pass, so that no parameters are known to have it.
    patience : int
        End after so many passes in a row that were no better than the best by ``tol``; of a
        metric, also not by their validation cost, as shares can stand still for long.
    tol : float
        The least improvement that counts.
    mode : {"min", "max"}
        Whether less is better, or more.
    """

    best_theta: Array | None = None  # set anew at each beginning

    def __init__(
        self,
        monitor: str = "validation_cost",
        patience: int = 10,
        tol: float = 1e-4,
        mode: Literal["min", "max"] = "min",
    ) -> None:
        self.monitor, self.patience, self.tol, self.mode = monitor, patience, tol, mode

    def on_train_begin(self, state: TrainingState) -> None:  # noqa: D102
        self.best_by_tol = self.best_cost_by_tol = float("inf")
        self.best = (float("inf"), float("inf"))  # the measure, and of equal ones the cost
        self.of_validation = self.monitor.startswith("validation_")
        self.best_theta = None
        self.waited = 0

    def on_epoch_end(self, state: TrainingState) -> None:  # noqa: D102
        if self.monitor not in state.history:
            raise InputError(
                f"EarlyStopping watches {self.monitor!r}, but there is no such column:"
                " give a validation part, or watch 'cost'"
            )
        sign = 1 if self.mode == "min" else -1
        value = sign * state.history[self.monitor][-1]
        cost = state.history["validation_cost"][-1] if self.of_validation else value
        if self.of_validation and (value, cost) < self.best:
            self.best, self.best_theta = (value, cost), state.network.theta.copy()
            self.best_epoch = len(state.history) - 1
        better = value < self.best_by_tol - self.tol, cost < self.best_cost_by_tol - self.tol
        if better[0]:
            self.best_by_tol = value
        if better[1]:
            self.best_cost_by_tol = cost
        if any(better):
            self.waited = 0
            return
        self.waited += 1
        if self.waited >= self.patience:
            by = f" by {self.tol:g}" if self.tol else ""
            state.history.stopped_early = not state.stopped
            state.stop(
                f"the {self.monitor.replace('_', ' ')} did not"
                f" {'fall' if self.mode == 'min' else 'rise'}{by} in {self.patience} epochs"
            )

    def memory(self) -> dict[str, Array]:  # noqa: D102
        numbers = (*self.best, self.best_by_tol, self.best_cost_by_tol, self.waited)
        found: dict[str, Array] = {"numbers": np.array(numbers, np.float64)}
        if self.best_theta is not None:
            found |= {"theta": self.best_theta, "epoch": np.array(self.best_epoch)}
        return found

    def recall(self, memory: Mapping[str, Array]) -> None:  # noqa: D102
        value, cost, self.best_by_tol, self.best_cost_by_tol, waited = memory["numbers"].tolist()
        self.best, self.waited = (value, cost), int(waited)
        if "theta" in memory:
            self.best_theta, self.best_epoch = memory["theta"].copy(), int(memory["epoch"].item())

    def on_train_end(self, state: TrainingState) -> None:  # noqa: D102
        if self.best_theta is not None:
            state.network.theta[:] = self.best_theta
            state.history.kept_epoch = self.best_epoch

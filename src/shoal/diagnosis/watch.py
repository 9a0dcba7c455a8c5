"""Guarantee: a failure is told while the network trains, once, and looking costs next to nothing.

The first look comes after so much work that it is a small part of it, and the number of passes
between looks doubles. What a network shows at two looks in a row is told; a single sight may pass.
What it shows when its training ends is told too.
"""

import warnings
from collections.abc import Iterable, Mapping

import numpy as np

from shoal.activations import Array
from shoal.callbacks import Callback, TrainingState
from shoal.diagnosis.examination import diagnose
from shoal.diagnosis.finding import OF_THE_EXAMPLES, Finding
from shoal.diagnosis.passes import of_history
from shoal.engine.lines import Matrix, made
from shoal.errors import InputError
from shoal.sampling import some_of

MOST_EXAMPLES = 256
WORK_BEFORE, TIMES_THE_LOOK = 2e10, 200.0  # products of a parameter and an example


class FindingWarning(UserWarning):
    """A network fails to learn; the message says why, and what helps."""


class Watch(Callback):
    """Tells, with a :class:`FindingWarning`, when a network in training fails to learn.

    Parameters
    ----------
    X, Y, w : ndarray, (n_x, m), (n_y, m), (1, m)
        The examples it learns from; some are looked at.
    at_end : bool
        Whether to look once more when training ends.
    strict : bool
        Whether a failure ends training, with an ``InputError``.
    seed : int
        Of the choice of examples.

    Attributes
    ----------
    told : dict of str to Finding
        What was told, by name; of many networks that one object watches, each name once.
    """

    def __init__(
        self, X: Matrix, Y: Array, w: Array | None = None, *, at_end: bool = True,
        strict: bool = False, seed: int = 0,
    ) -> None:  # fmt: skip
        some = some_of(X.shape[1], MOST_EXAMPLES, seed)
        self.m, self.X, self.Y = X.shape[1], made(X[:, some]), Y[:, some]
        self.w = None if w is None or not w[:, some].any() else w[:, some]
        self.at_end, self.strict = at_end, strict
        self.told: dict[str, Finding] = {}
        self._seen: dict[int, Mapping[str, Finding]] = {}  # at the last look, by network

    def on_train_begin(self, state: TrainingState) -> None:  # noqa: D102
        size = state.network.theta.size
        work = WORK_BEFORE + TIMES_THE_LOOK * len(self.X.T) * size
        passes = max(1, int(np.ceil(work / (self.m * size))))
        self.every = max(self.every, passes) if self._seen else passes
        self._seen[id(state.network)] = {}

    def on_epoch_end(self, state: TrainingState) -> None:  # noqa: D102
        looks, rest = divmod(len(state.history), self.every)
        if rest or looks & (looks - 1):  # not 1, 2, 4, 8, … times
            return
        before = self._seen[id(state.network)]
        now = self._failures(state)
        self._seen[id(state.network)] = now
        self._tell(now[name] for name in now if name in before)

    def on_train_end(self, state: TrainingState) -> None:  # noqa: D102
        self._seen.pop(id(state.network), None)
        whole = state.stopped or len(state.history) >= state.max_epochs  # not an error on its way
        if self.at_end and whole and not state.history.diverged:
            self.look(state)

    def look(self, state: TrainingState) -> None:
        """Look at a network whose training has ended, and tell what is wrong."""
        if np.isfinite(state.network.theta).all() and len(state.history):
            self._tell(self._failures(state).values())

    def _failures(self, state: TrainingState) -> Mapping[str, Finding]:
        found = [
            *diagnose(state.network, self.X, self.Y, self.w),
            *of_history(state.history),
        ]
        return {
            each.name: each
            for each in found
            if each.kind == "failure" and each.name not in OF_THE_EXAMPLES
        }

    def _tell(self, found: Iterable[Finding]) -> None:
        for finding in found:
            if finding.name in self.told:
                continue
            self.told[finding.name] = finding
            text = f"{finding.name}: {finding.sentence}; {finding.cure} (see {finding.page})"
            if self.strict:
                raise InputError(f"{text} (strict)")
            warnings.warn(text, FindingWarning, stacklevel=2)

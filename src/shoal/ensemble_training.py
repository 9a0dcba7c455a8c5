"""Guarantee: a table's networks learn from all rows, and none is stopped by rows it has learned.

Floor 5. The recipe for real tables: networks that differ in their start and in the fold of rows
that stops them early are trained in one run.
"""

import time
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array
from shoal.callbacks import Callback, EarlyStopping, TrainingState
from shoal.checkpoint import Checkpoint
from shoal.engine import default_engine
from shoal.engine.dropout import Dropout
from shoal.engine.lines import Features, LazyRows
from shoal.ensemble import Ensemble, Unseen, without_weights
from shoal.errors import DivergedError, InputError
from shoal.evaluation import measure
from shoal.examples import Examples, Member
from shoal.history import History
from shoal.losses import class_outputs, class_probabilities
from shoal.network import Network
from shoal.optimizers import Adam, ScaledAdam
from shoal.partitions import Partitions
from shoal.recipe import FALLING, FOLDS, UNITS, Recipe, column_of
from shoal.splitting import Labels, Splitter
from shoal.training import train_population

BLOCK = 8192  # rows whose features are in memory
PATIENCE_ROWS, LEAST_PATIENCE = 200_000, 2  # in parts, patience is of passes over so many rows


def fit_ensemble(
    X: Features,
    labels: Labels,
    classes: tuple[str, ...],
    recipe: Recipe,
    *,
    splitter: Splitter | None = None,
    validation: tuple[Features, Labels] | None = None,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
    in_parts: Partitions | None = None,
    counts: NDArray[np.intp] | None = None,
) -> tuple[Ensemble, Unseen]:
    """Train the networks of a table.

    Parameters
    ----------
    X : ndarray or LazyRows, (m, n_x), float32
    labels : ndarray of int, (m,)
    classes : tuple of str
        Of two, the second is the positive one.
    recipe : Recipe
    splitter : Splitter, optional
        Makes the folds.
    validation : features and labels, optional
        Rows that stop all networks, instead of a fold for each.
    seed : int
        Of the folds, the starting points and the order of the rows.
    callbacks : sequence of Callback
        Watch the training of each network.
    checkpoint : Checkpoint, optional
        Where the training is kept, to be resumed.
    in_parts : Partitions, optional
        The rows to learn from, for which X then stands; ``validation`` must be given too.
    counts : ndarray of int, (K,), optional
        How many rows of each class there are; they are counted unless given.

    Raises
    ------
    DivergedError
        No network was left with finite parameters.
    """
    begin = time.monotonic()
    if counts is None:
        counts = np.bincount(labels, minlength=len(classes))
    weights = recipe.weights_of(classes, counts)
    run = _Fit(X, labels, weights, recipe, splitter or Splitter(), validation, seed, in_parts)
    if recipe.seconds is None:
        run.train(recipe.networks, callbacks, checkpoint)
        return run.result()
    if checkpoint is not None:
        raise InputError(
            "a training with a time is not resumed to the same result: choose a number of networks"
            " (--networks) in its place, or no checkpoint"
        )
    run.train(recipe.networks, [*callbacks, Deadline(begin + recipe.seconds)])
    longest = time.monotonic() - begin
    while time.monotonic() + longest < begin + recipe.seconds and not run.interrupted:
        start = time.monotonic()
        run.train(FOLDS, callbacks)
        longest = max(longest, time.monotonic() - start)
    return run.result()


def patience_in_parts(recipe: Recipe, rows: int) -> int:
    """Return how many passes over so many rows without a gain end training."""
    return max(LEAST_PATIENCE, round(recipe.patience * min(1.0, PATIENCE_ROWS / rows)))


def _mean_square(X: Features) -> float:
    """Return the mean over the rows of the sum of their squares."""
    engine, sums = default_engine(), []
    for k in range(0, len(X), BLOCK):
        part = X[k : k + BLOCK]
        seen = engine.made(part.T).T if isinstance(part, LazyRows) else part
        sums.append(np.einsum("ij,ij->i", seen, seen, dtype=np.float64))
    return float(np.mean(np.concatenate(sums)))


class Deadline(Callback):
    """Ends training at a time, as of ``time.monotonic``."""

    REASON = "the time was up"

    def __init__(self, end: float) -> None:
        self.end = end

    def on_tick(self, state: TrainingState) -> None:  # noqa: D102
        if time.monotonic() > self.end:
            state.stop(self.REASON)

    on_epoch_end = on_tick  # passes may be too short for a tick


class _Fit:
    """An ensemble in training, network by network."""

    def __init__(
        self,
        X: Features,
        labels: Labels,
        class_weights: Array,
        recipe: Recipe,
        splitter: Splitter,
        validation: tuple[Features, Labels] | None,
        seed: int,
        in_parts: Partitions | None,
    ) -> None:
        self.X, self.labels, self.K, self.recipe = X, labels, len(class_weights), recipe
        self.splitter, self.validation, self.seed = splitter, validation, seed
        self.class_weights, self.in_parts = class_weights, in_parts
        self.whole = self._examples(X, labels)
        self.random = np.random.RandomState(seed)
        self.mean_square = _mean_square(X)
        self.parts: list[Labels] = []  # of the folds so far, one for each network
        self.networks: list[Network] = []
        self.histories: list[History] = []

    @property
    def interrupted(self) -> bool:
        """Whether a network was stopped by something else than its own measure."""
        return any(history.interrupted for history in self.histories)

    def train(
        self, number: int, callbacks: Sequence[Callback], checkpoint: Checkpoint | None = None
    ) -> None:
        """Train so many networks more, in one run."""
        before = len(self.networks)
        members = [self._member(before + i, callbacks) for i in range(number)]
        parts = self.in_parts
        batch_size = self.recipe.batch(len(self.labels) if parts is None else parts.m)
        if parts is None:
            batch_size = min(batch_size, len(self.labels))
        elif self.recipe.dropout:  # which is made within a part
            batch_size = min(batch_size, max(parts.sizes))
        self.histories += train_population(
            members, parts or self.whole, max_epochs=self.recipe.max_epochs, seed=self.seed,
            batch_size=batch_size,
            metrics=self._metrics(), checkpoint=checkpoint,
        )  # fmt: skip
        self.networks += [member.network for member in members]

    def result(self) -> tuple[Ensemble, Unseen]:
        """Return the networks that did not diverge, and what each says of its own fold."""
        sound = [i for i, history in enumerate(self.histories) if not history.diverged]
        if not sound:
            raise DivergedError(self.histories[0].stop_reason)
        ensemble = Ensemble(
            tuple(self.networks[i] for i in sound),
            tuple(self.histories[i] for i in sound),
            self.class_weights,
            len(self.histories) - len(sound),
        )
        if self.validation is not None:
            X, labels = self.validation
            return ensemble, Unseen(labels, ensemble.probabilities(X))
        P, times = np.zeros((len(self.labels), self.K)), np.zeros(len(self.labels))
        for at, i in enumerate(sound):
            P[self.parts[i]] += ensemble.of_network(at, self.X[self.parts[i]])
            times[self.parts[i]] += 1
        seen = np.flatnonzero(times)
        return ensemble, Unseen(self.labels[seen], P[seen] / times[seen, None])

    def _examples(self, X: Features, labels: Labels) -> Examples:
        weighted = (self.class_weights != 1).any()
        w = self.class_weights[labels][None].astype(X.dtype) if weighted else None
        return Examples(X.T, class_outputs(labels, self.K).astype(X.dtype), w)

    def _member(self, i: int, callbacks: Sequence[Callback]) -> Member:
        given, weights = self.whole.w, None
        if self.in_parts is None:
            ones = np.ones((1, len(self.labels)), self.X.dtype)
            weights = ones if given is None else given.copy()
        if self.validation is not None:
            stopping = self._examples(*self.validation)
        else:
            assert weights is not None  # parts have a validation
            if i == len(self.parts):
                more = self.splitter.folds(self.labels, FOLDS, self.seed + i // FOLDS)
                self.parts += more
            stopping = self.whole.take(self.parts[i])
            weights[0, self.parts[i]] = 0
        network = self._network()
        optimizer = Adam(self.recipe.alpha)
        if self.recipe.scale_rate:
            optimizer = ScaledAdam(
                network.n_x, network.n_h, self.recipe.alpha, factor=self.recipe.scale_rate
            )
        dropout = Dropout(self.recipe.dropout, self.seed + i) if self.recipe.dropout else None
        return Member(
            network, optimizer, self.recipe.l2, weights, stopping,
            [*callbacks, self._stop(stopping.Y)], dropout, self.recipe.averaging,
        )  # fmt: skip

    def _stop(self, Y: Array) -> EarlyStopping:
        """Return what ends the training of a network by rows of these targets."""
        metric = self.recipe.metric
        if metric == "roc-auc" and np.ptp(Y, axis=1).min() == 0:
            metric = "log-loss"  # without rows of both kinds there is no such area
        patience = self.recipe.patience
        if self.in_parts is not None:
            patience = patience_in_parts(self.recipe, self.in_parts.m)
        mode: Literal["min", "max"] = "min" if metric in FALLING else "max"
        return EarlyStopping(f"validation_{column_of(metric)}", patience, 0.0, mode)

    def _metrics(self) -> dict[str, Any]:
        if self.recipe.metric == "log-loss":
            return {}
        name = column_of(self.recipe.metric)

        def value(Y: Array, A2: Array) -> float:
            labels = (Y[0] > 0.5).astype(np.intp) if self.K == 2 else Y.argmax(axis=0)
            P = class_probabilities(A2.astype(np.float64)).T
            measured = getattr(measure(labels, without_weights(P, self.class_weights)), name)
            return 0.0 if measured is None else measured

        return {name: value}

    def _network(self) -> Network:
        """Return a starting point at which hidden units see a variance of 2, of any features."""
        n_x, n_y = self.X.shape[1], len(self.whole.Y)
        output = "sigmoid" if n_y == 1 else "softmax"
        n_h = self.recipe.hidden_units or UNITS
        network = Network(n_x, n_h, n_y, "relu", output, self.X.dtype)
        network.initialise("scaled", random_state=self.random)
        network.parameters.W1[:] *= np.sqrt(n_x / max(self.mean_square, 1e-12))
        return network

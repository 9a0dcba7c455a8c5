"""Guarantee: an estimator's parameters become one training run of all its networks.

Floor 5, the part of ``estimator_base`` that knows no input data.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from operator import itemgetter
from typing import Literal

import numpy as np
from sklearn.base import BaseEstimator

from shoal.callbacks import Callback, EarlyStopping, PrintProgress, TrainingState
from shoal.diagnosis import Watch
from shoal.engine import Engine, default_engine
from shoal.errors import DivergedError
from shoal.examples import Examples, Member, Metrics
from shoal.history import History
from shoal.network import Initialisation, Network
from shoal.optimizers import Adam, GradientDescent, Optimizer
from shoal.training import train, train_population


class NetworkTrainer(BaseEstimator, ABC):  # type: ignore[misc]
    """The parameters of an estimator, and how its networks are trained."""

    networks_: list[Network]
    histories_: list[History]
    t_: int
    _seed: int
    _optimizers: list[Optimizer]  # none of L-BFGS's, which takes all examples at once

    def __init__(
        self,
        hidden_units: int = 100,
        activation: str = "relu",
        *,
        solver: Literal["auto", "sgd", "adam", "lbfgs"] = "auto",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate_init: float = 0.001,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float | None = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        init: Initialisation = "scaled",
        init_scale: float = 0.01,
        n_init: int = 1,
        n_estimators: int = 1,
        n_jobs: int | None = None,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.hidden_units = hidden_units
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.init = init
        self.init_scale = init_scale
        self.n_init = n_init
        self.n_estimators = n_estimators
        self.n_jobs = n_jobs
        self.callbacks = callbacks

    def _new_optimizer(self) -> Optimizer:
        descent = GradientDescent if self.solver == "sgd" else Adam
        return descent(self.learning_rate_init)

    def _takes_all_at_once(self) -> bool:
        return self.solver == "lbfgs" or (self.solver == "auto" and self.hidden_units == 0)

    def _engine(self) -> Engine:
        return default_engine(None if self.n_jobs == -1 else self.n_jobs)

    def _stopping(self) -> list[Callback]:
        """Return what ends training before max_iter."""
        if self.early_stopping:
            tol = 0.0 if self.tol is None else self.tol
            return [EarlyStopping("validation_cost", self.n_iter_no_change, tol)]
        if self.tol is None or self._takes_all_at_once():  # L-BFGS watches the gradient itself
            return []
        return [EarlyStopping("cost", self.n_iter_no_change, self.tol)]

    def _train(
        self,
        examples: Examples,
        epochs: int,
        validation: Examples | None,
        one_pass: bool = False,
    ) -> None:
        """Train all networks, and keep the best, of which failures are told."""
        watch = []
        if isinstance(examples.X, np.ndarray) and not one_pass:
            watch.append(Watch(examples.X, examples.Y, examples.w, at_end=False, seed=self._seed))
        if not one_pass and self._takes_all_at_once():
            histories = [
                self._minimise(network, examples, epochs, validation) for network in self.networks_
            ]
        else:
            batch_size = 200 if self.batch_size == "auto" else self.batch_size
            members = [
                Member(
                    network, optimizer, self.alpha, None, validation,
                    self._member_callbacks([] if one_pass else [*self._stopping(), *watch]),
                )
                for network, optimizer in zip(self.networks_, self._optimizers, strict=True)
            ]  # fmt: skip
            histories = train_population(
                members,
                examples,
                max_epochs=epochs,
                batch_size=min(batch_size, examples.m),
                shuffle=self.shuffle,
                seed=self._seed,
                first_epoch=self.t_,
                metrics=self._metrics(),
                engine=self._engine(),
            )
        self._keep_the_best(histories)
        for each in watch:
            for network, history in zip(self.networks_, self.histories_, strict=True):
                each.look(TrainingState(network, history, epochs))
        self.n_iter_ = len(self.history_)
        self.t_ += self.n_iter_

    def _minimise(
        self, network: Network, examples: Examples, epochs: int, validation: Examples | None
    ) -> History:
        try:
            return train(
                network, examples, optimizer="lbfgs", max_epochs=epochs, l2=self.alpha,
                tol=self.tol or 0.0, validation=validation, metrics=self._metrics(),
                callbacks=self._member_callbacks(self._stopping()), engine=self._engine(),
            )  # fmt: skip
        except DivergedError as error:
            return History(stop_reason=str(error), diverged=True)

    def _member_callbacks(self, stopping: list[Callback]) -> list[Callback]:
        """Return callbacks for one network; of several, each has copies of its own."""
        given = list(self.callbacks)
        if len(self.networks_) > 1:
            given = [copy(callback) for callback in given]
        return [*given, *stopping, *([PrintProgress()] if self.verbose else [])]

    def _keep_the_best(self, histories: list[History]) -> None:
        """Keep n_estimators networks, those with the lowest cost first."""
        sound = [i for i, history in enumerate(histories) if not history.diverged]
        if not sound:
            raise DivergedError(histories[0].stop_reason)
        if len(histories) > 1:
            measure, best = (
                ("validation_cost", min) if self.early_stopping else ("cost", itemgetter(-1))
            )
            sound.sort(key=lambda i: best(histories[i][measure]) if len(histories[i]) else np.inf)
        kept = sound[: self.n_estimators]
        self.networks_ = [self.networks_[i] for i in kept]
        self._optimizers = [self._optimizers[i] for i in kept]
        self.histories_ = [histories[i] for i in kept]

    @property
    def network_(self) -> Network:
        """The best network; the only one, unless ``n_estimators`` is more than 1."""
        return self.networks_[0]

    @property
    def history_(self) -> History:
        """The history of the best network."""
        return self.histories_[0]

    @abstractmethod
    def _metrics(self) -> Metrics:
        """Return what the history shows of the validation part beside its cost."""

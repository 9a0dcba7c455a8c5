"""Guarantee: classifier and regressor check their input and train in one and the same way.

Floor 5, the part of ``estimators`` that knows no classes.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from numbers import Real
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, is_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from shoal.activations import Array
from shoal.callbacks import Callback, EarlyStopping, PrintProgress
from shoal.engine import default_engine
from shoal.errors import InputError
from shoal.estimator_parameters import check_parameters
from shoal.network import Initialisation, Network
from shoal.optimizers import Adam, GradientDescent, Optimizer
from shoal.splitting import holdout
from shoal.training import Examples, Metrics, train

Matrix = Any  # array-like or SciPy sparse, (m, n_x)


class ShoalEstimator(BaseEstimator, ABC):  # type: ignore[misc]
    """What classifier and regressor share."""

    network_: Network
    _optimizer: Optimizer  # none of L-BFGS's, which takes all examples at once

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
        self.callbacks = callbacks

    def fit(self, X: Matrix, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on X and y.

        Parameters
        ----------
        X : array-like or sparse matrix, (m, n_x)
        y : array-like, (m,) or (m, n_y)
        sample_weight : array-like, (m,), optional
            How often each example counts.

        Returns
        -------
        self
        """
        again = self.warm_start and hasattr(self, "network_")
        if again:
            self._check_same_network()
        examples, strata = self._examples(X, y, sample_weight, first=not again)
        if not again:
            self._start(examples)
        self._optimizer = self._new_optimizer()
        validation = None
        if self.early_stopping:
            rows, held_out = holdout(strata, self.validation_fraction, self._seed)
            if not len(held_out):
                raise InputError(
                    f"early_stopping has nothing to hold out of n_samples={examples.m}, a single"
                    " one of each class: give more examples, or early_stopping=False"
                )
            validation, examples = examples.take(held_out), examples.take(rows)
        self._train(
            examples,
            "lbfgs" if self._takes_all_at_once() else self._optimizer,
            self.max_iter,
            self._stopping(),
            validation,
        )
        if self.tol is not None and self.history_.reached_max_epochs:
            warnings.warn(
                f"The cost still fell after max_iter={self.max_iter} epochs: raise max_iter, or"
                " give tol=None where a fixed number of epochs is meant.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _partial_fit(
        self,
        X: Matrix,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        classes: NDArray[Any] | None = None,
    ) -> Self:
        """Make one pass over X and y."""
        first = not hasattr(self, "network_")
        examples, _ = self._examples(X, y, sample_weight, first, classes)
        optimizer = self._new_optimizer()
        if first:
            self._start(examples)
        if first or type(optimizer) is not type(self._optimizer):
            self._optimizer = optimizer
        self._optimizer.alpha = self.learning_rate_init  # it may have been set anew
        self._train(examples, self._optimizer, 1, [], None)
        return self

    def _check_same_network(self) -> None:
        for name, n_h in (
            ("hidden_units", self.network_.n_h),
            ("activation", self.network_.activation),
        ):
            if getattr(self, name) != n_h:
                raise InputError(
                    f"{name} is {getattr(self, name)!r}, but the network to go on from has {n_h!r}:"
                    " give the same, or warm_start=False"
                )

    def _start(self, examples: Examples) -> None:
        """Make a new network; the generator's first draws are W1 and W2, as in the course."""
        random = check_random_state(self.random_state)
        n_x, n_y = examples.X.shape[0], examples.Y.shape[0]
        self.network_ = Network(
            n_x, self.hidden_units, n_y, self.activation, self._output(n_y), examples.X.dtype
        ).initialise(self.init, self.init_scale, random)
        self._seed = int(random.randint(2**31))
        self.t_ = 0

    def _new_optimizer(self) -> Optimizer:
        descent = GradientDescent if self.solver == "sgd" else Adam
        return descent(self.learning_rate_init)

    def _takes_all_at_once(self) -> bool:
        return self.solver == "lbfgs" or (self.solver == "auto" and self.hidden_units == 0)

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
        optimizer: Optimizer | Literal["lbfgs"],
        epochs: int,
        callbacks: list[Callback],
        validation: Examples | None,
    ) -> None:
        batch_size = 200 if self.batch_size == "auto" else self.batch_size
        self.history_ = train(
            self.network_,
            examples,
            optimizer=optimizer,
            max_epochs=epochs,
            batch_size=min(batch_size, examples.m),
            l2=self.alpha,
            tol=self.tol or 0.0,
            shuffle=self.shuffle,
            seed=self._seed,
            first_epoch=self.t_,
            validation=validation,
            metrics=self._metrics(),
            callbacks=[*self.callbacks, *callbacks, *([PrintProgress()] if self.verbose else [])],
        )
        self.n_iter_ = len(self.history_)
        self.t_ += self.n_iter_

    def _examples(
        self,
        X: Matrix,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        first: bool,
        classes: NDArray[Any] | None = None,
    ) -> tuple[Examples, NDArray[np.intp]]:
        """Check all input; return the examples in columns, and a class number for each."""
        check_parameters(self.get_params(deep=False))
        y_checked: Any
        X, y_checked = validate_data(
            self, X, y, reset=first, accept_sparse="csr", dtype=[np.float64, np.float32],
            multi_output=True, y_numeric=is_regressor(self),
        )  # fmt: skip
        Y, strata = self._targets(y_checked, first, classes)
        w = self._weights(sample_weight, y_checked)
        if w is None:
            return Examples(X.T, Y.astype(X.dtype), None), strata
        examples = Examples(X.T, Y.astype(X.dtype), w[None].astype(X.dtype))
        kept = np.flatnonzero(w)  # a weight of zero is the same as an absent example
        if not len(kept):
            raise InputError("every sample_weight is zero: give a weight above 0 to some example")
        return (examples.take(kept), strata[kept]) if len(kept) < len(w) else (examples, strata)

    def _weights(self, sample_weight: ArrayLike | None, y: NDArray[Any]) -> Array | None:
        if sample_weight is None:
            return None
        if isinstance(sample_weight, Real):
            sample_weight = np.full(len(y), sample_weight)
        w: Array = check_array(
            sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
        )
        if w.ndim != 1:
            raise InputError(f"sample_weight has {w.ndim} dimensions, but must have one")
        check_consistent_length(w, y)
        if (w < 0).any():
            raise InputError("sample_weight has negative values: weights must be 0 or more")
        return w

    def _predict(self, X: Matrix) -> Array:
        """Return A2 with the examples in rows, (m, n_y)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, accept_sparse="csr", dtype=[np.float64, np.float32])
        return default_engine().predict(self.network_, X.T).T

    @property
    def coefs_(self) -> list[Array]:
        """The weights as ``MLPClassifier`` lays them out: W1 and W2, each transposed."""
        W1, _, W2, _ = self.network_.parameters
        return [W.T for W in (W1, W2) if len(W)]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases b1 and b2, as flat arrays."""
        _, b1, _, b2 = self.network_.parameters
        return [b.ravel() for b in (b1, b2) if len(b)]

    @property
    def loss_curve_(self) -> list[float]:
        """The cost of each epoch."""
        return self.history_["cost"]

    @abstractmethod
    def _targets(
        self, y: NDArray[Any], first: bool, classes: NDArray[Any] | None
    ) -> tuple[Array, NDArray[np.intp]]:
        """Return Y, (n_y, m), and a class number for each example, to hold out in proportion.

        ``first`` asks to learn what targets there are, from y or from the classes given.
        """

    @abstractmethod
    def _output(self, n_y: int) -> str:
        """Return the name of the output for n_y of them."""

    @abstractmethod
    def _metrics(self) -> Metrics:
        """Return what the history shows of the validation part beside its cost."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def steps_one_by_one(estimator: ShoalEstimator) -> bool:
    """Tell whether the solver can make a single pass; else there is no ``partial_fit``."""
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit needs solver='sgd' or 'adam': L-BFGS takes all at once.")
    return True

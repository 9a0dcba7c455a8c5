"""Guarantee: classifier and regressor check their input and train in one and the same way.

Floor 5, the part of ``estimators`` that knows no classes.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import is_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from shoal.activations import Array
from shoal.errors import InputError
from shoal.estimator_parameters import check_parameters
from shoal.estimator_training import NetworkTrainer
from shoal.examples import Examples
from shoal.network import Network
from shoal.splitting import holdout

Matrix = Any  # array-like or SciPy sparse, (m, n_x)


class NetworkEstimator(NetworkTrainer, ABC):
    """What classifier and regressor share."""

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
        again = self.warm_start and hasattr(self, "networks_")
        if again:
            self._check_same_network()
        examples, strata = self._examples(X, y, sample_weight, first=not again)
        if not again:
            self._start(examples)
        self._optimizers = [self._new_optimizer() for _ in self.networks_]
        validation = None
        if self.early_stopping:
            rows, held_out = holdout(strata, self.validation_fraction, self._seed)
            if not len(held_out):
                raise InputError(
                    f"early_stopping has nothing to hold out of n_samples={examples.m}, a single"
                    " one of each class: give more examples, or early_stopping=False"
                )
            validation, examples = examples.take(held_out), examples.take(rows)
        self._train(examples, self.max_iter, validation)
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
        first = not hasattr(self, "networks_")
        examples, _ = self._examples(X, y, sample_weight, first, classes)
        if first:
            self._start(examples)
        optimizers = [self._new_optimizer() for _ in self.networks_]
        if first or type(optimizers[0]) is not type(self._optimizers[0]):
            self._optimizers = optimizers
        for optimizer in self._optimizers:
            optimizer.alpha = self.learning_rate_init  # it may have been set anew
        self._train(examples, 1, None, one_pass=True)
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

        def network() -> Network:
            output, dtype = self._output(n_y), examples.X.dtype
            made = Network(n_x, self.hidden_units, n_y, self.activation, output, dtype)
            return made.initialise(self.init, self.init_scale, random)

        self.networks_ = [network()]
        self._seed = int(random.randint(2**31))
        self.networks_ += [network() for _ in range(1, max(self.n_init, self.n_estimators))]
        self.t_ = 0

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
        engine = self._engine()
        A2 = engine.predict(self.networks_[0], X.T)
        for network in self.networks_[1:]:
            A2 += engine.outputs(network, X.T)
        A2 /= len(self.networks_)
        return A2.T

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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def steps_one_by_one(estimator: NetworkEstimator) -> bool:
    """Tell whether the solver can make a single pass; else there is no ``partial_fit``."""
    if estimator.solver == "lbfgs":
        raise AttributeError("partial_fit needs solver='sgd' or 'adam': L-BFGS takes all at once.")
    return True

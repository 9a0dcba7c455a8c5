"""Guarantee: scikit-learn's conventions, kept to the letter, around one network.

Floor 5. Parameters have the names of scikit-learn's ``MLPClassifier`` where they mean the same:
there, ``alpha`` is the strength of the L2 penalty and ``learning_rate_init`` is what the
equations call alpha. Features are not scaled here; for whole tables see
``ShoalClassifier``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from shoal.activations import Array
from shoal.callbacks import Callback
from shoal.errors import InputError
from shoal.estimator_base import Matrix, NetworkEstimator, steps_one_by_one
from shoal.examples import Metrics
from shoal.losses import class_probabilities, uncertain
from shoal.network import Initialisation


class NetworkClassifier(ClassifierMixin, NetworkEstimator):  # type: ignore[misc]
    """A network with one hidden layer for two classes, more classes, or several labels at once.

    Two classes have one sigmoid output, more have softmax, and an indicator matrix y has one
    sigmoid output for each column; the loss is cross-entropy.

    Parameters
    ----------
    hidden_units : int
        n_h; 0 is logistic regression.
    activation : {"relu", "leaky_relu", "tanh", "sigmoid", "identity"}
    solver : {"auto", "adam", "sgd", "lbfgs"}
        ``auto`` is ``adam`` for a network with a hidden layer, and in ``fit`` ``lbfgs`` for one
        without, whose cost has a single minimum. ``sgd`` is plain gradient descent, full batch
        where ``batch_size`` covers all examples.
    alpha : float
        Strength of the L2 penalty; it is divided by the number of examples.
    batch_size : int or "auto"
        ``auto`` is 200. All examples where there are fewer.
    learning_rate_init : float
        The learning rate, the equations' alpha.
    max_iter : int
        Epochs (with full batch: iterations) at the most.
    shuffle : bool
    random_state : int, RandomState or None
    tol : float or None
        Stop where the cost has not fallen by this much in ``n_iter_no_change`` epochs (``lbfgs``:
        where no element of the gradient is larger); None makes all ``max_iter`` epochs.
    verbose : bool
        Print a line for each epoch.
    warm_start : bool
        Let ``fit`` go on from the network that an earlier ``fit`` left.
    early_stopping : bool
        Hold out ``validation_fraction`` of the examples, watch the cost there instead, and keep
        the network that was best.
    validation_fraction : float
    n_iter_no_change : int
    init : {"scaled", "gaussian", "zeros", "constant"}
        The starting point, see :meth:`shoal.Network.initialise`.
    init_scale : float
        For ``gaussian`` and ``constant``.
    n_init : int
        Train so many networks from different starting points in one run, and keep the best: by
        its validation cost with ``early_stopping``, else by its cost.
    n_estimators : int
        Keep so many of the best, and predict the mean of their outputs (an ensemble). At least so
        many are trained.
    n_jobs : int or None
        Threads at the most; None takes SHOAL_THREADS, or else the cores that the process may use.
        The result does not depend on it.
    callbacks : sequence of Callback
        Of several networks, each gets copies of its own.
    class_weight : dict, "balanced" or None
        As everywhere in scikit-learn.

    Attributes
    ----------
    classes_ : ndarray
    network_ : Network
        Its ``parameters`` are W1, b1, W2, b2. Of several, the best.
    networks_ : list of Network
        All that were kept.
    history_ : History
        Of ``network_``.
    n_iter_ : int
        Epochs made by the last fit.
    t_ : int
        Epochs made in all.
    n_features_in_, feature_names_in_
        As everywhere in scikit-learn.

    Examples
    --------
    >>> from sklearn.datasets import make_moons
    >>> from shoal import NetworkClassifier
    >>> X, y = make_moons(noise=0.1, random_state=0)
    >>> model = NetworkClassifier(hidden_units=20, solver="lbfgs", random_state=0).fit(X, y)
    >>> model.score(X, y)
    1.0
    """

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
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
    ) -> None:
        super().__init__(
            hidden_units, activation, solver=solver, alpha=alpha, batch_size=batch_size,
            learning_rate_init=learning_rate_init, max_iter=max_iter, shuffle=shuffle,
            random_state=random_state, tol=tol, verbose=verbose, warm_start=warm_start,
            early_stopping=early_stopping, validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change, init=init, init_scale=init_scale,
            n_init=n_init, n_estimators=n_estimators, n_jobs=n_jobs, callbacks=callbacks,
        )  # fmt: skip
        self.class_weight = class_weight

    @available_if(steps_one_by_one)  # type: ignore[untyped-decorator]
    def partial_fit(
        self,
        X: Matrix,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Make one pass over X and y, and keep what was learned before.

        Parameters
        ----------
        classes : array-like, (K,)
            All classes that will ever come; needed in the first call only.
        """
        first = not hasattr(self, "networks_")
        if self.class_weight == "balanced":
            raise InputError(
                "partial_fit cannot balance classes that are yet to come: give class_weight as a"
                " dict, or use sample_weight"
            )
        if first and classes is None:
            raise InputError("the first partial_fit needs classes=..., all that will ever come")
        given = None if classes is None else np.unique(np.asarray(classes))
        if not first and given is not None and not np.array_equal(given, self.classes_):
            raise InputError(
                f"classes {given} differ from those of the first partial_fit, {self.classes_}:"
                " give the same, or none"
            )
        return self._partial_fit(X, y, sample_weight, given)

    def predict_proba(self, X: Matrix) -> Array:
        """Return probabilities, (m, K); of several labels at once, each label's own."""
        A2 = self._predict(X)
        return uncertain(A2) if self._multilabel else class_probabilities(A2.T).T

    def predict(self, X: Matrix) -> NDArray[Any]:
        """Return the likeliest class of each example, or an indicator matrix as y was."""
        probabilities = self.predict_proba(X)
        if self._multilabel:
            return (probabilities > 0.5).astype(int)
        labels: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        return labels

    def _output(self, n_y: int) -> str:
        return "sigmoid" if n_y == 1 or self._multilabel else "softmax"

    def _targets(
        self, y: NDArray[Any], first: bool, classes: NDArray[Any] | None
    ) -> tuple[Array, NDArray[np.intp]]:
        check_classification_targets(y)
        multilabel = type_of_target(y, input_name="y") == "multilabel-indicator"
        if first:
            self._multilabel = multilabel
        elif multilabel != self._multilabel:
            raise InputError("y changed between one label and several: use a new estimator")
        if multilabel:
            y = np.asarray(y.toarray() if issparse(y) else y)  # type: ignore[attr-defined]
            if first:
                self.classes_ = np.arange(y.shape[1])
            if y.shape[1] != len(self.classes_):
                raise InputError(
                    f"y has {y.shape[1]} labels, but had {len(self.classes_)} before: give the same"
                )
            return y.T, np.zeros(len(y), np.intp)
        y = column_or_1d(y, warn=True)
        if first:
            self.classes_ = np.unique(y) if classes is None else classes
            if len(self.classes_) < 2:
                raise InputError(
                    f"y has one class only, {self.classes_[0]}: a classifier needs two or more"
                )
        numbers = np.searchsorted(self.classes_, y).clip(max=len(self.classes_) - 1)
        unknown = np.flatnonzero(self.classes_[numbers] != y)
        if len(unknown):
            raise InputError(
                f"y holds {y[unknown[0]]}, which is not one of the classes {self.classes_}"
            )
        K = len(self.classes_)
        Y = numbers[None, :] if K == 2 else np.arange(K)[:, None] == numbers
        return Y, numbers

    def _metrics(self) -> Metrics:
        softmax = self.network_.output == "softmax"
        return {"accuracy": _share_of_likeliest if softmax else _share_with_all_right}

    def _weights(self, sample_weight: ArrayLike | None, y: NDArray[Any]) -> Array | None:
        w = super()._weights(sample_weight, y)
        if self.class_weight is None:
            return w
        try:
            of_class: Array = compute_sample_weight(self.class_weight, y)
        except ValueError as error:
            raise InputError(f"class_weight does not fit y: {error}") from None
        return of_class if w is None else w * of_class

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _share_of_likeliest(Y: Array, A2: Array) -> float:
    return float((A2.argmax(axis=0) == Y.argmax(axis=0)).mean())


def _share_with_all_right(Y: Array, A2: Array) -> float:
    return float(((A2 > 0.5) == (Y > 0.5)).all(axis=0).mean())


def _r2(Y: Array, A2: Array) -> float:
    return float(r2_score(Y.T, A2.T)) if Y.shape[1] > 1 else float("nan")


class NetworkRegressor(RegressorMixin, NetworkEstimator):  # type: ignore[misc]
    """A network with one hidden layer and identity output, trained on half the squared error.

    Parameters are those of :class:`NetworkClassifier`, without ``class_weight``.
    """

    @available_if(steps_one_by_one)  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Matrix, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Make one pass over X and y, and keep what was learned before."""
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X: Matrix) -> Array:
        """Return the predicted values, (m,) or (m, n_y) as y was."""
        A2 = self._predict(X)
        return A2.ravel() if self._one_column else A2

    def _output(self, n_y: int) -> str:
        return "identity"

    def _metrics(self) -> Metrics:
        return {"r2": _r2}

    def _targets(
        self, y: NDArray[Any], first: bool, classes: NDArray[Any] | None
    ) -> tuple[Array, NDArray[np.intp]]:
        if first:
            self._one_column = y.ndim == 1
        elif y.ndim != 2 - self._one_column or y[:1].size != self.network_.n_y:
            raise InputError(
                f"y has the shape {y.shape}, but had {self.network_.n_y} values for each example"
                " before: give the same"
            )
        return np.atleast_2d(y.T), np.zeros(len(y), np.intp)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

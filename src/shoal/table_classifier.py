"""Guarantee: scikit-learn's tools work on whole tables, text and gaps and all.

Floor 6. The recipe of ``shoal train`` as an estimator: all rows are learned from, as
scikit-learn's own tools do the measuring.
"""

import warnings
from collections.abc import Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from shoal.activations import Array
from shoal.cells import nameless
from shoal.columns import Table
from shoal.errors import InputError
from shoal.recipe import Recipe
from shoal.shards import (
    Here,
    ShardedTable,
    blocks_of,
    choices_of,
    evaluate_blocks,
    learn_shards,
    read_or_find,
)
from shoal.table_learning import encode, learn
from shoal.table_model import TableModel
from shoal.table_preparation import Choices, prepare
from shoal.tables import missing, table_from_frame


class ShoalClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Networks for a table of numbers, text, dates and gaps, in a data frame, array or file.

    What ``shoal train`` does, without tuning: each column is encoded, five networks with one
    hidden layer are trained in one run, each stopped by a fold of its own, and averaged.

    Parameters
    ----------
    drop, keep : iterable of str
        Columns not to learn from, and to learn from even though they look like ids.
    uses : mapping of str to str, optional
        What columns are used as: ``number``, ``one-hot``, ``target-means``, ``boolean``, ``date``.
    goal : str, optional
        What ``predict`` serves, as ``balanced-accuracy``, ``f1`` or ``recall=0.9``; the likeliest
        class unless given.
    recipe : Recipe, optional
        How the networks are trained.
    random_state : int, RandomState or None

    Attributes
    ----------
    classes_ : ndarray, (K,)
    model_ : TableModel
        With all it takes to predict; ``model_.save(path)`` writes it to a file.
    columns_ : dict of str to str
        What each column is used as, or ``left out``.
    notes_ : list of str
        What ``shoal train`` would say of the data and of the training, columns left out and why.
    n_features_in_ : int
    feature_names_in_ : ndarray, (n_features_in_,)
        Where X was a data frame, or had names of columns.
    """

    def __init__(
        self,
        *,
        drop: Iterable[str] = (),
        keep: Iterable[str] = (),
        uses: Mapping[str, str] | None = None,
        goal: str | None = None,
        recipe: Recipe | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.drop, self.keep, self.uses = drop, keep, uses
        self.goal, self.recipe, self.random_state = goal, recipe, random_state

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Train on X and y.

        Parameters
        ----------
        X : DataFrame or array, (m, n); or str, Path or ShardedTable
            A file, a folder, a pattern or a URL may be larger than memory.
        y : array-like, (m,); or str
            Of a table in files, the name or position of the target column.
        groups : array-like, (m,), optional
            Rows of one group are never apart where networks are stopped by rows held out; of a
            table in files, the name of a column.

        Returns
        -------
        self
        """
        if isinstance(X, str | Path | ShardedTable):
            return self._fit_files(X, y, groups)
        rows = self._table(X, first=True)
        for note in rows.notes:
            warnings.warn(note, stacklevel=2)
        if y is None:
            raise InputError("ShoalClassifier requires y to be passed, but the target y is None")
        if isinstance(y, str):
            raise InputError(
                f"y is {y!r}, but X is in memory: give the labels themselves as y, and the other"
                " columns as X"
            )
        y = _labels(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(numbers) != rows.n_rows:
            raise InputError(f"X has {rows.n_rows} rows, but y has {len(numbers)}: give as many")
        if len(self.classes_) < 2:
            raise InputError("y has one class alone: two classes or more are needed")
        if isinstance(groups, str):
            raise InputError(
                f"groups is {groups!r}, but X is in memory: give the group of each row"
            )
        choices = Choices(
            self.drop, self.keep, self.uses or {}, goal=self.goal, recipe=self.recipe or Recipe()
        )
        name = "target"
        while name in rows.names:
            name += "_"
        labels = [str(label) for label in self.classes_.tolist()]
        prepared = prepare(
            rows.with_column(name, [labels[k] for k in numbers]), name, choices, classes=labels,
            groups=None if groups is None else column_or_1d(groups),
        )  # fmt: skip
        seed = int(check_random_state(self.random_state).randint(2**31))
        encoded = encode(prepared, np.arange(rows.n_rows))
        self._take(learn(prepared, encoded, seed=seed))
        return self

    def adopt(self, model: TableModel) -> Self:
        """Become the estimator of a model that was trained elsewhere, in place of ``fit``.

        Parameters
        ----------
        model : TableModel
            As :func:`shoal.distributed.training.train` returns it, or ``TableModel.load``.

        Returns
        -------
        self
        """
        if not isinstance(model, TableModel):
            raise InputError(f"model is {model!r}, but must be a TableModel")
        self._take(model)
        self.classes_ = model.target.decode(np.arange(len(model.target.classes)))
        names = list(model.schema.feature_names)
        self.n_features_in_ = len(names)
        if names != nameless(len(names)):
            self.feature_names_in_ = np.array(names, object)
        elif hasattr(self, "feature_names_in_"):  # of an earlier fit
            del self.feature_names_in_
        return self

    def _take(self, model: TableModel) -> None:
        self.model_, plans = model, model.encoder.plans
        self.columns_ = {plan.name: plan.use for plan in plans}
        of_columns = [f"column {plan.name!r}: {plan.note}" for plan in plans if plan.note]
        self.notes_ = [*model.record["notes"], *of_columns]

    def _fit_files(self, source: str | Path | ShardedTable, target: Any, group: Any) -> Self:
        if not (isinstance(target, str) and (group is None or isinstance(group, str))):
            raise InputError(
                "X names a table in files: then y is the name of its target column, and groups that"
                " of a column too"
            )
        found = source if isinstance(source, ShardedTable) else read_or_find(source)
        chosen: dict[str, Any] = {
            "drop": self.drop, "keep": self.keep, "uses": self.uses or {}, "group": group,
            "goal": self.goal, "recipe": self.recipe or Recipe(),
        }  # fmt: skip
        seed = int(check_random_state(self.random_state).randint(2**31))
        if isinstance(found, ShardedTable):
            choices = choices_of(found, **chosen)
            return self.adopt(learn_shards(found, target, choices, seed=seed, place=Here())[0])
        prepared = prepare(found, target, Choices(**chosen))
        rows = np.flatnonzero(prepared.labels >= 0)
        return self.adopt(learn(prepared, encode(prepared, rows), seed=seed))

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, (m, K), in the order of ``classes_``.

        X may be a file, a folder, a pattern or a URL here, too.
        """
        check_is_fitted(self)
        if isinstance(X, str | Path):
            blocks = blocks_of(X, self.model_.schema)
            return np.concatenate([self.model_.predict_proba(block) for block in blocks])
        return self.model_.predict_proba(self._table(X, first=False))

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of the probability of each class, (m, K)."""
        with np.errstate(divide="ignore"):  # of probabilities that are 0 in double precision
            log_P: Array = np.log(self.predict_proba(X))
        return log_P

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the label that is said of each row, (m,)."""
        P = self.predict_proba(X)
        chosen: NDArray[Any] = self.classes_[self.model_.decision.choose(P)]
        return chosen

    def score(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the share of rows whose label is said rightly, of those that have one.

        Parameters
        ----------
        X : str, Path, or data in memory
            A file, a folder, a pattern or a URL; or data as for :meth:`fit`.
        y : str or array-like, (m,)
            The name of the target column in files; or labels.
        sample_weight : array-like, (m,), optional
            Of the rows of data in memory.
        """
        if not isinstance(X, str | Path):
            return float(super().score(X, y, sample_weight))
        check_is_fitted(self)
        model = self.model_
        if not (isinstance(y, str) and y == model.target.name and sample_weight is None):
            raise InputError(
                f"X names a table in files: then y is {model.target.name!r}, the name of its target"
                " column, and sample_weight is not given"
            )
        found = evaluate_blocks(model, blocks_of(X, model.schema), str(X))
        accuracy = found.metrics["network"]["accuracy"]
        assert accuracy is not None  # as there are rows
        return float(accuracy)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _table(self, X: Any, first: bool) -> Table:
        if hasattr(X, "__dask_graph__"):
            raise InputError(
                "X is a collection of Dask, which would be taken into memory: use those of"
                " shoal.distributed, or give X.compute()"
            )
        if not hasattr(X, "iloc") and hasattr(X, "to_pandas"):
            X = X.to_pandas()
        schema = None if first else self.model_.schema
        if hasattr(X, "iloc"):
            if X.ndim != 2:
                raise InputError("X is a single column: give a data frame, as X.to_frame()")
            twice = X.columns[X.columns.duplicated()]
            if len(twice):
                raise InputError(
                    f"X has more than one column {twice[0]!r}: give each a name of its own"
                )
            validate_data(self, X, reset=first, skip_check_array=True)
            if schema is not None:
                names = list(schema.feature_names)
                if names == nameless(len(names)) and set(map(str, X.columns)) != set(names):
                    X = X.set_axis(names, axis="columns")  # learned from an array
        else:
            X = validate_data(self, X, reset=first, dtype=None, ensure_all_finite=False)
        return table_from_frame(X, "X", schema=schema)


def _labels(y: ArrayLike) -> NDArray[Any]:
    labels = column_or_1d(y, warn=True)
    gaps = missing(labels)
    if len(gaps):
        raise InputError(f"Input y contains NaN: y[{gaps[0]}] is no label; leave out such rows")
    if labels.dtype == object:
        text = [isinstance(label, str) for label in labels]
        if any(text) and not all(text):
            raise InputError("y holds both text and other labels: give labels of one kind")
        if all(isinstance(label, Real) for label in labels):
            labels = np.array(labels.tolist())
    labels = check_array(labels, ensure_2d=False, dtype=None, input_name="y")
    if type_of_target(labels) == "continuous":
        raise InputError(
            "Unknown label type: y holds numbers with fractions, like a quantity: put them into"
            " classes first (to predict a number itself, there is NetworkRegressor)"
        )
    check_classification_targets(labels)
    return np.asarray(labels)

"""Guarantee: no training row's own label, nor its fold's, goes into the share of its category.

Floor 4, NumPy alone. Shares are drawn towards those of all rows, the more the fewer rows a category
has; that mean alone has seen every label, for another in each fold would tell the fold. Source:
Micci-Barreca, A Preprocessing Scheme for High-Cardinality Categorical Attributes, 2001.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array
from shoal.column_plans import MAX_CATEGORIES, MIN_COUNT, TargetMeans
from shoal.columns import Column
from shoal.splitting import Labels, Splitter
from shoal.summaries import by_frequency

FOLDS = 5
SMOOTHING = 10.0  # so many rows of the average kind are added to each category


def fit_target_means(
    plan: TargetMeans,
    column: Column,
    labels: Labels,
    classes: tuple[str, ...],
    splitter: Splitter,
) -> tuple[TargetMeans, Array]:
    """Learn the shares of the classes for each category of a column.

    Parameters
    ----------
    plan : TargetMeans
        Without categories yet.
    column : Column
        With training rows, in some of which there is a value.
    labels : ndarray of int, (m,)
    classes : tuple of str
        What the numbers stand for; of two, the second alone has a share.
    splitter : Splitter
        Makes the folds.

    Returns
    -------
    plan : TargetMeans
    features : ndarray, (m, number of features)
        Of the training rows, each from the rows of other folds.
    """
    there = ~column.absent
    categories = by_frequency(Counter(cell for cell in column.cells if cell is not None))
    position = {category: i for i, category in enumerate(categories)}
    at = np.array([position[cell] for cell in column.cells if cell is not None], np.intp)
    own = splitter.take(np.flatnonzero(there))
    fold = np.zeros(len(at), np.intp)
    for number, part in enumerate(own.folds(labels[there], FOLDS, seed=0)):
        fold[part] = number
    counts = np.zeros((len(categories), FOLDS, len(classes)), np.int64)
    np.add.at(counts, (at, fold, labels[there]), 1)
    fitted, of_folds = means_of_counts(plan, categories, counts, classes)
    features = fitted.transform(column)  # of gaps
    means = np.array([each.means for each in of_folds])
    features[there, : means.shape[2]] = means[fold, at]
    return fitted, features


def means_of_counts(
    plan: TargetMeans, categories: Sequence[str], counts: NDArray[np.int64],
    classes: tuple[str, ...],
) -> tuple[TargetMeans, list[TargetMeans]]:  # fmt: skip
    """Learn the shares of the classes from numbers of rows.

    Parameters
    ----------
    plan : TargetMeans
        Without categories yet.
    categories : sequence of str
        The most frequent first.
    counts : ndarray, (categories, folds, classes)
        In how many rows each is.
    classes : tuple of str

    Returns
    -------
    plan : TargetMeans
    of_folds : list of TargetMeans
        For the training rows of each fold: what is known from the others.
    """
    rows = counts.sum(axis=2)  # (categories, folds)
    truth = counts[:, :, 1 if len(classes) == 2 else 0 :]
    mean = truth.sum(axis=(0, 1)) / rows.sum()
    rest, found = rows.sum(axis=1, keepdims=True) - rows, truth.sum(axis=1, keepdims=True) - truth
    shares = _shares(found, rest, mean)
    flat = shares.reshape(-1, shares.shape[2])
    centre = np.average(flat, axis=0, weights=rows.ravel())
    spread = np.sqrt(np.average((flat - centre) ** 2, axis=0, weights=rows.ravel()))
    spread[~(spread > 1e-12)] = 1.0
    fitted = replace(
        plan,
        categories=tuple(categories),
        frequent=int((rows.sum(axis=1)[:MAX_CATEGORIES] >= MIN_COUNT).sum()),
        classes=classes[1 if len(classes) == 2 else 0 :],
        means=_tuples((_shares(truth.sum(axis=1), rows.sum(axis=1), mean) - centre) / spread),
    )
    scaled = (shares - centre) / spread
    return fitted, [replace(fitted, means=_tuples(own)) for own in scaled.swapaxes(0, 1)]


def _shares(found: NDArray[np.int64], rows: NDArray[np.int64], mean: Array) -> Array:
    """Return the shares of the classes (…, classes) among rows (…), drawn to a mean."""
    shares: Array = (found + SMOOTHING * mean) / (rows[..., None] + SMOOTHING)
    return shares


def _tuples(means: Array) -> tuple[tuple[float, ...], ...]:
    return tuple(map(tuple, means.tolist()))

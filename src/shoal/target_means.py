"""Guarantee: no training row's own label, nor its fold's, goes into the share of its category.

Floor 4, NumPy alone. Shares are drawn towards those of all rows, the more the fewer rows a category
has; that mean alone has seen every label, for another in each fold would tell the fold. Source:
Micci-Barreca, A Preprocessing Scheme for High-Cardinality Categorical Attributes, 2001.
"""

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array
from shoal.column_plans import MAX_CATEGORIES, MIN_COUNT, TargetMeans
from shoal.columns import Column
from shoal.splitting import Labels, Splitter

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
    there, K = ~column.absent, len(classes)
    counts = Counter(cell for cell in column.cells if cell is not None)
    categories = sorted(counts, key=lambda category: (-counts[category], category))
    position = {category: i for i, category in enumerate(categories)}
    at = np.array([position[cell] for cell in column.cells if cell is not None], np.intp)
    truth = np.eye(K)[labels[there]][:, 1 if K == 2 else 0 :]
    shares, mean = np.empty_like(truth), truth.mean(axis=0)
    own = splitter.take(np.flatnonzero(there))
    for part in own.folds(labels[there], FOLDS, seed=0):
        rest = np.ones(len(at), bool)
        rest[part] = False
        shares[part] = _shares(at[rest], truth[rest], mean, len(categories))[at[part]]
    centre, spread = shares.mean(axis=0), shares.std(axis=0)
    spread[~(spread > 0)] = 1.0
    means = (_shares(at, truth, mean, len(categories)) - centre) / spread
    fitted = replace(
        plan,
        categories=tuple(categories),
        frequent=sum(counts[category] >= MIN_COUNT for category in categories[:MAX_CATEGORIES]),
        classes=classes[1 if K == 2 else 0 :],
        means=tuple(map(tuple, means.tolist())),
    )
    features = fitted.transform(column)  # of gaps
    features[there, : truth.shape[1]] = (shares - centre) / spread
    return fitted, features


def _shares(at: NDArray[np.intp], truth: Array, mean: Array, n: int) -> Array:
    """Return the shares of the classes in each of n categories, drawn to a mean, (n, classes)."""
    rows = np.bincount(at, minlength=n)[:, None]
    found = np.stack([np.bincount(at, each, n) for each in truth.T], axis=1)
    shares: Array = (found + SMOOTHING * mean) / (rows + SMOOTHING)
    return shares

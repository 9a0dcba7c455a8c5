"""Guarantee: pieces are as fine as the training rows can tell, and lie where the target changes.

Floor 4. Half of the edges are quantiles, and half the splits of a small decision tree on the one
feature (scikit-learn's), as either alone was worse on some table.
"""

import warnings

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from shoal.activations import Array
from shoal.piecewise import Pieces, PiecewiseLinear
from shoal.splitting import Labels

FEW_VALUES, ROWS_OF_A_VALUE = 32, 5  # so many values, of so many rows, and each is an edge
QUANTILES, LEAVES = 16, 16
ROWS_OF_A_QUANTILE = 50  # fewer rows than so many times QUANTILES have fewer quantiles
ROWS_OF_A_LEAF = 20
LEAST_EXTENT = 1e-9  # quotients of less would say nothing


def fit_pieces(X: Array, labels: Labels) -> PiecewiseLinear:
    """Choose the pieces of each feature of training rows, (m, n), with class numbers, (m,)."""
    with warnings.catch_warnings():  # a table may have a class for every other row
        warnings.filterwarnings("ignore", message="The number of unique classes is greater than")
        return PiecewiseLinear([_pieces(x, labels) for x in X.T])


def _pieces(x: Array, labels: Labels) -> Pieces:
    values = np.unique(x)
    extent = values[-1] - values[0]
    if np.isin(values, [0, 1]).all() or not extent > LEAST_EXTENT:
        return Pieces()
    low, centre, high = np.quantile(x, [0.25, 0.5, 0.75])
    spread = high - low if high - low > LEAST_EXTENT * extent else extent / 2
    few = len(values) <= min(FEW_VALUES, len(x) // ROWS_OF_A_VALUE)
    edges = values if few else _edges(x, labels)
    lengths = np.diff(edges)
    tiny = lengths <= LEAST_EXTENT * extent
    return Pieces(float(centre), float(spread), tuple(edges[np.append(True, ~tiny)].tolist()))


def _edges(x: Array, labels: Labels) -> Array:
    quantiles = max(1, min(QUANTILES, len(x) // ROWS_OF_A_QUANTILE))
    tree = DecisionTreeClassifier(
        max_leaf_nodes=LEAVES, min_samples_leaf=ROWS_OF_A_LEAF, random_state=0
    )
    splits = tree.fit(x[:, None], labels).tree_
    return np.unique(
        np.concatenate(
            [
                np.quantile(x, np.linspace(0, 1, quantiles + 1)),
                splits.threshold[splits.feature >= 0],
            ]
        )
    )

"""Guarantee: what would make a measure on held-out rows too good, or a column useless, is said.

Floor 6. A column that alone predicts the target is often known only after it (a leak); rows that
are measured on and learned from are remembered, not predicted.
"""

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from shoal.activations import Array
from shoal.column_plans import Scaled
from shoal.columns import Column, Table
from shoal.encoding import TableEncoder
from shoal.evaluation import measure
from shoal.splitting import Labels

LEAK = 0.995  # ROC AUC of one column alone
MOST_ROWS = 2000  # are enough to see it
LEAST_SHARE = 0.05  # of rows that are measured on and learned from; a few do no harm
BY_CHANCE = 0.01  # rows like it
OF_THE_OTHERS = 1e-4  # of the variance, which is 1, is what all numbers but one have
ALL_DIGITS = 1e15  # beside such a number those of ordinary size have none left
LEAST_ROWS = 30  # of fewer, a column may tell the classes apart by chance


def leaks(encoder: TableEncoder, X: Array, labels: Labels) -> list[str]:
    """Return a sentence on each column that alone tells the classes apart on unseen rows.

    Parameters
    ----------
    encoder : TableEncoder
    X : ndarray, (m, n)
        The encoder's features of the training rows.
    labels : ndarray of int, (m,)
    """
    some = np.random.default_rng(0).permutation(len(labels))[:MOST_ROWS]
    X, labels = X[some], labels[some]
    common = np.flatnonzero(np.bincount(labels) >= 2)
    kept = np.isin(labels, common)
    if kept.sum() < LEAST_ROWS or len(common) < 2:
        return []
    X, labels = X[kept], labels[kept]
    found = []
    used = list(encoder.blocks())
    for plan, columns in used if len(used) > 1 else []:  # the only one cannot be dropped
        area = _area(X[:, columns], labels)
        if area >= LEAK:
            found.append(
                f"column {plan.name!r} alone predicts the target (ROC AUC {area:.3f} on unseen"
                " rows): if it is only known once the target is, drop it"
            )
    return found


def far_numbers(encoder: TableEncoder, X: Array) -> list[str]:
    """Return a sentence on each column of which one number has all the spread.

    Parameters
    ----------
    encoder : TableEncoder
    X : ndarray, (m, n)
        The encoder's features of the training rows, or of some of them.
    """
    found = []
    for plan, columns in encoder.blocks():
        if not isinstance(plan, Scaled):
            continue
        x = X[:, columns][:, 0].astype(np.float64)
        most = int(np.argmax(np.abs(x)))
        others = np.delete(x, most)
        far = np.nan_to_num(plan.mean + plan.scale * float(x[most]))  # by rounding it may be inf
        if others.var() >= OF_THE_OTHERS:
            continue
        if np.ptp(others) > 0 or abs(far) > ALL_DIGITS:  # else a rare event
            found.append(
                f"column {plan.name!r}: a number is so far from all others that these are hardly"
                f" told apart ({far:.6g}): mend it, or leave it empty"
            )
    return found


def repeated(
    learned: Table, test: Table, use: str = "measure on", others: str = "learned from"
) -> list[str]:
    """Return a sentence on the rows of a test table that are among those learned from.

    Every column counts, whether it is learned from or not. Rows that chance alone makes twice, as
    where columns have few values or many gaps, do not count: those of which more than ``BY_CHANCE``
    would be expected if the columns were independent.
    """
    if set(learned.names) - set(test.names):
        return []
    m = learned.n_rows
    codes = np.stack([_codes(column, test[column.name]) for column in learned.columns], axis=1)
    known = {row.tobytes() for row in codes[:m]}
    again = codes[m:][[row.tobytes() in known for row in codes[m:]]]
    shares = [
        np.bincount(own)[values] / m for own, values in zip(codes[:m].T, again.T, strict=True)
    ]
    count = int((m * np.prod(shares, axis=0) < BY_CHANCE).sum())
    if count < LEAST_SHARE * test.n_rows or not count:
        return []
    return [
        f"{count:,} of the {test.n_rows:,} rows to {use} are the same as rows {others}, target and"
        " all: the measures may flatter"
    ]


def _codes(first: Column, second: Column) -> NDArray[np.int32]:
    """Return numbers for the values of two columns, the same for the same values; a gap is one."""
    if first.kind == second.kind == "number":
        both = np.concatenate([first.values, second.values])
        return np.unique(both, return_inverse=True)[1].astype(np.int32)
    known: dict[object, int] = {}
    cells = (*first.cells, *second.cells)
    return np.array([known.setdefault(cell, len(known)) for cell in cells], np.int32)


def _area(X: Array, labels: Labels) -> float:
    """Return how well a small tree on some features tells the classes apart on unseen rows."""
    tree = DecisionTreeClassifier(max_leaf_nodes=16, random_state=0)
    folds = StratifiedKFold(2, shuffle=True, random_state=0)
    P = cross_val_predict(tree, X, labels, cv=folds, method="predict_proba")
    return measure(np.unique(labels, return_inverse=True)[1], P).roc_auc or 0.0

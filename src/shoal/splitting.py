"""Guarantee: rows that are held out are the same for the same seed, each class in proportion.

Floor 3, NumPy alone. Labels are class numbers 0, 1, ….
"""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.intp]

STREAM = 2**63  # of the generator; the order of mini-batches has streams 0, 1, …


def holdout(labels: Labels, fraction: float, seed: int) -> tuple[Labels, Labels]:
    """Split the rows in two, each class in proportion.

    Of a class with two rows or more at least one row stays in the first part; a class with a
    single row stays there whole.

    Returns
    -------
    first, held_out : ndarray of int
        Row numbers, ascending.
    """
    key = np.array([seed, STREAM], np.uint64)
    random = np.random.Generator(np.random.Philox(key=key))
    first, held_out = [], []
    for label in np.unique(labels):
        rows = random.permutation(np.flatnonzero(labels == label))
        n = min(round(fraction * len(rows)), len(rows) - 1)
        held_out.append(rows[:n])
        first.append(rows[n:])
    return np.sort(np.concatenate(first)), np.sort(np.concatenate(held_out))

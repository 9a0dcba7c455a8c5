"""Guarantee: rows that are held out are the same for the same seed, each class in proportion.

Floor 3, NumPy alone. Labels are class numbers 0, 1, ….
"""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.intp]

HOLDOUT, FOLDS = 2**63, 2**63 + 1  # streams of the generator


def holdout(labels: Labels, fraction: float, seed: int) -> tuple[Labels, Labels]:
    """Split the rows in two, each class in proportion.

    At least one row is held out, and at least one of each class stays in the first part; nothing
    can be held out where every class has a single row.

    Returns
    -------
    first, held_out : ndarray of int
        Row numbers, ascending.
    """
    classes, counts = np.unique(labels, return_counts=True)
    random = _generator(seed, HOLDOUT)
    first, held_out = [], []
    for label, n in zip(classes, _numbers_held_out(counts, fraction), strict=True):
        rows = random.permutation(np.flatnonzero(labels == label))
        held_out.append(rows[:n])
        first.append(rows[n:])
    return np.sort(np.concatenate(first)), np.sort(np.concatenate(held_out))


def folds(labels: Labels, number: int, seed: int) -> list[Labels]:
    """Split the rows in parts, each class in proportion; no more parts than rows.

    Returns
    -------
    list of ndarray of int
        The row numbers of each part, ascending.
    """
    shuffled = _generator(seed, FOLDS).permutation(len(labels))
    dealt = shuffled[np.argsort(labels[shuffled], kind="stable")]  # class by class
    return [np.sort(dealt[i::number]) for i in range(min(number, len(labels)))]


def _generator(seed: int, stream: int) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.array([seed, stream], np.uint64)))


def _numbers_held_out(counts: NDArray[np.intp], fraction: float) -> NDArray[np.intp]:
    """Share out the rows to hold out among the classes, by the largest remainder."""
    wanted = fraction * counts
    n: NDArray[np.intp] = np.floor(wanted).astype(np.intp)  # fewer than all, as the fraction is
    for k in np.argsort(n - wanted, kind="stable"):  # the largest remainder first
        if n.sum() >= max(1, round(fraction * counts.sum())):
            break
        n[k] = min(n[k] + 1, counts[k] - 1)
    return n

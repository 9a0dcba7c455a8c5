"""Guarantee: rows that are held out are the same for the same seed, and nothing straddles the cut.

Floor 3. Each class is in proportion; or rows of one group stay together (scikit-learn's
StratifiedGroupKFold); or what is held out comes later. Labels are class numbers 0, 1, ….
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.intp]

HOLDOUT, FOLDS = 2**63, 2**63 + 1  # streams of the generator


@dataclass(frozen=True)
class Splitter:
    """How rows are split for learning and measuring: at random unless told otherwise.

    Attributes
    ----------
    groups : ndarray of int, (m,), or None
        Rows of the same number are never apart.
    order : ndarray of float, (m,), or None
        When each row was; rows of the same time are never apart. It goes before groups.
    """

    groups: NDArray[np.intp] | None = None
    order: NDArray[np.float64] | None = None

    def take(self, rows: NDArray[np.intp]) -> "Splitter":
        """Return the splitter of some of the rows."""
        groups, order = self.groups, self.order
        return Splitter(
            None if groups is None else groups[rows], None if order is None else order[rows]
        )

    def holdout(self, labels: Labels, fraction: float, seed: int) -> tuple[Labels, Labels]:
        """Split the rows in two; nothing is held out where that cannot be.

        Returns
        -------
        first, held_out : ndarray of int
            Row numbers, ascending.
        """
        if self.order is not None:
            held_out = _blocks(self.order, round(1 / fraction))[-1]
        elif self.groups is not None:
            held_out = _group_folds(labels, self.groups, round(1 / fraction), seed)[0]
        else:
            return holdout(labels, fraction, seed)
        first = np.setdiff1d(np.arange(len(labels)), held_out)
        return (first, held_out) if len(first) else (held_out, first)

    def folds(self, labels: Labels, number: int, seed: int) -> list[Labels]:
        """Split the rows in so many parts, or fewer if there are fewer rows, groups or times.

        Rows of a single group or time are split at random.

        Returns
        -------
        list of ndarray of int
            The row numbers of each part, ascending; in the order of time, if there is one.
        """
        parts: list[Labels] = []
        if self.order is not None:
            parts = _blocks(self.order, number)
        elif self.groups is not None:
            parts = _group_folds(labels, self.groups, number, seed)
        return parts if len(parts) > 1 else folds(labels, number, seed)


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


def _group_folds(labels: Labels, groups: NDArray[np.intp], number: int, seed: int) -> list[Labels]:
    from sklearn.model_selection import (  # noqa: PLC0415  (a slow import)
        GroupKFold,
        StratifiedGroupKFold,
    )

    number = min(number, len(np.unique(groups)))
    if number < 2:
        return [np.arange(len(labels))]
    some_class_is_in_all = np.bincount(labels).max() >= number  # or scikit-learn refuses
    kind = StratifiedGroupKFold if some_class_is_in_all else GroupKFold
    parts = kind(number, shuffle=True, random_state=seed % 2**32)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        return [np.sort(test) for _, test in parts.split(labels, labels, groups) if len(test)]


def _blocks(order: NDArray[np.float64], number: int) -> list[Labels]:
    """Cut the rows into runs of time of about the same length."""
    times, position, counts = np.unique(order, return_inverse=True, return_counts=True)
    number = min(number, len(times))
    middle = np.cumsum(counts) - counts / 2
    block = np.minimum(middle * number / len(order), number - 1).astype(np.intp)[position]
    return [np.flatnonzero(block == k) for k in np.unique(block)]


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

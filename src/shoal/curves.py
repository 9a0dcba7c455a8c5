"""Guarantee: what can be had from a score by moving its threshold, with nothing smoothed.

Floor 4, NumPy alone. Rows of equal score are told apart by no threshold, so they are one step of
every curve (Fawcett, An Introduction to ROC Analysis, 2006).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array


@dataclass(frozen=True)
class Thresholds:
    """What is found and missed at each threshold, from the highest to the lowest.

    Attributes
    ----------
    threshold : ndarray, (n,)
        The positive class is said from this probability on; from infinity on, of no row.
    recall, false_positive_rate, precision : ndarray, (n,)
        Shares of the positive rows, of the negative rows, and of those said to be positive.
    """

    threshold: Array
    recall: Array
    false_positive_rate: Array
    precision: Array

    @property
    def f1(self) -> Array:
        """Harmonic mean of precision and recall, (n,)."""
        total = self.precision + self.recall
        return np.divide(2 * self.precision * self.recall, total, where=total > 0,
                         out=np.zeros_like(total))  # fmt: skip

    @property
    def roc_auc(self) -> float:
        """Area under recall over false-positive rate, by trapezoids."""
        x, y = self.false_positive_rate, self.recall
        return float(np.diff(x) @ (y[1:] + y[:-1]) / 2)

    @property
    def average_precision(self) -> float:
        """Mean precision, each step of recall counted by its height."""
        return float(np.diff(self.recall) @ self.precision[1:])


class Ranking:
    """Rows in order of a score.

    Parameters
    ----------
    truth : ndarray of bool, (m,)
        Which rows are positive: some, and not all.
    p : ndarray, (m,)
        The score, such as the probability of being positive.
    """

    def __init__(self, truth: NDArray[np.bool_], p: Array) -> None:
        self.order = np.argsort(-p, kind="stable")
        self.truth = truth[self.order]
        falling = p[self.order]
        self.ends = np.append(np.flatnonzero(np.diff(falling)), len(p) - 1)
        self.threshold = np.append(np.inf, falling[self.ends])

    def thresholds(self, times: Array | None = None) -> Thresholds | None:
        """Return what each threshold gives, each row counted so many times, (m,).

        None if no positive row, or no negative one, is counted.
        """
        times = np.ones(len(self.truth)) if times is None else times[self.order]
        said, hits = (
            np.append(0.0, np.cumsum(each)[self.ends]) for each in (times, times * self.truth)
        )
        positive, negative = hits[-1], said[-1] - hits[-1]
        if not (positive and negative):
            return None
        precision = np.divide(hits, said, where=said > 0, out=np.ones_like(hits))
        return Thresholds(self.threshold, hits / positive, (said - hits) / negative, precision)

"""Guarantee: beside each measure stands between what it lies, for rows like those measured on.

Floor 4, NumPy alone. The interval is that of the bootstrap: the measure is computed anew for as
many rows drawn from the same ones with repetition, 200 times, and the outer 2.5 % are cut off at
each end (Efron and Tibshirani, An Introduction to the Bootstrap, 1993); of many rows, some are
drawn from, and the distances shrunk by the root of how many times as many there are. Shares have
the interval of Wilson (1927), which is not empty where all rows are right. All tell the chance of
the rows, each drawn by itself, and not that of the training.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.curves import Ranking, Thresholds
from shoal.sampling import some_of
from shoal.splitting import Labels

CONFIDENCE = 0.95
RESAMPLES, MOST_ROWS = 200, 20_000
Z = 1.959964  # of a normal variable, which is farther out in 5 % of the cases
GRID = np.linspace(0, 1, 101)  # where a curve's band is known


@dataclass(frozen=True)
class Interval:
    """An estimate, and between what it lies with a confidence of 95 %."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True)
class Curve:
    """A curve with its band.

    Attributes
    ----------
    x, y : ndarray, (n,)
        Its corners.
    low, high : ndarray, (101,)
        Between what y lies, at x = 0, 0.01, …, 1.
    area : Interval
        Under it.
    """

    x: Array
    y: Array
    low: Array
    high: Array
    area: Interval


@dataclass(frozen=True)
class Curves:
    """The ROC curve and the precision-recall curve of one class against the rest."""

    roc: Curve
    precision_recall: Curve


def resamples(m: int, seed: int) -> Iterator[Array]:
    """Yield how often each of m rows is drawn, (m,), for each of the resamples."""
    random = np.random.default_rng(seed)
    for _ in range(RESAMPLES):
        yield np.bincount(random.integers(m, size=m), minlength=m).astype(np.float64)


def wilson(share: Array, n: Array) -> tuple[Array, Array]:
    """Return between what shares of n rows lie, from 0 to 1."""
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return (middle - half).clip(0), (middle + half).clip(max=1)


def class_curves(labels: Labels, p: Array, k: int, seed: int = 0) -> Curves | None:
    """Return the curves of class k, whose probabilities are p, (m,), against the rest.

    None if no row, or every row, is of the class.
    """
    whole = Ranking(labels == k, p).thresholds()
    if whole is None:
        return None
    some = some_of(len(labels), MOST_ROWS, seed)
    ranking = Ranking(labels[some] == k, p[some])
    part, drawn = ranking.thresholds(), []
    for times in resamples(len(some), seed):
        found = ranking.thresholds(times)
        if found is not None:
            drawn.append(_of_curves(found))
    shrunk = np.sqrt(len(some) / len(labels))
    of_whole = _of_curves(whole)
    of_part = of_whole if part is None else _of_curves(part)
    roc, precision, area, mean = (
        _spread(*each, shrunk)
        for each in zip(of_whole, of_part, zip(*drawn, strict=True), strict=True)
    )
    of_area = Interval(whole.roc_auc, *map(float, area))
    of_mean = Interval(whole.average_precision, *map(float, mean))
    return Curves(
        Curve(whole.false_positive_rate, whole.recall, *roc, of_area),
        Curve(whole.recall, whole.precision, *precision, of_mean),
    )


def measure_intervals(
    labels: Labels, P: Array, said: Labels, seed: int = 0
) -> dict[str, Interval | None]:
    """Return the measures of ``evaluation.Measures`` with their intervals.

    Parameters
    ----------
    labels, said : ndarray of int, (m,)
        What is true, and what is said.
    P : ndarray, (m, K)
        Probabilities.
    """
    whole, part, drawn, shrunk = _measured(labels, P, said, seed)
    counts = {
        "accuracy": len(labels),
        "precision": (said == 1).sum(),
        "recall": (labels == 1).sum(),
    }
    found: dict[str, Interval | None] = {}
    for name, value in whole.items():
        if np.isnan(value):
            found[name] = None
            continue
        if name in counts:
            low, high = wilson(np.array(value), np.array(counts[name]))
        else:
            low, high = _spread(value, part[name], [each[name] for each in drawn], shrunk)
        found[name] = Interval(value, float(low), float(high))
    return found


def gain_intervals(
    labels: Labels, ours: tuple[Array, Labels], theirs: tuple[Array, Labels], seed: int = 0
) -> dict[str, Interval | None]:
    """Return by how much measures differ on the same rows: each is P, (m, K), and what is said."""
    one, other = (_measured(labels, P, said, seed) for P, said in (ours, theirs))
    found: dict[str, Interval | None] = {}
    for name in one[0]:
        whole, part = one[0][name] - other[0][name], one[1][name] - other[1][name]
        drawn = [a[name] - b[name] for a, b in zip(one[2], other[2], strict=True)]
        if np.isnan(whole):
            found[name] = None
        else:
            low, high = _spread(whole, part, drawn, one[3])
            found[name] = Interval(whole, float(low), float(high))
    return found


Named = dict[str, float]


def _measured(
    labels: Labels, P: Array, said: Labels, seed: int
) -> tuple[Named, Named, list[Named], float]:
    """Return measures of all rows, of some, of these drawn again, and how much to shrink."""
    some = some_of(len(labels), MOST_ROWS, seed)
    of_rows, of_some = (
        _measurer(labels[at], P[at], said[at]) for at in (np.arange(len(labels)), some)
    )
    drawn = [of_some(times) for times in resamples(len(some), seed)]
    shrunk = float(np.sqrt(len(some) / len(labels)))
    return of_rows(np.ones(len(labels))), of_some(np.ones(len(some))), drawn, shrunk


def _measurer(labels: Labels, P: Array, said: Labels) -> Callable[[Array], Named]:
    """Return a function from how often each row is counted, (m,), to the measures."""
    K = P.shape[1]
    truth = np.eye(K)[labels]
    losses = -np.log(np.maximum(P[np.arange(len(P)), labels], np.finfo(np.float64).tiny))
    distances = ((P - truth) ** 2)[:, 1 if K == 2 else slice(None)].reshape(len(P), -1).sum(axis=1)
    rankings = [Ranking(labels == k, P[:, k]) for k in ([1] if K == 2 else range(K))]

    def measured(times: Array) -> Named:
        counts = np.bincount(labels * K + said, times, K * K).reshape(K, K).astype(np.float64)
        found = [ranking.thresholds(times) for ranking in rankings]
        areas = [each.roc_auc for each in found if each is not None]
        return _of_counts(counts) | {
            "roc_auc": float(np.mean(areas)) if areas else np.nan,
            "log_loss": float(times @ losses / times.sum()),
            "brier": float(times @ distances / times.sum()),
        }

    return measured


def _of_counts(counts: Array) -> Named:
    """Return what can be had from counts, (K, K): true classes in rows, those said in columns."""
    right, true, said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = right / true
        of_two = len(counts) == 2
        return {
            "accuracy": float(right.sum() / counts.sum()),
            "balanced_accuracy": float(found[true > 0].mean()),
            "precision": float(right[1] / said[1]) if of_two else np.nan,
            "recall": float(found[1]) if of_two else np.nan,
            "f1": float(2 * right[1] / (true[1] + said[1])) if of_two else np.nan,
        }


def _of_curves(found: Thresholds) -> tuple[Array, Array, float, float]:
    """Return recall and precision on the grid, and the areas."""
    at = np.searchsorted(found.recall, GRID - 1e-12).clip(1)  # the curve's steps, as summed up
    roc = np.interp(GRID, found.false_positive_rate, found.recall)
    return roc, found.precision[at], found.roc_auc, found.average_precision


def _spread(whole: Any, part: Any, drawn: Sequence[Any], shrunk: float) -> tuple[Any, Any]:
    outer = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(np.array(drawn), (outer, 1 - outer), axis=0)
    return whole + shrunk * (low - part), whole + shrunk * (high - part)

"""Guarantee: beside each measure stands between what it lies, for rows like those measured on.

Floor 4, NumPy alone. The interval is that of the bootstrap: the measure is computed anew for as
many rows drawn from the same ones with repetition, 200 times, and the outer 2.5 % are cut off at
each end (Efron and Tibshirani, An Introduction to the Bootstrap, 1993). It tells the chance of the
rows, not that of the training.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from shoal.activations import Array
from shoal.curves import Ranking
from shoal.splitting import Labels

CONFIDENCE = 0.95
RESAMPLES = 200
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


def class_curves(labels: Labels, p: Array, k: int, seed: int = 0) -> Curves | None:
    """Return the curves of class k, whose probabilities are p, (m,), against the rest.

    None if no row, or every row, is of the class.
    """
    ranking = Ranking(labels == k, p)
    whole = ranking.thresholds()
    if whole is None:
        return None
    drawn = [
        found
        for times in resamples(len(labels), seed)
        if (found := ranking.thresholds(times)) is not None
    ]
    roc = [np.interp(GRID, each.false_positive_rate, each.recall) for each in drawn]
    at = [np.searchsorted(each.recall, GRID).clip(max=len(each.recall) - 1) for each in drawn]
    precision = [each.precision[i] for each, i in zip(drawn, at, strict=True)]
    return Curves(
        _curve(
            np.append(0, whole.false_positive_rate), np.append(0, whole.recall), roc,
            _interval(whole.roc_auc, [each.roc_auc for each in drawn]),
        ),
        _curve(
            whole.recall, whole.precision, precision,
            _interval(whole.average_precision, [each.average_precision for each in drawn]),
        ),
    )  # fmt: skip


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
    K = P.shape[1]
    truth = np.eye(K)[labels]
    losses = -np.log(np.maximum(P[np.arange(len(P)), labels], np.finfo(np.float64).tiny))
    distances = ((P - truth) ** 2)[:, 1 if K == 2 else slice(None)].reshape(len(P), -1).sum(axis=1)
    of_classes = [1] if K == 2 else range(K)
    rankings = [Ranking(labels == k, P[:, k]) for k in of_classes]

    def measured(times: Array) -> dict[str, float]:
        counts = np.bincount(labels * K + said, times, K * K).reshape(K, K).astype(np.float64)
        found = [ranking.thresholds(times) for ranking in rankings]
        areas = [each.roc_auc for each in found if each is not None]
        total = times.sum()
        return _of_counts(counts) | {
            "roc_auc": float(np.mean(areas)) if areas else np.nan,
            "log_loss": float(times @ losses / total),
            "brier": float(times @ distances / total),
        }

    whole = measured(np.ones(len(labels)))
    drawn = [measured(times) for times in resamples(len(labels), seed)]
    return {
        name: None if np.isnan(value) else _interval(value, [each[name] for each in drawn])
        for name, value in whole.items()
    }


def _of_counts(counts: Array) -> dict[str, float]:
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


def _curve(x: Array, y: Array, drawn: Sequence[Array], area: Interval) -> Curve:
    outer = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, (outer, 1 - outer), axis=0) if drawn else (GRID, GRID)
    return Curve(x, y, low, high, area)


def _interval(estimate: float, drawn: list[float]) -> Interval:
    outer = (1 - CONFIDENCE) / 2
    low, high = np.nanquantile(drawn, (outer, 1 - outer))
    return Interval(estimate, float(low), float(high))

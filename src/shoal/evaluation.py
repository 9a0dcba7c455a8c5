"""Guarantee: how good a classifier is, as plain data, beside the guess that knows no features.

Floor 4, with scikit-learn's metrics. Labels are class numbers 0, 1, …; probabilities are (m, K),
one column for each class; with two classes, class 1 is the positive one.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import confusion_matrix, recall_score, roc_auc_score

from shoal.activations import Array
from shoal.splitting import Labels

TENTHS = 10
MEASURES = {  # by what they are called
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
}


@dataclass(frozen=True)
class Measures:
    """How probabilities compare with what was true; a measure that the labels cannot give is None.

    Attributes
    ----------
    accuracy : float
        Share of examples of which the true class is said.
    balanced_accuracy : float
        Mean over the true classes of the share that was found.
    precision, recall, f1 : float or None
        Of the positive class of two: the share of true ones among those said to be, of those said
        to be among the true ones, and their harmonic mean.
    roc_auc : float or None
        Area under the ROC curve; with more than two classes the mean of each against the rest.
    log_loss : float
        Mean of -log of the true class's probability, which is the cost J.
    brier : float
        Mean squared distance of the probabilities from the truth: (p - y)^2 of the positive class,
        or with more than two classes summed over them.
    """

    accuracy: float
    balanced_accuracy: float
    precision: float | None
    recall: float | None
    f1: float | None
    roc_auc: float | None
    log_loss: float
    brier: float


def measure(labels: Labels, probabilities: Array, said: Labels | None = None) -> Measures:
    """Measure probabilities, (m, K), and what is said, the likeliest unless given, with labels."""
    predicted = probabilities.argmax(axis=1) if said is None else said
    truth = np.eye(probabilities.shape[1])[labels]  # (m, K)
    of_truth = probabilities[np.arange(len(labels)), labels]
    distance = (probabilities - truth) ** 2
    return Measures(
        accuracy=float(np.mean(predicted == labels)),
        balanced_accuracy=float(
            recall_score(labels, predicted, labels=np.unique(labels), average="macro")
        ),
        **_of_positive(labels, predicted, probabilities.shape[1]),
        roc_auc=_roc_auc(truth, probabilities),
        log_loss=float(-np.mean(np.log(np.maximum(of_truth, np.finfo(np.float64).tiny)))),
        brier=float(np.mean(distance[:, 1] if truth.shape[1] == 2 else distance.sum(axis=1))),
    )


def confusion(labels: Labels, said: Labels, K: int) -> list[list[int]]:
    """Return the counts: a row for each true class of K, a column for each one said."""
    counts = confusion_matrix(labels, said, labels=range(K))
    return [[int(n) for n in row] for row in counts]


@dataclass(frozen=True)
class Reliability:
    """Whether what is given a probability comes true as often: rows sorted into tenths by it.

    Attributes
    ----------
    probability, share : list of float
        In each tenth the mean probability of the positive class of two, or with more classes of
        the likeliest, and the share of rows of which it is true.
    rows : list of int
        In each tenth.
    error : float
        Mean distance of the two over all rows (the expected calibration error).
    """

    probability: list[float]
    share: list[float]
    rows: list[int]
    error: float


def reliability(labels: Labels, probabilities: Array) -> Reliability:
    """Compare probabilities, (m, K), with how often they come true, for labels, (m,)."""
    if probabilities.shape[1] == 2:
        p, true = probabilities[:, 1], labels == 1
    else:
        p, true = probabilities.max(axis=1), labels == probabilities.argmax(axis=1)
    edges = np.unique(np.quantile(p, np.linspace(0, 1, TENTHS + 1)[1:-1]))
    at = np.searchsorted(edges, p)
    rows = np.bincount(at, minlength=len(edges) + 1)
    there = rows > 0
    sums = (np.bincount(at, values, len(rows))[there] for values in (p, true.astype(np.float64)))
    probability, share = (total / rows[there] for total in sums)
    error = float((np.abs(probability - share) * rows[there]).sum() / len(p))
    return Reliability(probability.tolist(), share.tolist(), rows[there].tolist(), error)


def _of_positive(labels: Labels, said: Labels, K: int) -> dict[str, float | None]:
    if K != 2:
        return {"precision": None, "recall": None, "f1": None}
    hits, positive, alarms = ((labels & said).sum(), labels.sum(), said.sum())
    return {
        "precision": float(hits / alarms) if alarms else None,
        "recall": float(hits / positive) if positive else None,
        "f1": float(2 * hits / (positive + alarms)) if positive + alarms else None,
    }


def _roc_auc(truth: Array, probabilities: Array) -> float | None:
    positive = [1] if truth.shape[1] == 2 else range(truth.shape[1])
    areas = [
        roc_auc_score(truth[:, k], probabilities[:, k])
        for k in positive
        if 0 < truth[:, k].sum() < len(truth)
    ]
    return float(np.mean(areas)) if areas else None

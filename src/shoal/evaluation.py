"""Guarantee: how good a classifier is, as plain data, beside the guess that knows no features.

Floor 4, with scikit-learn's metrics. Labels are class numbers 0, 1, …; probabilities are (m, K),
one column for each class; with two classes, class 1 is the positive one.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import confusion_matrix, recall_score, roc_auc_score

from shoal.activations import Array
from shoal.splitting import Labels


@dataclass(frozen=True)
class Measures:
    """How probabilities compare with what was true; a measure that the labels cannot give is None.

    Attributes
    ----------
    accuracy : float
        Share of examples whose likeliest class is the true one.
    balanced_accuracy : float
        Mean over the true classes of the share that was found.
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
    roc_auc: float | None
    log_loss: float
    brier: float


def measure(labels: Labels, probabilities: Array) -> Measures:
    """Measure probabilities, (m, K), against labels, (m,)."""
    predicted = probabilities.argmax(axis=1)
    truth = np.eye(probabilities.shape[1])[labels]  # (m, K)
    of_truth = probabilities[np.arange(len(labels)), labels]
    distance = (probabilities - truth) ** 2
    return Measures(
        accuracy=float(np.mean(predicted == labels)),
        balanced_accuracy=float(
            recall_score(labels, predicted, labels=np.unique(labels), average="macro")
        ),
        roc_auc=_roc_auc(truth, probabilities),
        log_loss=float(-np.mean(np.log(np.maximum(of_truth, np.finfo(np.float64).tiny)))),
        brier=float(np.mean(distance[:, 1] if truth.shape[1] == 2 else distance.sum(axis=1))),
    )


def confusion(labels: Labels, probabilities: Array) -> list[list[int]]:
    """Return the counts: a row for each true class, a column for each predicted one."""
    K = probabilities.shape[1]
    counts = confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(K))
    return [[int(n) for n in row] for row in counts]


def _roc_auc(truth: Array, probabilities: Array) -> float | None:
    positive = [1] if truth.shape[1] == 2 else range(truth.shape[1])
    areas = [
        roc_auc_score(truth[:, k], probabilities[:, k])
        for k in positive
        if 0 < truth[:, k].sum() < len(truth)
    ]
    return float(np.mean(areas)) if areas else None

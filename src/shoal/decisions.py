"""Guarantee: which label is said follows from a named goal, chosen on rows not learned from.

Floor 4. A decision is a matrix of costs: said is the class whose expected cost is least. Of two
classes that is a threshold. Source: Elkan, The Foundations of Cost-Sensitive Learning, 2001.
"""

import re
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import precision_recall_curve

from shoal.activations import Array
from shoal.errors import InputError
from shoal.splitting import Labels

GOALS = (
    "accuracy", "balanced-accuracy", "f1", "precision=0.9", "recall=0.9", "threshold=0.3",
    "cost:no>yes=1,yes>no=5",
)  # fmt: skip


@dataclass(frozen=True)
class Decision:
    """Which class is said for given probabilities.

    Attributes
    ----------
    goal : str
        As it was asked for.
    costs : tuple of tuple of float
        (K, K): what it costs to say the class of the column where that of the row is true.
    """

    goal: str
    costs: tuple[tuple[float, ...], ...]

    @property
    def threshold(self) -> float | None:
        """From which probability on the positive class is said; None unless there are two."""
        if len(self.costs) != 2:
            return None
        false_alarm = self.costs[0][1] - self.costs[0][0]
        miss = self.costs[1][0] - self.costs[1][1]
        return false_alarm / (false_alarm + miss) if false_alarm + miss else 0.5

    def choose(self, P: Array) -> Labels:
        """Return class numbers, (m,), for probabilities, (m, K)."""
        if self.threshold is not None:
            return (P[:, 1] >= self.threshold).astype(np.intp)
        return np.asarray((P @ np.array(self.costs)).argmin(axis=1))


def decide(goal: str, classes: tuple[str, ...], labels: Labels, P: Array) -> Decision:
    """Choose the decision that serves a goal.

    Parameters
    ----------
    goal : str
        ``accuracy``; ``balanced-accuracy``; of two classes also ``f1``, ``precision=p`` (the
        greatest recall at a precision of p at least, or at the greatest there is), ``recall=r``
        (the greatest precision), ``threshold=t``; or ``cost:true>said=c,…`` with the costs of
        mistakes, 1 unless given.
    classes : tuple of str
    labels, P : ndarray, (m,) and (m, K)
        True class numbers and probabilities of rows that were not learned from.

    Raises
    ------
    InputError
        There is no such goal.
    """
    K = len(classes)
    name, _, value = goal.partition("=") if not goal.startswith("cost:") else ("cost", "", "")
    if name == "cost":
        return Decision(goal, _matrix(goal, classes))
    if name == "accuracy" and not value:
        return Decision(goal, _rows(np.ones(K)))
    if name == "balanced-accuracy" and not value:
        return Decision(goal, _rows(len(labels) / np.maximum(np.bincount(labels, minlength=K), 1)))
    if name in ("f1", "precision", "recall", "threshold"):
        if K != 2:
            raise InputError(
                f"the goal {goal!r} is one for two classes, but the target has {K}: choose"
                " accuracy, balanced-accuracy or costs"
            )
        t = _threshold(goal, name, value, labels, P[:, 1])
        return Decision(goal, ((0.0, t), (1.0 - t, 0.0)))
    raise InputError(f"{goal!r} is no goal: choose one like {', '.join(GOALS)}")


def weighted(weights: Array) -> Decision:
    """Return the decision for which a mistake about a class costs as much as its weight, (K,)."""
    return Decision("class weights", _rows(weights))


def _rows(costs: Array) -> tuple[tuple[float, ...], ...]:
    """Return the matrix in which any mistake about a class costs the same."""
    matrix = np.repeat(costs[:, None], len(costs), axis=1)
    np.fill_diagonal(matrix, 0.0)
    return tuple(tuple(row) for row in matrix.tolist())


def _matrix(goal: str, classes: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
    number = {label: k for k, label in enumerate(classes)}
    costs = 1 - np.eye(len(classes))
    for item in goal.removeprefix("cost:").split(","):
        pair, _, amount = item.rpartition("=")
        true, _, said = (part.strip() for part in pair.partition(">"))
        if true not in number or said not in number or true == said or not _is_cost(amount):
            raise InputError(
                f"{item!r} is no cost: write true>said=cost with two of the classes"
                f" {', '.join(classes[:8])} and a cost of 0 or more (no class with >, = or , can"
                " be named here)"
            )
        costs[number[true], number[said]] = float(amount)
    if len(classes) == 2 and not costs.sum() > 0:
        raise InputError(f"{goal!r} makes no mistake cost anything: give one a cost above 0")
    return tuple(tuple(row) for row in costs.tolist())


def _is_cost(text: str) -> bool:
    return re.fullmatch(r"\s*\d+(\.\d+)?\s*", text) is not None


def _threshold(goal: str, name: str, value: str, labels: Labels, p: Array) -> float:
    if name != "f1":
        if re.fullmatch(r"0?\.\d+|0|1|1\.0+", value) is None:
            raise InputError(f"{goal!r} lacks a number from 0 to 1: write {name}=0.8, say")
        if name == "threshold":
            return float(value)
    elif value:
        raise InputError(f"{goal!r} has a number too much: write f1")
    precision, recall, thresholds = precision_recall_curve(labels == 1, p)
    precision, recall = precision[:-1], recall[:-1]  # the last is that of saying nothing
    if name == "f1":
        best = int(np.argmax(precision * recall / np.maximum(precision + recall, 1e-300)))
    else:
        met, other = (precision, recall) if name == "precision" else (recall, precision)
        # where it cannot be met, as much of it as there is
        fitting = np.flatnonzero(met >= min(float(value), met.max()))
        best = int(fitting[np.argmax(other[fitting])])
    return _between(thresholds, best)


def _between(thresholds: Array, best: int) -> float:
    """Return the middle between a threshold and the next lower one, where no row lies."""
    lower = thresholds[best - 1] if best else thresholds[best]
    return float((lower + thresholds[best]) / 2)

"""Guarantee: how a table's networks are trained is one value, checked when it is made.

Floor 4.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array
from shoal.errors import InputError

FOLDS = 5  # one for each network; more networks have other folds
METRICS = ("log-loss", "accuracy", "balanced-accuracy", "roc-auc", "brier")
UNITS, MANY_UNITS, FEW_FEATURES, MANY_ROWS = 128, 256, 16, 2000
BATCH, SMALL_BATCH, FEW_ROWS = 256, 64, 5000
FALLING = ("log-loss", "brier")  # the others are better the greater they are
TINY = np.finfo(np.float64).tiny
NUMBERS = {  # the least, what they must be below, and that in words
    "seconds": (TINY, np.inf, "more than 0"),
    "alpha": (TINY, np.inf, "more than 0"),
    "l2": (0, np.inf, "0 or more"),
    "scale_rate": (0, np.inf, "0 or more"),
    "dropout": (0, 1, "0 or more and below 1"),
    "averaging": (0, 1, "0 or more and below 1"),
}


@dataclass(frozen=True)
class Recipe:
    """How the networks of a table are trained.

    Attributes
    ----------
    networks : int
        How many; each is stopped by a fold of its own, of five, and the sixth by the first of five
        other folds.
    seconds : float or None
        A time to be used: as many networks more, five at a time, as fit into it. If not even the
        first five do, they are stopped.
    metric : str
        What stops them early, one of ``METRICS``.
    class_weight : "balanced", mapping of label to float, or None
        What a mistake about a class costs, relative to others.
    hidden_units : int or None
        128 unless given, or 256 where there are few features and rows enough (see :meth:`units`).
    batch_size : int or None
        256 unless given, or 64 where there are few rows to learn from (see :meth:`batch`).
    max_epochs, patience : int
    alpha : float
        Learning rate of Adam.
    l2 : float
        Strength of the penalty.
    dropout : float
        Share of the hidden units that are left out of a step.
    scale_rate : float
        How many times alpha the learning rate of the features' scales is; 0 for no such scales.
    averaging : float
        Share that a network's moving average over the passes keeps (see ``Member``); 0 for none.
    """

    networks: int = FOLDS
    seconds: float | None = None
    metric: str = "log-loss"
    class_weight: Mapping[str, float] | str | None = None
    hidden_units: int | None = None
    alpha: float = 0.004
    batch_size: int | None = None
    max_epochs: int = 200
    patience: int = 16
    l2: float = 1.0
    dropout: float = 0.25
    scale_rate: float = 6.0
    averaging: float = 0.9

    def __post_init__(self) -> None:
        for name in ("networks", "hidden_units", "batch_size", "max_epochs", "patience"):
            value = getattr(self, name)
            chosen_later = name in ("hidden_units", "batch_size") and value is None
            if not (chosen_later or (isinstance(value, int | np.integer) and value >= 1)):
                raise InputError(f"{name} is {value!r}, but must be a whole number, 1 or more")
        for name, (least, below, said) in NUMBERS.items():
            value = getattr(self, name)
            if (name, value) == ("seconds", None):
                continue
            if not (
                isinstance(value, float | np.floating | int | np.integer) and least <= value < below
            ):
                raise InputError(f"{name} is {value!r}, but must be a finite number, {said}")
        if self.metric not in METRICS:
            raise InputError(
                f"{self.metric!r} is no metric that can stop training: choose one of"
                f" {', '.join(METRICS)}"
            )

    def units(self, rows: int, features: int) -> int:
        """Return how many hidden units a network on so many rows and features of a table has.

        A curve in few features takes many bends, and costs little; benchmarks/ablations.py has
        what they gain.
        """
        if self.hidden_units is not None:
            return self.hidden_units
        return MANY_UNITS if features <= FEW_FEATURES and rows >= MANY_ROWS else UNITS

    def batch(self, rows: int) -> int:
        """Return how many of so many rows an update is made from.

        In large batches a small table is passed over many times before its networks have moved.
        """
        if self.batch_size is not None:
            return self.batch_size
        return SMALL_BATCH if rows < FEW_ROWS else BATCH

    def weights_of(self, classes: tuple[str, ...], counts: NDArray[np.intp]) -> Array:
        """Return the weight of each class, (K,), 1 each unless asked for.

        ``counts``, (K,), says in how many rows each is.

        Raises
        ------
        InputError
            ``class_weight`` names a label that is no class, or a weight that is not positive.
        """
        if self.class_weight is None:
            return np.ones(len(classes))
        if self.class_weight == "balanced":
            return np.asarray(counts.sum() / (len(classes) * np.maximum(counts, 1)))
        if isinstance(self.class_weight, str):
            raise InputError(
                f"class_weight is {self.class_weight!r}: give 'balanced', or a weight for each"
                " label"
            )
        given = {str(label): weight for label, weight in self.class_weight.items()}
        for label, weight in given.items():
            if label not in classes:
                raise InputError(
                    f"class_weight names {label!r}, which is no class: the classes are"
                    f" {', '.join(classes[:8])}"
                )
            if not 0 < weight < np.inf:
                raise InputError(
                    f"the class weight of {label!r} is {weight!r}, but must be above 0"
                )
        return np.array([float(given.get(label, 1.0)) for label in classes])


def column_of(metric: str) -> str:
    """Return what the history calls a metric of the validation part."""
    return "cost" if metric == "log-loss" else metric.replace("-", "_")

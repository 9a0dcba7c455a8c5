"""Guarantee: measures are shown in words as they are in JSON, beside what they compare with.

Floor 7.
"""

from dataclasses import asdict
from typing import Any

from rich import box
from rich.table import Table as Grid

from shoal.cli.console import console, plain, say
from shoal.cross_validation import CrossValidation
from shoal.evaluation import MEASURES
from shoal.intervals import Interval
from shoal.table_evaluation import Evaluation

MOST_CLASSES = 12  # in a confusion matrix that fits the screen
OF_TWO_CLASSES = ("precision", "recall", "f1")
WHO = {
    "network": "network",
    "logistic_regression": "logistic regression",
    "majority_guess": "majority guess",
}


def evaluation_data(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as plain data."""
    return {
        "source": evaluation.source,
        "rows": evaluation.rows,
        "metrics": evaluation.metrics,
        "confusion": evaluation.confusion,
        "reliability": asdict(evaluation.reliability),
        "notes": evaluation.notes,
    }


def show_evaluation(evaluation: Evaluation) -> None:
    """Print the measures beside the baselines', and the confusion matrix."""
    grid = Grid(box=box.SIMPLE_HEAD)
    say(f"Measured on {evaluation.rows:,} rows ({plain(evaluation.source)}):")
    grid.add_column("")
    for who in WHO.values():
        grid.add_column(who, justify="right")
    for key, name in MEASURES.items():
        values = [evaluation.metrics[who][key] for who in WHO]
        if len(evaluation.classes) != 2 and key in OF_TWO_CLASSES:
            continue
        grid.add_row(name, *("-" if value is None else f"{value:.4f}" for value in values))
    console().print(grid)
    say(
        f"  Calibration error {evaluation.reliability.error:.3f}: how far the probabilities are, in"
        " the mean, from how often they come true."
    )
    if len(evaluation.classes) > MOST_CLASSES:
        return
    matrix = Grid(box=box.SIMPLE_HEAD)
    matrix.add_column("true \\ predicted", overflow="fold")
    for label in evaluation.classes:
        matrix.add_column(plain(label), justify="right", overflow="fold")
    for label, counts in zip(evaluation.classes, evaluation.confusion, strict=True):
        matrix.add_row(plain(label), *(f"{n:,}" for n in counts))
    console().print(matrix)


def cross_validation_data(found: CrossValidation) -> dict[str, Any]:
    """Return a cross-validation as plain data."""
    return {
        "folds": [evaluation_data(each) for each in found.evaluations],
        "metrics": {
            who: {name: _interval_data(each) for name, each in of_one.items()}
            for who, of_one in found.metrics.items()
        },
        "gains_over_logistic_regression": {
            name: _interval_data(each) for name, each in found.gains.items()
        },
        "notes": list(found.notes),
    }


def show_cross_validation(found: CrossValidation) -> None:
    """Print means with their intervals."""
    rows = sum(each.rows for each in found.evaluations)
    say(f"Measured on {rows:,} rows in {len(found.evaluations)} folds, with 95 % intervals:")
    grid = Grid(box=box.SIMPLE_HEAD)
    grid.add_column("")
    for who in (*WHO.values(), "network - logistic"):
        grid.add_column(who, justify="right")
    for key, name in MEASURES.items():
        if found.metrics["network"][key] is None and key in OF_TWO_CLASSES:
            continue
        of_who = [_interval_text(found.metrics[who][key]) for who in WHO]
        grid.add_row(name, *of_who, _interval_text(found.gains[key], sign="+"))
    console().print(grid)


def _interval_data(interval: Interval | None) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {k: v if abs(v) < float("inf") else None for k, v in asdict(interval).items()}


def _interval_text(interval: Interval | None, sign: str = "") -> str:
    if interval is None:
        return "-"
    return f"{interval.estimate:{sign}.3f} ± {interval.high - interval.estimate:.3f}"

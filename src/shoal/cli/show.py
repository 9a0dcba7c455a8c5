"""Guarantee: what is shown of a model is the same data in words as in JSON.

Floor 7.
"""

from typing import Any

import numpy as np
from rich import box
from rich.markup import escape
from rich.table import Table as Grid

from shoal.cli.console import console, say
from shoal.encoding import MISSING, OTHER, ColumnPlan
from shoal.piecewise import Pieces
from shoal.table_evaluation import Evaluation
from shoal.table_model import TableModel

MOST_COLUMNS = 40  # shown one by one
MOST_CLASSES = 12  # in a confusion matrix that fits the screen
MEASURES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "brier": "Brier score",
}
WHO = {
    "network": "network",
    "logistic_regression": "logistic regression",
    "majority_guess": "majority guess",
}


def model_data(model: TableModel) -> dict[str, Any]:
    """Return what is known of a model as plain data."""
    classes = model.target.decode(np.arange(len(model.target.classes))).tolist()
    network = model.ensemble.networks[0]
    return {
        "target": model.target.name,
        "classes": classes,
        "class_shares": model.prior.tolist(),
        "positive_class": classes[1] if len(classes) == 2 else None,
        "columns": model.encoder.to_data(),
        "n_networks": len(model.ensemble.networks),
        "n_features": network.n_x,
        "hidden_units": network.n_h,
        "activation": network.activation,
        "epochs": [len(history) for history in model.ensemble.histories],
        "stop_reasons": [history.stop_reason for history in model.ensemble.histories],
        **model.record,
    }


def evaluation_data(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as plain data."""
    return {
        "source": evaluation.source,
        "rows": evaluation.rows,
        "metrics": evaluation.metrics,
        "confusion": evaluation.confusion,
        "notes": evaluation.notes,
    }


def training_data(model: TableModel, evaluation: Evaluation) -> dict[str, Any]:
    """Return a training and its evaluation as plain data."""
    return model_data(model) | {"evaluation": evaluation_data(evaluation)}


def show_training(model: TableModel, evaluation: Evaluation) -> None:
    """Print what a training made of the table, and how good the result is."""
    show_network(model)
    show_columns(model)
    show_notes([*model.record["notes"], *evaluation.notes])
    show_evaluation(evaluation)


def show_columns(model: TableModel) -> None:
    """Print what became of each column of the training table."""
    grid = Grid(box=box.SIMPLE_HEAD)
    grid.add_column("column", overflow="fold")
    grid.add_column("type")
    grid.add_column("missing", justify="right")
    grid.add_column("becomes", overflow="fold")
    plans = model.encoder.plans
    pieces = dict(zip(model.encoder.features, model.pieces.pieces, strict=True))
    for plan in plans[:MOST_COLUMNS]:
        missing = f"{plan.missing:,}" if plan.missing else ""
        becomes = _becomes(plan, pieces.get(plan.name))
        grid.add_row(escape(plan.name), plan.kind, missing, escape(becomes))
    console().print(grid)
    if len(plans) > MOST_COLUMNS:
        say(f"  … and {len(plans) - MOST_COLUMNS} columns more (see --json)")


def show_notes(notes: list[str]) -> None:
    """Print what a user should know, a line each."""
    for note in notes:
        say(f"[yellow]Note:[/] {escape(note)}")


def show_network(model: TableModel) -> None:
    """Print the target, the network and how it was trained."""
    classes = ", ".join(
        f"{escape(label)} ({share:.1%}{', positive' if label == model.target.positive else ''})"
        for label, share in zip(model.target.classes, model.prior, strict=True)
    )
    network, record, histories = model.ensemble.networks[0], model.record, model.ensemble.histories
    epochs = sorted({len(history) for history in histories})
    averaged = "networks, averaged" if len(histories) > 1 else "network"
    say(f"Target [bold]{escape(model.target.name)}[/]: {classes}")
    say(
        f"{len(histories)} {averaged}: {network.n_x} features → {network.n_h} hidden units"
        f" ({network.activation}) → {network.n_y} {'output' if network.n_y == 1 else 'outputs'}"
        f" ({network.output}), trained on {record['rows']:,} rows of {escape(record['source'])},"
        f" {' to '.join(str(n) for n in dict.fromkeys((epochs[0], epochs[-1])))} epochs"
        f" ({_stops(model)})"
    )


def _stops(model: TableModel) -> str:
    """Say why the networks' training ended, each reason once."""
    return "; ".join(dict.fromkeys(h.stop_reason for h in model.ensemble.histories))


def show_evaluation(evaluation: Evaluation) -> None:
    """Print the measures beside the baselines', and the confusion matrix."""
    grid = Grid(box=box.SIMPLE_HEAD)
    say(f"Measured on {evaluation.rows:,} rows ({escape(evaluation.source)}):")
    grid.add_column("")
    for who in WHO.values():
        grid.add_column(who, justify="right")
    for key, name in MEASURES.items():
        values = [evaluation.metrics[who][key] for who in WHO]
        grid.add_row(name, *("-" if value is None else f"{value:.4f}" for value in values))
    console().print(grid)
    if len(evaluation.classes) > MOST_CLASSES:
        return
    matrix = Grid(box=box.SIMPLE_HEAD)
    matrix.add_column("true \\ predicted", overflow="fold")
    for label in evaluation.classes:
        matrix.add_column(escape(label), justify="right", overflow="fold")
    for label, counts in zip(evaluation.classes, evaluation.confusion, strict=True):
        matrix.add_row(escape(label), *(f"{n:,}" for n in counts))
    console().print(matrix)


def _becomes(plan: ColumnPlan, pieces: Pieces | None) -> str:
    if plan.use == "left out":
        return f"left out: {plan.note}"
    if plan.use == "one-hot":
        values = list(plan.categories[:5]) + (["…"] if len(plan.categories) > 5 else [])
        values += ([OTHER] if plan.other else []) + ([MISSING] if plan.missing else [])
        text = f"one-hot, {len(plan.features)}: {', '.join(values)}"
    elif plan.use == "scaled":
        in_pieces = f", in {pieces.width - 1} pieces" if pieces and pieces.width > 2 else ""
        text = f"scaled{in_pieces}" + (", gaps marked" if plan.missing else "")
    else:
        text = "gaps marked"
    return text + (f"; {plan.note}" if plan.note else "")

"""Guarantee: what is shown of a model is the same data in words as in JSON.

Floor 7.
"""

from typing import Any

import numpy as np
from rich import box
from rich.table import Table as Grid

from shoal.cli.console import console, plain, say
from shoal.cli.show_measures import evaluation_data, show_evaluation
from shoal.column_plans import (
    MISSING,
    OTHER,
    Boolean,
    ColumnPlan,
    Dates,
    Gaps,
    OneHot,
    Scaled,
    TargetMeans,
)
from shoal.piecewise import Pieces
from shoal.table_evaluation import Evaluation
from shoal.table_model import TableModel

MOST_COLUMNS = 40  # shown one by one


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
        "goal": model.decision.goal,
        "threshold": model.decision.threshold,
        "fingerprint": model.fingerprint,
        "costs": model.decision.costs,
        **model.record,
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
        grid.add_row(plain(plan.name), plan.kind, missing, plain(becomes))
    console().print(grid)
    if len(plans) > MOST_COLUMNS:
        say(f"  … and {len(plans) - MOST_COLUMNS} columns more (see --json)")


def show_notes(notes: list[str]) -> None:
    """Print what a user should know, a line each."""
    for note in notes:
        say(f"[yellow]Note:[/] {plain(note)}")


def show_network(model: TableModel) -> None:
    """Print the target, the network and how it was trained."""
    classes = ", ".join(
        f"{plain(label)} ({share:.1%}{', positive' if label == model.target.positive else ''})"
        for label, share in zip(model.target.classes, model.prior, strict=True)
    )
    network, record, histories = model.ensemble.networks[0], model.record, model.ensemble.histories
    epochs = sorted({len(history) for history in histories})
    averaged = "networks, averaged" if len(histories) > 1 else "network"
    say(f"Target [bold]{plain(model.target.name)}[/]: {classes}")
    say(
        f"{len(histories)} {averaged}: {network.n_x} features → {network.n_h} hidden units"
        f" ({network.activation}) → {network.n_y} {'output' if network.n_y == 1 else 'outputs'}"
        f" ({network.output}), trained on {record['rows']:,} rows of {plain(record['source'])},"
        f" {' to '.join(str(n) for n in dict.fromkeys((epochs[0], epochs[-1])))} epochs"
        f" ({_stops(model)})"
    )
    if model.decision.goal != "accuracy":
        threshold = model.decision.threshold
        how = "by costs" if threshold is None else f"from a probability of {threshold:.3f} on"
        said = plain(model.target.positive or "labels")
        say(f"Goal {plain(model.decision.goal)}: {said} said {how}")


def _stops(model: TableModel) -> str:
    """Say why the networks' training ended, each reason once."""
    return "; ".join(dict.fromkeys(h.stop_reason for h in model.ensemble.histories))


def _becomes(plan: ColumnPlan, pieces: Pieces | None) -> str:
    match plan:
        case Scaled():
            in_pieces = f", in {pieces.width - 1} pieces" if pieces and pieces.width > 2 else ""
            text = f"scaled{in_pieces}"
        case Dates():
            text = f"date ({plan.form}): {', '.join(part for part, _, _ in plan.parts)}"
        case Boolean():
            text = f"boolean: {plan.categories[0]} (0), {plan.categories[1]} (1)"
        case TargetMeans():
            n = len(plan.categories)
            text = f"target means of {n:,} values: share of {', '.join(plan.classes)}"
        case OneHot():
            values = list(plan.categories[:5]) + (["…"] if len(plan.categories) > 5 else [])
            values += ([OTHER] if plan.other else []) + ([MISSING] if plan.missing else [])
            text = f"one-hot, {len(plan.features)}: {', '.join(values)}"
        case Gaps():
            text = "gaps alone"
        case _:
            return f"left out: {plan.note}"
    if plan.missing and not isinstance(plan, OneHot | Gaps):
        text += ", gaps marked"
    return text + (f"; {plan.note}" if plan.note else "")

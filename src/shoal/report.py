"""Guarantee: one page says what was trained on what, how good it is, what it looks at, and why.

Floor 6. The page is a single file that fetches nothing and runs nothing; each picture says in words
what it shows, and all its numbers come from the modules below.
"""

import hashlib
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined, Template

from shoal import __version__
from shoal import report_pictures as pictures
from shoal.activations import Array
from shoal.atomic import check_writable
from shoal.columns import Table
from shoal.curves import Ranking
from shoal.effects import Effect, column_effects
from shoal.engine import default_engine
from shoal.ensemble import probabilities
from shoal.errors import InputError
from shoal.hidden_units import hidden_units
from shoal.intervals import class_curves, measure_intervals
from shoal.report_pictures import Picture
from shoal.table_evaluation import Evaluation, Labelled, cautions, evaluate_rows, labelled
from shoal.table_model import TableModel

MOST_CLASSES = 8  # that have curves of their own
MOST_UNITS, MOST_COLUMNS, MOST_EFFECTS = 12, 3, 9
START = b"<!doctype html>"
MEASURES = {
    "accuracy": "accuracy", "balanced_accuracy": "balanced accuracy", "precision": "precision",
    "recall": "recall", "f1": "F1", "roc_auc": "ROC AUC", "log_loss": "log loss",
    "brier": "Brier score",
}  # fmt: skip


def check_page_path(path: Path) -> None:
    """Find out early whether a page can be written to a path.

    Raises
    ------
    InputError
        The path cannot be written, or holds a file that is no page and would be lost.
    """
    check_writable(path)
    if path.is_file() and path.stat().st_size and not path.read_bytes().startswith(START):
        raise InputError(f"{path} exists and is not a page of Shoal: choose another name")


def report_html(
    model: TableModel,
    table: Table,
    *,
    ignore_extra: bool = False,
    seed: int = 0,
    command: str | None = None,
) -> str:
    """Return a report on a model, as one HTML page.

    Parameters
    ----------
    model : TableModel
    table : Table
        Rows with the target, best such as were not learned from.
    ignore_extra : bool
        Allow columns that the model was not trained on.
    seed : int
        Of the intervals, the shuffles and the choice of rows.
    command : str, optional
        What trains the same model on the command line.

    Raises
    ------
    InputError
        The table does not fit, or has rows of one class alone.
    """
    effects = column_effects(model, table, ignore_extra=ignore_extra, seed=seed)
    rows = labelled(table, model.target, model.encoder, ignore_extra)
    rows.notes.extend(cautions(model, table))
    evaluation = evaluate_rows(model, rows)
    units = hidden_units(model, rows.X, seed)
    return _template().render(
        model=model,
        evaluation=evaluation,
        positive=model.target.positive,
        about=_about(model),
        measures=_measures(model, rows, evaluation, seed),
        pictures=_pictures(model, rows, evaluation, seed),
        importance=pictures.importance(effects),
        effects=_effects(effects, model),
        units=units[:MOST_UNITS],
        unit_columns=pictures.unit_columns(units),
        weights=pictures.weights(model.ensemble),
        findings=model.ensemble.findings(model.pieces.transform(rows.X), rows.labels),
        python=_python(model),
        command=command,
        fingerprint=_fingerprint(model),
        version=__version__,
        engine=default_engine().name,
        top=lambda columns: sorted(columns.items(), key=lambda item: -item[1])[:MOST_COLUMNS],
    )


def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = resources.files("shoal").joinpath("report.html").read_text(encoding="utf-8")
    return environment.from_string(page)


def _about(model: TableModel) -> list[tuple[str, str]]:
    network, record, histories = model.ensemble.networks[0], model.record, model.ensemble.histories
    epochs = sorted(len(history) for history in histories)
    shares = (
        f"{label} ({share:.1%})"
        for label, share in zip(model.target.classes, model.prior, strict=True)
    )
    used = sum(bool(plan.features) for plan in model.encoder.plans)
    return [
        ("Target", model.target.name),
        ("Classes", ", ".join(shares)),
        ("Trained on", f"{record['rows']:,} rows of {record['source']}"),
        ("Columns", f"{used} used of {len(model.encoder.plans)}"),
        (
            "Networks",
            f"{len(histories)}, averaged: {network.n_x} features, {network.n_h} hidden units"
            f" ({network.activation}), {network.n_y} output{'s' * (network.n_y > 1)}"
            f" ({network.output})",
        ),
        ("Epochs", f"{epochs[0]} to {epochs[-1]}"),
        ("Stopped", "; ".join(dict.fromkeys(history.stop_reason for history in histories))),
        ("Goal", model.decision.goal),
    ]


def _measures(
    model: TableModel, rows: Labelled, evaluation: Evaluation, seed: int
) -> list[tuple[str, list[str]]]:
    """Return each measure's name, and its values for the network, logistic regression, a guess."""
    columns = []
    for who, P in (
        ("network", model.probabilities(rows.X)),
        ("logistic_regression", probabilities(model.baseline, rows.X)),
        ("majority_guess", None),
    ):
        plain = evaluation.metrics[who]
        if P is None:
            columns.append({name: "-" if v is None else f"{v:.3f}" for name, v in plain.items()})
            continue
        found = measure_intervals(rows.labels, P, model.decision.choose(P), seed)
        columns.append({name: "-" if v is None else str(v) for name, v in found.items()})
    names = [name for name in MEASURES if any(of[name] != "-" for of in columns)]
    return [(MEASURES[name], [of[name] for of in columns]) for name in names]


def _pictures(
    model: TableModel, rows: Labelled, evaluation: Evaluation, seed: int
) -> list[Picture]:
    """Return the pictures of the learning, and of how good the probabilities are."""
    P, classes = model.probabilities(rows.X), model.target.classes
    positive = model.target.positive
    made = [pictures.learning_curves(model.ensemble)]
    of_classes = [1] if positive is not None else range(min(len(classes), MOST_CLASSES))
    found = {
        classes[k]: curves
        for k in of_classes
        if (curves := class_curves(rows.labels, P[:, k], k, seed)) is not None
    }
    made += [pictures.roc_curves(found), pictures.precision_recall_curves(found)]
    made.append(pictures.calibration(evaluation.reliability, positive or "the likeliest class"))
    if positive is not None:
        thresholds = Ranking(rows.labels == 1, P[:, 1]).thresholds()
        if thresholds is not None:
            chosen = model.decision.threshold
            made.append(pictures.threshold_curves(thresholds, chosen, positive))
    return made


def _effects(found: list[Effect], model: TableModel) -> list[Picture]:
    shown = [each for each in found if each.curve][:MOST_EFFECTS]
    return [pictures.effect_curve(each, model.target.classes) for each in shown]


def what_was_chosen(model: TableModel) -> dict[str, Any]:
    """Return the keyword arguments of ``train_table`` that give the same model, as plain data.

    ``test`` and ``validation`` are the names of tables. A time is told as the number of networks
    that it came to.
    """
    chosen = dict(model.record.get("choices", {}))
    recipe = dict(chosen.pop("recipe", {}))
    if recipe.pop("seconds", None) is not None:
        recipe["networks"] = len(model.ensemble.networks)
    tables = dict(model.record.get("tables", {}))
    if tables.get("test") == "held out":
        del tables["test"]
    return tables | chosen | ({"recipe": recipe} if recipe else {})


def _python(model: TableModel) -> str:
    """Return the code that trains the same model."""
    chosen = what_was_chosen(model)
    recipe = chosen.pop("recipe", {})
    arguments = [f"read_table({model.record['source']!r})", repr(model.target.name)]
    for name, value in chosen.items():
        is_table = name in ("test", "validation")
        arguments.append(f"{name}={f'read_table({value!r})' if is_table else repr(value)}")
    if recipe:
        of_recipe = ", ".join(f"{name}={value!r}" for name, value in recipe.items())
        arguments.append(f"recipe=Recipe({of_recipe})")
    arguments.append(f"seed={model.record['seed']}")
    names = "Recipe, read_table, train_table" if recipe else "read_table, train_table"
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return f"from shoal import {names}\n\nmodel, evaluation = train_table(\n{lines})\n"


def _fingerprint(model: TableModel) -> str:
    """Return a checksum over the parameters of all networks."""
    digest = hashlib.sha256()
    for network in model.ensemble.networks:
        theta: Array = np.ascontiguousarray(network.theta)
        digest.update(theta.tobytes())
    return digest.hexdigest()[:16]

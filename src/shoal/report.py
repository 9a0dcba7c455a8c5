"""Guarantee: one page says what was trained on what, how good it is, what it looks at, and why.

Floor 6. The page is a single file that fetches nothing and runs nothing; each picture says in words
what it shows, and all its numbers come from the modules below.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from shoal import __version__
from shoal import report_pictures as pictures
from shoal.activations import Array
from shoal.atomic import check_replaceable
from shoal.columns import Table
from shoal.curves import Ranking
from shoal.effects import Effect, effects_of
from shoal.engine import default_engine
from shoal.errors import InputError
from shoal.evaluation import MEASURES
from shoal.hidden_units import hidden_units
from shoal.intervals import Interval, class_curves, gain_intervals, measure_intervals
from shoal.report_pictures import Picture
from shoal.sampling import some_of
from shoal.splitting import Labels
from shoal.table_evaluation import Evaluation, cautions, compared, evaluate_rows, labelled
from shoal.table_model import TableModel, what_was_chosen

MOST_ROWS = 1000
MOST_CLASSES = 8  # that have curves of their own
MOST_UNITS, MOST_COLUMNS, MOST_EFFECTS = 12, 3, 9
START = b"<!doctype html>"


def check_page_path(path: Path) -> None:
    """Find out early whether a page can be written to a path.

    Raises
    ------
    InputError
        The path cannot be written, or holds a file that is no page and would be lost.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path} must end in .html: a report is a page")
    check_replaceable(path, START, "a page of Shoal")


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
    rows = labelled(table, model.target, model.encoder, ignore_extra)
    if len(np.unique(rows.labels)) < 2:
        raise InputError(
            f"{rows.source} has rows of one class alone: a report needs rows of two classes or more"
        )
    effects = effects_of(model, table, rows, seed)
    rows.notes.extend(cautions(model, table))
    given = compared(model, rows.X)
    evaluation = evaluate_rows(model, rows, given)
    some = some_of(len(rows.X), MOST_ROWS, seed)
    units = hidden_units(model, rows.X[some])
    return _template().render(
        model=model,
        evaluation=evaluation,
        positive=model.target.positive,
        about=[*model.summary(), *_measured_before(model)],
        measures=_measures(model, rows.labels, given, evaluation, seed),
        pictures=_pictures(model, rows.labels, given["network"], evaluation, seed),
        importance=pictures.importance(effects),
        effects=_effects(effects, model),
        notes=[n for n in model.record["notes"] if n not in model.record.get("failures", ())],
        units=units[:MOST_UNITS],
        unit_columns=pictures.unit_columns(units),
        weights=pictures.weights(model.ensemble),
        findings=model.ensemble.findings(model.pieces.transform(rows.X[some]), rows.labels[some]),
        python=_python(model),
        command=command,
        fingerprint=model.fingerprint,
        version=__version__,
        engine=default_engine().name,
        top=lambda columns: sorted(columns.items(), key=lambda item: -item[1])[:MOST_COLUMNS],
    )


def _template() -> Template:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=_printable,
    )  # fmt: skip
    page = resources.files("shoal").joinpath("report.html").read_text(encoding="utf-8")
    return environment.from_string(page)


def _printable(value: Any) -> Any:
    """Return text without control characters, which no page may hold."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in value)


def _measured_before(model: TableModel) -> list[tuple[str, str]]:
    """Return what was measured in training, on rows that were not learned from."""
    measured = model.record.get("measured")
    if not measured:
        return []
    values = measured["metrics"]["network"]
    told = [f"{MEASURES[name]} {values[name]:.3f}" for name in ("accuracy", "roc_auc", "log_loss")
            if values[name] is not None]  # fmt: skip
    return [
        ("Measured then", f"on {measured['rows']:,} rows ({measured['source']}): {', '.join(told)}")
    ]


def _measures(
    model: TableModel, labels: Labels, given: Mapping[str, Array], evaluation: Evaluation, seed: int
) -> list[tuple[str, list[str]]]:
    """Return each measure's name, and its values as text.

    They are those of the network, of logistic regression, of how much the network has more, and of
    the majority guess.
    """
    ours, theirs = (
        (P, model.decision.choose(P)) for P in (given["network"], given["logistic_regression"])
    )
    columns: list[Mapping[str, Interval | None]] = [
        measure_intervals(labels, *ours, seed),
        measure_intervals(labels, *theirs, seed),
        gain_intervals(labels, ours, theirs, seed),
    ]
    texts = [{k: "-" if v is None else str(v) for k, v in column.items()} for column in columns]
    guess = evaluation.metrics["majority_guess"]
    texts.append({k: "-" if v is None else f"{v:.3f}" for k, v in guess.items()})
    names = [name for name in MEASURES if any(of[name] != "-" for of in texts)]
    return [(MEASURES[name], [of[name] for of in texts]) for name in names]


def _pictures(
    model: TableModel, labels: Labels, P: Array, evaluation: Evaluation, seed: int
) -> list[Picture]:
    """Return the pictures of the learning, and of how good the probabilities are."""
    classes, positive = model.target.classes, model.target.positive
    made = [pictures.learning_curves(model.ensemble)]
    of_classes = [1] if positive is not None else range(min(len(classes), MOST_CLASSES))
    found = {
        classes[k]: curves
        for k in of_classes
        if (curves := class_curves(labels, P[:, k], k, seed)) is not None
    }
    K = len(classes)
    made += [pictures.roc_curves(found, K), pictures.precision_recall_curves(found, K)]
    made.append(pictures.calibration(evaluation.reliability, positive))
    if positive is not None:
        thresholds = Ranking(labels == 1, P[:, 1]).thresholds()
        if thresholds is not None:
            chosen = model.decision.threshold
            made.append(pictures.threshold_curves(thresholds, chosen, positive))
    return made


def _effects(found: list[Effect], model: TableModel) -> list[Picture]:
    shown = [each for each in found if each.curve][:MOST_EFFECTS]
    return [pictures.effect_curve(each, model.target.classes) for each in shown]


def _python(model: TableModel) -> str | None:
    """Return the code that trains the same model, or None if that cannot be told."""
    chosen = what_was_chosen(model)
    if chosen is None:
        return None
    recipe = chosen.pop("recipe", {})
    header = "" if model.schema.header else ", header=False"
    call, read = "train_table", "read_table"
    if model.record.get("in_parts"):
        call, read = "train_shards", "find_shards"
    arguments = [f"{read}({model.record['source']!r}{header})", repr(model.target.name)]
    for name, value in chosen.items():
        is_table = name in ("test", "validation")
        arguments.append(f"{name}={f'read_table({value!r}{header})' if is_table else repr(value)}")
    if recipe:
        of_recipe = ", ".join(f"{name}={value!r}" for name, value in recipe.items())
        arguments.append(f"recipe=Recipe({of_recipe})")
    arguments.append(f"seed={model.record['seed']}")
    code = " ".join([*arguments, f"{call}()"])
    used = [name for name in ("Recipe", "find_shards", "read_table", call) if f"{name}(" in code]
    lines = "".join(f"    {argument},\n" for argument in arguments)
    return f"from shoal import {', '.join(used)}\n\nmodel, evaluation = {call}(\n{lines})\n"

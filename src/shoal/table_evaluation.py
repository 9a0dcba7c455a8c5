"""Guarantee: a model is measured beside logistic regression and the guess that knows no features.

Floor 6.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from shoal.activations import Array
from shoal.columns import Table, require_table
from shoal.drift import drift
from shoal.encoding import TableEncoder
from shoal.ensemble import probabilities
from shoal.errors import InputError
from shoal.evaluation import Reliability, confusion, measure, reliability
from shoal.examples import Examples
from shoal.losses import class_outputs
from shoal.splitting import Labels
from shoal.table_model import TableModel
from shoal.targets import Target, told_without_label


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth on some rows.

    Attributes
    ----------
    source : str
        Where the rows are from: a file's name, or ``held out``.
    rows : int
    classes : tuple of str
    metrics : dict of str to dict
        Measures by name, of ``network``, ``logistic_regression`` and ``majority_guess``.
    confusion : list of list of int
        Of the network: a row for each true class, a column for each one said.
    reliability : Reliability
        Of the network's probabilities.
    notes : list of str
    """

    source: str
    rows: int
    classes: tuple[str, ...]
    metrics: dict[str, dict[str, float | None]]
    confusion: list[list[int]]
    reliability: Reliability
    notes: list[str]


@dataclass(frozen=True)
class Labelled:
    """Rows that have a label: class numbers, features in rows, and notes on them."""

    source: str
    labels: Labels
    X: Array
    notes: list[str]


def evaluate(model: TableModel, table: Table, ignore_extra: bool = False) -> Evaluation:
    """Measure a model on a table that has the target column.

    Raises
    ------
    InputError
        The table lacks the target or another column, or has no label, or one that is no class.
    """
    rows = labelled(table, model.target, model.encoder, ignore_extra)
    rows.notes.extend(cautions(model, table))
    return evaluate_rows(model, rows)


def cautions(model: TableModel, table: Table) -> list[str]:
    """Return why measures on a table may not be those of new rows."""
    return [*drift(model.profiles, table), *told_of(model, table.source)]


def told_of(model: TableModel, source: str) -> list[str]:
    """Return what is to be said of a table's name."""
    name = Path(source).name
    if not (Path(name).suffix and name == Path(model.record["source"]).name):
        return []
    return [
        f"{source} has the name of the table that was learned from: if these are its rows, these"
        " measures are too good"
    ]


def compared(model: TableModel, X: Array) -> dict[str, Array]:
    """Return the probabilities, (m, K), that are compared: the networks', and the baselines'."""
    return {
        "network": model.probabilities(X),
        "logistic_regression": probabilities(model.baseline, X),
        "majority_guess": np.tile(model.prior, (len(X), 1)),
    }


def evaluate_rows(
    model: TableModel, rows: Labelled, given: Mapping[str, Array] | None = None
) -> Evaluation:
    """Measure a model on rows that are encoded already, by what is :func:`compared` on them."""
    classes, labels, notes = model.target.classes, rows.labels, list(rows.notes)
    absent = sorted(set(range(len(classes))) - set(labels.tolist()))
    if absent:
        names = ", ".join(classes[k] for k in absent)
        notes.append(f"no row has the label {names}, which the ROC AUC leaves out")
    given = given or compared(model, rows.X)
    ours = given["network"]
    metrics = {
        name: asdict(measure(labels, P, model.decision.choose(P))) for name, P in given.items()
    }
    counts = confusion(labels, model.decision.choose(ours), len(classes))
    found = reliability(labels, ours)
    return Evaluation(rows.source, len(labels), classes, metrics, counts, found, notes)


def network_examples(model: TableModel, table: Table, ignore_extra: bool = False) -> Examples:
    """Return the rows that have a label as a model's networks see them, in columns."""
    rows = labelled(table, model.target, model.encoder, ignore_extra)
    X = model.pieces.transform(rows.X)
    return Examples(X.T, class_outputs(rows.labels, len(model.target.classes)).astype(X.dtype))


def require_target(table: Table, target: Target) -> None:
    """Refuse a table without the target column."""
    if target.name not in table.names:
        raise InputError(
            f"{table.source} lacks the target column {target.name!r}: the true labels are needed"
        )


def without_labels(target: Target, source: str) -> InputError:
    """Say that no row has a label."""
    return InputError(
        f"the target {target.name!r} of {source} is missing in every row: the true labels are"
        " needed"
    )


def labelled(
    table: Table, target: Target, encoder: TableEncoder, ignore_extra: bool = False
) -> Labelled:
    """Encode the rows of a table that have a label; for errors see :func:`evaluate`."""
    require_table(table)
    require_target(table, target)
    labels, notes = target.encode(table[target.name], table.source)
    notes = [*table.notes, *notes]
    known = np.flatnonzero(labels >= 0)
    if not len(known):
        raise without_labels(target, table.source)
    X = encoder.transform(table.without([target.name]), ignore_extra)
    if len(known) < len(labels):
        notes.append(told_without_label(len(labels) - len(known)))
        labels, X = labels[known], X[known]
    return Labelled(table.source, labels, X, notes)

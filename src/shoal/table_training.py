"""Guarantee: one call takes a table to networks whose quality is known on unseen rows.

Floor 6. Encode, hold rows out, train by the recipe, and measure beside logistic regression and the
majority guess.
"""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from shoal import __version__
from shoal.activations import Array
from shoal.bins import fit_pieces
from shoal.callbacks import Callback
from shoal.columns import Column, Kind, Schema, Table, require_table
from shoal.encoding import TableEncoder
from shoal.engine import default_engine
from shoal.errors import InputError
from shoal.estimators import ShoalClassifier
from shoal.splitting import Labels, holdout
from shoal.suspicions import leaks, repeated
from shoal.table_evaluation import Evaluation, evaluate_rows, labelled
from shoal.table_model import TableModel
from shoal.table_recipe import fit_ensemble
from shoal.targets import Target, target_name

HELD_OUT = 0.2  # share of the rows kept for measuring where no test table is given
MIN_ROWS = 10


def train_table(
    table: Table,
    target: str,
    *,
    test: Table | None = None,
    drop: Iterable[str] = (),
    keep: Iterable[str] = (),
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
) -> tuple[TableModel, Evaluation]:
    """Train networks on a table and measure them on rows that they have not seen.

    Parameters
    ----------
    table : Table
    target : str
        Name or position (-1 the last) of the target column.
    test : Table, optional
        Rows to measure on; without it a fifth of the table's rows, each class in proportion.
    drop : iterable of str
        Columns not to learn from.
    keep : iterable of str
        Columns to learn from even though they look like ids.
    seed : int
        Of everything random: the same seed gives the same model.
    callbacks : sequence of Callback
        Watch the training of the baseline, whose ``state.network.n_h`` is 0, and of each
        network.

    Returns
    -------
    model : TableModel
    evaluation : Evaluation
        On the held-out rows or the test table.
    """
    _check(table, seed)
    schema = training_schema(table, target)
    drop, keep = _chosen(drop, keep, schema.target)
    fitted, labels, notes = _targets(table, schema.target)
    rows = np.flatnonzero(labels >= 0)
    if test is None:
        rows, test = _hold_out(table, labels, rows, seed)
    learned = table.without([schema.target]).rows(rows)
    encoder = TableEncoder.fit(learned, drop, keep)
    measured = labelled(test, fitted, encoder)  # what is wrong with it is said before training
    X, y = encoder.transform(learned), labels[rows]
    notes += leaks(encoder, X, y)
    measured.notes.extend(repeated(table.rows(rows), test))
    baseline = _fit_baseline(X, y, callbacks)
    if baseline.history_.reached_max_epochs:
        notes.append("logistic regression had not quite converged")
    pieces = fit_pieces(X, y)
    ensemble = fit_ensemble(pieces.transform(X), y, len(fitted.classes), seed, callbacks)
    model = TableModel(
        _without_demands_on_unused(schema, encoder),
        fitted,
        encoder,
        pieces,
        ensemble,
        baseline.network_,
        np.bincount(y, minlength=len(fitted.classes)) / len(y),
        {
            "source": table.source,
            "rows": len(rows),
            "seed": seed,
            "notes": notes,
            "engine": default_engine().name,
            "shoal": __version__,
        },
    )
    return model, evaluate_rows(model, measured)


def _check(table: Table, seed: int) -> None:
    require_table(table)
    if not 0 <= seed < 2**32:
        raise InputError(f"seed is {seed}, but must be a whole number from 0 to 2**32 - 1")
    if len(table.names) == 1:
        raise InputError(f"{table.source} has the target alone: add columns to learn from")


def _chosen(drop: Iterable[str], keep: Iterable[str], target: str) -> tuple[set[str], set[str]]:
    if isinstance(drop, str) or isinstance(keep, str):
        raise InputError("drop and keep take several names: give a list of them")
    drop, keep = ({name.strip() for name in names} for names in (drop, keep))
    if target in drop | keep:
        raise InputError(f"{target!r} is the target: it is neither dropped nor kept")
    if drop & keep:
        raise InputError(f"{min(drop & keep)!r} is both dropped and kept: choose one")
    return drop, keep


def _hold_out(table: Table, labels: Labels, rows: Labels, seed: int) -> tuple[Labels, Table]:
    """Return the rows to learn from, and the table of those to measure on."""
    kept, held_out = holdout(labels[rows], HELD_OUT, seed)
    if not len(held_out):
        raise InputError(
            f"{table.source} has too few rows of each class to hold any out for measuring:"
            " give more rows, or a test table"
        )
    # its notes are those of the whole table, which are told already
    return rows[kept], replace(table.rows(rows[held_out]), source="held out", notes=())


def training_schema(table: Table, target: str) -> Schema:
    """Return what later tables must look like; the target is given by name or position."""
    columns = tuple((column.name, _kind(column)) for column in table.columns)
    return Schema(columns, table.header, target_name(table, target))


def _kind(column: Column) -> Kind:
    """Return a column's kind; one without values may hold anything later."""
    empty = column.kind == "number" and np.isnan(column.values).all()
    return "text" if empty else column.kind


def _without_demands_on_unused(schema: Schema, encoder: TableEncoder) -> Schema:
    """Let later tables hold anything in columns that prediction does not read."""
    unused = {plan.name for plan in encoder.plans if plan.use == "left out"} | {schema.target}
    columns: list[tuple[str, Kind]] = [
        (name, "text" if name in unused else kind) for name, kind in schema.columns
    ]
    return replace(schema, columns=tuple(columns))


def _targets(table: Table, name: str) -> tuple[Target, Labels, list[str]]:
    target = Target.fit(table[name], table.source)
    labels, _ = target.encode(table[name], table.source)
    notes = list(table.notes)
    missing = int((labels < 0).sum())
    if len(labels) - missing < MIN_ROWS:
        raise InputError(
            f"{table.source} has {len(labels) - missing} rows with a label: {MIN_ROWS} are the"
            " least to learn from"
        )
    if missing:
        notes.append(f"{missing:,} rows without a label were left out")
    return target, labels, notes


def _fit_baseline(X: Array, y: Labels, callbacks: Sequence[Callback]) -> ShoalClassifier:
    """Fit logistic regression, penalised as scikit-learn's is by default."""
    baseline = ShoalClassifier(
        hidden_units=0, solver="lbfgs", alpha=1.0, max_iter=1000, callbacks=callbacks
    )
    with warnings.catch_warnings():  # what they say is shown in other words, or is known
        warnings.filterwarnings("ignore", message="the cost still fell")
        warnings.filterwarnings("ignore", message="the number of unique classes is greater than")
        return baseline.fit(X, y)

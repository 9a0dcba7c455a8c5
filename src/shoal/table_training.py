"""Guarantee: one call takes a table to networks whose quality is known on unseen rows.

Floor 6. Hold rows out, learn from the others, and measure beside logistic regression and the
majority guess.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from shoal import __version__
from shoal.callbacks import Callback
from shoal.checkpoint import Checkpoint, digest, digest_of
from shoal.columns import Table
from shoal.drift import drift
from shoal.errors import InputError
from shoal.recipe import Recipe
from shoal.splitting import Labels
from shoal.suspicions import repeated
from shoal.table_evaluation import Evaluation, Labelled, evaluate_rows, labelled
from shoal.table_learning import encode, learn
from shoal.table_model import TableModel
from shoal.table_preparation import Choices, Prepared, prepare

HELD_OUT = 0.2  # share of the rows kept for measuring where no test table is given


def train_table(
    table: Table,
    target: str,
    *,
    test: Table | None = None,
    validation: Table | None = None,
    drop: Iterable[str] = (),
    keep: Iterable[str] = (),
    uses: Mapping[str, str] | None = None,
    group: str | None = None,
    order: str | None = None,
    goal: str | None = None,
    recipe: Recipe | None = None,
    strict: bool = False,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
) -> tuple[TableModel, Evaluation]:
    """Train networks on a table and measure them on rows that they have not seen.

    Parameters
    ----------
    table : Table
    target : str
        Name or position (-1 the last) of the target column.
    test : Table, optional
        Rows to measure on; without it a fifth of the table's rows, each class in proportion.
    validation : Table, optional
        Rows that stop the training early; without it each network has a fold of the table's.
    drop, keep : iterable of str
        Columns not to learn from, and to learn from even though they look like ids.
    uses : mapping of str to str, optional
        What columns are used as: ``number``, ``one-hot``, ``target-means``, ``boolean``, ``date``.
    group : str, optional
        A column whose equal values, as of one patient, are never apart where rows are held out.
        It is not learned from, unless it is kept.
    order : str, optional
        A column of dates or numbers by which the last rows are held out. It is not learned from,
        unless it is kept.
    goal : str, optional
        Which label is said for given probabilities; see :func:`decisions.decide`. Without it the
        likeliest, or with class weights the one whose mistakes cost least.
    recipe : Recipe, optional
        How the networks are trained.
    strict : bool
        Whether a network that failed (see :func:`diagnosis.diagnose`) is an error, not a note.
    seed : int
        Of everything random: the same seed gives the same model.
    callbacks : sequence of Callback
        Watch the training of the baseline, whose ``state.network.n_h`` is 0, and of each
        network.
    checkpoint : Checkpoint, optional
        Where the training is kept from time to time; resumed, it comes to the same networks, to
        the bit.

    Returns
    -------
    model : TableModel
    evaluation : Evaluation
        On the held-out rows or the test table.
    """
    check_seed(seed)
    choices = Choices(drop, keep, uses or {}, group, order, goal, recipe or Recipe(), strict)
    prepared = prepare(table, target, choices)
    rows = np.flatnonzero(prepared.labels >= 0)
    drifting = test is not None or order is not None
    if test is None:
        rows, test = _hold_out(prepared, rows, seed)
    return learn_and_measure(
        prepared, rows, test, validation=validation, drifting=drifting, seed=seed,
        callbacks=callbacks, checkpoint=checkpoint,
    )  # fmt: skip


def _what(prepared: Prepared, rows: Labels, validation: Table | None, seed: int) -> dict[str, str]:
    """Return what a training is of, for a checkpoint."""
    return {
        "table": _digest(prepared.table),
        "validation table": "none" if validation is None else _digest(validation),
        "rows to learn from": digest(rows),
        "target": prepared.target.name,
        "seed": str(seed),
        "version of Shoal": __version__,
        **prepared.choices.told(),
    }


def _digest(table: Table) -> str:
    """Return a checksum of a table's cells."""
    return digest_of(
        [
            (each.name, digest(each.values) if each.kind == "number" else list(each.values))
            for each in table.columns
        ]
    )


def check_seed(seed: int) -> None:
    """Refuse what is no seed."""
    if not 0 <= seed < 2**32:
        raise InputError(f"seed is {seed}, but must be a whole number from 0 to 2**32 - 1")


def learn_and_measure(
    prepared: Prepared,
    rows: Labels,
    test: Table,
    *,
    validation: Table | None = None,
    drifting: bool = False,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
) -> tuple[TableModel, Evaluation]:
    """Train on some rows of a table, by number, and measure on a test table.

    ``drifting`` says whether the test table may be spread otherwise, so that it is looked for.
    """
    encoded = encode(prepared, rows)
    # what is wrong with the other tables is said before training
    measured = labelled(test, prepared.target, encoded.encoder)
    stopping, learned = None, prepared.table.rows(rows)
    if validation is not None:
        stopping = labelled(validation, prepared.target, encoded.encoder)
        measured.notes.extend(repeated(learned, validation, "stop training by"))
        measured.notes.extend(repeated(validation, test, others="that stop training"))
    measured.notes.extend(repeated(learned, test))
    measured.notes.extend(drift(encoded.profiles, test) if drifting else [])
    if checkpoint is not None:
        checkpoint.what |= _what(prepared, rows, validation, seed)
    model = learn(
        prepared, encoded, stopping=stopping, seed=seed, callbacks=callbacks, checkpoint=checkpoint
    )
    given = {"test": test, "validation": validation}
    model.record["tables"] = {role: each.source for role, each in given.items() if each is not None}
    return model, measure_and_record(model, measured)


def measure_and_record(model: TableModel, rows: Labelled) -> Evaluation:
    """Measure a model on rows; its record tells how good it was."""
    evaluation = evaluate_rows(model, rows)
    model.record["measured"] = {
        "source": evaluation.source, "rows": evaluation.rows, "metrics": evaluation.metrics,
    }  # fmt: skip
    return evaluation


def _hold_out(prepared: Prepared, rows: Labels, seed: int) -> tuple[Labels, Table]:
    """Return the rows to learn from, and the table of those to measure on."""
    table, splitter = prepared.table, prepared.splitter.take(rows)
    kept, held_out = splitter.holdout(prepared.labels[rows], HELD_OUT, seed)
    if not len(held_out):
        raise InputError(
            f"{table.source} has too few rows of each class to hold any out for measuring:"
            " give more rows, or a test table"
        )
    # its notes are those of the whole table, which are told already
    return rows[kept], replace(table.rows(rows[held_out]), source="held out", notes=())

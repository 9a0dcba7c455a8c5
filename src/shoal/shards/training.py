"""Guarantee: a table in shards becomes a model as a table in memory does, in passes over its rows.

Floor 6. One pass surveys the rows, one counts the shares of categories where a column has very
many, one encodes; then the networks learn from the parts, in passes of their own. All of them are
stopped by the same rows, drawn at random, and measured on others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from shoal import __version__
from shoal.callbacks import Callback
from shoal.checkpoint import Checkpoint
from shoal.columns import Table
from shoal.errors import InputError
from shoal.recipe import Recipe
from shoal.shards.files import files_of
from shoal.shards.place import Here, Place
from shoal.shards.planning import ShardPlan, plan_shards
from shoal.shards.reading import read_like
from shoal.shards.roles import Roles
from shoal.shards.sources import PART, ShardedTable, find_shards
from shoal.shards.survey import MEASURED, STOPPING
from shoal.table_evaluation import Evaluation, Labelled, labelled
from shoal.table_learning import Beyond, learn
from shoal.table_model import TableModel
from shoal.table_preparation import Choices
from shoal.table_training import check_seed, measure_and_record

STEPS_OF_A_PASS, LARGE_ALPHA = 64, 0.01  # with large batches
SHARE_MEASURED, SHARE_STOPPING = 0.2, 0.15  # of the rows, and of the others, at the most


def train_shards(
    table: ShardedTable | str | Path,
    target: str,
    *,
    test: Table | str | Path | None = None,
    validation: Table | str | Path | None = None,
    drop: Iterable[str] = (),
    keep: Iterable[str] = (),
    uses: Mapping[str, str] | None = None,
    group: str | None = None,
    goal: str | None = None,
    recipe: Recipe | None = None,
    strict: bool = False,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
    place: Place | None = None,
) -> tuple[TableModel, Evaluation]:
    """Train networks on a table that may be larger than memory; measure them on unseen rows.

    Parameters
    ----------
    table : ShardedTable, str or Path
        As :func:`find_shards` returns it, or what is given to that.
    target, drop, keep, uses, group, goal, strict, seed, callbacks, checkpoint
        As for :func:`shoal.train_table`.
    test, validation : Table, str or Path, optional
        Rows to measure on, and rows that stop the training; without them a fifth of the rows and
        some of the others, but at most 65,536 and 32,768, drawn at random. Files are read once it
        is known what the columns of all of ``table`` hold.
    recipe : Recipe, optional
        How the networks are trained. Its ``patience`` counts passes over 200,000 rows. With a
        ``batch_size`` above 32,768, batches are whole parts, and there is no dropout.
    place : Place, optional
        Where shards are read and learned from: :class:`Here`, in this process, unless given. The
        result does not depend on it.

    Returns
    -------
    model : TableModel
    evaluation : Evaluation
    """
    found = table if isinstance(table, ShardedTable) else find_shards(table)
    choices = choices_of(found, drop, keep, uses, group, goal, recipe, strict)
    high = 0.0 if test is not None else share_measured(found.rows)
    model, drawn = learn_shards(
        found, target, choices, measured=(0.0, high), validation=validation, test=test, seed=seed,
        callbacks=callbacks, checkpoint=checkpoint, place=place or Here(),
    )  # fmt: skip
    return model, measure_and_record(model, drawn)


def share_measured(rows: int) -> float:
    """Return which share of so many rows is measured on."""
    return min(SHARE_MEASURED, MEASURED / rows)


def share_stopping(rows: int) -> float:
    """Return which share of the others stops training."""
    return min(SHARE_STOPPING, STOPPING / rows)


def choices_of(
    table: ShardedTable, drop: Iterable[str] = (), keep: Iterable[str] = (),
    uses: Mapping[str, str] | None = None, group: str | None = None, goal: str | None = None,
    recipe: Recipe | None = None, strict: bool = False,
) -> Choices:  # fmt: skip
    """Return what is chosen of a training, with the columns' names as the table has them."""
    uses = {} if uses is None else uses
    chosen = Choices(drop, keep, uses, group, None, goal, recipe or Recipe(), strict)
    _check_fitting(chosen.recipe)
    return replace(
        chosen,
        drop=[table.name(each) for each in chosen.drop],
        keep=[table.name(each) for each in chosen.keep],
        uses={table.name(each): use for each, use in chosen.uses.items()},
        group=None if group is None else table.name(group),
    )


def learn_shards(
    table: ShardedTable, target: str, choices: Choices, *, place: Place,
    measured: tuple[float, float] = (0.0, 0.0), test: Table | str | Path | None = None,
    validation: Table | str | Path | None = None, seed: int = 0,
    callbacks: Sequence[Callback] = (), checkpoint: Checkpoint | None = None,
) -> tuple[TableModel, Labelled]:  # fmt: skip
    """Train on a table in shards; return the model, and the rows to measure it on.

    These are those of a test table, or those drawn whose number, from 0 to 1, lies in
    ``measured``; there may be none.
    """
    check_seed(seed)
    name = table.schema(target).target
    given = {"test": test, "validation": validation}
    for each in given.values():
        if isinstance(each, str | Path):
            files_of(each)  # what is not there is told at once
    stopping = 0.0 if validation is not None else share_stopping(table.rows)
    roles = Roles(seed, measured, stopping, choices.group)
    with place as where:
        plan = plan_shards(table, name, roles, choices, where)
        tables = {
            role: read_like(each, plan.prepared.schema) if isinstance(each, str | Path) else each
            for role, each in given.items()
            if each is not None
        }
        survey, to_measure = plan.survey, measured[1] > measured[0]
        drawn = _held_out(tables.get("test"), survey.measured.table, plan, to_measure)
        stop = _held_out(tables.get("validation"), survey.stopping.table, plan, True)
        if checkpoint is not None:
            checkpoint.what |= {
                "table": table.source, "target": name, "seed": str(seed),
                "version of Shoal": __version__, **choices.told(),
            }  # fmt: skip
        seen = where.encode(plan.encoder, table.shards)
        model = learn(
            plan.prepared, plan.sample, stopping=stop, seed=seed, callbacks=callbacks,
            checkpoint=checkpoint, beyond=Beyond(plan.counts, seen),
        )  # fmt: skip
    model.record["tables"] = {role: each.source for role, each in tables.items()}
    return model, drawn


def _held_out(given: Table | None, drawn: Table, plan: ShardPlan, needed: bool) -> Labelled:
    """Return the rows of a table that was given, or those that were drawn, encoded."""
    target, source = plan.prepared.target, plan.prepared.table.source
    if given is not None:
        return labelled(given, target, plan.final)
    if drawn.n_rows:
        return labelled(replace(drawn, source="held out", notes=()), target, plan.final)
    if needed:
        raise InputError(
            f"{source} has too few rows, or groups of rows, to hold some out: give more, or a test"
            " table and a validation table, or learn from it --in-memory"
        )
    return Labelled(source, np.empty(0, np.intp), np.empty((0, len(plan.final.features))), [])


def in_large_batches(recipe: Recipe, rows: int) -> Recipe:
    """Return a recipe for batches of whole parts, as sums over a cluster make them."""
    batch_size = max(PART + 1, -(-rows // STEPS_OF_A_PASS))
    return replace(recipe, batch_size=batch_size, dropout=0.0, alpha=LARGE_ALPHA)


def _check_fitting(recipe: Recipe) -> None:
    if recipe.dropout and recipe.batch_size is not None and recipe.batch_size > PART:
        raise InputError(
            f"batch_size is {recipe.batch_size:,}, and batches above {PART:,} are whole parts, in"
            " which there is no dropout: choose dropout=0 too, or smaller batches"
        )

"""Guarantee: a table in shards becomes a model as a table in memory does, in passes over its rows.

Floor 6. One pass surveys the rows, one counts the shares of categories where a column has very
many, one encodes; then the networks learn from the parts, in passes of their own. All of them are
stopped by the same rows, drawn at random, and measured on others.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from shoal import __version__
from shoal.callbacks import Callback
from shoal.checkpoint import Checkpoint
from shoal.column_plans import ColumnPlan, TargetMeans
from shoal.columns import Table
from shoal.encoding import TableEncoder
from shoal.errors import InputError
from shoal.planning import choose_plan
from shoal.recipe import Recipe
from shoal.shards.encoding import Reading, ShardEncoder, Shares, SharesCounter, with_shares
from shoal.shards.place import Here, Place
from shoal.shards.roles import Roles
from shoal.shards.sources import PART, ShardedTable, find_shards
from shoal.shards.survey import MEASURED, STOPPING, Survey, Surveyor
from shoal.summaries import CellSummary, by_frequency
from shoal.table_evaluation import Evaluation, Labelled, labelled
from shoal.table_learning import Beyond, Encoded, learn, profiles_of
from shoal.table_model import TableModel
from shoal.table_preparation import Choices, Prepared, prepare
from shoal.table_training import check_seed, measure_and_record
from shoal.targets import Target

STEPS_OF_A_PASS, LARGE_ALPHA = 64, 0.01  # with large batches
SHARE_MEASURED, SHARE_STOPPING = 0.2, 0.15  # of the rows, and of the others, at the most


def train_shards(
    table: ShardedTable | str | Path,
    target: str,
    *,
    test: Table | None = None,
    validation: Table | None = None,
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
    test, validation : Table, optional
        Rows to measure on, and rows that stop the training; without them a fifth of the rows and
        some of the others, but at most 65,536 and 32,768, drawn at random.
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
    return model, measure_and_record(model, drawn, test=test, validation=validation)


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
    drop, keep = ([table.name(each) for each in some] for some in (drop, keep))
    uses = {table.name(each): use for each, use in (uses or {}).items()}
    group = None if group is None else table.name(group)
    return Choices(drop, keep, uses, group, None, goal, _fitting(recipe), strict)


def learn_shards(
    table: ShardedTable, target: str, choices: Choices, *, place: Place,
    measured: tuple[float, float] = (0.0, 0.0), test: Table | None = None,
    validation: Table | None = None, seed: int = 0, callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
) -> tuple[TableModel, Labelled]:  # fmt: skip
    """Train on a table in shards; return the model, and the rows to measure it on.

    These are those of a test table, or those drawn whose number, from 0 to 1, lies in
    ``measured``; there may be none.
    """
    check_seed(seed)
    name = table.schema(target).target
    stopping = 0.0 if validation is not None else share_stopping(table.rows)
    roles = Roles(seed, measured, stopping, choices.group)
    with place as where:
        plan = plan_shards(table, name, roles, choices, where)
        drawn = _held_out(test, plan.survey.measured.table, plan, measured[1] > measured[0])
        stop = _held_out(validation, plan.survey.stopping.table, plan, True)
        if checkpoint is not None:
            checkpoint.what |= {
                "table": table.source, "target": name, "seed": str(seed),
                "version of Shoal": __version__, "choices": repr(choices.to_data()),
            }  # fmt: skip
        seen = where.encode(plan.encoder, table.shards)
        model = learn(
            plan.prepared, plan.sample, stopping=stop, seed=seed, callbacks=callbacks,
            checkpoint=checkpoint, beyond=Beyond(plan.counts, seen),
        )  # fmt: skip
    return model, drawn


@dataclass(frozen=True)
class ShardPlan:
    """What was found out before anything is learned.

    ``sample`` are rows that stand for all, and ``counts`` how many there are of each class.
    """

    survey: Survey
    prepared: Prepared
    encoder: ShardEncoder
    sample: Encoded
    final: TableEncoder
    counts: np.ndarray


def plan_shards(
    table: ShardedTable, name: str, roles: Roles, choices: Choices, where: Place
) -> ShardPlan:
    """Find out by passes over the rows how they are to be encoded."""
    table, survey = _survey(table, name, roles, choices, where)
    kind = dict(table.columns)[name]
    target = Target.of_counts(name, kind, survey.labels, table.source)
    sample = replace(survey.sample.table, source=table.source)
    prepared = prepare(sample, name, choices, classes=target.classes, to_split=False)
    prepared.notes.extend(_notes(table, survey))
    counts = np.array([survey.learned[label] for label in target.classes])
    reading = Reading(table, target, roles)
    plans = [
        choose_plan(
            survey.columns[column.name], table.source, why_not=prepared.dropped.get(column.name),
            keep=column.name in choices.keep, use=choices.uses.get(column.name),
        )
        for column in sample.columns
        if column.name != name
    ]  # fmt: skip
    final, of_folds = _encoders(plans, survey, reading, where)
    final.require_features(table.source)
    weights = choices.recipe.weights_of(target.classes, counts)
    encoder = ShardEncoder(reading, of_folds, weights if np.ptp(weights) else None)
    rows = sample.without([name])
    labels, _ = target.encode(sample[name], table.source)
    encoded = Encoded(
        np.arange(len(labels)), labels, encoder.features(rows, survey.sample.fold), final,
        profiles_of(rows, final),
    )  # fmt: skip
    return ShardPlan(survey, prepared, encoder, encoded, final, counts)


def _survey(
    table: ShardedTable, name: str, roles: Roles, choices: Choices, where: Place
) -> tuple[ShardedTable, Survey]:
    """Survey the table, anew if columns of numbers turn out to be text."""
    notes: list[str] = []
    while True:
        survey = where.total(Surveyor(table, name, roles, dict(choices.uses)), table.shards)
        if not survey.texts:
            return table, replace(survey, notes=(*notes, *survey.notes))
        for column, place in survey.texts.items():
            notes.append(f"column {column!r} is read as text, because of {place}")
        texts = {column for column, kind in table.columns if kind == "text"} | set(survey.texts)
        table = table.with_texts(texts)


def _encoders(
    plans: Sequence[ColumnPlan], survey: Survey, reading: Reading, where: Place
) -> tuple[TableEncoder, tuple[TableEncoder, ...]]:
    categories = {
        plan.name: by_frequency(_counts(survey, plan.name))
        for plan in plans
        if isinstance(plan, TargetMeans)
    }
    if not categories:
        encoder = TableEncoder(plans)
        return encoder, (encoder,)
    shares: Shares = where.total(SharesCounter(reading, categories), reading.table.shards)
    return with_shares(plans, categories, shares, reading.target.classes)


def _counts(survey: Survey, name: str) -> Counter[str]:
    summary = survey.columns[name]
    assert isinstance(summary, CellSummary)
    return summary.counts


def _notes(table: ShardedTable, survey: Survey) -> list[str]:
    """Return what is to be said of the reading and of how it is learned from."""
    sample = len(survey.sample.priority)
    notes = list(survey.notes)
    if survey.unlabelled:
        notes.append(f"{survey.unlabelled:,} rows without a label were left out")
    if sample < survey.learned.total():
        notes.append(
            f"logistic regression, the edges of pieces and the notes are of {sample:,} rows drawn"
            f" from the {survey.learned.total():,} that the networks learned from"
        )
    for column, summary in survey.columns.items():
        if isinstance(summary, CellSummary) and summary.uncounted:
            notes.append(
                f"column {column!r} has too many values to count each: {summary.uncounted:,} rows"
                " with the rarest were counted together"
            )
    return notes


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


def _fitting(recipe: Recipe | None) -> Recipe:
    recipe = recipe or Recipe()
    if recipe.dropout and recipe.batch_size > PART:
        raise InputError(
            f"batch_size is {recipe.batch_size:,}, and batches above {PART:,} are whole parts, in"
            " which there is no dropout: choose dropout=0 too, or smaller batches"
        )
    return recipe

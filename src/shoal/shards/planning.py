"""Guarantee: passes over a table in shards find out how its rows are encoded, as of one in memory.

Floor 6. One pass surveys the rows, again if columns of numbers turn out to be text; one counts the
shares of categories where a column has very many.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from shoal.column_plans import ColumnPlan, TargetMeans
from shoal.columns import Schema
from shoal.encoding import TableEncoder
from shoal.planning import choose_plan
from shoal.shards.encoding import Reading, ShardEncoder, Shares, SharesCounter, with_shares
from shoal.shards.place import Place
from shoal.shards.roles import Roles
from shoal.shards.sources import ShardedTable
from shoal.shards.survey import Survey, Surveyor
from shoal.summaries import CellSummary, by_frequency
from shoal.table_learning import Encoded, profiles_of
from shoal.table_preparation import Choices, Prepared, prepare
from shoal.targets import Target, told_without_label


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
    sample = replace(survey.sample.table, source=table.source, notes=())  # the survey has them
    prepared = replace(
        prepare(sample, name, choices, classes=target.classes, to_split=False),
        schema=_schema(table, name, survey),
    )
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
        table = table.with_texts(survey.texts)


def _schema(table: ShardedTable, target: str, survey: Survey) -> Schema:
    """Return what later tables must look like; a column without values may hold anything later."""
    lacking = [name for name, summary in survey.columns.items() if not summary.present]
    return table.with_texts(lacking).schema(target)


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
        notes.append(told_without_label(survey.unlabelled))
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

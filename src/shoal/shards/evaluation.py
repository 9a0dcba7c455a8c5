"""Guarantee: a model is measured on a table larger than memory as on one within.

Floor 6. Labels and probabilities of all rows are kept, a few numbers for each; the rows are not.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from shoal.callbacks import Callback
from shoal.columns import Table
from shoal.cross_validation import CrossValidation, summarised
from shoal.drift import Spreads
from shoal.errors import InputError
from shoal.shards.place import Here, Place
from shoal.shards.sources import ShardedTable
from shoal.shards.survey import one_of_each
from shoal.shards.training import choices_of, learn_shards
from shoal.table_evaluation import Evaluation, Labelled, compared, evaluate_rows, labelled, told_of
from shoal.table_model import TableModel


def evaluate_blocks(
    model: TableModel, blocks: Iterable[Table], source: str, ignore_extra: bool = False
) -> Evaluation:
    """Measure a model on the rows of a table, block by block; see :func:`shoal.evaluate`."""
    labels, found, notes = [], [], list[str]()
    spreads, without = Spreads(model.profiles), 0
    for block in blocks:
        spreads.add(block)
        known = _known(block, model)
        without += block.n_rows - len(known)
        if len(known):
            rows = labelled(block.rows(known), model.target, model.encoder, ignore_extra)
            labels.append(rows.labels)
            found.append(compared(model, rows.X))
            notes += rows.notes
    if not found:
        raise InputError(
            f"the target {model.target.name!r} of {source} is missing in every row: the true labels"
            " are needed"
        )
    if without:
        notes.append(f"{without:,} rows without a label were left out")
    notes = [*one_of_each(notes), *spreads.notes(), *told_of(model, source)]
    given = {name: np.concatenate([each[name] for each in found]) for name in found[0]}
    rows = Labelled(source, np.concatenate(labels), np.empty((0, 0)), notes)
    return evaluate_rows(model, rows, given)


def cross_validate_shards(
    table: ShardedTable, target: str, *, folds: int = 5, seed: int = 0,
    callbacks: Sequence[Callback] = (), place: Place | None = None, **choices: Any,
) -> CrossValidation:  # fmt: skip
    """Train and measure on each fold of a table in shards in turn.

    Parameters
    ----------
    table, target, seed, callbacks, place, **choices
        As for :func:`train_shards`.
    folds : int
        Each is measured on 65,536 rows of it at the most, drawn at random.
    """
    if not folds >= 2:
        raise InputError(f"folds is {folds!r}, but must be 2 or more")
    chosen = choices_of(table, **choices)
    results = []
    for i in range(folds):
        model, rows = learn_shards(
            table, target, chosen, measured=(i / folds, (i + 1) / folds), seed=seed,
            callbacks=callbacks, place=place or Here(),
        )  # fmt: skip
        results.append((model, evaluate_rows(model, rows)))
    return summarised(results, [], 1 / (folds - 1))


def _known(block: Table, model: TableModel) -> Any:
    """Return the numbers of the rows that have a label."""
    if model.target.name not in block.names:
        raise InputError(
            f"{block.source} lacks the target column {model.target.name!r}: the true labels are"
            " needed"
        )
    return np.flatnonzero(~block[model.target.name].absent)

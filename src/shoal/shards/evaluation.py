"""Guarantee: a model is measured on a table larger than memory as on one within.

Floor 6. Labels and probabilities of all rows are kept, a few numbers for each; the rows are not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.callbacks import Callback
from shoal.columns import Table
from shoal.cross_validation import CrossValidation, summarised
from shoal.drift import Spreads
from shoal.errors import InputError
from shoal.shards.place import Here, Place
from shoal.shards.sources import Shard, ShardedTable
from shoal.shards.survey import one_of_each
from shoal.shards.training import choices_of, learn_shards
from shoal.splitting import Labels
from shoal.table_evaluation import (
    Evaluation,
    Labelled,
    compared,
    evaluate_rows,
    labelled,
    require_target,
    told_of,
    without_labels,
)
from shoal.table_model import TableModel
from shoal.targets import told_without_label
from shoal.tree_sums import TreeSum


@dataclass(frozen=True)
class Measured:
    """What is known of some rows once a model has seen them.

    Attributes
    ----------
    labels : ndarray of int, (m,)
        Of those that have one.
    given : dict of str to ndarray, (m, K)
        The probabilities that are compared.
    without : int
        How many rows have no label.
    spreads : Spreads
        Of all rows.
    notes : tuple of str
    """

    labels: Labels
    given: dict[str, Array]
    without: int
    spreads: Spreads
    notes: tuple[str, ...]

    @classmethod
    def of(cls, model: TableModel, block: Table, ignore_extra: bool = False) -> "Measured":
        """Let a model see a block."""
        require_target(block, model.target)
        spreads = Spreads(model.profiles)
        spreads.add(block)
        known = np.flatnonzero(~block[model.target.name].absent)
        if not len(known):
            nothing = np.empty((0, len(model.encoder.features)))
            given = compared(model, nothing)
            return cls(np.empty(0, np.intp), given, block.n_rows, spreads, block.notes)
        rows = labelled(block.rows(known), model.target, model.encoder, ignore_extra)
        without = block.n_rows - len(known)
        return cls(rows.labels, compared(model, rows.X), without, spreads, tuple(rows.notes))

    def __add__(self, other: "Measured") -> "Measured":
        return Measured(
            np.concatenate([self.labels, other.labels]),
            {name: np.concatenate([P, other.given[name]]) for name, P in self.given.items()},
            self.without + other.without, self.spreads + other.spreads,
            one_of_each((*self.notes, *other.notes)),
        )  # fmt: skip

    def evaluation(self, model: TableModel, source: str) -> Evaluation:
        """Return what a model is measured to be."""
        if not len(self.labels):
            raise without_labels(model.target, source)
        notes = list(self.notes)
        if self.without:
            notes.append(told_without_label(self.without))
        notes += [*self.spreads.notes(), *told_of(model, source)]
        rows = Labelled(source, self.labels, np.empty((0, 0)), notes)
        return evaluate_rows(model, rows, self.given)


@dataclass(frozen=True)
class _Measuring:
    model: TableModel
    table: ShardedTable
    ignore_extra: bool

    def __call__(self, shard: Shard) -> Measured:
        return _total(self.model, self.table.blocks(shard), self.ignore_extra)


def evaluate_blocks(
    model: TableModel, blocks: Iterable[Table], source: str, ignore_extra: bool = False
) -> Evaluation:
    """Measure a model on the rows of a table, block by block; see :func:`shoal.evaluate`."""
    return _total(model, blocks, ignore_extra).evaluation(model, source)


def evaluate_shards(
    model: TableModel, table: ShardedTable, *, place: Place | None = None,
    ignore_extra: bool = False,
) -> Evaluation:  # fmt: skip
    """Measure a model on a table in shards, here or where a place says."""
    with place or Here() as where:
        work = _Measuring(model, table.like(model.schema), ignore_extra)
        measured = where.total(work, table.shards)
    return measured.evaluation(model, table.source)


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


def _total(model: TableModel, blocks: Iterable[Table], ignore_extra: bool) -> Measured:
    total = TreeSum[Measured]()  # so that no row is copied often
    for i, block in enumerate(blocks):
        total.add(i, Measured.of(model, block, ignore_extra))
    return total.total()

"""Guarantee: the rows of a shard become parts of examples, the same wherever they are read.

Floor 6. The shares of categories are counted in a pass of their own, and those that a row sees come
from the other folds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array
from shoal.column_plans import ColumnPlan, TargetMeans
from shoal.columns import Table
from shoal.encoding import TableEncoder
from shoal.examples import Examples
from shoal.losses import class_outputs
from shoal.shards.roles import FOLDS, Roles
from shoal.shards.sources import Shard, ShardedTable
from shoal.splitting import Labels
from shoal.target_means import means_of_counts
from shoal.targets import Target

Counts = NDArray[np.int64]
MOST_BLOCKS = 2**20  # of a shard: the keys of parts are made of two numbers


@dataclass(frozen=True)
class Reading:
    """How the rows to learn from are read: their table, target and roles."""

    table: ShardedTable
    target: Target
    roles: Roles

    def blocks(
        self, shard: Shard, names: Sequence[str] | None = None
    ) -> Iterator[tuple[int, Table, Labels, NDArray[np.intp]]]:
        """Yield number, rows, class numbers and folds of each block that has rows to learn from."""
        wanted = None
        if names is not None:
            wanted = list(dict.fromkeys([*names, self.target.name]))
            wanted += [g for g in [self.roles.group] if g is not None and g not in wanted]
        for i, block in enumerate(self.table.blocks(shard, wanted)):
            roles = self.roles.of(block, shard.number)
            labels, _ = self.target.encode(block[self.target.name], block.source)
            rows = np.flatnonzero(roles.learned & (labels >= 0))
            if len(rows):
                yield i, block.rows(rows), labels[rows], roles.fold[rows]


@dataclass(frozen=True)
class SharesCounter:
    """Counts, for each category of some columns, the rows of each fold and class.

    Attributes
    ----------
    reading : Reading
    categories : dict of str to sequence of str
        By column.
    """

    reading: Reading
    categories: Mapping[str, Sequence[str]]

    def __call__(self, shard: Shard) -> "Shares":
        """Return the counts in a shard."""
        K = len(self.reading.target.classes)
        positions = {
            name: {category: k for k, category in enumerate(each)}
            for name, each in self.categories.items()
        }
        found = {
            name: np.zeros((len(each), FOLDS, K), np.int64)
            for name, each in self.categories.items()
        }
        for _, rows, labels, fold in self.reading.blocks(shard, list(self.categories)):
            for name, position in positions.items():
                at = np.array([position.get(cell or "", -1) for cell in rows[name].cells], np.intp)
                known = at >= 0
                np.add.at(found[name], (at[known], fold[known], labels[known]), 1)
        return Shares(found)


@dataclass(frozen=True)
class Shares:
    """Numbers of rows, (categories, folds, classes), by column."""

    counts: dict[str, Counts]

    def __add__(self, other: "Shares") -> "Shares":
        return Shares({name: each + other.counts[name] for name, each in self.counts.items()})


def with_shares(
    plans: Sequence[ColumnPlan], categories: Mapping[str, Sequence[str]], shares: Shares,
    classes: tuple[str, ...],
) -> tuple[TableEncoder, tuple[TableEncoder, ...]]:  # fmt: skip
    """Return the encoder of new rows, and those of the training rows of each fold."""
    final: list[ColumnPlan] = []
    of_folds: list[list[ColumnPlan]] = [[] for _ in range(FOLDS)]
    for plan in plans:
        whole: ColumnPlan = plan
        own: Sequence[ColumnPlan] = [plan] * FOLDS
        if isinstance(plan, TargetMeans):
            name = plan.name
            whole, own = means_of_counts(plan, categories[name], shares.counts[name], classes)
        final.append(whole)
        for all_plans, each in zip(of_folds, own, strict=True):
            all_plans.append(each)
    return TableEncoder(final), tuple(map(TableEncoder, of_folds))


@dataclass(frozen=True)
class ShardEncoder:
    """Makes the parts of a shard.

    Attributes
    ----------
    reading : Reading
    of_folds : tuple of TableEncoder
        One for all rows, or one for those of each fold.
    weights : ndarray, (K,), or None
        Of the classes, where they are not 1.
    """

    reading: Reading
    of_folds: tuple[TableEncoder, ...]
    weights: Array | None

    @property
    def width(self) -> int:
        """How many features an example has."""
        return len(self.of_folds[0].features)

    def __call__(self, shard: Shard) -> Iterator[tuple[int, Examples]]:
        """Yield the key and the examples of each part."""
        K = len(self.reading.target.classes)
        for i, rows, labels, fold in self.reading.blocks(shard):
            X = self.features(rows, fold)
            w = None if self.weights is None else self.weights[labels][None].astype(X.dtype)
            Y = np.ascontiguousarray(class_outputs(labels, K).T, X.dtype)
            yield shard.number * MOST_BLOCKS + i, Examples(X.T, Y.T, w)

    def features(self, rows: Table, fold: NDArray[np.intp]) -> Array:
        """Return the features of rows of some folds, (m, width)."""
        if len(self.of_folds) == 1:
            return self.of_folds[0].features_of(rows).astype(np.float32)
        X = np.empty((rows.n_rows, self.width), np.float32)
        for k, encoder in enumerate(self.of_folds):
            own = np.flatnonzero(fold == k)
            if len(own):
                X[own] = encoder.features_of(rows.rows(own))
        return X

"""Guarantee: one pass over all rows learns what the encoding needs, whoever reads which shard.

Floor 6. Surveys of shards add up, always in the same order, to that of the table: summaries of the
columns, how often each label is, and rows drawn to stand for the others, to stop training and to
be measured on.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from shoal.cells import not_numbers, with_decimal_points
from shoal.columns import Column, Table
from shoal.shards.roles import Numbers, Roles, RowRoles
from shoal.shards.sources import Shard, ShardedTable
from shoal.summaries import CellSummary, ColumnSummary, summarise
from shoal.targets import labels_of
from shoal.tree_sums import TreeSum

SAMPLE = 32_768  # rows that stand for all where a few are enough: edges of pieces, leaks, findings
STOPPING, MEASURED = 32_768, 65_536  # rows that stop training, that are measured on, at the most


@dataclass(frozen=True)
class Drawn:
    """Rows drawn at random: those of the least priority."""

    table: Table
    priority: Numbers
    fold: NDArray[np.intp]
    most: int

    @classmethod
    def of(cls, block: Table, rows: NDArray[np.intp], roles: RowRoles, most: int) -> "Drawn":
        """Draw at most so many of some rows of a block."""
        drawn = cls(block.rows(rows), roles.priority[rows], roles.fold[rows], most)
        return drawn._bounded()

    def __add__(self, other: "Drawn") -> "Drawn":
        return Drawn(
            joined([self.table, other.table]),
            np.concatenate([self.priority, other.priority]),
            np.concatenate([self.fold, other.fold]),
            self.most,
        )._bounded()

    def _bounded(self) -> "Drawn":
        if len(self.priority) <= self.most:
            return self
        kept = np.sort(np.argsort(self.priority, kind="stable")[: self.most])
        table = self.table.rows(kept)
        return Drawn(table, self.priority[kept], self.fold[kept], self.most)


@dataclass(frozen=True)
class Survey:
    """What one pass over some shards has found.

    Attributes
    ----------
    rows, unlabelled : int
        How many there are, and how many of them have no label and are left out.
    labels : Counter of str
        In how many rows each label is.
    learned : Counter of str
        The same, of the rows that are learned from.
    columns : dict of str to ColumnSummary
        Of the rows that are learned from; without the target.
    sample, stopping, measured : Drawn
    texts : dict of str to str
        Columns of numbers that have turned out to be text, and where.
    notes : tuple of str
        On the reading, one of each kind.
    """

    rows: int
    unlabelled: int
    labels: Counter[str]
    learned: Counter[str]
    columns: dict[str, ColumnSummary]
    sample: Drawn
    stopping: Drawn
    measured: Drawn
    texts: dict[str, str]
    notes: tuple[str, ...]

    def __add__(self, other: "Survey") -> "Survey":
        if self.texts or other.texts:  # it will be made again
            return replace(self, texts=other.texts | self.texts)
        return Survey(
            self.rows + other.rows, self.unlabelled + other.unlabelled, self.labels + other.labels,
            self.learned + other.learned,
            {name: _added(each, other.columns[name]) for name, each in self.columns.items()},
            self.sample + other.sample, self.stopping + other.stopping,
            self.measured + other.measured, {}, one_of_each((*self.notes, *other.notes)),
        )  # fmt: skip


@dataclass(frozen=True)
class Surveyor:
    """Makes the survey of a shard.

    Attributes
    ----------
    table : ShardedTable
    target : str
    roles : Roles
    uses : dict of str to str
        What columns are to be used as, where that was asked for.
    """

    table: ShardedTable
    target: str
    roles: Roles
    uses: Mapping[str, str]

    def __call__(self, shard: Shard) -> Survey:
        """Return the survey of a shard."""
        total = TreeSum[Survey]()
        for i, block in enumerate(self.table.blocks(shard, open_to_text=True)):
            total.add(i, self._of(block, shard))
        return total.total()

    def _of(self, block: Table, shard: Shard) -> Survey:
        kinds = dict(self.table.columns)
        texts = {
            column.name: _first_text(column, block, shard)
            for column in block.columns
            if column.kind != kinds[column.name]
        }
        roles = self.roles.of(block, shard.number)
        labels = labels_of(block[self.target], block[self.target].kind)
        known = np.fromiter((label is not None for label in labels), bool, len(labels))
        learned, stopping, measured = (
            np.flatnonzero(known & each) for each in (roles.learned, roles.stopping, roles.measured)
        )
        rows = block.rows(learned)
        return Survey(
            block.n_rows, int((~known).sum()), Counter(each for each in labels if each is not None),
            Counter(labels[i] or "" for i in learned),
            {
                column.name: summarise(column, self.uses.get(column.name))
                for column in rows.columns
                if column.name != self.target and not texts
            },
            Drawn.of(block, learned, roles, SAMPLE),
            Drawn.of(block, stopping, roles, STOPPING),
            Drawn.of(block, measured, roles, MEASURED),
            texts, one_of_each(block.notes),
        )  # fmt: skip


def joined(tables: Sequence[Table]) -> Table:
    """Return the rows of tables of the same columns, which lose their places in files."""
    columns = tuple(
        Column(each.name, each.kind, np.concatenate([table[each.name].values for table in tables]))
        for each in tables[0].columns
    )
    return replace(tables[0], columns=columns, lines=None, row_numbers=None, notes=(), first=0)


def one_of_each(notes: Iterable[str]) -> tuple[str, ...]:
    """Return notes, one where many begin alike and differ in their examples."""
    kept: dict[str, str] = {}
    for note in notes:
        kept.setdefault(note.partition(": ")[0], note)
    return tuple(kept.values())


def _added(one: ColumnSummary, other: ColumnSummary) -> ColumnSummary:
    if isinstance(one, CellSummary):
        assert isinstance(other, CellSummary)
        return one + other
    assert not isinstance(other, CellSummary)
    return one + other


def _first_text(column: Column, block: Table, shard: Shard) -> str:
    """Say which cell is no number, and where."""
    cells = column.cells
    first = (not_numbers(with_decimal_points(cells)) or not_numbers(cells))[0]
    return f"{cells[first]!r} in {block.place(first)} of {shard.source}"

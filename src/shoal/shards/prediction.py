"""Guarantee: the rows of shards are predicted in order, wherever that is done.

Floor 6.
"""

from dataclasses import dataclass
from typing import Any

from shoal.drift import Spreads
from shoal.shards.sources import Shard, ShardedTable
from shoal.table_model import TableModel


@dataclass(frozen=True)
class Predicted:
    """The columns of a prediction table for some rows, how the rows are spread, and notes."""

    columns: dict[str, Any]
    spreads: Spreads
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Predictor:
    """Predicts the rows of a shard, block by block.

    Attributes
    ----------
    model : TableModel
    table : ShardedTable
    ignore_extra : bool
    """

    model: TableModel
    table: ShardedTable
    ignore_extra: bool = False

    def __call__(self, shard: Shard) -> list[Predicted]:
        """Return what is predicted of each block."""
        found = []
        for block in self.table.like(self.model.schema).blocks(shard):
            spreads = Spreads(self.model.profiles)
            spreads.add(block)
            columns = self.model.prediction_columns(block, self.ignore_extra)
            found.append(Predicted(columns, spreads, block.notes))
        return found

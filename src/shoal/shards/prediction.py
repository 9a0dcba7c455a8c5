"""Guarantee: the rows of shards are predicted in order, wherever that is done.

Floor 6.
"""

from dataclasses import dataclass
from typing import Any

from shoal.columns import Table
from shoal.drift import Spreads
from shoal.shards.sources import Shard, ShardedTable
from shoal.table_model import TableModel


@dataclass(frozen=True)
class Predicted:
    """The columns of a prediction table for some rows, how the rows are spread, and notes."""

    columns: dict[str, Any]
    spreads: Spreads
    notes: tuple[str, ...]

    @classmethod
    def of(cls, model: TableModel, block: Table, ignore_extra: bool = False) -> "Predicted":
        """Predict the rows of a block."""
        columns = model.prediction_columns(block, ignore_extra)  # says best what is wrong with it
        spreads = Spreads(model.profiles)
        spreads.add(block)
        return cls(columns, spreads, block.notes)


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
        blocks = self.table.like(self.model.schema).blocks(shard)
        return [Predicted.of(self.model, block, self.ignore_extra) for block in blocks]

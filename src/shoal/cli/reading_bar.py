"""Guarantee: passes over a table in shards show their rows and bytes.

Floor 7.
"""

from rich.progress import Progress, TaskID

from shoal.columns import Table
from shoal.shards import Shard, ShardedTable


class ReadingBar:
    """Shows how far a pass over a table in shards is, to read it or to learn from it."""

    def __init__(self, progress: Progress, table: ShardedTable) -> None:
        self.progress, self.expected = progress, table.rows
        self.size = table.size / 1e6  # a sum over all shards
        self.task: TaskID | None = None
        self.passes = self.rows = self.total = 0

    def read(self, shard: Shard, block: Table) -> None:
        """Show a block that was read."""
        if shard.number == 0 and block.first == 0:
            self.passes += 1
            self._begin(f"reading, pass {self.passes}", self.expected)
        done = self.size * min(1.0, (self.rows + block.n_rows) / max(1, self.total))
        self._advance(block.n_rows, f", {done:,.0f} of {self.size:,.0f} MB")

    def learned(self, rows: int, of: int) -> None:
        """Show a part that is learned from, of so many rows in all."""
        if self.task is None or self.total != of or self.rows >= of:
            self._begin("a pass of the networks", of)
        self._advance(rows, "")

    def end(self) -> None:
        """Remove what is shown."""
        if self.task is not None:
            self.progress.remove_task(self.task)
            self.task = None

    def _begin(self, what: str, total: int) -> None:
        self.end()
        self.rows, self.total = 0, total
        self.task = self.progress.add_task(what, total=total, told="")

    def _advance(self, rows: int, more: str) -> None:
        if self.task is not None:
            self.rows += rows
            told = f"{self.rows:,} of {self.total:,} rows{more}"
            self.progress.update(self.task, completed=self.rows, told=told)

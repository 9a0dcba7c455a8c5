"""Guarantee: a table is read whole where it fits, and else learned from in shards.

Floor 6. The estimate is of what training takes at its height; at the most half of the memory that
is free is used so.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from shoal.columns import Schema, Table
from shoal.errors import EmptyTableError
from shoal.memory import free_memory
from shoal.shards.files import files_of, is_stream
from shoal.shards.sources import ShardedTable, find_shards
from shoal.shards.survey import joined, one_of_each
from shoal.table_blocks import read_blocks
from shoal.tables import read_table

BYTES_OF_A_CELL = 100  # in training: as it is read, as a feature, and in pieces
SMALL = 2**20  # bytes; a file below fits wherever Shoal does
SHARE_OF_FREE = 0.5


def read_or_find(
    source: str | Path, *, header: bool | None = None, in_parts: bool | None = None
) -> Table | ShardedTable:
    """Return a table as it is to be learned from: whole, or in shards.

    Parameters
    ----------
    source : str or Path
        A file, a folder, a pattern, a URL, or ``"-"`` for standard input.
    header : bool, optional
        Whether the first row of delimited text holds names; found out if not given.
    in_parts : bool, optional
        Whether to learn from it in shards; decided by its size unless given.
    """
    path = Path(source)
    if not in_parts and (
        is_stream(source) or (path.is_file() and (in_parts is False or path.stat().st_size < SMALL))
    ):
        return read_table(source, header=header)
    found = find_shards(source, header=header)
    if in_parts is None:
        cells = found.rows * len(found.columns)
        in_parts = cells * BYTES_OF_A_CELL > SHARE_OF_FREE * free_memory()
    if in_parts:
        return found
    return read_table(source, header=header) if path.is_file() else read_whole(found)


def read_like(source: str | Path, schema: Schema, *, header: bool | None = None) -> Table:
    """Return all rows of a table like that of training: a file, a folder, a pattern or a URL."""
    if str(source) == "-" or files_of(source) == [str(source)]:
        return read_table(source, schema=schema, header=header)
    found = find_shards(source, header=header, schema=schema)
    return _whole([block for shard in found.shards for block in found.blocks(shard)], found)


def read_whole(table: ShardedTable) -> Table:
    """Return the rows of all shards as one table in memory, with the kinds that all allow."""
    kinds = dict(table.columns)
    whole: list[Table] = []
    for shard in table.shards:
        for block in table.blocks(shard, open_to_text=True):
            texts = {each.name for each in block.columns if each.kind != kinds[each.name]}
            if texts:  # all of it is read again, with these as text
                return read_whole(table.with_texts(texts))
            whole.append(block)
    return _whole(whole, table)


def _whole(whole: list[Table], table: ShardedTable) -> Table:
    notes = one_of_each(note for block in whole for note in block.notes)
    return replace(joined(whole), notes=notes, source=table.source)


def blocks_of(source: str | Path, schema: Schema, *, header: bool | None = None) -> Iterator[Table]:
    """Yield the rows of a file, a folder, a pattern, a URL or standard input, block by block."""
    files, some = files_of(source), False
    for file in files:
        try:
            for block in read_blocks(file, schema, header=header):
                some = True
                yield block
        except EmptyTableError:
            if len(files) == 1:
                raise
    if not some:
        raise EmptyTableError(f"{source} has no rows: give a table with at least one row")

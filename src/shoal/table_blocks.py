"""Guarantee: a table larger than memory is read block by block, as if it had been read whole.

Floor 4. Cells, kinds, rows and errors are those of ``tables.read_table``; a column may change from
decimal points to decimal commas between blocks. Text in UTF-16, and text of one line, are read
whole.
"""

import codecs
import gzip
import io
import zlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from shoal.columns import Schema, Table
from shoal.delimited import damaged_gzip, find_separator
from shoal.errors import EmptyTableError
from shoal.parquet import parquet_frames
from shoal.records import Decoder, records
from shoal.tables import (
    layout,
    opened,
    table_from_bytes,
    table_from_frame,
    with_columns,
)

ROWS = 16_384  # of a block
SAMPLE, HEAD = 256, 2001  # lines, rows from which separator and header are found


def read_blocks(
    source: str | Path, schema: Schema | None, *, header: bool | None = None, rows: int = ROWS,
    undecided: Collection[str] = (),
) -> Iterator[Table]:  # fmt: skip
    """Yield the rows of a table in blocks, in order.

    Parameters
    ----------
    source : str or Path
        A file, or ``"-"`` for standard input.
    schema : Schema
        The training table, which decides on names and kinds; without it each block decides.
    header : bool, optional
        Whether the first row holds names; found out if not given.
    rows : int
        Of a block.
    undecided : collection of str
        Columns of delimited text whose kind each block decides nevertheless.

    Raises
    ------
    InputError
        As for :func:`tables.read_table`, when the block is reached.
    """
    with opened(source) as (raw, name):
        file = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast(Any, raw))
        start = file.peek(4)[:4]
        if start.startswith(b"PAR1"):
            first = 0
            for frame in parquet_frames(file, name, rows):
                block = table_from_frame(frame, name, schema=schema)
                yield replace(block, first=first)
                first += block.n_rows
            if not first:
                raise EmptyTableError(f"{name} has no rows: give a table with at least one row")
            return
        zipped = start.startswith(b"\x1f\x8b")
        try:
            if zipped:
                file = io.BufferedReader(gzip.GzipFile(fileobj=file))
                start = file.peek(4)[:4]
            if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                yield table_from_bytes(file.read(), name, schema=schema, header=header)
            else:
                yield from _delimited(file, name, schema, header, rows, undecided)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise damaged_gzip(name) from error


def _delimited(
    file: BinaryIO, name: str, schema: Schema | None, header: bool | None, size: int,
    undecided: Collection[str],
) -> Iterator[Table]:  # fmt: skip
    decided = () if schema is None else schema.columns
    kinds = {column: kind for column, kind in decided if column not in undecided}
    decoder = Decoder(name)
    lines = decoder.lines(file)
    sample = list(islice(lines, SAMPLE))
    separator = find_separator("\n".join(sample))
    found = records(chain(sample, lines), separator, name)
    head = list(islice(found, HEAD))
    if not head:
        raise EmptyTableError(f"{name} is empty: give a table with at least one row")
    has_header, names, notes = layout([row.cells for row in head], schema, header, name)
    found, first = chain(head[has_header:], found), 0
    while block := list(islice(found, size)):
        at = np.array([row.line for row in block], np.int64)
        notes = [*notes, *decoder.notes()]
        table = Table((), tuple(notes), name, has_header, at, None, first)
        yield with_columns(
            table, names, [row.cells for row in block], kinds, comma=separator != ","
        )
        first, notes = first + len(block), []

"""Guarantee: a file, folder, pattern or URL is shards in a fixed order, or a sentence says why not.

Floor 6. A shard is a row group of a Parquet file, or a whole file of delimited text; it is read in
blocks, whose borders depend on the files alone. All files have the same columns.
"""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from shoal.columns import Column, Kind, Schema, Table
from shoal.errors import InputError
from shoal.parquet import Field, parquet_frames, parquet_layout
from shoal.shards.files import files_of, is_stream
from shoal.shards.lines import file_size, lines_of
from shoal.table_blocks import read_blocks
from shoal.tables import opened, table_from_frame
from shoal.targets import target_name

PART = 32_768  # rows of a block, and so of a part of the examples, at the most


@dataclass(frozen=True)
class Shard:
    """Rows that are read together.

    Attributes
    ----------
    number : int
        Its place among all shards.
    source : str
        The file or URL.
    group : int or None
        The row group of a Parquet file; None for delimited text.
    rows : int
        How many there are; of delimited text, estimated.
    size : int
        Its bytes; of a row group, its share of those of the file.
    frame : DataFrame or None
        Its rows, where they are in memory.
    """

    number: int
    source: str
    group: int | None
    rows: int
    size: int
    frame: Any = field(default=None, compare=False, repr=False)

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.source if self.group is None else f"row group {self.group} of {self.source}"


@dataclass(frozen=True)
class ShardedTable:
    """A table in shards.

    Attributes
    ----------
    source : str
        As it was given.
    shards : tuple of Shard
    columns : tuple of (str, Kind)
        Names and kinds, those of delimited text as its first block has them.
    header : bool
    on_block : callable, optional
        Is told of each block that is read.
    """

    source: str
    shards: tuple[Shard, ...]
    columns: tuple[tuple[str, Kind], ...]
    header: bool
    on_block: Callable[[Shard, Table], None] | None = field(default=None, compare=False)

    @property
    def size(self) -> int:
        """The bytes of all shards."""
        return sum(shard.size for shard in self.shards)

    @property
    def rows(self) -> int:
        """The rows of all shards; of delimited text, estimated."""
        return sum(shard.rows for shard in self.shards)

    @property
    def exact(self) -> bool:
        """Whether the rows are known, and not estimated."""
        return self.shards[0].group is not None

    def schema(self, target: str) -> Schema:
        """Return what tables like it must look like; the target is given by name or position."""
        return Schema(self.columns, self.header, target_name(self._empty, target))

    def name(self, given: str) -> str:
        """Return the name of a column, or say which are near."""
        return self._empty[given.strip()].name

    @property
    def _empty(self) -> Table:
        columns = tuple(Column(name, kind, np.empty(0)) for name, kind in self.columns)
        return Table(columns, (), self.source, self.header)

    def like(self, schema: Schema) -> "ShardedTable":
        """Return the table with the kinds that the columns of a training table had.

        Columns that it had not may hold anything.
        """
        kinds = dict(schema.columns)
        columns = tuple((name, kinds.get(name, "text")) for name, _ in self.columns)
        return replace(self, columns=columns)

    def with_texts(self, names: Collection[str]) -> "ShardedTable":
        """Return the table with some columns taken as text."""
        columns = tuple((name, "text" if name in names else kind) for name, kind in self.columns)
        return replace(self, columns=columns)

    def blocks(
        self, shard: Shard, names: Sequence[str] | None = None, *, open_to_text: bool = False
    ) -> Iterator[Table]:
        """Yield the rows of a shard, all columns or at least some of them, block by block.

        Parameters
        ----------
        shard : Shard
        names : sequence of str, optional
        open_to_text : bool
            Whether columns of numbers may turn out to be text after all, in delimited text.
        """
        for block in self._blocks(shard, names, open_to_text):
            if self.on_block is not None:
                self.on_block(shard, block)
            yield block

    def _blocks(
        self, shard: Shard, names: Sequence[str] | None, open_to_text: bool
    ) -> Iterator[Table]:
        schema = Schema(self.columns, self.header, "")
        if shard.frame is not None:
            for first in range(0, len(shard.frame), PART):
                rows = shard.frame.iloc[first : first + PART]
                block = table_from_frame(rows, shard.label, schema=schema)
                yield replace(block, first=first)
            return
        if shard.group is not None:
            with opened(shard.source) as (file, _):
                first = 0
                for frame in parquet_frames(
                    file, shard.label, PART, groups=[shard.group], columns=names
                ):
                    block = table_from_frame(frame, shard.label, schema=schema)
                    yield replace(block, first=first)
                    first += block.n_rows
            return
        undecided = [name for name, kind in self.columns if open_to_text and kind == "number"]
        for block in read_blocks(
            shard.source, schema, header=None if self.header else False, rows=PART,
            undecided=undecided,
        ):  # fmt: skip
            if self.header and not block.header:
                raise _lacks_header(shard.source, self.shards[0].source)
            _check_names(block.names, [name for name, _ in self.columns], shard.source)
            yield block


def find_shards(
    source: str | Path, *, header: bool | None = None, schema: Schema | None = None
) -> ShardedTable:
    """Find the files of a table, and their shards.

    Parameters
    ----------
    source : str or Path
        A file, a folder (with its folders), a pattern as ``part-*.parquet``, or a URL of such.
        Names that begin with a dot or an underscore are passed over in folders.
    header : bool, optional
        Whether the first row of delimited text holds names; found out if not given.
    schema : Schema, optional
        The training table, which then decides on names and kinds.

    Raises
    ------
    InputError
        There is no such file, or the files are no table together.
    """
    files = files_of(source)
    if is_stream(source):
        what = "standard input" if str(source) == "-" else f"{source}, which is a pipe,"
        raise InputError(f"{what} can be read once only, and parts are read often: name a file")
    parquet = [file for file in files if _is_parquet(file)]
    if parquet == files:
        found = _of_parquet(str(source), files)
    elif parquet:
        other = next(file for file in files if file not in parquet)
        raise InputError(
            f"{source} has both Parquet ({parquet[0]}) and what is no Parquet, or empty ({other}):"
            " remove one, or name files of one kind by a pattern"
        )
    else:
        found = _of_text(str(source), files, header, schema)
    return found if schema is None else found.like(schema)


def _of_text(
    source: str, files: list[str], header: bool | None, schema: Schema | None
) -> ShardedTable:
    lines = {file: lines_of(file) for file in files}
    some = next((file for file in files if lines[file].count > 1), files[0])
    first = next(read_blocks(some, schema, header=header, rows=PART))
    columns = tuple((column.name, column.kind) for column in first.columns)
    least = 1 + first.header
    kept = [
        file
        for file in files
        if file == some or lines[file].count >= least or not lines[file].whole
    ]
    if header is None and not first.header:  # what names the columns would be read as a row
        for file in kept:
            if next(read_blocks(file, schema, rows=1)).header:
                raise _lacks_header(some, file)
    shards = tuple(
        Shard(i, file, None, max(1, lines[file].count - first.header), file_size(file))
        for i, file in enumerate(kept)
    )
    return ShardedTable(source, shards, columns, first.header)


def _of_parquet(source: str, files: list[str]) -> ShardedTable:
    fields: list[Sequence[Field]] = []
    shards: list[Shard] = []
    for file in files:
        with opened(file) as (raw, _):
            size, layout = raw.seek(0, os.SEEK_END), parquet_layout(raw, file)
        fields.append(layout.fields)
        size_of_all = max(1, sum(own for _, own in layout.groups))
        for group, (rows, own) in enumerate(layout.groups):
            if rows:
                shards.append(Shard(len(shards), file, group, rows, size * own // size_of_all))
    if not shards:
        raise InputError(f"{source} has no rows: give a table with at least one row")
    return ShardedTable(source, tuple(shards), _kinds(files, fields), True)


def _kinds(files: list[str], fields: list[Sequence[Field]]) -> tuple[tuple[str, Kind], ...]:
    """Return names and kinds of the columns of Parquet files, which are the same in all of them."""
    expected = [name for name, _, _ in fields[0]]
    known: dict[str, tuple[Kind, str, str]] = {}
    for file, own in zip(files, fields, strict=True):
        names = [name for name, _, _ in own]
        _check_names(names, expected, file)
        if len(set(names)) < len(names):
            raise InputError(f"{file} has two columns of one name: rename one of them")
        for name, kind, of_file in own:
            if kind is None:
                continue
            first, of_first, before = known.setdefault(name, (kind, of_file, file))
            if kind != first:
                raise InputError(
                    f"column {name!r} of {file} is of the type {of_file}, but that of {before} of"
                    f" the type {of_first}: write it with one type in all files"
                )
    return tuple((name, known[name][0] if name in known else "number") for name in expected)


def _lacks_header(file: str, other: str) -> InputError:
    return InputError(
        f"{file} has no names in its first row, where {other} has: give all files of a table such"
        " a row, or say --no-header (header=False) if no file has one"
    )


def _check_names(names: Sequence[str], wanted: Sequence[str], source: str) -> None:
    for lacking in (name for name in wanted if name not in names):
        raise InputError(
            f"{source} lacks the column {lacking!r}, which the first file has: all files of a table"
            " have the same columns"
        )
    for extra in (name for name in names if name not in wanted):
        raise InputError(
            f"{source} has a column {extra!r} that the first file lacks: all files of a table have"
            " the same columns"
        )


def _is_parquet(file: str) -> bool:
    with opened(file) as (raw, _):
        return raw.read(4) == b"PAR1"

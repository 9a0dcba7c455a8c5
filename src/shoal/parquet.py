"""Guarantee: a Parquet file becomes data frames, all at once or of some rows at a time.

Floor 4. Parquet is read from its end. So a pipe is first copied into a file without a name, in the
folder for temporary files (``TMPDIR``): it may be larger than memory.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Literal, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from shoal.cells import column_names
from shoal.errors import InputError


def parquet_frame(data: bytes, source: str) -> pd.DataFrame:
    """Return all of a Parquet file as a data frame."""
    with _damage_told(source):
        table = pq.ParquetFile(pa.BufferReader(data)).read()
        kept = [index for index, name in enumerate(table.column_names) if _is_data(name)]
        frame: pd.DataFrame = table.select(kept).to_pandas(ignore_metadata=True)
    return frame


class Field(NamedTuple):
    """A column of a Parquet file: its name, its kind, and its type in the file.

    The kind is None where all values are missing by their type.
    """

    name: str
    kind: Literal["number", "text"] | None
    type: str


@dataclass(frozen=True)
class Layout:
    """What a Parquet file says of itself.

    Attributes
    ----------
    fields : tuple of Field
    groups : tuple of (int, int)
        Rows of each row group, and the bytes that it has once it is decompressed.
    """

    fields: tuple[Field, ...]
    groups: tuple[tuple[int, int], ...]


def parquet_layout(file: BinaryIO, source: str) -> Layout:
    """Read a file's layout from its end."""
    with _damage_told(source):
        parquet = pq.ParquetFile(file)
        groups = [parquet.metadata.row_group(i) for i in range(parquet.num_row_groups)]
        fields = [field for field in parquet.schema_arrow if _is_data(field.name)]
    names = column_names(field.name for field in fields)
    return Layout(
        tuple(
            Field(name, _kind(field.type), str(field.type))
            for name, field in zip(names, fields, strict=True)
        ),
        tuple((group.num_rows, group.total_byte_size) for group in groups),
    )


def parquet_frames(
    file: BinaryIO, source: str, rows: int, *, groups: Sequence[int] | None = None,
    columns: Sequence[str] | None = None,
) -> Iterator[pd.DataFrame]:  # fmt: skip
    """Yield the rows of a Parquet file, or of some of its row groups, in data frames of so many.

    Some columns are named as in the file's layout.
    """
    with _seekable(file, source) as whole, _damage_told(source):
        parquet = pq.ParquetFile(whole)
        own = [name for name in parquet.schema_arrow.names if _is_data(name)]
        names = dict(zip(own, column_names(own), strict=True))
        wanted = [name for name in own if columns is None or names[name] in columns]
        for batch in parquet.iter_batches(batch_size=rows, columns=wanted, row_groups=groups):
            frame = pa.Table.from_batches([batch]).to_pandas(ignore_metadata=True)
            yield frame if columns is None else frame.rename(columns=names)


def _kind(kind: pa.DataType) -> Literal["number", "text"] | None:
    types = pa.types
    if types.is_null(kind):
        return None
    numbers = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    return "number" if numbers else "text"


@contextmanager
def _seekable(file: BinaryIO, source: str) -> Iterator[BinaryIO]:
    """Let a pipe be read in any order."""
    if file.seekable():
        yield file
        return
    with tempfile.TemporaryFile() as copy:
        try:
            shutil.copyfileobj(file, copy)
            copy.seek(0)
        except OSError as error:
            raise InputError(
                f"{source} is Parquet from a pipe, and {tempfile.gettempdir()} cannot hold it"
                f" ({error.strerror}): name the file, or set TMPDIR to a folder with more room"
            ) from None
        yield copy


def _is_data(name: str) -> bool:
    """Tell data from the row numbers that pandas stores of a frame that was cut or shuffled."""
    return not re.fullmatch(r"__index_level_\d+__", name)


@contextmanager
def _damage_told(source: str) -> Iterator[None]:
    """Say of a file that it is damaged; but what a disk or a network refuses is no such damage."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, InputError) or getattr(error, "errno", None) is not None:
            raise
        raise InputError(
            f"{source} is a damaged or incomplete Parquet file: obtain or write it anew"
        ) from error

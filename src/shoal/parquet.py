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
from typing import BinaryIO, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from shoal.errors import InputError


def parquet_frame(data: bytes, source: str) -> pd.DataFrame:
    """Return all of a Parquet file as a data frame."""
    try:
        table = pq.ParquetFile(pa.BufferReader(data)).read()
        kept = [index for index, name in enumerate(table.column_names) if _is_data(name)]
        frame: pd.DataFrame = table.select(kept).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(source) from error
    return frame


@dataclass(frozen=True)
class Layout:
    """What a Parquet file says of itself.

    Attributes
    ----------
    kinds : tuple of (str, "number", "text" or None)
        Names and kinds of the columns; None where all values are missing by their type.
    groups : tuple of (int, int)
        Rows and bytes of each row group.
    """

    kinds: tuple[tuple[str, Literal["number", "text"] | None], ...]
    groups: tuple[tuple[int, int], ...]


def parquet_layout(file: BinaryIO, source: str) -> Layout:
    """Read a file's layout from its end."""
    try:
        parquet = pq.ParquetFile(file)
        groups = [parquet.metadata.row_group(i) for i in range(parquet.num_row_groups)]
        fields = [field for field in parquet.schema_arrow if _is_data(field.name)]
    except (pa.ArrowException, OSError) as error:
        raise _damaged(source) from error
    return Layout(
        tuple((field.name, _kind(field.type)) for field in fields),
        tuple((group.num_rows, group.total_byte_size) for group in groups),
    )


def parquet_frames(
    file: BinaryIO, source: str, rows: int, *, groups: Sequence[int] | None = None,
    columns: Sequence[str] | None = None,
) -> Iterator[pd.DataFrame]:  # fmt: skip
    """Yield the rows of a Parquet file, or of some of its row groups, in data frames of so many."""
    with _seekable(file, source) as whole:
        try:
            parquet = pq.ParquetFile(whole)
            names = columns or [name for name in parquet.schema_arrow.names if _is_data(name)]
            for batch in parquet.iter_batches(batch_size=rows, columns=names, row_groups=groups):
                yield pa.Table.from_batches([batch]).to_pandas(ignore_metadata=True)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(source) from error


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


def _damaged(source: str) -> InputError:
    return InputError(f"{source} is a damaged or incomplete Parquet file: obtain or write it anew")

"""Guarantee: a table is written whole or not at all, however many blocks it comes in.

Floor 4. Only one block is in memory at a time.
"""

import csv
import io
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from shoal.atomic import written_atomically
from shoal.errors import InputError
from shoal.tables import series_cells

Columns = Mapping[str, npt.NDArray[Any] | list[Any]]
FORMATS = {
    "": "csv",
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}


class Writer(Protocol):
    """Takes the blocks of a table, in order."""

    def write(self, columns: Columns) -> None:
        """Write a block: name and values of each column; None and NaN are missing."""


def write_table(columns: Columns, destination: str | Path) -> None:
    """Write columns to a file, all of it or nothing.

    Parameters
    ----------
    columns : mapping of str to array or list
        Name and values; None and NaN are missing.
    destination : str or Path
        A file, whose ending decides on the format: ``.tsv``, ``.parquet`` or ``.pq``, and CSV
        otherwise; or ``"-"`` for CSV on standard output.

    Raises
    ------
    InputError
        If the file cannot be written; then nothing has changed.
    """
    with table_writer(destination) as writer:
        writer.write(columns)


@contextmanager
def table_writer(destination: str | Path) -> Iterator[Writer]:
    """Open a table to write in blocks; as for :func:`write_table`, it is there whole or not at all.

    What standard output has received cannot be taken back.
    """
    format_name = table_format(destination)
    if str(destination) == "-":
        if sys.stdout is None:  # the caller closed it
            raise InputError("standard output is closed: name a file to write")
        sys.stdout.flush()
        yield _Delimited(sys.stdout.buffer, ",")
        sys.stdout.buffer.flush()
        return
    with written_atomically(destination) as file:
        if format_name == "parquet":
            made = _Parquet(file)
            try:
                yield made
            finally:
                made.close()
        else:
            yield _Delimited(file, "\t" if format_name == "tsv" else ",")


def table_format(destination: str | Path) -> str:
    """Return the format that a file's ending asks for: ``csv``, ``tsv`` or ``parquet``.

    Raises
    ------
    InputError
        The ending is that of another format.
    """
    ending = Path(destination).suffix.lower()
    if ending not in FORMATS:
        raise InputError(
            f"{destination} asks for the format {ending}, which is not written: let the name end"
            " in .csv, .tsv or .parquet"
        )
    return FORMATS[ending]


class _Delimited:
    """Writes blocks as delimited text, the names first."""

    def __init__(self, file: BinaryIO, separator: str) -> None:
        self.file, self.separator, self.named = file, separator, False

    def write(self, columns: Columns) -> None:
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.separator, lineterminator="\n")
        if not self.named:
            writer.writerow(columns)
            self.named = True
        cells = [series_cells(pd.Series(values)) for values in columns.values()]
        writer.writerows(zip(*cells, strict=True))
        self.file.write(text.getvalue().encode("utf-8"))


class _Parquet:
    """Writes each block as a row group."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.writer: pq.ParquetWriter | None = None

    def write(self, columns: Columns) -> None:
        arrays = {name: pa.array(values, from_pandas=True) for name, values in columns.items()}
        block = pa.table(arrays)
        if self.writer is None:
            self.writer = pq.ParquetWriter(self.file, block.schema)
        self.writer.write_table(block)

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()

"""Guarantee: a file becomes named columns of numbers or text, and whatever was not plain is noted.

Floor 4. Delimited text, Parquet and data frames all end up as a :class:`Table`, under the same
rules for missing values and numbers, and a :class:`Schema` makes later tables match the one that a
model was trained on.
"""

import datetime
import difflib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from numbers import Real
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pandas as pd

from shoal.cells import FloatArray, clean, column_names, nameless
from shoal.columns import Kind, Schema, Table, append_cells, append_numbers, few_strange
from shoal.delimited import decode, find_separator, is_header, split_rows
from shoal.errors import EmptyTableError, InputError
from shoal.parquet import parquet_frame
from shoal.urls import opened_url


def read_table(
    source: str | Path, *, schema: Schema | None = None, header: bool | None = None
) -> Table:
    """Read a table from delimited text or Parquet, whatever its name ends in.

    Parameters
    ----------
    source : str or Path
        A file, a URL, or ``"-"`` for standard input.
    schema : Schema, optional
        The training table, which then decides on names and kinds.
    header : bool, optional
        Whether the first row holds names; found out if not given.

    Raises
    ------
    InputError
        If the file cannot be read or is no table, or if a cell contradicts the schema.
    """
    data, name = _read_bytes(source)
    return table_from_bytes(data, name, schema=schema, header=header)


def table_from_bytes(
    data: bytes, name: str, *, schema: Schema | None = None, header: bool | None = None
) -> Table:
    """Read a table from the content of a file, as :func:`read_table` does."""
    if data.startswith(b"PAR1"):
        return table_from_frame(parquet_frame(data, name), name, schema=schema)
    text, notes = decode(data, name)
    separator = find_separator(text)
    rows = split_rows(text, separator, name)
    header, names, more_notes = layout(rows.cells, schema, header, name)
    table = Table((), (*notes, *more_notes), name, header, rows.lines[header:])
    kinds = dict(schema.columns) if schema else {}
    return with_columns(table, names, rows.cells[header:], kinds, comma=separator != ",")


def layout(
    rows: Sequence[Sequence[str]], schema: Schema | None, header: bool | None, source: str
) -> tuple[bool, list[str], list[str]]:
    """Return whether the first of some rows is a header, the columns' names, and notes.

    Raises
    ------
    InputError
        There is a header alone, or none and another number of columns than in training.
    """
    if header is None:
        header = _has_header(rows, schema)
    if len(rows) == header:
        raise EmptyTableError(f"{source} has a header but no rows: add at least one row of data")
    named = header and (
        schema is None or schema.header or not set(schema.names).isdisjoint(rows[0])
    )
    notes = []
    if schema is not None and schema.header and not named:
        notes.append(f"{source} has no header: its columns were taken in the order of training")
    names, more_notes = _distinct_names(
        rows[0] if named else _names_by_order(len(rows[0]), schema, source)
    )
    return header, names, [*notes, *more_notes]


def with_columns(
    table: Table, names: Sequence[str], rows: Sequence[Sequence[str]],
    kinds: Mapping[str, Kind], *, comma: bool,
) -> Table:  # fmt: skip
    """Return a table with the columns of some rows of cells; ``comma`` may be a decimal one."""
    for name, cells in zip(names, zip(*rows, strict=True), strict=True):
        table = append_cells(table, name, clean(cells), kinds.get(name), comma=comma)
    return table


def table_from_frame(
    frame: pd.DataFrame | npt.ArrayLike,
    source: str = "the data frame",
    *,
    schema: Schema | None = None,
) -> Table:
    """Make a table of a data frame, whose index is left out, or of an array.

    Booleans, dates, categories and everything else that is not a number become text.

    Parameters
    ----------
    frame : pandas.DataFrame or array-like, (m, n)
    source : str
        What messages call the frame.
    schema : Schema, optional
        The training table, which then decides on kinds; the columns of an array are those that it
        was trained on, in order.

    Raises
    ------
    InputError
        If the frame has no rows or columns, or if a cell contradicts the schema.
    """
    if not isinstance(frame, pd.DataFrame):
        frame = _frame(frame, source, schema)
    if not len(frame.columns) or not len(frame):
        lacking = "row" if len(frame.columns) else "column"
        raise InputError(f"{source} has no {lacking}s: give a table with at least one {lacking}")
    kinds = dict(schema.columns) if schema else {}
    names, notes = _distinct_names([str(name) for name in frame.columns])
    table = Table((), tuple(notes), source, True)
    for index, name in enumerate(names):
        series, kind = frame.iloc[:, index], kinds.get(name)
        numbers = None if kind == "text" else _series_numbers(series)
        if numbers is not None:
            table = append_numbers(table, name, numbers)
        else:
            cells = _clean_cells(series)
            # A typed source says itself that these are text, even where they look like numbers.
            table = append_cells(table, name, cells, kind or ("text" if any(cells) else "number"))
            if kind is None and (note := few_strange(table, name, cells)):
                table = replace(table, notes=(*table.notes, note))
    return table


def missing(values: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return where values of any type are missing."""
    return np.flatnonzero(pd.isna(values))


def frame_kinds(frame: pd.DataFrame) -> dict[str, Kind | None]:
    """Return what kind each column of a data frame would be; None where all is missing."""
    kinds: dict[str, Kind | None] = {}
    for index, name in enumerate(_distinct_names([str(name) for name in frame.columns])[0]):
        series = frame.iloc[:, index]
        numbers = _series_numbers(series)
        empty = numbers is not None and bool(np.isnan(numbers).all())
        kinds[name] = None if empty else "text" if numbers is None else "number"
    return kinds


def _read_bytes(source: str | Path) -> tuple[bytes, str]:
    """Return the content of a file, and what to call it."""
    with opened(source) as (file, name):
        return file.read(), name


@contextmanager
def opened(source: str | Path) -> Iterator[tuple[BinaryIO, str]]:
    """Open a file, a URL or standard input (``"-"``) to read; yield it and what to call it.

    Raises
    ------
    InputError
        It cannot be opened or read.
    """
    if str(source) == "-":
        if sys.stdin is None:  # the caller closed it
            raise InputError("standard input is closed: name a file to read, or redirect one")
        yield sys.stdin.buffer, "standard input"
        return
    if "://" in str(source):
        with opened_url(str(source)) as file:
            yield file, str(source)
        return
    path = Path(source)
    try:
        with path.open("rb") as file:
            yield file, str(path)
    except FileNotFoundError:
        if not path.parent.is_dir():
            raise InputError(
                f"cannot read {path}: the folder {path.parent} does not exist: check the path"
            ) from None
        files = [p.name for p in path.parent.iterdir()]
        near = difflib.get_close_matches(path.name, files, n=1, cutoff=0.75)
        remedy = f"did you mean {path.parent / near[0]}?" if near else "check the name"
        raise InputError(f"there is no file {path}: {remedy}") from None
    except IsADirectoryError:
        raise InputError(f"{path} is a folder: name a file inside it") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"cannot read {path}: {reason}: check the file") from error


def _frame(array: npt.ArrayLike, source: str, schema: Schema | None) -> pd.DataFrame:
    values = np.asarray(array)
    if values.ndim != 2:
        raise InputError(
            f"{source} is an array of {values.ndim} dimensions, but a table has rows and columns:"
            " give a data frame or an array of 2"
        )
    names = nameless(values.shape[1])
    if schema is not None and len(schema.feature_names) == len(names):
        names = list(schema.feature_names)
    return pd.DataFrame(values, columns=names)


def _has_header(rows: Sequence[Sequence[str]], schema: Schema | None) -> bool:
    """Decide whether the first row holds names, knowing the training table if there was one."""
    first = tuple(cell.strip() for cell in rows[0])
    if schema is None:
        return is_header(rows)
    if schema.header:
        return not set(schema.names).isdisjoint(first) or is_header(rows)
    return first in (schema.names, schema.feature_names)


def _names_by_order(count: int, schema: Schema | None, source: str) -> Sequence[str]:
    """Name the columns of a file without a header."""
    if schema is None:
        return [""] * count
    for names in (schema.names, schema.feature_names):
        if count == len(names):
            return names
    raise InputError(
        f"{source} has no header and {count} columns, where the model was trained on "
        f"{len(schema.names)}: give the columns of the training table in order, or a first row of "
        "names"
    )


def _distinct_names(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Name the nameless by their position, and number what is named twice."""
    wanted = column_names(names)
    taken, distinct = set(wanted), dict[str, None]()
    notes = []
    for name in wanted:
        new, count = name, 1
        while new in distinct or (new != name and new in taken):
            count += 1
            new = f"{name}_{count}"
        if new != name:
            notes.append(f"the column name {name!r} occurs again, and is read as {new!r}")
        distinct[new] = None
    return list(distinct), notes


def _series_numbers(series: "pd.Series[Any]") -> FloatArray | None:
    """Return the numbers of a series, or None if it does not consist of numbers."""
    missing = series.isna().to_numpy()
    if missing.all():
        return np.full(len(series), np.nan)
    kind = pd.api.types
    if kind.is_object_dtype(series.dtype):
        present = series[~missing]
        if any(isinstance(v, bool) or not isinstance(v, Real | Decimal) for v in present):
            return None
        numbers = np.full(len(series), np.nan)
        numbers[~missing] = [float(value) for value in present]
        return numbers
    if kind.is_bool_dtype(series.dtype) or not kind.is_numeric_dtype(series.dtype):
        return None
    if kind.is_complex_dtype(series.dtype):
        return None
    with np.errstate(invalid="ignore"):  # of damaged bytes: NaNs that warn whenever they are met
        numbers = series.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(numbers), np.nan, numbers)


def _clean_cells(series: "pd.Series[Any]") -> list[str | None]:
    """Return the values of a series as clean cells; each text is looked at once."""
    if not isinstance(series.dtype, pd.StringDtype | pd.CategoricalDtype):
        return clean(series_cells(series))
    codes, values = pd.factorize(series)
    texts = [*clean(map(_text, values)), None]  # code -1 is missing
    return [texts[code] for code in codes]


def series_cells(series: "pd.Series[Any]") -> list[str]:
    """Return the values of a series as cells of delimited text."""
    missing = series.isna()
    return ["" if gone else _text(value) for value, gone in zip(series, missing, strict=True)]


def _text(value: object) -> str:
    """Write a value as a cell: dates as ISO text, and whole numbers without ``.0``."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, float | np.floating | Decimal) and abs(float(value)) < 1e15:
        whole = int(value)
        return str(whole) if whole == value else str(value)
    return str(value)

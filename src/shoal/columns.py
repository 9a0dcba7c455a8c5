"""Guarantee: a table is named columns of equal length, each of finite numbers or of text.

A table never changes; appending a column makes a new one. Every row knows where it came from, so
that messages can name its line. What is neither number nor text in its file has become text.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from shoal.cells import (
    Cells,
    FloatArray,
    not_numbers,
    number_text,
    to_numbers,
    with_decimal_points,
)
from shoal.errors import InputError

LEAST_PRESENT = 20  # cells from which a column is said to be numbers but for a few

Kind = Literal["number", "text"]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Column:
    """One column: floats with NaN, or an object array of str with None, where missing."""

    name: str
    kind: Kind
    values: npt.NDArray[Any]

    @cached_property
    def absent(self) -> npt.NDArray[np.bool_]:
        """Where there is no value, (m,)."""
        if self.kind == "number":
            return np.asarray(np.isnan(self.values))
        return np.asarray(self.values == np.array(None, object), np.bool_)

    @property
    def n_missing(self) -> int:
        """In how many rows there is no value."""
        return int(self.absent.sum())

    @cached_property
    def cells(self) -> list[str | None]:
        """The values as text, numbers written in one way; None where there is none."""
        if self.kind == "text":
            return list(self.values)
        values, at = np.unique(self.values, return_inverse=True)
        texts = [None if np.isnan(value) else number_text(float(value)) for value in values]
        return [texts[i] for i in at]


@dataclass(frozen=True)
class Schema:
    """What a model remembers of its training table: all its columns in order, target included."""

    columns: tuple[tuple[str, Kind], ...]
    header: bool
    target: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns."""
        return tuple(name for name, _ in self.columns)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The names of all columns but the target."""
        return tuple(name for name in self.names if name != self.target)


@dataclass(frozen=True)
class Table:
    """Columns of equal length, and where they came from.

    Parameters
    ----------
    columns : tuple of Column
    notes : tuple of str
        What its reader should be told about the reading.
    source : str
        What messages call the file.
    header : bool
        Whether the file named its columns.
    lines : array or None
        The line on which each row of the file begins; None if it has no lines.
    row_numbers : array or None
        Which rows of the file these are, from 1; None for all of them.
    first : int
        How many rows of the file come before all these, where it is read in blocks.
    """

    columns: tuple[Column, ...]
    notes: tuple[str, ...]
    source: str
    header: bool
    lines: IntArray | None = None
    row_numbers: IntArray | None = None
    first: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return len(self.columns[0].values) if self.columns else 0

    def __getitem__(self, name: str) -> Column:
        if name in self._by_name:
            return self._by_name[name]
        near = nearest_name(name, self.names)
        few = ", ".join(self.names[:10]) + (", ..." if len(self.names) > 10 else "")
        remedy = f"did you mean {near!r}?" if near else f"its columns are {few}"
        raise InputError(f"{self.source} has no column {name!r}: {remedy}")

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def rows(self, indices: npt.ArrayLike) -> "Table":
        """Return the table of some rows, by position or by a mask."""
        chosen = np.asarray(indices)
        numbers = np.arange(1, self.n_rows + 1) if self.row_numbers is None else self.row_numbers
        columns = tuple(replace(column, values=column.values[chosen]) for column in self.columns)
        return replace(self, columns=columns, row_numbers=numbers[chosen])

    def with_column(self, name: str, cells: Cells) -> "Table":
        """Return the table with a column of text more."""
        column = Column(name, "text", np.array(cells, dtype=object))
        return replace(self, columns=(*self.columns, column))

    def without(self, names: Iterable[str]) -> "Table":
        """Return the table without some columns, each of which must be there."""
        dropped = {self[name].name for name in names}
        return replace(self, columns=tuple(c for c in self.columns if c.name not in dropped))

    def place(self, row: int) -> str:
        """Say where a row is in the file, for messages: ``row 12 (line 13)``."""
        number = row + 1 if self.row_numbers is None else int(self.row_numbers[row])
        return f"row {self.first + number}" + (
            f" (line {self.lines[number - 1]})" if self.lines is not None else ""
        )


def nearest_name(name: str, names: Iterable[str]) -> str | None:
    """Return the name that was probably meant: the same but for its case, or a similar one."""
    names = list(names)
    same = [each for each in names if each.casefold() == name.casefold()]
    return next(iter(same + difflib.get_close_matches(name, names, n=1)), None)


def require_table(table: object) -> None:
    """Refuse anything but a table, with a word on where tables come from."""
    if not isinstance(table, Table):
        raise InputError(
            f"a Table is wanted, not a {type(table).__name__}: shoal.read_table makes one of a"
            " file, and shoal.table_from_frame of a data frame"
        )


def append_cells(
    table: Table, name: str, cells: Cells, kind: Kind | None, *, comma: bool = False
) -> Table:
    """Append a column of clean cells, of the kind imposed or else of the kind they look like."""
    if kind != "text":
        pointed = with_decimal_points(cells) if comma else cells
        numbers = to_numbers(pointed)
        if numbers is not None:
            if pointed is not cells:
                first = next(cell for cell in cells if cell is not None and "," in cell)
                note = (
                    f"column {name!r} has decimal commas: {first!r} was read as"
                    f" {first.replace(',', '.')}"
                )
                table = replace(table, notes=(*table.notes, note))
            return append_numbers(table, name, numbers)
        if kind == "number":
            strange = not_numbers(pointed)
            first = f"{cells[strange[0]]!r}"
            raise InputError(
                f"column {name!r} held numbers when the model was trained, but "
                f"{table.place(strange[0])} of {table.source} holds {first}: correct the cell or "
                "leave it empty"
            )
        if note := few_strange(table, name, pointed):
            table = replace(table, notes=(*table.notes, note))
    return table.with_column(name, cells)


def few_strange(table: Table, name: str, cells: Cells) -> str:
    """Return a sentence on the few cells of a column that keep it from being numbers."""
    strange, present = not_numbers(cells), sum(cell is not None for cell in cells)
    if present < LEAST_PRESENT or not 0 < len(strange) <= present / 10:
        return ""
    return (
        f"column {name!r} is read as text, as {len(strange):,} of its {present:,} cells "
        f"{'is' if len(strange) == 1 else 'are'} not a number (first: {cells[strange[0]]!r} in "
        f"{table.place(strange[0])})"
    )


def append_numbers(table: Table, name: str, numbers: FloatArray) -> Table:
    """Append a column of numbers, all of which must be finite."""
    infinite = np.flatnonzero(np.isinf(numbers))
    if infinite.size:
        raise InputError(
            f"column {name!r} of {table.source} holds an infinite number in "
            f"{table.place(int(infinite[0]))}: correct the cell or leave it empty"
        )
    return replace(table, columns=(*table.columns, Column(name, "number", numbers)))

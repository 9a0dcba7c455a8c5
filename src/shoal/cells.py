"""Guarantee: one cell means the same in every file: missing, a number, or its text.

What counts as missing and as a number is decided here and nowhere else. Numbers are written as in
English or, where a column does so throughout, with a decimal comma; there are no thousands
separators, underscores or hexadecimal numbers.
"""

import re
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Cells = Sequence[str | None]

MISSING = frozenset(
    ["", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "#N/A", "<NA>"],
)

_NUMBER = re.compile(
    r"[+-]? (?: (?: \d+ \.? \d* | \.\d+ ) (?: e [+-]? \d+ )? | inf(?:inity)? )",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)


def column_names(cells: Iterable[str]) -> list[str]:
    """Return the names of columns: stripped, and those of the nameless by their position."""
    return [cell.strip() or f"column_{k}" for k, cell in enumerate(cells, start=1)]


def nameless(n: int) -> list[str]:
    """Return what n columns without names are called."""
    return column_names([""] * n)


def is_number(text: str) -> bool:
    """Whether a stripped cell is a number, be it infinite."""
    return _NUMBER.fullmatch(text) is not None


def number_text(value: float) -> str:
    """Write a finite number so that equal numbers have equal texts."""
    return f"{value + 0.0:.0f}" if value.is_integer() else repr(value)  # + 0.0 turns -0 into 0


def clean(cells: Iterable[str]) -> list[str | None]:
    """Strip cells, and put None for those that stand for a missing value."""
    return [None if (text := cell.strip()) in MISSING else text for cell in cells]


def to_numbers(cells: Cells) -> FloatArray | None:
    """Turn clean cells into numbers, NaN where missing.

    Parameters
    ----------
    cells : sequence of str or None
        What `clean` made of a column.

    Returns
    -------
    array or None
        None if any cell is not a number.
    """
    present = "".join(filter(None, cells))
    # `float` reads every number there is, quickly, and little else: underscores, the digits of
    # other scripts, and spellings of NaN that are not missing marks.
    if "_" in present or not present.isascii():
        return None
    try:
        numbers = np.array([np.nan if cell is None else float(cell) for cell in cells], float)
    except ValueError:
        return None
    return numbers if np.isnan(numbers).sum() == list(cells).count(None) else None


def not_numbers(cells: Cells) -> list[int]:
    """Return the positions of the clean cells that are neither missing nor numbers."""
    strange = {cell for cell in set(cells) if cell is not None and not is_number(cell)}
    return [index for index, cell in enumerate(cells) if cell in strange] if strange else []


def with_decimal_points(cells: Cells) -> Cells:
    """Write the numbers of a column with points, if it writes them with commas.

    It does so if some cell is a number with a decimal comma and none is one with a point.
    Otherwise the cells come back as they are.
    """
    distinct = {cell for cell in set(cells) if cell is not None}
    if any("." in cell and is_number(cell) for cell in distinct):
        return cells
    pointed = {cell: cell.replace(",", ".", 1) for cell in distinct if "," in cell}
    pointed = {cell: text for cell, text in pointed.items() if is_number(text)}
    return (
        [cell if cell is None else pointed.get(cell, cell) for cell in cells] if pointed else cells
    )

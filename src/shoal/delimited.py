"""Guarantee: text with separators becomes rows of equal length, or an error that names the line.

Three steps: `decode` turns bytes into text, `find_separator` looks at a sample of it, and
`split_rows` cuts it into cells. `is_header` then says whether the first row holds names. No byte
sequence that is text at all is refused, and no row is ever dropped, padded or cut.
"""

import codecs
import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shoal.cells import MISSING, is_number
from shoal.errors import EmptyTableError, InputError

SEPARATORS = {
    "\t": "tab",
    ";": "semicolon",
    "|": "vertical bar",
    ",": "comma",
    " ": "space",
    "\x1f": "unit separator",
}
# Stands for "there is none": nobody types this character.
ONE_COLUMN = "\x1f"

_SAMPLE_LINES = 200
_SAMPLE_ROWS = 2000
# A quoted cell whole: doubled quotes belong to it. The possessive ++ keeps long files linear.
_QUOTED = r'"(?:[^"]++|"")*+"'
_QUOTED_ANYWHERE = re.compile(rf"(?<![^\s,;|]){_QUOTED}(?![^\s,;|])")
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1a\x1b")
# Windows-1252 leaves five bytes undefined; these stay the characters of the same code.
_WINDOWS = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in b"\x81\x8d\x8f\x90\x9d"
}


@dataclass(frozen=True)
class Rows:
    """The rows of a file, all of one length, and the line on which each begins (from 1)."""

    cells: list[list[str]]
    lines: npt.NDArray[np.int64]


def decode(data: bytes, source: str) -> tuple[str, tuple[str, ...]]:
    """Turn the bytes of a file into text with plain newlines.

    Parameters
    ----------
    data : bytes
        UTF-8 or UTF-16 with its byte order mark; gzip around it is undone. In what is not valid
        UTF-8, the lines at fault are read as Windows-1252.
    source : str
        What messages call the file.

    Returns
    -------
    text : str
    notes : tuple of str
        What the reader should know about the decoding.

    Raises
    ------
    InputError
        If these are not the bytes of a text.
    """
    data = _unzip(data, source)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = data.decode("utf-16").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            raise not_a_table(source) from error
        if "\0" in text:
            raise not_a_table(source)
        return text, ()
    if b"\0" in data or data.startswith(b"PK\x03\x04"):
        raise not_a_table(source)
    data = data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        if is_binary(data, len(data)):
            raise not_a_table(source) from error
    return _decode_lines(data.split(b"\n"), source)


def find_separator(text: str) -> str:
    """Say what separates the cells of a text, judging by its first lines.

    The right separator cuts nearly all lines into equally many cells, outside quotes, and leaves
    more numbers than a wrong one does. Where two are as good, the order of `SEPARATORS` decides.

    Returns
    -------
    str
        A key of `SEPARATORS`; `ONE_COLUMN` where nothing separates.
    """
    sample = "\n".join(text.split("\n", _SAMPLE_LINES)[:_SAMPLE_LINES])
    sample = _QUOTED_ANYWHERE.sub(_stand_in, sample)
    lines = [line for line in sample.split("\n") if line.strip()]
    scores = {separator: _score(lines, separator) for separator in SEPARATORS}
    best = max(scores, key=scores.__getitem__)
    return best if scores[best] > 0 else ONE_COLUMN


def split_rows(text: str, separator: str, source: str) -> Rows:
    """Cut a text into rows of cells; empty lines are skipped.

    Parameters
    ----------
    text : str
        What `decode` returned.
    separator : str
        What `find_separator` returned.
    source : str
        What messages call the file.

    Raises
    ------
    InputError
        If the rows differ in length or a quote is never closed.
    """
    name = SEPARATORS[separator]
    text, separator = prepared(text, separator)
    reader = strict_reader((line + "\n" for line in text.split("\n")), separator)
    cells: list[list[str]] = []
    last_lines = [0]
    try:
        for row in reader:
            cells.append(row)
            last_lines.append(reader.line_num)
    except csv.Error as error:
        record = text.split("\n", last_lines[-1])[-1] + "\n"
        raise open_quote(record, last_lines[-1] + 1, separator, source) from error
    return _checked(cells, np.array(last_lines, np.int64), name, source)


def prepared(text: str, separator: str) -> tuple[str, str]:
    """Return text and its separator as the reader wants them: runs of spaces as tabs."""
    if separator == " ":
        text, separator = _tabs_for_spaces(text), "\t"
    if '" ' in text:
        # The reader is strict about quotes, so that none swallows a row; but a space between a
        # quote and a separator is harmless.
        end = rf"(?={re.escape(separator)}|$)"
        start = rf"(?:^|(?<={re.escape(separator)}))"
        text = re.sub(rf"{start} *+({_QUOTED}) *+{end}", r"\1", text, flags=re.MULTILINE)
    return text, separator


def strict_reader(lines: Iterable[str], separator: str) -> Any:
    """Return a reader of records that refuses quotes that do not enclose a cell."""
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the first of some rows holds the names of the columns.

    It does if none of its cells is a number or stands for a missing value (a few may be empty) and
    the rows below agree: some column holds mostly numbers, or, where all is text, the names are
    distinct and none occurs again in its own column.
    """
    first = [cell.strip() for cell in rows[0]]
    named = [(column, cell) for column, cell in enumerate(first) if cell]
    if not named or any(cell in MISSING or _is_number(cell) for _, cell in named):
        return False
    below = rows[1 : 1 + _SAMPLE_ROWS]
    if any(_mostly_numbers([row[column] for row in below]) for column, _ in named):
        return True
    distinct = len({cell for _, cell in named}) == len(named)
    return distinct and not any(
        row[column].strip() == cell for row in below for column, cell in named
    )


def _mostly_numbers(column: list[str]) -> bool:
    present = [text for cell in column if (text := cell.strip()) not in MISSING]
    return 2 * sum(map(_is_number, present)) > len(present)


def _is_number(cell: str) -> bool:
    """Whether a cell is a number if decimal commas may occur."""
    return is_number(cell.replace(",", ".", 1))


def _unzip(data: bytes, source: str) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged_gzip(source) from error


def damaged_gzip(source: str) -> InputError:
    """Say that a gzip file is damaged."""
    return InputError(
        f"{source} is a damaged or incomplete gzip file: obtain it anew or decompress it first"
    )


def not_a_table(source: str) -> InputError:
    """Say that a file is no text."""
    return InputError(f"{source} is neither text nor Parquet: export the table as CSV in UTF-8")


def _decode_lines(lines: list[bytes], source: str) -> tuple[str, tuple[str, ...]]:
    """Decode line by line, so that one bad line does not garble the others."""
    texts, bad = [], []
    for number, line in enumerate(lines, start=1):
        text, valid = decode_line(line)
        texts.append(text)
        if not valid:
            bad.append(number)
    return "\n".join(texts), (not_utf_8(bad, len(bad), source),)


def decode_line(line: bytes) -> tuple[str, bool]:
    """Return a line as text, and whether it was valid UTF-8; else it is read as Windows-1252."""
    try:
        return line.decode("utf-8"), True
    except UnicodeDecodeError:
        return line.decode("latin-1").translate(_WINDOWS), False


def not_utf_8(first: Sequence[int], count: int, source: str) -> str:
    """Say which lines were not valid UTF-8: the first ones, and how many."""
    lines = f"line {first[0]:,} of {source}"
    if count > 1:
        numbers = ", ".join(f"{number:,}" for number in first[:3]) + (" ..." if count > 3 else "")
        lines = f"{count:,} lines of {source} (the first: {numbers})"
    # what differs between the files of a table comes last: then it is told once
    return f"what is not valid UTF-8 was read as Windows-1252: {lines}"


def is_binary(line: bytes, of: int) -> bool:
    """Whether a line that is not UTF-8 has too many control characters, of so many bytes."""
    return len(line) - len(line.translate(None, _CONTROL)) > of / 100


def _stand_in(quoted: re.Match[str]) -> str:
    """Replace a quoted cell by something without separators, keeping numbers."""
    inside = quoted[0][1:-1].strip()
    return inside if is_number(inside) else "q"


def _score(lines: list[str], separator: str) -> float:
    """Rate a separator: the share of lines it cuts alike plus the share of cells it makes numbers.

    Zero says that it cannot be the one.
    """
    rows = [line.split(separator) for line in lines]
    if separator == " ":
        rows = [[cell for cell in row if cell] for row in rows]
    lengths = Counter(map(len, rows))
    length, count = max(lengths.items(), key=lambda item: (item[1], item[0]), default=(1, 0))
    # Prose has spaces, too, so these must leave less doubt.
    if length == 1 or count < len(rows) * (0.9 if separator == " " else 0.5):
        return 0.0
    cells = [cell.strip() for row in rows for cell in row]
    return count / len(rows) + sum(map(_is_number, cells)) / len(cells)


def _tabs_for_spaces(text: str) -> str:
    """Put one tab for each run of spaces between cells, and none around a line."""
    parts = re.split(rf"(?<!\S)({_QUOTED})(?!\S)", text)
    for index in range(0, len(parts), 2):
        tabs = re.sub(r"[ \t]+", "\t", parts[index])
        parts[index] = tabs.replace("\n\t", "\n").replace("\t\n", "\n")
    return "".join(parts).strip("\t")


def open_quote(record: str, first_line: int, separator: str, source: str) -> InputError:
    """Say which cell made the strict reader stop in the record that begins on a line."""
    sep = re.escape(separator)
    cell = re.compile(rf' *+(?:{_QUOTED} *+|[^" {sep}\n][^{sep}\n]*+|)[{sep}\n]')
    start, limit = 0, csv.field_size_limit()
    match = cell.match(record)
    while match and len(match[0]) <= limit:
        start = match.end()
        match = cell.match(record, start)
    line = first_line + record.count("\n", 0, start)
    if match:
        return InputError(
            f"line {line} of {source} has a cell of more than {limit:,} characters: shorten it, or "
            "close its quote if it has swallowed other cells"
        )
    return InputError(
        f"line {line} of {source} has a quote that never closes, or closes before its cell ends: "
        'double the quotes inside a cell ("") or remove them'
    )


def wrong_length(
    lines: tuple[int, int], length: int, expected: int, model_line: int, name: str, source: str
) -> InputError:
    """Say which row is longer or shorter than the first."""
    begin, end = lines
    where = f"line {begin}" if begin == end else f"the row from line {begin} to line {end}"
    fields = "1 field" if length == 1 else f"{length} fields"
    return InputError(
        f"{where} of {source} has {fields} where {expected} are expected, as on line "
        f"{model_line}: add what is missing or remove what is too much, and put quotes "
        f"around cells that contain a {name}"
    )


def _checked(
    cells: list[list[str]], last_lines: npt.NDArray[np.int64], name: str, source: str
) -> Rows:
    """Drop the empty lines and insist that all other rows are as long as the first."""
    lengths = np.fromiter(map(len, cells), np.int64, len(cells))
    # A line of nothing but spaces is one empty cell: nothing, unless there is only one column.
    spaces = np.array([len(row) == 1 and not row[0].strip() for row in cells], bool)
    kept = np.flatnonzero((lengths > 0) & ~spaces)
    if not kept.size:
        raise EmptyTableError(f"{source} is empty: give a table with at least one row")
    expected, first_lines = lengths[kept[0]], last_lines[:-1] + 1
    model_line = first_lines[kept[0]]
    if expected == 1:
        kept = np.flatnonzero(lengths)
    wrong = kept[lengths[kept] != expected]
    if wrong.size:
        lines = first_lines[wrong[0]], last_lines[wrong[0] + 1]
        raise wrong_length(lines, lengths[wrong[0]], expected, model_line, name, source)
    return Rows([cells[row] for row in kept], first_lines[kept])

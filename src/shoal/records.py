"""Guarantee: delimited text is cut into rows as it is read, the same rows as of the whole text.

Floor 4. What ``delimited`` does to a text at once is done here to lines as they come, so that no
more than a record is in memory.
"""

import codecs
import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from shoal.delimited import (
    SEPARATORS,
    decode_line,
    is_binary,
    not_a_table,
    not_utf_8,
    open_quote,
    prepared,
    strict_reader,
    wrong_length,
)

ENOUGH = 10_000  # bytes of lines that are not UTF-8, to tell whether they are text at all


@dataclass(frozen=True)
class Record:
    """The cells of a row, and the line on which it begins (from 1)."""

    cells: list[str]
    line: int


class Decoder:
    """Turns the bytes of a file into lines of text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._bad: list[int] = []  # the first lines that are not UTF-8
        self._count = self._told = 0
        self._spoilt = b""

    def lines(self, file: BinaryIO) -> Iterator[str]:
        """Yield the lines, without their ends."""
        number = total = 0
        for raw in file:
            data = raw
            if not number:
                if data.startswith(b"PK\x03\x04"):
                    raise not_a_table(self.source)
                data = data.removeprefix(codecs.BOM_UTF8)
            if b"\0" in data:
                raise not_a_table(self.source)
            total += len(data)
            data = data.removesuffix(b"\n").removesuffix(b"\r")
            for line in data.split(b"\r"):
                number += 1
                yield self._decode(line, number)
        if self._spoilt and is_binary(self._spoilt, total):
            raise not_a_table(self.source)

    def notes(self) -> list[str]:
        """Return what its reader should know, once; later lines are not counted any more."""
        if self._told or not self._count:
            return []
        self._told = self._count
        return [not_utf_8(self._bad, self._count, self.source)]

    def _decode(self, line: bytes, number: int) -> str:
        text, valid = decode_line(line)
        if not valid:
            self._count += 1
            if len(self._bad) < 3:
                self._bad.append(number)
            if len(self._spoilt) < ENOUGH:
                self._spoilt += line
                if len(self._spoilt) >= ENOUGH and is_binary(self._spoilt, len(self._spoilt)):
                    raise not_a_table(self.source)
        return text


def _whole_cells(lines: Iterable[str]) -> Iterator[str]:
    """Join lines until their quotes are even, so that no cell is cut; but not for ever."""
    joined: list[str] = []
    odd, size = 0, 0
    for line in lines:
        joined.append(line)
        odd, size = (odd + line.count('"')) % 2, size + len(line)
        if not odd or size > csv.field_size_limit():
            yield "\n".join(joined)
            joined, odd, size = [], 0, 0
    if joined:
        yield "\n".join(joined)


def records(lines: Iterable[str], separator: str, source: str) -> Iterator[Record]:
    """Cut lines into rows of equal length; empty lines are skipped.

    Raises
    ------
    InputError
        If the rows differ in length or a quote is never closed.
    """
    pending: list[str] = []

    def fed() -> Iterator[str]:
        for text in _whole_cells(lines):
            for line in prepared(text, separator)[0].split("\n"):
                pending.append(line)
                yield line + "\n"

    of_reader = prepared("", separator)[1]
    reader = strict_reader(fed(), of_reader)
    last = 0
    blank: list[Record] = []  # rows of one blank cell before the first one of which more is known
    first: Record | None = None
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise open_quote("\n".join(pending) + "\n", last + 1, of_reader, source) from error
        if cells is None:
            return
        row, last = Record(cells, last + 1), reader.line_num
        pending.clear()
        is_blank = len(cells) == 1 and not cells[0].strip()
        if not cells or (is_blank and first is not None and len(first.cells) > 1):
            continue
        if first is None:
            if is_blank:
                blank.append(row)
                continue
            first = row
            yield from blank if len(cells) == 1 else []
        if len(cells) != len(first.cells):
            raise wrong_length(
                (row.line, last), len(cells), len(first.cells), first.line, SEPARATORS[separator],
                source,
            )  # fmt: skip
        yield row

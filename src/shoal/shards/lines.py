"""Guarantee: how many lines a text has is estimated from its beginning, however large it is.

Floor 6.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

from shoal.delimited import damaged_gzip
from shoal.tables import opened
from shoal.urls import size_of

HEAD = 2**20  # bytes that are looked at, as they are stored and once they are unzipped
GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Lines:
    """How many lines a text has, not counting blank ones.

    Attributes
    ----------
    count : int
    whole : bool
        Whether all of it was looked at; else the count is estimated.
    """

    count: int
    whole: bool


def lines_of(file: str) -> Lines:
    """Return how many lines a text has, as far as its beginning tells."""
    with opened(file) as (raw, _):
        head = raw.read(HEAD)
    text, seen = _unzipped(head, file) if head.startswith(GZIP) else (head, len(head))
    lines = sum(bool(line.strip()) for line in text.splitlines())
    if seen == len(head) < HEAD:
        return Lines(lines, True)
    return Lines(round(file_size(file) * max(2, lines) / seen), False)


def file_size(file: str) -> int:
    """Return how many bytes a file, or what is behind a URL, has."""
    return size_of(file) if "://" in file else Path(file).stat().st_size


def _unzipped(head: bytes, file: str) -> tuple[bytes, int]:
    """Return the beginning of what is in a gzip file, and of how many bytes it was made.

    Such a file may be several, one after the other, and a few bytes may hold very much.
    """
    text, rest = bytearray(), head
    try:
        while rest and len(text) < HEAD:
            member = zlib.decompressobj(31)
            text += member.decompress(rest, HEAD - len(text))
            if not member.eof:
                rest = member.unconsumed_tail
                break
            rest = member.unused_data.lstrip(b"\0")  # which may follow, and mean nothing
    except zlib.error as error:
        raise damaged_gzip(file) from error
    return bytes(text), len(head) - len(rest)

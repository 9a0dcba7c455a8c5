"""Guarantee: shards are read and learned from in this process, in memory or by way of a folder.

Floor 6. What is encoded stays in memory where that is small beside what is free, and else in files,
which are removed at the end; the result is the same to the bit.
"""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeVar

import numpy as np

from shoal.atomic import temporary_folder
from shoal.checkpoint import digest_of
from shoal.errors import InputError
from shoal.examples import Examples
from shoal.memory import free_memory
from shoal.partitions import InParts, OnDisk, Partitions
from shoal.piecewise import PiecewiseLinear
from shoal.shards.encoding import ShardEncoder
from shoal.shards.sources import Shard
from shoal.tree_sums import Summable, TreeSum

T = TypeVar("T", bound=Summable)
E = TypeVar("E")
Seen = Callable[[PiecewiseLinear], Partitions]
SHARE_OF_FREE = 0.125  # of the memory that is free may be taken by what is encoded
MOST_IN_MEMORY = 2**29  # bytes of it, wherever: from a file learning is hardly slower


class Place(AbstractContextManager["Place"], ABC):
    """Where shards are read and learned from; nothing is left there when its context ends."""

    @abstractmethod
    def total(self, work: Callable[[Shard], T], shards: Sequence[Shard]) -> T:
        """Return the sum of what the work returns for each shard."""

    @abstractmethod
    def each(self, work: Callable[[Shard], E], shards: Sequence[Shard]) -> Iterator[E]:
        """Yield what the work returns for each shard, in order, a few at a time."""

    @abstractmethod
    def encode(self, encoder: ShardEncoder, shards: Sequence[Shard]) -> Seen:
        """Encode shards; return what makes their parts as networks see them."""


class Here(Place):
    """In this process.

    Parameters
    ----------
    folder : Path, optional
        Where files are made; the system's folder for temporary files unless given.
    in_memory : bool, optional
        Whether what is encoded stays in memory; decided by its size unless given.
    on_part : callable, optional
        Is told of each part that is loaded to learn from: its rows, and those of all.
    """

    def __init__(
        self, folder: Path | None = None, *, in_memory: bool | None = None,
        on_part: Callable[[int, int], None] | None = None,
    ) -> None:  # fmt: skip
        self.folder, self.in_memory, self.on_part = folder, in_memory, on_part
        self._folders = ExitStack()

    def __exit__(self, *_: object) -> None:
        self._folders.close()

    def total(self, work: Callable[[Shard], T], shards: Sequence[Shard]) -> T:  # noqa: D102
        total = TreeSum[T]()
        for shard in shards:
            total.add(shard.number, work(shard))
        return total.total()

    def each(  # noqa: D102
        self, work: Callable[[Shard], E], shards: Sequence[Shard]
    ) -> Iterator[E]:
        return map(work, shards)

    def encode(self, encoder: ShardEncoder, shards: Sequence[Shard]) -> Seen:  # noqa: D102
        keys: list[int] = []

        def parts() -> Iterator[Examples]:
            for shard in shards:
                for key, part in encoder(shard):
                    keys.append(key)
                    yield part

        size = sum(shard.rows for shard in shards) * encoder.width * np.dtype(np.float32).itemsize
        kept: Partitions
        if self.in_memory or (self.in_memory is None and stays_in_memory(size)):
            kept = InParts(list(parts()))
        else:
            kept = self._on_disk(parts(), size)
        return lambda pieces: InPieces(kept, pieces, keys, self.on_part)

    def _on_disk(self, parts: Iterator[Examples], size: int) -> Partitions:
        folder = self._folders.enter_context(temporary_folder(self.folder))
        free = shutil.disk_usage(folder).free
        if free < size:
            raise InputError(
                f"what is encoded takes about {size / 1e9:.1f} GB, but {folder.parent} has"
                f" {free / 1e9:.1f} GB left: set TMPDIR to a folder with more room"
            )
        return OnDisk.write(folder, parts)


def stays_in_memory(size: int) -> bool:
    """Whether so many bytes of what is encoded are kept in memory, and not in files."""
    return size < min(MOST_IN_MEMORY, SHARE_OF_FREE * free_memory())


class InPieces(Partitions):
    """Parts whose numbers are in pieces, made when a part is loaded.

    Parameters
    ----------
    parts : Partitions
        As the table's encoder makes them.
    pieces : PiecewiseLinear
    keys : sequence of int
        Their places in the tree of the sums.
    on_part : callable, optional
        Is told of each part that is loaded: its examples, and those of all.
    """

    def __init__(
        self, parts: Partitions, pieces: PiecewiseLinear, keys: Sequence[int],
        on_part: Callable[[int, int], None] | None = None,
    ) -> None:  # fmt: skip
        self.parts, self.pieces, self.on_part = parts, pieces, on_part
        self.sizes, self.weight = parts.sizes, parts.weight
        self._keys = tuple(keys)

    @property
    def keys(self) -> Sequence[int]:  # noqa: D102
        return self._keys

    def load(self, i: int) -> Examples:  # noqa: D102
        if self.on_part is not None:
            self.on_part(self.sizes[i], self.m)
        return in_pieces(self.parts.load(i), self.pieces)

    @property
    def fingerprint(self) -> str:  # noqa: D102
        return digest_of([self.parts.fingerprint, repr(self.pieces.to_data())])


def in_pieces(part: Examples, pieces: PiecewiseLinear) -> Examples:
    """Return examples as networks see them."""
    return Examples(pieces.lazy(part.X.T).T, part.Y, part.w)

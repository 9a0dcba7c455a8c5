"""Guarantee: shards are read and learned from where a cluster's workers are; only sums travel.

Floor 7. Neighbouring shards are encoded together by one worker and stay there. Whatever the number
of workers, and whatever becomes of them, sums are added up in the tree of the shards' numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from distributed import Client, Future

from shoal.distributed.parts import Block, OnWorkers, facts_of
from shoal.distributed.sending import E, Kept, T, added, in_tree, itself, neighbours, send
from shoal.distributed.waiting import Cluster
from shoal.errors import InputError
from shoal.piecewise import PiecewiseLinear
from shoal.shards.encoding import ShardEncoder
from shoal.shards.place import Place, Seen
from shoal.shards.sources import Shard

BLOCKS_OF_A_THREAD = 4  # so that all have something to do until the end
MOST_BYTES = 2**30  # of the files of a block; a greater one would take long without a sign


class OnCluster(Place):
    """On the workers of a Dask cluster.

    Parameters
    ----------
    client : distributed.Client
    silence, patience : float
        See :class:`Cluster`.

    Attributes
    ----------
    frames : sequence of Kept
        The data frame of each shard, by number, where they are on workers already.
    """

    def __init__(self, client: Client, *, silence: float = 30.0, patience: float = 600.0) -> None:
        if not isinstance(client, Client):
            raise InputError(
                f"client is {client!r}, but must be a distributed.Client, as"
                " Client('tcp://host:8786') is"
            )
        self.cluster = Cluster(client, silence=silence, patience=patience)
        self.frames: Sequence[Kept] = ()
        self._kept: list[Kept] = []

    def __exit__(self, *_: object) -> None:
        while self._kept:
            self._kept.pop().release()

    def total(self, work: Callable[[Shard], T], shards: Sequence[Shard]) -> T:  # noqa: D102
        held, group = self._keep(itself, work), uuid4().hex
        terms = [
            (shard.number, partial(self._send, _done, held, *self._of([shard]), group=group))
            for shard in shards
        ]
        ends = in_tree(self.cluster.client, terms, 1)
        what = f"the reading of {len(shards):,} shards"
        largest = max(shard.size for shard in shards)
        found: list[T] = self.cluster.results([end for _, end in ends], what, largest=largest)
        return added([key for key, _ in ends], found)

    def each(  # noqa: D102
        self, work: Callable[[Shard], E], shards: Sequence[Shard]
    ) -> Iterator[E]:
        held, at_once = self._keep(itself, work), 2 * max(1, self.cluster.threads)
        for start in range(0, len(shards), at_once):
            some = shards[start : start + at_once]
            sent = [partial(self._send, _done, held, *self._of([shard])) for shard in some]
            what = f"shards {start + 1:,} to {start + len(some):,}"
            largest = max(shard.size for shard in some)
            yield from self.cluster.results(sent, what, largest=largest)

    def encode(self, encoder: ShardEncoder, shards: Sequence[Shard]) -> Seen:  # noqa: D102
        size, largest = 1, max(shard.size for shard in shards)
        threads = max(1, self.cluster.threads)
        while len(shards) / size > BLOCKS_OF_A_THREAD * threads and 2 * size * largest < MOST_BYTES:
            size *= 2
        held, group = self._keep(itself, encoder), uuid4().hex
        numbered = [(shard.number, shard) for shard in shards]
        blocks = [
            self._keep(_encoded, held, *self._of([shard for _, shard in some]), group=group)
            for some in neighbours(numbered, size)
        ]
        what = f"{len(shards):,} shards encoded"
        sent = [partial(self._send, facts_of, block) for block in blocks]
        facts = self.cluster.results(sent, what, largest=size * largest)

        def seen(pieces: PiecewiseLinear) -> OnWorkers:
            there = self._keep(itself, pieces)
            return OnWorkers(self.cluster, blocks, facts, size, pieces, there)

        return seen

    def _of(self, shards: list[Shard]) -> tuple[list[Shard], list[Kept]]:
        """Return shards as workers find them, and their data frames if they have such."""
        if self.frames:
            return shards, [self.frames[shard.number] for shard in shards]
        return [replace(each, source=_anywhere(each.source)) for each in shards], []

    def _send(
        self, work: Callable[..., Any], *arguments: Any, group: str | None = None
    ) -> Future[Any]:
        return send(self.cluster.client, work, *arguments, group=group)

    def _keep(self, work: Callable[..., Any], *arguments: Any, group: str | None = None) -> Kept:
        self._kept.append(Kept(partial(self._send, work, *arguments, group=group)))
        return self._kept[-1]


def _anywhere(source: str) -> str:
    """Return what names a file in whatever folder a worker was started."""
    return source if "://" in source else str(Path(source).absolute())


def _with_frames(shards: Sequence[Shard], frames: Sequence[Any]) -> list[Shard]:
    if not frames:
        return list(shards)
    return [replace(shard, frame=frame) for shard, frame in zip(shards, frames, strict=True)]


def _done(work: Callable[[Shard], E], shards: Sequence[Shard], frames: Sequence[Any]) -> E:
    (shard,) = _with_frames(shards, frames)
    return work(shard)


def _encoded(encoder: ShardEncoder, shards: Sequence[Shard], frames: Sequence[Any]) -> Block:
    return Block.of(part for shard in _with_frames(shards, frames) for part in encoder(shard))

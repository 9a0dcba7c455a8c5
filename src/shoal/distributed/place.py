"""Guarantee: shards are read and learned from where a cluster's workers are; only sums travel.

Floor 7. Neighbouring shards are encoded together by one worker and stay there. For each update, all
networks go to the workers, which return the sums of their parts, added up in the tree of the parts'
keys: the same bits for any number of workers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

from distributed import Client, Future

from shoal.checkpoint import digest, digest_of
from shoal.distributed.waiting import Cluster
from shoal.engine import Engine, Tick, default_engine
from shoal.errors import InputError
from shoal.examples import Examples
from shoal.network import Network
from shoal.partitions import Partitions, Sums, TreeSum, add_part
from shoal.piecewise import PiecewiseLinear
from shoal.shards.encoding import ShardEncoder
from shoal.shards.place import Place, Seen, T, in_pieces
from shoal.shards.sources import Shard

E = TypeVar("E")
TOGETHER = 16  # sums that are added up in one place
BLOCKS_OF_A_THREAD = 4  # so that all have something to do until the end
Block = list[tuple[int, Examples]]


class OnCluster(Place):
    """On the workers of a Dask cluster.

    Parameters
    ----------
    client : distributed.Client
    silence, patience : float
        See :class:`Cluster`.

    Attributes
    ----------
    frames : sequence of Future
        The data frame of each shard, by number, where they are on workers already.
    """

    def __init__(self, client: Client, *, silence: float = 30.0, patience: float = 600.0) -> None:
        self.cluster = Cluster(client, silence=silence, patience=patience)
        self.frames: Sequence[Future[Any]] = ()
        self._kept: list[Future[Any]] = []

    def __exit__(self, *_: object) -> None:
        self._kept.clear()

    def total(self, work: Callable[[Shard], T], shards: Sequence[Shard]) -> T:  # noqa: D102
        what = f"the reading of {len(shards):,} shards"
        terms, size = (
            [(s.number, self._sent(_done, work, *self._of([s]))) for s in shards],
            TOGETHER,
        )
        while len(terms) > TOGETHER:
            terms = [
                (group[0][0], self._sent(_sum, [key for key, _ in group], [f for _, f in group]))
                for group in _neighbours(terms, size)
            ]
            size *= TOGETHER
        total = TreeSum[T]()
        keys = [key for key, _ in terms]
        for key, term in zip(keys, self._results([f for _, f in terms], what), strict=True):
            total.add(key, term)
        return total.total()

    def each(  # noqa: D102
        self, work: Callable[[Shard], E], shards: Sequence[Shard]
    ) -> Iterator[E]:
        at_once = 2 * max(1, self.cluster.threads)
        for start in range(0, len(shards), at_once):
            some = shards[start : start + at_once]
            sent = [self._sent(_done, work, *self._of([shard])) for shard in some]
            yield from self._results(sent, f"shards {start + 1:,} to {start + len(some):,}")

    def encode(self, encoder: ShardEncoder, shards: Sequence[Shard]) -> Seen:  # noqa: D102
        size = 1
        while len(shards) / size > BLOCKS_OF_A_THREAD * max(1, self.cluster.threads):
            size *= 2
        numbered = [(shard.number, shard) for shard in shards]
        blocks = [
            self._sent(_encoded, encoder, *self._of([shard for _, shard in group]))
            for group in _neighbours(numbered, size)
        ]
        self._kept += blocks
        facts = self._results(
            [self._sent(_facts, block) for block in blocks], f"{len(shards):,} shards encoded"
        )
        return lambda pieces: OnWorkers(self.cluster, blocks, facts, pieces)

    def _of(self, shards: list[Shard]) -> tuple[list[Shard], list[Future[Any]]]:
        """Return shards, and their data frames if they have such."""
        return shards, [self.frames[shard.number] for shard in shards] if self.frames else []

    def _sent(self, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return self.cluster.client.submit(work, *arguments, pure=False)

    def _results(self, futures: Sequence[Future[Any]], what: str) -> list[Any]:
        return self.cluster.results([partial(_again, each) for each in futures], what)


def _again(future: Future[Any]) -> Future[Any]:
    if future.status in ("error", "cancelled", "lost"):
        future.retry()  # type: ignore[no-untyped-call]
    return future


class OnWorkers(Partitions):
    """Parts that lie on workers.

    Parameters
    ----------
    cluster : Cluster
    blocks : list of Future
        Each of the keys and examples of neighbouring parts.
    facts : list
        Key, size, weight and checksum of the parts, for each block.
    pieces : PiecewiseLinear
    """

    def __init__(
        self, cluster: Cluster, blocks: Sequence[Future[Any]],
        facts: Sequence[Sequence[tuple[int, int, float, str]]], pieces: PiecewiseLinear,
    ) -> None:  # fmt: skip
        self.cluster, self.blocks, self.pieces = cluster, blocks, pieces
        parts = [(b, at, *fact) for b, own in enumerate(facts) for at, fact in enumerate(own)]
        if not parts:
            raise InputError("there are no parts: give one or more")
        self._places = [(b, at) for b, at, *_ in parts]
        self._keys = tuple(key for *_, key, _, _, _ in parts)
        self.sizes = tuple(size for *_, size, _, _ in parts)
        self.weight = sum(weight for *_, weight, _ in parts)
        self._digests = [checksum for *_, checksum in parts]

    @property
    def keys(self) -> Sequence[int]:  # noqa: D102
        return self._keys

    @property
    def fingerprint(self) -> str:  # noqa: D102
        return digest_of([digest_of(self._digests), repr(self.pieces.to_data())])

    def load(self, i: int) -> Examples:  # noqa: D102
        raise InputError(
            "parts on a cluster are learned from all at once or in batches of whole parts: give a"
            f" batch_size above {max(self.sizes):,}"
        )

    def gradients(  # noqa: D102
        self, engine: Engine, networks: Sequence[Network], numbers: Sequence[int], weight: float,
        tick: Tick,
    ) -> list[Sums]:  # fmt: skip
        keys, works = [], []
        for b, group in groupby(sorted(numbers), key=lambda i: self._places[i][0]):
            own = list(group)
            keys.append(self._keys[own[0]])
            at = [self._places[i][1] for i in own]
            works.append(partial(self._sent, b, at, networks, weight))
        found = self.cluster.results(works, "the sums of an update", tick)
        if not found:
            return []
        totals = [TreeSum[Sums]() for _ in networks]
        for key, sums in zip(keys, found, strict=True):
            for total, each in zip(totals, sums, strict=True):
                total.add(key, each)
        return [each.total() for each in totals]

    def _sent(
        self, b: int, at: list[int], networks: Sequence[Network], weight: float
    ) -> Future[Any]:
        block = _again(self.blocks[b])
        return self.cluster.client.submit(
            _sums, block, at, self.pieces, list(networks), weight, pure=False
        )


def _neighbours(terms: Sequence[tuple[int, E]], size: int) -> Iterator[list[tuple[int, E]]]:
    """Yield terms whose keys are in the same run of so many."""
    for _, group in groupby(terms, key=lambda term: term[0] // size):
        yield list(group)


def _sum(keys: Sequence[int], terms: Sequence[T]) -> T:
    total = TreeSum[T]()
    for key, term in zip(keys, terms, strict=True):
        total.add(key, term)
    return total.total()


def _with_frames(shards: Sequence[Shard], frames: Sequence[Any]) -> list[Shard]:
    if not frames:
        return list(shards)
    return [replace(shard, frame=frame) for shard, frame in zip(shards, frames, strict=True)]


def _done(work: Callable[[Shard], E], shards: Sequence[Shard], frames: Sequence[Any]) -> E:
    (shard,) = _with_frames(shards, frames)
    return work(shard)


def _encoded(encoder: ShardEncoder, shards: Sequence[Shard], frames: Sequence[Any]) -> Block:
    return [part for shard in _with_frames(shards, frames) for part in encoder(shard)]


def _facts(block: Block) -> list[tuple[int, int, float, str]]:
    return [(key, part.m, part.weight, digest(part.X, part.Y, part.w)) for key, part in block]


def _sums(
    block: Block, at: Sequence[int], pieces: PiecewiseLinear, networks: Sequence[Network],
    weight: float,
) -> list[Sums]:  # fmt: skip
    """Return the sums of some parts of a block for each network; one thread, as tasks have."""
    engine = default_engine(1)
    totals = [TreeSum[Sums]() for _ in networks]
    for i in at:
        key, part = block[i]
        add_part(totals, engine, networks, key, in_pieces(part, pieces), weight)
    return [each.total() for each in totals]

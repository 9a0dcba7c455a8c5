"""Guarantee: networks learn from parts where these lie, to the same bits on whatever workers.

Floor 7. For each update, all networks go to the workers, which return the sums of their parts,
added up in the tree of the parts' keys as far as one worker has them. A worker that computes
otherwise than the client is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

from distributed import Future

from shoal.checkpoint import digest, digest_of
from shoal.distributed.arithmetic import Arithmetic
from shoal.distributed.placement import Placement
from shoal.distributed.sending import Kept, added, send
from shoal.distributed.waiting import Cluster
from shoal.engine import Engine, Tick
from shoal.errors import InputError
from shoal.examples import Examples
from shoal.network import Network
from shoal.partitions import Partitions
from shoal.piecewise import PiecewiseLinear
from shoal.shards.encoding import MOST_BLOCKS
from shoal.shards.place import in_pieces
from shoal.tree_sums import Summable, Sums, TreeSum, add_part

T = TypeVar("T", bound=Summable)
Facts = list[tuple[int, int, float, str]]


@dataclass(frozen=True)
class Block:
    """Neighbouring parts that lie on one worker.

    Attributes
    ----------
    parts : list of (int, Examples)
        With their keys.
    facts : list
        Key, size, weight and checksum of each.
    """

    parts: list[tuple[int, Examples]]
    facts: Facts

    @classmethod
    def of(cls, parts: Iterable[tuple[int, Examples]]) -> "Block":
        """Return a block of parts."""
        own = list(parts)
        checksums = [digest(part.X, part.Y, part.w) for _, part in own]
        return cls(
            own,
            [(key, part.m, part.weight, checksum)
             for (key, part), checksum in zip(own, checksums, strict=True)],
        )  # fmt: skip

    def __sizeof__(self) -> int:
        """Return its bytes: without, Dask would think that it costs nothing to move or to keep."""
        arrays = [each for _, part in self.parts for each in (part.X, part.Y, part.w)]
        return sum(each.nbytes for each in arrays if each is not None)


class OnWorkers(Partitions):
    """Parts that lie on workers.

    Parameters
    ----------
    cluster : Cluster
    blocks : list of Kept
        Each of the keys and examples of neighbouring parts.
    facts : list
        Key, size, weight and checksum of the parts, for each block.
    size : int
        How many shards a block is of, at the most.
    pieces : PiecewiseLinear
    sent : Kept
        The pieces, as workers have them.
    """

    def __init__(
        self, cluster: Cluster, blocks: Sequence[Kept], facts: Sequence[Facts], size: int,
        pieces: PiecewiseLinear, sent: Kept,
    ) -> None:  # fmt: skip
        self.cluster, self.blocks, self.pieces, self.sent = cluster, blocks, pieces, sent
        parts = [(b, at, *fact) for b, own in enumerate(facts) for at, fact in enumerate(own)]
        if not parts:
            raise InputError("there are no parts: give one or more")
        self._places = [(b, at) for b, at, *_ in parts]
        self._keys = tuple(key for *_, key, _, _, _ in parts)
        self.sizes = tuple(size for *_, size, _, _ in parts)
        self.weight = sum(weight for *_, weight, _ in parts)
        self._digests = [checksum for *_, checksum in parts]
        self._checksums = [checksum_of(own) for own in facts]
        self._runs = [own[0][0] // (size * MOST_BLOCKS) if own else -1 for own in facts]
        self._placement = Placement(cluster, blocks)

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
        wanted: dict[int, list[int]] = {}
        for i in sorted(numbers):
            b, at = self._places[i]
            wanted.setdefault(b, []).append(at)
        whole = [self._runs[b] for b in wanted]
        how = Update(tuple(networks), weight, Arithmetic.of(engine), whole)
        works = [
            partial(self._send, worker, [(b, wanted[b]) for b in own], how)
            for worker, own in self._placement.lots([*wanted])
        ]
        found = self.cluster.results(works, "the sums of an update", tick)
        terms = sorted((term for own in found for term in own), key=lambda term: term[0])
        return added(*zip(*terms, strict=True)).of_networks if terms else []

    def _send(
        self, worker: str | None, lot: list[tuple[int, list[int]]], how: "Update"
    ) -> Future[Any]:
        own = [Own(self._runs[b], at, self._checksums[b]) for b, at in lot]
        blocks = [self.blocks[b] for b, _ in lot]
        return send(self.cluster.client, _sums, blocks, own, self.sent, how, to=worker)


@dataclass(frozen=True)
class Update:
    """What all workers need to know for an update.

    Attributes
    ----------
    networks : tuple of Network
    weight : float
        Of all parts of the update.
    arithmetic : Arithmetic
    runs : list of int
        The numbers of all blocks of the update, in the tree.
    """

    networks: tuple[Network, ...]
    weight: float
    arithmetic: Arithmetic
    runs: list[int]


@dataclass(frozen=True)
class Own:
    """Which parts of a block are learned from: its number in the tree, theirs, and its checksum."""

    run: int
    at: list[int]
    checksum: str


@dataclass(frozen=True)
class Shares:
    """The shares that some parts have in J and its gradient, for each network."""

    of_networks: list[Sums]

    def __add__(self, other: "Shares") -> "Shares":
        pairs = zip(self.of_networks, other.of_networks, strict=True)
        return Shares([one + another for one, another in pairs])


def facts_of(block: Block) -> Facts:
    """Return key, size, weight and checksum of the parts of a block."""
    return block.facts


def checksum_of(facts: Facts) -> str:
    """Return a checksum of all parts of a block."""
    return digest_of([checksum for *_, checksum in facts])


def _sums(
    blocks: Sequence[Block], own: Sequence[Own], pieces: PiecewiseLinear, how: Update
) -> list[tuple[int, Shares]]:
    """Return the sums of some parts of blocks, as far as they can be added up here."""
    engine = how.arithmetic.engine()
    found = {}
    for block, which in zip(blocks, own, strict=True):
        if checksum_of(block.facts) != which.checksum:
            raise InputError(
                "rows that had to be read again are not what they were: leave the files of the"
                " table as they are while it is learned from, and train anew"
            )
        totals = [TreeSum[Sums]() for _ in how.networks]
        for i in which.at:
            key, part = block.parts[i]
            add_part(totals, engine, how.networks, key, in_pieces(part, pieces), how.weight)
        found[which.run] = Shares([each.total() for each in totals])
    return joined(found, how.runs)


def joined(terms: Mapping[int, T], everywhere: Iterable[int]) -> list[tuple[int, T]]:
    """Return terms, added up where a whole branch of the tree is here, each with a key in it.

    Parameters
    ----------
    terms : dict of int to Summable
        Those that are here, by their keys.
    everywhere : sequence of int
        The keys of all terms.
    """
    ready, found, level = dict(terms), [], 0
    nodes = sorted(everywhere)
    while len(nodes) > 1 and ready:
        above: dict[int, T] = {}
        for parent, group in groupby(nodes, key=lambda node: node >> 1):
            children = list(group)
            here = [ready[node] for node in children if node in ready]
            if len(here) == len(children):
                above[parent] = here[0] + here[1] if len(here) > 1 else here[0]
            else:
                found += [(node << level, ready[node]) for node in children if node in ready]
        nodes, ready, level = sorted({node >> 1 for node in nodes}), above, level + 1
    return found + [(node << level, term) for node, term in ready.items()]

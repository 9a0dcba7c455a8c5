"""Guarantee: networks learn from parts where these lie, to the same bits on whatever workers.

Floor 7. For each update, all networks go to the workers, which return the sums of their parts,
added up in the tree of the parts' keys. A worker that computes otherwise than the client is
refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

from distributed import Future

from shoal.checkpoint import digest, digest_of
from shoal.distributed.arithmetic import Arithmetic
from shoal.distributed.sending import Kept, added, in_tree, send
from shoal.distributed.waiting import Cluster
from shoal.engine import Engine, Tick
from shoal.errors import InputError
from shoal.examples import Examples
from shoal.network import Network
from shoal.partitions import Partitions, Sums, TreeSum, add_part
from shoal.piecewise import PiecewiseLinear
from shoal.shards.encoding import MOST_BLOCKS
from shoal.shards.place import in_pieces

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
        self.cluster, self.blocks, self.size = cluster, blocks, size
        self.pieces, self.sent = pieces, sent
        parts = [(b, at, *fact) for b, own in enumerate(facts) for at, fact in enumerate(own)]
        if not parts:
            raise InputError("there are no parts: give one or more")
        self._places = [(b, at) for b, at, *_ in parts]
        self._keys = tuple(key for *_, key, _, _, _ in parts)
        self.sizes = tuple(size for *_, size, _, _ in parts)
        self.weight = sum(weight for *_, weight, _ in parts)
        self._digests = [checksum for *_, checksum in parts]
        self._checksums = [checksum_of(own) for own in facts]

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
        how = Arithmetic.of(engine)
        terms = []
        for b, group in groupby(sorted(numbers), key=lambda i: self._places[i][0]):
            own = list(group)
            at = [self._places[i][1] for i in own]
            terms.append((self._keys[own[0]], partial(self._send, b, at, how, networks, weight)))
        ends = in_tree(self.cluster.client, terms, self.size * MOST_BLOCKS)
        found = self.cluster.results([end for _, end in ends], "the sums of an update", tick)
        return added([key for key, _ in ends], found).of_networks if found else []

    def _send(
        self, b: int, at: list[int], how: Arithmetic, networks: Sequence[Network], weight: float
    ) -> Future[Any]:
        client, block = self.cluster.client, self.blocks[b]
        checksum = self._checksums[b]
        return send(client, _sums, block, checksum, at, self.sent, how, tuple(networks), weight)


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
    block: Block, checksum: str, at: Sequence[int], pieces: PiecewiseLinear, how: Arithmetic,
    networks: Sequence[Network], weight: float,
) -> Shares:  # fmt: skip
    """Return the sums of some parts of a block for each network."""
    if checksum_of(block.facts) != checksum:
        raise InputError(
            "rows that had to be read again are not what they were: leave the files of the table"
            " as they are while it is learned from, and train anew"
        )
    engine = how.engine()
    totals = [TreeSum[Sums]() for _ in networks]
    for i in at:
        key, part = block.parts[i]
        add_part(totals, engine, networks, key, in_pieces(part, pieces), weight)
    return Shares([each.total() for each in totals])

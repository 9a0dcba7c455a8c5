"""Guarantee: examples in parts are learned from as one, in a fixed order, wherever the parts lie.

Floor 4. The gradient of a mean is a sum over examples divided by m: so the sums of the parts add
up, in a tree that depends on their number alone, to the same bits in memory, on disk or elsewhere.
One part, and the next one that is being read, are in memory at a time.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar

import numpy as np

from shoal.activations import Array
from shoal.atomic import write_atomically
from shoal.checkpoint import digest, digest_of
from shoal.engine import CostAndGradient, Descent, Engine, Passes, Tick, penalised
from shoal.engine.order import order, splitmix64
from shoal.errors import InputError
from shoal.examples import Examples
from shoal.network import Network


class Partitions(ABC):
    """Examples in parts, in an order that is theirs.

    Attributes
    ----------
    sizes : tuple of int
        How many examples are in each part.
    weight : float
        What all of them weigh: as many as there are, where they have no weights.
    """

    sizes: tuple[int, ...]
    weight: float

    @abstractmethod
    def load(self, i: int) -> Examples:
        """Return the examples of a part."""

    @property
    def keys(self) -> Sequence[int]:
        """Where each part is in the tree of the sums: ascending numbers."""
        return range(len(self.sizes))

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A checksum of all parts."""

    @property
    def m(self) -> int:
        """The number of examples."""
        return sum(self.sizes)

    def loaded(self, numbers: Iterable[int], network: Network) -> Iterator[tuple[int, Examples]]:
        """Yield parts that a network can learn from, by number; the next one is read meanwhile."""
        wanted = list(numbers)
        with ThreadPoolExecutor(1) as reader:
            ahead = reader.submit(self.load, wanted[0])
            for i, following in zip(wanted, [*wanted[1:], None], strict=True):
                part = ahead.result()
                if following is not None:
                    ahead = reader.submit(self.load, following)
                part.check(network)
                yield i, part

    def gradients(
        self, engine: Engine, networks: Sequence[Network], numbers: Sequence[int], weight: float,
        tick: Tick,
    ) -> "list[Sums]":  # fmt: skip
        """Return the sums of some parts, by number, for each network; none if the tick ends it.

        All that they are a part of weighs so much.
        """
        totals = [TreeSum[Sums]() for _ in networks]
        for i, part in self.loaded(sorted(numbers), networks[0]):
            add_part(totals, engine, networks, self.keys[i], part, weight)
            if tick():
                return []
        return [each.total() for each in totals]


class InMemory(Partitions):
    """Parts of examples that are in memory.

    Parameters
    ----------
    examples : Examples
    size : int
        Of each part; the last may be smaller.
    """

    def __init__(self, examples: Examples, size: int) -> None:
        if size < 1:
            raise InputError(f"a part has {size} examples, but must have 1 or more")
        if not examples.m or hasattr(examples.X, "indptr"):
            raise InputError("parts are made of dense examples, one or more: give such")
        starts = range(0, examples.m, size)
        self.examples, self.size = examples, size
        self.sizes = tuple(min(size, examples.m - start) for start in starts)
        w = examples.w
        self.weight = float(
            examples.m if w is None
            else sum(w[:, start : start + size].sum(dtype=np.float64) for start in starts)
        )  # fmt: skip

    def load(self, i: int) -> Examples:  # noqa: D102
        rows = slice(i * self.size, (i + 1) * self.size)
        X, Y, w = self.examples.X, self.examples.Y, self.examples.w
        # example by example in memory, as on disk: NumPy's sums depend on it
        kept = None if w is None else _by_example(w[:, rows])
        return Examples(_by_example(X[:, rows]), _by_example(Y[:, rows]), kept)

    @property
    def fingerprint(self) -> str:  # noqa: D102
        parts = (self.load(i) for i in range(len(self.sizes)))
        return digest_of([digest(part.X, part.Y, part.w) for part in parts])


class InParts(Partitions):
    """Parts that are in memory one by one.

    Parameters
    ----------
    parts : sequence of Examples
    """

    def __init__(self, parts: Sequence[Examples]) -> None:
        if not parts:
            raise InputError("there are no parts: give one or more")
        self.parts = tuple(parts)
        self.sizes = tuple(part.m for part in parts)
        self.weight = sum(part.weight for part in parts)

    def load(self, i: int) -> Examples:  # noqa: D102
        return self.parts[i]

    @property
    def fingerprint(self) -> str:  # noqa: D102
        return digest_of([digest(part.X, part.Y, part.w) for part in self.parts])


class OnDisk(Partitions):
    """Parts in a folder, as :meth:`write` left them.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    InputError
        The folder holds no parts, or not all of them.
    """

    LIST = "parts.json"  # written last, removed first: with it the folder is whole

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            self._parts = json.loads((folder / self.LIST).read_text(encoding="utf-8"))
            self.sizes = tuple(int(part["size"]) for part in self._parts)
            self.weight = sum(float(part["weight"]) for part in self._parts)
            self._digests = [str(part["digest"]) for part in self._parts]
        except (OSError, ValueError, LookupError, TypeError):
            raise InputError(f"{folder} does not hold all parts: write them again") from None

    @classmethod
    def write(cls, folder: Path, parts: Iterable[Examples]) -> Self:
        """Write parts into a folder, one after the other; what it held before is gone."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / cls.LIST).unlink(missing_ok=True)
        written = []
        for i, part in enumerate(parts):
            if not part.m or hasattr(part.X, "indptr"):
                raise InputError(
                    f"part {i} holds no dense examples: leave it out, or make it dense"
                )
            arrays = {"X": part.X, "Y": part.Y, "w": part.w}
            kept = {name: array for name, array in arrays.items() if array is not None}
            for name, array in kept.items():
                np.save(folder / f"{i:06}-{name}.npy", np.ascontiguousarray(array.T))
            checksum = digest(part.X, part.Y, part.w)
            written.append(
                {"size": part.m, "weight": part.weight, "digest": checksum, "arrays": [*kept]}
            )
        if not written:
            raise InputError("there are no parts to write: give one or more")
        write_atomically(folder / cls.LIST, json.dumps(written).encode())
        return cls(folder)

    def load(self, i: int) -> Examples:  # noqa: D102
        try:
            X, Y, w = (
                np.load(self.folder / f"{i:06}-{name}.npy", allow_pickle=False).T
                if name in self._parts[i]["arrays"]
                else None
                for name in ("X", "Y", "w")
            )
            if X is None or Y is None or X.shape[1] != self.sizes[i]:
                raise ValueError("an array is missing")
        except (OSError, ValueError, EOFError):
            raise InputError(
                f"part {i} is not whole in {self.folder}: write the parts again"
            ) from None
        return Examples(X, Y, w)

    @property
    def fingerprint(self) -> str:  # noqa: D102
        return digest_of(self._digests)


def _by_example(array: Array) -> Array:
    ordered: Array = np.ascontiguousarray(array.T)
    return ordered.T


class Summable(Protocol):
    """What can be added up."""

    def __add__(self, other: Self, /) -> Self: ...


T = TypeVar("T", bound=Summable)


class TreeSum(Generic[T]):
    """Adds terms up in a tree that depends on their keys alone, whoever adds.

    The tree is that of the keys' binary digits: two terms are added before others if their keys
    agree in more of the leading digits. So the sum of neighbours can be made where they are, and
    added as one term, with the same result.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[int, T]] = []

    def add(self, key: int, term: T) -> None:
        """Add a term, whose key is greater than those before."""
        while len(self._pending) > 1 and self._apart(-2, -1) < _levels(self._pending[-1][0], key):
            self._join()
        self._pending.append((key, term))

    def total(self) -> T:
        """Return the sum; there is at least one term."""
        while len(self._pending) > 1:
            self._join()
        return self._pending[0][1]

    def _apart(self, i: int, j: int) -> int:
        return _levels(self._pending[i][0], self._pending[j][0])

    def _join(self) -> None:
        _, second = self._pending.pop()
        key, first = self._pending.pop()
        self._pending.append((key, first + second))


def _levels(one: int, other: int) -> int:
    """Return how far up in the tree two keys meet."""
    return (one ^ other).bit_length()


@dataclass(frozen=True)
class Sums:
    """The share that some of the examples have in J and in its gradient."""

    J: float
    gradient: Array

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.J + other.J, self.gradient + other.gradient)


def add_part(
    totals: Sequence[TreeSum[Sums]], engine: Engine, networks: Sequence[Network], key: int,
    part: Examples, weight: float,
) -> None:  # fmt: skip
    """Add what a part of examples has in each network's cost and gradient."""
    for network, total in zip(networks, totals, strict=True):
        total.add(key, Sums(*engine.cost_and_gradient(network, part.X, part.Y, part.w, weight)))


def descend(
    engine: Engine, descents: Sequence[Descent], examples: Examples | Partitions, passes: Passes,
    tick: Tick,
) -> None:  # fmt: skip
    """Make passes for all networks, over examples or all their parts; see ``Engine.descend``."""
    if isinstance(examples, Examples):
        engine.descend(descents, examples.X, examples.Y, passes, tick)
        return
    for epoch in range(passes.first, passes.first + passes.count):
        active = [each for each in descents if not each.diverged]
        if not active:
            return
        many = passes.batch_size > max(examples.sizes)
        make = _batches_of_parts if many else _batches
        if not make(engine, active, examples, passes, epoch, tick):
            return


def cost_and_gradient(
    engine: Engine, network: Network, examples: Examples | Partitions
) -> CostAndGradient:
    """Return J and its gradient, of examples or of all their parts."""
    if isinstance(examples, Examples):
        return engine.cost_and_gradient(network, examples.X, examples.Y, examples.w)
    numbers = range(len(examples.sizes))
    (found,) = examples.gradients(engine, [network], numbers, examples.weight, lambda: False)
    return CostAndGradient(found.J, found.gradient)


def _ordered(partitions: Partitions, passes: Passes, epoch: int) -> list[int]:
    """Return the numbers of the parts in the order of a pass."""
    n = len(partitions.sizes)
    if not passes.shuffle or passes.batch_size >= partitions.m:
        return [*range(n)]
    return [int(i) for i in order(n, passes.seed, epoch)]


def _batches_of_parts(
    engine: Engine, descents: Sequence[Descent], partitions: Partitions, passes: Passes,
    epoch: int, tick: Tick,
) -> bool:  # fmt: skip
    """Make a pass in batches of whole parts, as many as have the examples of a batch."""
    if any(each.dropout is not None for each in descents):
        raise InputError(
            "dropout is made in batches within a part: give a batch_size of"
            f" {max(partitions.sizes):,} or less, or no dropout"
        )
    mean_weight = partitions.weight / partitions.m
    totals, seen = dict.fromkeys(map(id, descents), 0.0), 0
    for each in descents:
        each.costs.append(0.0)
    for numbers in _groups(partitions, _ordered(partitions, passes, epoch), passes.batch_size):
        active = [each for each in descents if not each.diverged]
        m = sum(partitions.sizes[i] for i in numbers)
        networks = [each.network for each in active]
        found = partitions.gradients(engine, networks, numbers, m * mean_weight, tick)
        if not found:
            for each in descents if not seen else ():
                each.costs.pop()  # no update was made
            return False
        seen += m
        for each, share in zip(active, found, strict=True):
            J, gradient = share.J, share.gradient
            J, gradient = penalised(each.network, J, gradient, each.l2 / partitions.weight)
            each.optimizer.step(each.network.theta, gradient)
            totals[id(each)] += m * J
            each.costs[-1] = totals[id(each)] / seen
    return True


def _groups(partitions: Partitions, numbers: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield parts, in the order given, until each time there are so many examples."""
    group: list[int] = []
    m = 0
    for i in numbers:
        group.append(i)
        m += partitions.sizes[i]
        if m >= size:
            yield group
            group, m = [], 0
    if group:
        yield group


def _batches(
    engine: Engine, descents: Sequence[Descent], partitions: Partitions, passes: Passes,
    epoch: int, tick: Tick,
) -> bool:  # fmt: skip
    """Make a pass in batches, part by part."""
    parts = _ordered(partitions, passes, epoch)
    totals, seen = dict.fromkeys(map(id, descents), 0.0), 0
    for each in descents:
        each.costs.append(0.0)
    for i, part in partitions.loaded(parts, descents[0].network):
        descents = [each for each in descents if not each.diverged]
        if not descents:
            break
        own = Passes(epoch, 1, passes.batch_size, passes.shuffle, splitmix64(passes.seed, i))
        here = [_of_part(each, part, partitions) for each in descents]
        engine.descend(here, part.X, part.Y, own, tick)
        seen += part.m
        for each, of_part in zip(descents, here, strict=True):
            totals[id(each)] += part.m * sum(of_part.costs)  # of the one pass, or none
            each.costs[-1] = totals[id(each)] / seen
        if tick():
            return False
    return True


def _of_part(descent: Descent, part: Examples, partitions: Partitions) -> Descent:
    """Return a descent on a part that makes the steps it would make on the whole."""
    l2 = descent.l2 * part.m / partitions.m
    found = Descent(descent.network, descent.optimizer, l2, part.w, descent.dropout)
    found.mean_weight = partitions.weight / partitions.m
    return found

"""Guarantee: examples in parts are the same wherever the parts lie, and so are their sums.

Floor 4. The gradient of a mean is a sum over examples divided by m: so the sums of the parts add
up, in a tree that depends on their keys alone, to the same bits in memory, on disk or elsewhere.
One part, and the next one that is being read, are in memory at a time.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import numpy as np

from shoal.activations import Array
from shoal.atomic import write_atomically
from shoal.checkpoint import digest, digest_of
from shoal.engine import Engine, Tick
from shoal.errors import InputError
from shoal.examples import Examples
from shoal.network import Network
from shoal.tree_sums import Sums, TreeSum, add_part


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

    LIST = "parts.json"  # written last: with it the folder is whole

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
        """Write parts into a folder that holds none, one after the other."""
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / cls.LIST).exists():
            raise InputError(f"{folder} holds parts already: choose another folder, or empty it")
        written = []
        for i, part in enumerate(parts):
            if not part.m or hasattr(part.X, "indptr"):
                raise InputError(
                    f"part {i} holds no dense examples: leave it out, or make it dense"
                )
            arrays = {"X": part.X, "Y": part.Y, "w": part.w}
            kept = {name: array for name, array in arrays.items() if array is not None}
            _save(folder, i, kept)
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


def _save(folder: Path, i: int, arrays: Mapping[str, Array]) -> None:
    try:
        for name, array in arrays.items():
            np.save(folder / f"{i:06}-{name}.npy", np.ascontiguousarray(array.T))
    except OSError as error:
        raise InputError(
            f"cannot write part {i} to {folder} ({error.strerror or error}): choose a folder with"
            " more room; that for temporary files is TMPDIR"
        ) from error


def _by_example(array: Array) -> Array:
    ordered: Array = np.ascontiguousarray(array.T)
    return ordered.T

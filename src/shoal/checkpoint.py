"""Guarantee: a training that was kept is taken up where it was, or refused with what differs.

Floor 4. A checkpoint is one file in a folder of its own, written whole or not at all, so that a
crash at any moment leaves the last one. Nothing in it is executed.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.atomic import TEMPORARY
from shoal.errors import InputError
from shoal.model_file import load_file, save_file

SECONDS = 5.0  # between two checkpoints: so much work may be lost
NAME = "training.checkpoint"
DIGEST = "sha256:"
FLAGS = {"stop_reason": str, "diverged": bool, "stopped_early": bool}  # of a history


@dataclass(frozen=True)
class Memory:
    """All that it takes to go on with one network: arrays, and flags of its history."""

    arrays: dict[str, Array]
    flags: dict[str, Any]

    def of(self, part: str) -> dict[str, Array]:
        """Return the arrays of a part, by what follows its name."""
        start = f"{part} "
        return {
            name.removeprefix(start): array
            for name, array in self.arrays.items()
            if name.startswith(start)
        }


@dataclass(frozen=True)
class Snapshot:
    """How many passes were made, and what each network was then."""

    passes: int
    members: list[Memory]


class Checkpoint:
    """Keeps a training in a folder from time to time.

    Parameters
    ----------
    folder : str or Path
        It is made if it is not there.
    resume : bool
        Whether to go on with what is kept in the folder; if nothing is, training starts anew.
    seconds : float
        At least so many pass between two checkpoints.

    Attributes
    ----------
    what : dict of str to str
        What the training is of, further to what :func:`shoal.train` knows of it: the same names
        and values must come again, for it to be resumed.

    Raises
    ------
    InputError
        The folder cannot be used; it holds a checkpoint that is not to be resumed, or one of
        another training.
    """

    def __init__(
        self, folder: str | Path, *, resume: bool = False, seconds: float = SECONDS
    ) -> None:
        self.folder, self.resume, self.seconds = Path(folder), resume, seconds
        self.path = self.folder / NAME
        self.what: dict[str, str] = {}
        self._last = time.monotonic()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{folder} cannot be made ({error.strerror}): choose another folder for checkpoints"
            ) from None
        if self.path.exists() and not resume:
            raise InputError(
                f"{folder} holds a training that was interrupted: go on with it (--resume,"
                " resume=True), or choose another folder"
            )

    def begin(self, what: Mapping[str, str]) -> Snapshot | None:
        """Return what to go on from, if there is something, and it is of this training."""
        self.what |= what
        self._last = time.monotonic()
        if not self.path.exists():
            return None
        header, arrays = load_file(self.path, "checkpoint")
        try:
            self._check(header["what"])
            members: list[Memory] = [
                Memory({}, {name: kind(each[name]) for name, kind in FLAGS.items()})
                for each in header["members"]
            ]
            for name, array in arrays.items():
                i, _, rest = name.partition(" ")
                members[int(i)].arrays[rest] = array
            return Snapshot(int(header["passes"]), members)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{self.path} is no checkpoint: remove it, and train anew") from None

    def due(self) -> bool:
        """Whether it is time for another one."""
        return time.monotonic() - self._last >= self.seconds

    def keep(self, snapshot: Snapshot) -> None:
        """Write a checkpoint, in the place of the last one."""
        header = {
            "what": self.what,
            "passes": snapshot.passes,
            "members": [memory.flags for memory in snapshot.members],
        }
        arrays = {
            f"{i} {name}": array
            for i, memory in enumerate(snapshot.members)
            for name, array in memory.arrays.items()
        }
        save_file(self.path, "checkpoint", header, arrays)
        self._last = time.monotonic()

    def remove(self) -> None:
        """Remove what is kept, once it is not needed any more, and what killed processes left."""
        self.path.unlink(missing_ok=True)
        for left in self.folder.glob(TEMPORARY):
            left.unlink(missing_ok=True)

    def _check(self, kept: Mapping[str, str]) -> None:
        names = [name for name in (*self.what, *kept) if self.what.get(name) != kept.get(name)]
        if not names:
            return
        told = []
        for name in dict.fromkeys(names):
            was, now = (each.get(name, "not given") for each in (kept, self.what))
            plain = not any(each.startswith(DIGEST) for each in (was, now))
            told.append(f"{name} (was {was}, is {now})" if plain else name)
        raise InputError(
            f"{self.folder} holds a training that differs in {', '.join(told)}: give the same table"
            " and options, or choose another folder"
        )


def digest(*arrays: Any) -> str:
    """Return a checksum of arrays; of (n, m) arrays in columns, nothing is copied."""
    checksum = hashlib.sha256()
    for array in arrays:
        parts = (
            (array.data, array.indices, array.indptr) if hasattr(array, "indptr") else (array.T,)
        )
        for part in parts:
            checksum.update(f"{part.shape} {part.dtype}".encode())
            checksum.update(np.ascontiguousarray(part).data)
    return DIGEST + checksum.hexdigest()[:16]


def digest_of(data: Any) -> str:
    """Return a checksum of plain data."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return DIGEST + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]

"""Guarantee: a training that was kept is taken up where it was, or refused with what differs.

Floor 4. A checkpoint is one file in a folder of its own, written whole or not at all, so that a
crash at any moment leaves the last one. Nothing in it is executed.
"""

import hashlib
import inspect
import json
import time
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from shoal.activations import Array
from shoal.atomic import check_writable, remove_abandoned
from shoal.errors import InputError
from shoal.model_file import load_file, save_file

try:
    import fcntl
except ImportError:  # the system has no such locks
    fcntl = None  # type: ignore[assignment]

SECONDS = 5.0  # between two checkpoints: so much work may be lost
NAME, LOCK = "training.checkpoint", "training.lock"
DIGEST = "sha256:"
MOST_TOLD = 200  # characters of two values that differ
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
        check_writable(self.path)
        self._following: Collection[str] = ()
        self._lock: IO[str] | None = None
        if self.path.exists() and not resume:
            _locked(self.folder).close()  # a training that goes on was not interrupted
            raise InputError(
                f"{folder} holds a training that was interrupted: go on with it (--resume,"
                " resume=True), or choose another folder"
            )

    def begin(self, what: Mapping[str, str]) -> Snapshot | None:
        """Return what to go on from, if there is something, and it is of this training.

        From now until :meth:`end`, no other process keeps a training in the folder.
        """
        self._following = what.keys()
        self.what |= what
        self._last = time.monotonic()
        self._lock = _locked(self.folder)
        try:
            return self._kept() if self.path.exists() else None
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Let others use the folder."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _kept(self) -> Snapshot:
        header, arrays = load_file(self.path, "checkpoint")
        with self.refusing():
            self._check(header["what"])
            members: list[Memory] = [
                Memory({}, {name: kind(each[name]) for name, kind in FLAGS.items()})
                for each in header["members"]
            ]
            for name, array in arrays.items():
                i, _, rest = name.partition(" ")
                members[int(i)].arrays[rest] = array
            return Snapshot(int(header["passes"]), members)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Say of what cannot be taken up that it is no checkpoint."""
        try:
            yield
        except InputError:
            raise
        except (LookupError, TypeError, ValueError, AttributeError):
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
        try:
            save_file(self.path, "checkpoint", header, arrays)
        except InputError as error:  # a full disk is no reason to lose the training
            warnings.warn(f"{error} (the training goes on)", stacklevel=2)
        self._last = time.monotonic()

    def remove(self) -> None:
        """Remove what is kept, once it is not needed any more, and what killed processes left."""
        self.path.unlink(missing_ok=True)
        remove_abandoned(self.folder)
        (self.folder / LOCK).unlink(missing_ok=True)

    def _check(self, kept: Mapping[str, str]) -> None:
        names = [name for name in (*self.what, *kept) if self.what.get(name) != kept.get(name)]
        if not names:
            return
        # what was chosen tells more than all that follows from it
        names = [name for name in names if name not in self._following] or names
        told = []
        for name in dict.fromkeys(names):
            was, now = (each.get(name, "not given") for each in (kept, self.what))
            plain = not any(each.startswith(DIGEST) for each in (was, now))
            short = plain and len(was) + len(now) <= MOST_TOLD
            told.append(f"{name} (was {was}, is {now})" if short else name)
        raise InputError(
            f"{self.folder} holds a training that differs in {', '.join(told)}: give the same table"
            " and options, or choose another folder"
        )


def _locked(folder: Path) -> IO[str]:
    """Return a file that one process at a time can have open so, where the system knows locks."""
    file = (folder / LOCK).open("w")
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise InputError(
                f"{folder} is in use by another training: choose another folder for checkpoints"
            ) from None
    return file


def settings(of: object) -> str:
    """Return what an object was made with: its type, and the arguments that it keeps."""
    names = list(inspect.signature(type(of).__init__).parameters)[1:]
    kept = ", ".join(f"{name}={getattr(of, name, None)!r}" for name in names)
    return f"{type(of).__name__}({kept})"


def digest(*arrays: Any) -> str:
    """Return a checksum of arrays, of which some may be None; of (n, m), nothing is copied."""
    checksum = hashlib.sha256()
    for array in arrays:
        if array is None:
            checksum.update(b"none")
            continue
        parts = _parts(array)
        checksum.update(f"{array.shape}".encode())
        for part in parts:
            checksum.update(f"{part.shape} {part.dtype}".encode())
            checksum.update(np.ascontiguousarray(part).data)
    return DIGEST + checksum.hexdigest()[:16]


def _parts(array: Any) -> tuple[Any, ...]:
    """Return the arrays that an array is made of."""
    if hasattr(array, "indptr"):
        return array.data, array.indices, array.indptr
    arrays: tuple[Any, ...] = getattr(array, "arrays", None) or (array.T,)  # of lazy features
    return arrays


def digest_of(data: Any) -> str:
    """Return a checksum of plain data."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return DIGEST + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]

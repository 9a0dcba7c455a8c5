"""Guarantee: a file is either written whole or left as it was.

The bytes go to a new file in the same folder, reach the disk, and only then take the name. Who
writes such a file holds a lock on it; those that nobody holds were left by killed processes, and
the next one that writes in the folder removes them. Links are followed. Devices and pipes, such as
``/dev/null`` or ``/dev/stdout``, are simply written to.
"""

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from shoal.errors import InputError

try:
    import fcntl
except ImportError:  # the system has no such locks: then nothing is taken for abandoned
    fcntl = None  # type: ignore[assignment]

TEMPORARY = ".shoal-*.tmp"  # what a killed process may leave
FOLDER, HELD = "shoal-parts-", "held"  # the same of folders, and the file in each that is locked


def write_atomically(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`, all of it or nothing.

    A new file gets the permissions of any newly opened file; a replaced one keeps its own.

    Parameters
    ----------
    path : str or Path
        The file to create or replace.
    data : bytes
        Its whole content.

    Raises
    ------
    InputError
        If the file cannot be written; then nothing has changed.
    """
    with written_atomically(path) as file:
        file.write(data)


@contextmanager
def written_atomically(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file to write; it takes the name `path` when all went well, or leaves no trace.

    Raises
    ------
    InputError
        If the file cannot be written; then nothing has changed.
    """
    check_writable(path)
    try:
        if _is_special(path):
            # Appending leaves what a redirected output has already received.
            with Path(path).open("ab") as device:
                yield device
        else:
            with _replacing(Path(os.path.realpath(path))) as file:
                yield file
    except OSError as error:
        raise _cannot_write(path, error) from error


def check_writable(path: str | Path) -> None:
    """Find out now whether `path` can be written later.

    Parameters
    ----------
    path : str or Path
        The file to be written; it is not changed, and a file tried beside it is removed.

    Raises
    ------
    InputError
        If the folder is missing or lets nobody create a file, or if `path` is a folder.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise InputError(f"cannot write {path}: it is a folder; name a file inside it")
    # a file that nobody may write is meant to stay, even where the system would let root do it
    shut = target.is_file() and not target.stat().st_mode & 0o222
    if shut or ((target.exists() or _is_special(path)) and not os.access(path, os.W_OK)):
        raise InputError(
            f"cannot write {path}: it is write-protected; choose another name or allow writing"
        )
    if _is_special(path):
        return
    if not target.parent.exists():
        raise InputError(
            f"cannot write {path}: the folder {target.parent} does not exist; create it first"
        )
    if not target.parent.is_dir():
        raise InputError(
            f"cannot write {path}: {target.parent} is not a folder; choose another place"
        )
    try:
        temporary, file = _create_beside(target)
        file.close()
        temporary.unlink(missing_ok=True)  # as another writer may have removed what nobody holds
    except OSError as error:
        raise _cannot_write(path, error) from error


def check_replaceable(path: str | Path, start: bytes, what: str) -> None:
    """Find out now whether `path` can be written later, and holds nothing but `what` if anything.

    Parameters
    ----------
    path : str or Path
    start : bytes
        How every file of the kind begins.
    what : str
        The kind, for the message.

    Raises
    ------
    InputError
        If it cannot be written, or a file of another kind would be lost.
    """
    check_writable(path)
    path = Path(path)
    if path.is_file() and path.stat().st_size:
        with path.open("rb") as file:
            if file.read(len(start)) != start:
                raise InputError(f"{path} exists and is not {what}: choose another name")


def remove_abandoned(folder: Path) -> None:
    """Remove the new files of a folder that killed processes did not come to give their names."""
    if fcntl is None:
        return
    for path in folder.glob(TEMPORARY):
        with suppress(OSError), path.open("r+b") as file:  # or it is in use, or another user's
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


@contextmanager
def temporary_folder(parent: Path | None = None) -> Iterator[Path]:
    """Make a folder that is gone at the end; those that killed processes left go too.

    It is made in ``parent``, or where the system has its temporary files.
    """
    parent = parent or Path(tempfile.gettempdir())
    _remove_abandoned_folders(parent)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=FOLDER, dir=parent))
        with (folder / HELD).open("wb") as lock:
            with suppress(OSError):
                if fcntl is not None:
                    fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / HELD).exists():
                continue  # another process took it for abandoned before the lock was there
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return


def _remove_abandoned_folders(parent: Path) -> None:
    if fcntl is None:
        return
    for folder in parent.glob(f"{FOLDER}*"):
        with suppress(OSError), (folder / HELD).open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)


def _is_special(path: str | Path) -> bool:
    """Whether `path` is a device or a pipe, or an output of this process under its own name."""
    if os.path.abspath(path).startswith(("/dev/stdout", "/dev/stderr", "/dev/fd/")):  # noqa: PTH100
        return True
    try:
        return not stat.S_ISREG(Path(path).stat().st_mode)
    except OSError:
        return False


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """Let a complete new file take the name `target`, on the disk when this returns."""
    remove_abandoned(target.parent)
    temporary, file = _create_beside(target)
    try:
        with _held(file):
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileNotFoundError):
                temporary.chmod(stat.S_IMODE(target.stat().st_mode))
            temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Let the new name reach the disk too, where a folder can be opened for that."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _create_beside(target: Path) -> tuple[Path, BinaryIO]:
    """Create a new file in the folder of `target`, and hold it where the system knows locks."""
    # Not tempfile: it makes files private, whereas this mode leaves the choice to the umask.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        temporary = target.with_name(f".shoal-{secrets.token_hex(8)}.tmp")
        file = os.fdopen(os.open(temporary, flags, 0o666), "wb")
        if fcntl is None:
            return temporary, file
        with suppress(OSError):  # some network folders have no locks, and then nobody gets one
            fcntl.flock(file, fcntl.LOCK_EX)
        if temporary.exists():
            return temporary, file
        file.close()  # another process removed it before the lock was there


@contextmanager
def _held(file: BinaryIO) -> Iterator[None]:
    """Let a lock outlast the file that it was taken with, which is closed before it is renamed."""
    if fcntl is None:
        yield
        return
    handle = os.dup(file.fileno())
    try:
        yield
    finally:
        os.close(handle)


def _cannot_write(path: str | Path, error: OSError) -> InputError:
    reason = error.strerror or str(error)
    return InputError(f"cannot write {path}: {reason}; choose another place")

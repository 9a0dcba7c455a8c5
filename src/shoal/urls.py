"""Guarantee: what lies behind a URL is read as a file is, or a sentence says why it cannot be.

Floor 4, the only file that knows fsspec, which opens ``s3://``, ``https://``, ``gs://`` and many
more; it comes with the extra ``dask``.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from shoal.errors import InputError


class UnreachableError(InputError, OSError):
    """What lies behind a URL could not be read on, as when a connection was cut."""


@contextmanager
def opened_url(url: str) -> Iterator[BinaryIO]:
    """Open what a URL names.

    Raises
    ------
    InputError
        It cannot be opened; an :class:`UnreachableError`, if it cannot be read on.
    """
    system, path = _file_system(url)
    try:
        file = system.open(path, "rb")
    except Exception as error:  # each protocol has errors of its own
        raise _unreadable(url, error) from error
    with file:
        yield io.BufferedReader(_Reading(file, url))


class _Reading(io.RawIOBase):
    """A file behind a URL, whose errors name it; each protocol has errors of its own."""

    def __init__(self, file: Any, url: str) -> None:
        self.file, self.url = file, url

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return bool(self.file.seekable())

    def tell(self) -> int:
        return int(self.file.tell())

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self.file.seek(offset, whence))

    def readinto(self, buffer: Any) -> int:
        try:
            data = self.file.read(len(buffer))
        except Exception as error:
            raise UnreachableError(
                f"cannot read on in {self.url}: {_reason(error)}: see whether it can be reached,"
                " and try again"
            ) from error
        buffer[: len(data)] = data
        return len(data)


def urls_of(url: str) -> list[tuple[str, str]]:
    """Return the files that a URL names, in order: itself, those of a folder, or of a pattern.

    With each comes its path inside the folder, which is empty where no folder was named.

    Raises
    ------
    InputError
        It cannot be listed, or names a folder without files.
    """
    system, path = _file_system(url)
    try:
        if any(mark in path for mark in "*?["):
            found = system.glob(path, detail=True)
            inside = {each: "" for each, of in found.items() if of["type"] != "directory"}
        elif system.isdir(path):
            inside = {each: each.removeprefix(path).strip("/") for each in system.find(path)}
            if not inside:
                raise FileNotFoundError("the folder holds no file")
        else:
            inside = {path: ""}
        return [(system.unstrip_protocol(each), inside[each]) for each in sorted(inside)]
    except Exception as error:
        raise _unreadable(url, error) from error


def size_of(url: str) -> int:
    """Return how many bytes a file has."""
    system, path = _file_system(url)
    try:
        return int(system.size(path) or 0)
    except Exception as error:
        raise _unreadable(url, error) from error


def _file_system(url: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415  (an extra)
    except ImportError:
        raise InputError(
            f"{url} is a URL, which needs fsspec: install shoal[dask], or name a file"
        ) from None
    try:
        system, path = url_to_fs(url)
    except ImportError as error:
        raise InputError(
            f"cannot read {url}: what opens it is not installed ({_reason(error)}): pip install it"
        ) from error
    except ValueError as error:
        raise InputError(
            f"cannot read {url}: {_reason(error)}: name a file, or a URL that begins with s3://,"
            " gs://, https:// or such"
        ) from error
    return system, path


def _unreadable(url: str, error: Exception) -> InputError:
    return InputError(
        f"cannot read {url}: {_reason(error)}: check the address and your access to it"
    )


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__

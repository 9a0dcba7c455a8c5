"""Guarantee: a model file holds numbers and text only; reading one executes nothing.

Floor 4. A file is in the safetensors format: arrays, and a header in JSON as its metadata, with a
checksum over both. It is written whole or not at all, and the same content gives the same bytes.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from shoal.atomic import check_writable, write_atomically
from shoal.errors import InputError

MOST_OF_A_HEADER = 50_000_000  # bytes
FORMAT = 3  # raised when an older Shoal could not read what is written
Arrays = dict[str, NDArray[Any]]
Kind = Literal["model", "checkpoint"]
WORDS = {
    "model": ("model file", "train again, or copy it anew"),
    "checkpoint": ("checkpoint", "remove it, and train anew"),
}


def save_model(path: str | Path, header: dict[str, Any], arrays: Arrays) -> None:
    """Write a model file; an earlier model of the name is replaced as the last step."""
    check_model_path(path)
    save_file(path, "model", header, arrays)


def load_model(path: str | Path) -> tuple[dict[str, Any], Arrays]:
    """Read a model file; for errors see :func:`load_file`."""
    return load_file(path, "model")


def save_file(path: str | Path, kind: Kind, header: dict[str, Any], arrays: Arrays) -> None:
    """Write a file of a kind."""
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    content = json.dumps(header, sort_keys=True, allow_nan=False)
    checksum = _checksum(f"{FORMAT} {kind} {content}", arrays)
    outer = {"format": FORMAT, "kind": kind, "sha256": checksum, "content": content}
    # one entry, since safetensors writes several in no fixed order
    write_atomically(Path(path), save(arrays, {"shoal": json.dumps(outer, sort_keys=True)}))


def load_file(path: str | Path, kind: Kind) -> tuple[dict[str, Any], Arrays]:
    """Read a file of a kind.

    Raises
    ------
    InputError
        There is no such file, it is not of that kind, is damaged, or needs a newer Shoal.
    """
    path, (noun, remedy) = Path(path), WORDS[kind]
    if not path.exists():
        raise InputError(f"there is no {noun} {path}: check the name, or train one first")
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a {noun}: give the file's name")
    try:
        with path.open("rb") as start:
            size = int.from_bytes(start.read(8), "little")
        if MOST_OF_A_HEADER < size < path.stat().st_size:
            raise InputError(f"{path} has a header of {size:,} bytes: no {noun} of Shoal has")
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror or error}): check the file"
        ) from None
    except (SafetensorError, TypeError):  # the latter of numbers that NumPy does not have
        raise InputError(f"{path} is no {noun} of Shoal, or a part of one: {remedy}") from None
    if "shoal" not in metadata:
        raise InputError(f"{path} was not written by Shoal: give a file that 'shoal train' wrote")
    try:
        _check_names(path)
        outer = json.loads(metadata["shoal"])
        newer, content, found = outer["format"] > FORMAT, outer["content"], "model"
        text, names = content, {"format", "sha256", "content"}
        if outer["format"] >= 3:  # from then on what kind it is counts too
            found, names = outer["kind"], names | {"kind"}
            text = f"{outer['format']} {found} {content}"
        whole = outer.keys() == names and found in WORDS
        intact = newer or (whole and outer["sha256"] == _checksum(text, arrays))
        header = json.loads(content) if intact and not newer else {}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        intact = newer = False
    if newer:
        raise InputError(f"{path} was written by a newer Shoal: update Shoal to read it")
    if not intact:
        raise InputError(f"{path} is damaged: {remedy}")
    if found != kind:
        raise InputError(f"{path} is a {found}, not a {noun}: give another file")
    return header, arrays


def _check_names(path: Path) -> None:
    """Refuse a header that has a name twice, of which a reader may take either."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        json.loads(file.read(size), object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice")
    return found


def check_model_path(path: str | Path) -> None:
    """Find out before training whether a model can be written to a path.

    Raises
    ------
    InputError
        The path cannot be written, or holds a file that is no model and would be lost.
    """
    if str(path) == "-":
        raise InputError("a model is not written to standard output: name a file")
    check_writable(path)
    if Path(path).is_file() and Path(path).stat().st_size:
        try:
            load_model(path)
        except InputError:
            raise InputError(
                f"{path} exists and is not a model file of Shoal: choose another name"
            ) from None


def _checksum(text: str, arrays: Arrays) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()

"""Files made to harm their reader: damaged models, lying headers, bombs, and tables of any bytes.

The tests read some; the long forms are ``python tests/hostile.py --flips 10000`` and, guided by
coverage, ``python tests/hostile.py --fuzz model`` (or table; it needs the package atheris).
"""

import argparse
import gc
import gzip
import io
import json
import pickle
import random
import struct
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import numpy as np

from shoal.columns import Schema
from shoal.errors import InputError
from shoal.recipe import Recipe
from shoal.table_blocks import read_blocks
from shoal.table_model import TableModel
from shoal.table_training import train_table
from shoal.tables import read_table, table_from_bytes

READERS = {"shoal", "csv", "gzip", "json"}  # what coverage is measured of
SCHEMA = Schema((("a", "number"), ("b", "text")), True, "b")


def small_model(folder: Path) -> bytes:
    """Return the bytes of a small model of a table with a number, a text and gaps."""
    r = np.random.default_rng(0)
    lines = [
        f"{r.normal():.2f},{r.choice(['x', 'y', ''])},{r.choice(['no', 'yes'])}" for _ in range(60)
    ]
    (folder / "t.csv").write_text("a,b,c\n" + "\n".join(lines) + "\n")
    recipe = Recipe(networks=1, hidden_units=2, max_epochs=2)
    model, _ = train_table(read_table(folder / "t.csv"), "c", recipe=recipe)
    model.save(folder / "m.shoal")
    return (folder / "m.shoal").read_bytes()


def flipped(data: bytes, random: random.Random) -> bytes:
    """Return data with one to eight bits changed."""
    changed = bytearray(data)
    for _ in range(random.choice([1, 1, 1, 2, 8])):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def lying(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield files whose headers promise what is not there, or too much."""
    size = struct.unpack("<Q", data[:8])[0]
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]

    def made(header: object, body: bytes = body) -> bytes:
        text = header if isinstance(header, bytes) else json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + body

    name = next(key for key in header if key != "__metadata__")
    for length in (2**63, 2**64 - 1, 2**40, len(data), 0):
        yield f"header of {length} bytes", struct.pack("<Q", length) + data[8:]
    for shape in ([2**62], [2**31, 2**31], [2**40, 0], [-1], [1.5], "x"):
        yield f"shape {shape}", made({**header, name: {**header[name], "shape": shape}})
    for offsets in ([0, 2**62], [2**62, 2**63], [8, 0], [-8, 0], [0, 0]):
        yield (
            f"offsets {offsets}",
            made({**header, name: {**header[name], "data_offsets": offsets}}),
        )
    overlapping = {key: {**value, "data_offsets": [0, 8]} if key != "__metadata__" else value
                   for key, value in header.items()}  # fmt: skip
    yield "overlapping arrays", made(overlapping)
    text = json.dumps(header)
    twice = text[:-1] + "," + json.dumps({name: header[name]})[1:]
    yield "a name twice", made(twice.encode())
    for depth in (1000, 200_000):
        yield f"JSON {depth} deep", made(b'{"__metadata__":' + b"[" * depth + b"]" * depth + b"}")
    outer = json.loads(header["__metadata__"]["shoal"])
    for word, content in (
        ("deep", "[" * 100_000 + "]" * 100_000), ("no JSON", "{"), ("a number", "1"),
        ("NaN", "NaN"),
        ("long", json.dumps({"record": "x" * 20_000_000})),
    ):  # fmt: skip
        changed = {**outer, "content": content, "sha256": "0" * 64}
        yield (
            f"content that is {word}",
            made({**header, "__metadata__": {"shoal": json.dumps(changed)}}),
        )
    yield "more than there is", data + b"\0" * 8
    yield "less than there is", data[:-8]


def bombs() -> Iterator[tuple[str, bytes]]:
    """Yield files of other kinds, some of which would grow or act if they were opened."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("theta", b"\0" * 100_000_000)
    yield "a zip bomb", zipped.getvalue()
    yield "a gzip bomb", gzip.compress(b"\0" * 100_000_000)

    class Bomb:
        def __reduce__(self) -> object:
            return exec, ("raise SystemExit('the file was executed')",)

    yield "a pickle that acts", pickle.dumps(Bomb())
    archive_of_numpy = io.BytesIO()
    np.save(archive_of_numpy, np.array([Bomb()], object), allow_pickle=True)
    yield "an array that acts", archive_of_numpy.getvalue()


def refused(path: Path, data: bytes) -> bool:
    """Try to load a model; return whether it was refused with one sentence."""
    path.write_bytes(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            TableModel.load(path)
    except InputError as error:
        if "\n" in str(error):
            raise AssertionError(f"more than a sentence: {error}") from error
        return True
    return False


def read_any(data: bytes) -> None:
    """Read bytes as a table, whole and in blocks: a table, or one sentence."""
    for read in (
        lambda: table_from_bytes(data, "table"),
        lambda: table_from_bytes(data, "table", schema=SCHEMA),
        lambda: list(read_blocks("-", SCHEMA, rows=2)),
    ):
        sys.stdin = io.TextIOWrapper(io.BytesIO(data))
        try:
            read()
        except InputError as error:
            if "\n" in str(error):
                raise AssertionError(f"more than a sentence: {error}") from error


def fuzz(kind: str) -> None:
    """Let atheris look for bytes that break a reader."""
    import atheris  # noqa: PLC0415

    folder = Path(tempfile.mkdtemp())
    data = small_model(folder)
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "seed").write_bytes(data if kind == "model" else b'a,b\n1,"x"\n2,\n')

    def one(found: bytes) -> None:
        if kind == "model":
            refused(folder / "fuzzed.shoal", found)
        else:
            read_any(found)

    for found in gc.get_objects():  # everything at once would take minutes
        if isinstance(found, FunctionType) and str(found.__module__).split(".")[0] in READERS:
            atheris.instrument_func(found)
    atheris.Setup([sys.argv[0], str(corpus), "-max_len=20000"], one)
    atheris.Fuzz()


def main() -> None:
    """Run a long form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--fuzz", choices=["model", "table"])
    chosen = parser.parse_args()
    if chosen.fuzz:
        fuzz(chosen.fuzz)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, r = small_model(folder), random.Random(0)
        for end in range(len(data)):
            if not refused(folder / "bad.shoal", data[:end]):
                raise AssertionError(f"cut at {end}, it was read")
        read = sum(not refused(folder / "bad.shoal", flipped(data, r)) for _ in range(chosen.flips))
        print(f"cut at each of {len(data):,} bytes: refused; of {chosen.flips:,} flips {read} read")


if __name__ == "__main__":
    main()

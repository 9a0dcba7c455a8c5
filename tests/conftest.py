"""What several test files share: the engines, a small table, a model of it, the command line."""

import importlib.util
import io
import os
import random
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from browser import opened_browser
from hypothesis import settings
from lab_asking import Lab
from lab_page import opened
from lab_process import running, wait_for

from shoal.cli import main
from shoal.engine import NumpyEngine
from shoal.lab.answers import start_of
from shoal.shards import sources
from shoal.table_training import train_table
from shoal.tables import read_table

# A busy machine is no failure, and a run that failed fails again.
settings.register_profile("shoal", deadline=None, derandomize=True)
settings.load_profile("shoal")

NATIVE = importlib.util.find_spec("shoal.engine._native") is not None
if NATIVE:
    from shoal.engine.native_engine import NativeEngine
else:  # its tests are skipped, and the rest runs on NumPy without a warning
    os.environ["SHOAL_ENGINE"] = "numpy"

needs_native = pytest.mark.skipif(not NATIVE, reason="the native engine was not compiled")

REAL = Path(__file__).resolve().parents[2] / "shared" / "data"


class Done(NamedTuple):
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


def shop(rows: int = 120, seed: int = 0) -> list[list[str]]:
    """Return the rows of a small table, its header first; `bought` can be learned."""
    r = random.Random(seed)
    table = [["age", "city", "income", "bought"]]
    for i in range(rows):
        age, city = r.randint(18, 80), r.choice(["Oslo", "Paris", "Rome"])
        score = (age - 49) / 18 + (city == "Rome") + r.gauss(0, 0.5)
        income = f"{r.gauss(3000, 500):.2f}" if i % 7 else ""
        table.append([str(age), city if i % 11 else "", income, "yes" if score > 0.3 else "no"])
    return table


def write_rows(path: Path, rows: list[list[str]], separator: str = ",") -> Path:
    """Write rows as delimited text."""
    path.write_text("".join(separator.join(row) + "\n" for row in rows), encoding="utf-8")
    return path


def engines():
    """Return every engine that runs on this machine, by name."""
    every = {"numpy": NumpyEngine()}
    if NATIVE:
        for exact in (False, True):
            for name in NativeEngine.known_instructions(exact):
                made = NativeEngine(2, exact, name, share_all=True)
                every[f"{name}{' reproducible' if exact else ''}"] = made
    return every


ENGINES = engines()


def targets(output, n_y, X, random):
    """Return Y for X, (n_x, m): classes, numbers, or labels that go with the first feature."""
    m = X.shape[1]
    if output == "softmax":
        return np.eye(n_y)[:, random.integers(n_y, size=m)]
    if output == "identity":
        return random.normal(size=(n_y, m))
    return (random.random((n_y, m)) < 1 / (1 + np.exp(-X[:1]))).astype(float)


@pytest.fixture(params=ENGINES)
def engine(request):
    """Each engine in turn."""
    return ENGINES[request.param]


@pytest.fixture(params=["numpy", pytest.param("native", marks=needs_native)])
def default(request, monkeypatch):
    """NumPy and the native engine in turn, as what everything uses unless told otherwise."""
    monkeypatch.setenv("SHOAL_ENGINE", request.param)
    return request.param


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder):
    """Write a text, or bytes, under a name in the current folder."""

    def write(name, content):
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def table(folder):
    """A small table in the current folder."""
    write_rows(folder / "shop.csv", shop())
    return "shop.csv"


@pytest.fixture(scope="session")
def model_bytes(tmp_path_factory):
    """What training on the small table writes."""
    place = tmp_path_factory.mktemp("model")
    path = write_rows(place / "shop.csv", shop())
    train_table(read_table(path), "bought")[0].save(place / "m.shoal")
    return (place / "m.shoal").read_bytes()


@pytest.fixture
def model(write, model_bytes):
    """A model file of the small table in the current folder."""
    write("m.shoal", model_bytes)
    return "m.shoal"


@pytest.fixture
def cli(folder, monkeypatch, capsys):
    """Run a command in this process."""

    def cli(*arguments, stdin=b""):
        monkeypatch.setattr(sys, "argv", ["shoal", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        else:
            code = 0
        return Done(code, *capsys.readouterr())

    return cli


@pytest.fixture
def refused(cli, folder):
    """Run a command that must fail with one sentence and change nothing; return the sentence."""

    def refused(*arguments, stdin=b""):
        before = contents(folder)
        done = cli(*arguments, stdin=stdin)
        assert done.code == 2, done
        assert done.out == ""
        assert done.err.count("\n") == 1, done.err
        assert done.err.endswith("\n")
        assert "Traceback" not in done.err
        assert "should not have happened" not in done.err
        assert contents(folder) == before
        return done.err

    return refused


@pytest.fixture
def read(tmp_path):
    """Read text, or bytes, as the content of a file."""

    def read(content, name="table.csv", **options):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path, **options)

    return read


@pytest.fixture
def small_parts(monkeypatch):
    """Tables in shards are read in blocks of a few rows."""
    monkeypatch.setattr(sources, "PART", 50)


@pytest.fixture
def real_data():
    """The folder of real tables."""
    if not REAL.is_dir():
        pytest.skip("the real tables are not beside the checkout")
    return REAL


@pytest.fixture(scope="module")
def browser():
    """Chromium, without a window."""
    with opened_browser() as chromium:
        yield chromium


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def lab():
    """A lab in this process."""
    return Lab()


@pytest.fixture
def shop_lab(tmp_path):
    """A lab in this process that opens with the small table."""
    lab = Lab()
    lab.answers.start = start_of(lab.runs, str(write_rows(tmp_path / "shop.csv", shop())), None)
    return lab


@pytest.fixture(scope="module")
def link():
    """The link of a lab that runs as a program."""
    with running("--port", 0) as (_, client):
        wait_for(client)
        yield client.link


@pytest.fixture
def page(browser, link):
    """The lab's page, just opened."""
    with opened(browser, link) as page:
        yield page

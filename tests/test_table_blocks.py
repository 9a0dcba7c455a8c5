"""A table read in blocks is the table read whole, and predictions of it too."""

import errno
import gzip
import io
import resource
import subprocess
import sys
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from conftest import contents, shop, write_rows
from hypothesis import given
from hypothesis import strategies as st

from shoal.columns import Schema
from shoal.drift import Spreads, drift
from shoal.errors import InputError
from shoal.table_blocks import read_blocks
from shoal.table_model import TableModel
from shoal.table_writing import table_writer
from shoal.tables import read_table, table_from_bytes


def outcome(call):
    """Return what a reading comes to: cells, or the sentence of its error."""
    try:
        return call()
    except InputError as error:
        return str(error)


def cells(tables):
    """Return names, kinds and cells of tables one after another, and where each row is."""
    tables = list(tables)
    columns = [
        (column.name, column.kind, [cell for table in tables for cell in table[column.name].cells])
        for column in tables[0].columns
    ]
    return columns, [table.place(i) for table in tables for i in range(table.n_rows)]


def of_training(whole):
    return Schema(tuple((c.name, c.kind) for c in whole.columns), whole.header, whole.names[-1])


def compare(data, monkeypatch, rows=3):
    """Read data whole and in blocks, by the schema that reading it whole finds."""
    found = outcome(lambda: table_from_bytes(data, "standard input"))
    if isinstance(found, str):
        schema = Schema((("a", "text"), ("b", "text")), True, "b")
    else:
        schema = of_training(found)

    def in_blocks():
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        return cells(read_blocks("-", schema, rows=rows))

    whole = outcome(lambda: cells([table_from_bytes(data, "standard input", schema=schema)]))
    assert outcome(in_blocks) == whole


CELL = st.one_of(
    st.sampled_from(["", "1", "2.5", "NA", "x", "a b", " y ", "-3e2", "ä", '5" pipe']),
    st.text('ab1 ,;"\n\t|é', max_size=5).map(lambda text: '"' + text.replace('"', '""') + '"'),
)


@given(
    st.lists(st.lists(CELL, min_size=1, max_size=3), min_size=1, max_size=12),
    st.sampled_from([",", ";", "\t", "|", " "]), st.sampled_from(["\n", "\r\n", "\r"]),
    st.booleans(), st.sampled_from(["utf-8", "cp1252", "utf-16"]), st.booleans(),
)  # fmt: skip
def test_any_text_is_read_in_blocks_as_it_is_whole(
    rows, separator, end, same_length, encoding, zipped
):
    if same_length:
        rows = [(row * 3)[:3] for row in rows]
    data = end.join(separator.join(row) for row in rows).encode(encoding)
    with pytest.MonkeyPatch.context() as patch:
        compare(gzip.compress(data) if zipped else data, patch)


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n1,2\n\n  \n3,4\n", b"a\n \n1\n\n2\n", b" \n\na\n1\n", b"a,b\n1,2\n3\n",
        b'a,b\n"1\n1",2\n3,"4', b'a,b\n1,"x"y\n', b"a,b\r1,2\r3,4", b"\xef\xbb\xbfa,b\n1,2\n",
        b"a;b\n1,5;2\n2,5;3\n", b"", b"\n\n", b"a,b\n", b"a,b\n1,\0\n", b"PK\x03\x04junk",
        b"a,b\n" + b"\xff\x01\x02\x03" * 50, b"a b\n1 2\n 3  4 \n5\t6\n", b"a,b\n1,2,3\n",
        b'a,b\n"1" , "2"\n 3 ,4\n', b'a,b\n"1\n1" ,2\n3,4\n', b'a b\n"x y\nz w" 1\nq 2\n',
        b"\x1f\x8b\x08broken",
    ],
)  # fmt: skip
def test_odd_text_is_read_in_blocks_as_it_is_whole(data, monkeypatch):
    for rows in (1, 2, 100):
        compare(data, monkeypatch, rows)


def test_parquet_is_read_in_blocks(tmp_path):
    frame = pd.DataFrame({"a": [1.5, None, 3], "b": ["x", None, "z"], "c": [True, False, None]})
    frame.iloc[[2, 0, 1]].to_parquet(tmp_path / "t.parquet")
    whole = read_table(tmp_path / "t.parquet")
    schema = of_training(whole)
    assert cells(read_blocks(tmp_path / "t.parquet", schema, rows=2)) == cells([whole])
    (tmp_path / "t.parquet").write_bytes((tmp_path / "t.parquet").read_bytes()[:-20])
    with pytest.raises(InputError, match="damaged or incomplete Parquet"):
        list(read_blocks(tmp_path / "t.parquet", schema))


class Pipe(io.BytesIO):
    """Bytes that come once, some at a time."""

    def seekable(self):
        return False

    def seek(self, *_):
        raise io.UnsupportedOperation

    def readall(self):
        raise AssertionError("the whole was read into memory")


@pytest.fixture
def piped(tmp_path, monkeypatch):
    """A table that is at standard input too, as Parquet from a pipe."""
    frame = pd.DataFrame({"a": np.arange(30.0), "b": ["x", "y", None] * 10})
    frame.to_parquet(tmp_path / "t.parquet")
    raw = Pipe((tmp_path / "t.parquet").read_bytes())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(raw)))
    return read_table(tmp_path / "t.parquet")


def test_parquet_from_a_pipe_goes_by_way_of_a_file(piped):
    assert cells(read_blocks("-", of_training(piped), rows=7)) == cells([piped])


def test_a_full_folder_for_temporary_files_is_told(piped, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(InputError, match=r"from a pipe, and .* cannot hold it .* TMPDIR"):
        list(read_blocks("-", of_training(piped)))


@pytest.fixture
def blocks_of_seven(monkeypatch):
    monkeypatch.setitem(read_blocks.__kwdefaults__, "rows", 7)


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_predictions_of_blocks_are_those_of_the_whole(
    blocks_of_seven, cli, model, table, folder, ending
):
    assert cli("predict", model, table, "-o", f"p.{ending}").code == 0
    whole = TableModel.load(model).prediction_columns(read_table(table))
    found = read_table(folder / f"p.{ending}")
    assert found.names == tuple(whole)
    assert list(found["prediction"].values) == list(whole["prediction"])
    for name in found.names[1:]:
        np.testing.assert_allclose(found[name].values, whole[name], atol=1e-12)
    assert cli("predict", model, table).out.count("\n") == 121


def test_an_error_far_down_leaves_what_was_there(blocks_of_seven, cli, model, folder, write):
    rows = shop()
    rows[100][0] = "old"
    write_rows(folder / "t.csv", rows)
    write("p.csv", "mine\n")
    before = contents(folder)
    done = cli("predict", model, "t.csv", "-o", "p.csv")
    assert done.code == 2
    assert "row 100 (line 101) of t.csv holds 'old'" in done.err
    assert contents(folder) == before


def test_drift_of_blocks_is_that_of_the_whole(model, table):
    fitted = TableModel.load(model)
    rows = read_table(table)
    moved = rows.rows(np.flatnonzero(rows["age"].values > 50))
    spreads = Spreads(fitted.profiles)
    for start in range(0, moved.n_rows, 9):
        spreads.add(moved.rows(np.arange(start, min(start + 9, moved.n_rows))))
    assert spreads.notes() == drift(fitted.profiles, moved) != []


def test_a_table_without_rows_is_refused_and_writes_nothing(model, refused, folder):
    columns = TableModel.load(model).schema.names
    pd.DataFrame({name: [] for name in columns}).to_parquet(folder / "none.parquet")
    assert "has no rows" in refused("predict", model, "none.parquet", "-o", "p.parquet")


def test_a_note_on_a_column_is_told_once(blocks_of_seven, cli, model, folder):
    rows = [[age, city, f"{i},5", bought] for i, (age, city, _, bought) in enumerate(shop()[1:])]
    write_rows(folder / "commas.csv", [shop()[0], *rows], ";")
    done = cli("predict", model, "commas.csv", "-o", "p.csv")
    assert done.err.count("decimal commas") == 1


def test_an_interrupted_writing_leaves_nothing(tmp_path):
    def interrupted(name):
        with table_writer(tmp_path / name) as writer:
            writer.write({"a": [1, 2]})
            raise KeyError

    for name in ("t.csv", "t.parquet"):
        with pytest.raises(KeyError):
            interrupted(name)
    assert contents(tmp_path) == {}


def test_memory_does_not_grow_with_the_table(model, tmp_path):
    fitted = TableModel.load(model)
    names, *body = shop(1000)
    peaks = []
    for times in (4, 40):
        path = write_rows(tmp_path / f"{times}.csv", [names, *body * times])
        tracemalloc.start()
        for block in read_blocks(path, fitted.schema, rows=1000):
            assert block.n_rows == 1000
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_a_reader_that_has_seen_enough_ends_the_command(model, table):
    command = [sys.executable, "-m", "shoal", "predict", model, table]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()
        process.stdout.close()
        error = process.stderr.read()
    assert process.returncode == 0, error


def test_a_disk_that_fills_up_leaves_the_old_predictions(model, folder):
    write_rows(folder / "many.csv", [shop()[0], *shop()[1:] * 50])
    (folder / "p.csv").write_text("mine\n")
    before = contents(folder)
    done = subprocess.run(
        [sys.executable, "-m", "shoal", "predict", model, "many.csv", "-o", "p.csv"],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1
    assert "cannot write p.csv: File too large" in done.stderr
    assert contents(folder) == before

"""The Python export reads tables as Shoal does, and says in a sentence what it cannot read."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import shop, write_rows
from test_export import QUICK, agrees, small_model

from shoal import export_model
from shoal.export import standalone, standalone_table
from shoal.export.description import describe, describe_networks
from shoal.table_training import train_table
from shoal.tables import read_table


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A model of the small table, its export as a file, and as data."""
    folder = tmp_path_factory.mktemp("small")
    model, table = small_model(folder)
    export_model(model, table, folder / "m.py")
    return model, folder / "m.py", describe(model) | {"networks": describe_networks(model)}


def run(file, *arguments, **options):
    command = [sys.executable, "-I", file, *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **options)


def printed(done, model, table):
    """Hold what a file printed against what the model says."""
    assert done.returncode == 0, done.stderr
    found = pd.read_csv(io.BytesIO(done.stdout))
    agrees(model, table, found.iloc[:, 1:], found["prediction"])


@pytest.mark.parametrize(
    "header",
    [
        ["age", "city", "age", "income"],
        ["age", "", "city", "income"],
        ["age", "age", "age_2", "city", "income"],
        ["age", " city ", "income", "income", "", ""],
    ],
)
def test_a_header_is_read_by_the_same_rule(small, tmp_path, header):
    model, file, _ = small
    random = np.random.default_rng(0)
    body = [
        [random.choice(["Rome", "Oslo"]) if "city" in name else str(random.integers(18, 90))
         for name in header]
        for _ in range(30)
    ]  # fmt: skip
    path = write_rows(tmp_path / "t.csv", [header, *body])
    table = read_table(path, schema=model.schema)
    data = {"names": list(model.schema.names), "header": True, "columns": [],
            "target": {"name": "bought"}}  # fmt: skip
    assert tuple(standalone_table.read_columns(data, str(path), ",")) == table.names
    done = run(file, path)
    assert done.returncode == 0
    assert b"not read: " in done.stderr
    P = pd.read_csv(io.BytesIO(done.stdout)).iloc[:, 1:].to_numpy()
    assert np.abs(P - model.predict_proba(table, ignore_extra=True)).max() < 1e-6


def test_a_model_whose_own_header_repeats_itself_predicts_the_same(tmp_path):
    names, *body = shop()
    rows = [["x", "", "x", names[3]], *body]
    table = read_table(write_rows(tmp_path / "t.csv", rows))
    assert table.names == ("x", "column_2", "x_2", "bought")
    model, _ = train_table(table, "bought", recipe=QUICK)
    export_model(model, table, tmp_path / "m.py")
    printed(run(tmp_path / "m.py", tmp_path / "t.csv"), model, table)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_decimal_commas_are_read_where_commas_do_not_separate(small, tmp_path, separator):
    model, file, _ = small
    rows = [[cell.replace(".", ",") for cell in row[:-1]] for row in shop()]
    rows[5][0] = " 44,5 "
    path = write_rows(tmp_path / "t.csv", rows, separator)
    table = read_table(path, schema=model.schema)
    printed(run(file, path, "tab" if separator == "\t" else separator), model, table)


def test_blank_lines_a_mark_and_blanks_before_quotes_are_no_matter(small, tmp_path):
    model, file, _ = small
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeffage, "city",income\n\n   \n33, "Rome",\n44,Zürich,100\n'.encode())
    printed(run(file, path), model, read_table(path, schema=model.schema))
    with path.open("rb") as table:
        printed(run(file, "-", stdin=table), model, read_table(path, schema=model.schema))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"age,city,income\n", "has a header but no rows"),
        (b'age,city,income\n3,"Rome,4\n', "unexpected end"),
        ("age,city,income\n3,Zürich,4\n".encode("cp1252"), "utf-8"),
    ],
)
def test_what_is_no_table_is_told_in_a_sentence(small, tmp_path, content, words):
    _, file, _ = small
    (tmp_path / "t.csv").write_bytes(content)
    done = run(file, tmp_path / "t.csv", text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_help_is_help(small):
    _, file, _ = small
    for word in ("-h", "--help"):
        done = run(file, word, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert "usage" in done.stdout
    assert run(file).returncode == 2


def test_a_reader_that_has_enough_is_no_failure(small, tmp_path):
    _, file, _ = small
    write_rows(tmp_path / "t.csv", [["age", "city", "income"], *([["33", "Rome", "4"]] * 20_000)])
    command = [sys.executable, "-I", file, tmp_path / "t.csv"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b"prediction,")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_the_columns_of_a_data_frame_may_be_nullable(small):
    data = small[2]
    frame = pd.DataFrame(
        {"age": [33, None, 50], "income": [None, 3000.5, 2000], "city": ["Rome", None, "Oslo"]}
    )
    nullable = frame.convert_dtypes()
    assert nullable["age"].isna().sum() == 1
    assert "Int64" in map(str, nullable.dtypes)
    P = standalone.probabilities(data, nullable)
    np.testing.assert_array_equal(P, standalone.probabilities(data, frame))
    frame["city"] = [pd.NaT, pd.NA, np.float32("nan")]
    frame["age"] = frame["age"].astype(object).where(frame["age"].notna(), pd.NaT)
    again = standalone.probabilities(data, frame)
    frame["city"] = None
    np.testing.assert_array_equal(again, standalone.probabilities(data, frame))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"age": None}, "no column 'age'"),
        ({"age": [1, 2, 3]}, "'city' has 2 cells, but 'age' has 3"),
        ({"income": [1, [2]]}, r"column 'income': \[2\] is not a number"),
        ({"income": [1, "x"]}, "column 'income': 'x' is not a number"),
        ({"income": [1, float("-inf")]}, "column 'income': -inf is infinite"),
    ],
)
def test_columns_that_do_not_do_are_named(small, changed, words):
    columns = {"age": [3, 4], "city": ["Rome", None], "income": [1.5, "2"]} | changed
    columns = {name: values for name, values in columns.items() if values is not None}
    with pytest.raises(ValueError, match=words):
        standalone.probabilities(small[2], columns)


def test_a_column_is_turned_into_a_list_once(small):
    class Counted(list):
        asked = 0

        def __iter__(self):
            Counted.asked += 1
            return super().__iter__()

    m = 25_000
    columns = {"age": Counted([33] * m), "city": ["Rome"] * m, "income": [1.0] * m}
    assert len(standalone.probabilities(small[2], columns)) == m
    assert Counted.asked == 1


def test_the_file_prints_labels_in_utf_8_whatever_the_terminal_says(tmp_path):
    rows = [[*row[:-1], "ja €" if row[-1] == "yes" else row[-1]] for row in shop()]
    table = read_table(write_rows(tmp_path / "t.csv", rows))
    model, _ = train_table(table, "bought", recipe=QUICK)
    export_model(model, table, tmp_path / "m.py")
    command = [sys.executable, tmp_path / "m.py", tmp_path / "t.csv"]
    done = subprocess.run(
        command, capture_output=True, env={"PYTHONIOENCODING": "ascii"}, check=True
    )
    head = next(csv.reader(io.StringIO(done.stdout.decode())))
    assert "probability_ja €" in head


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_output_is_told_in_a_sentence(small, tmp_path):
    _, file, _ = small
    table = write_rows(tmp_path / "t.csv", shop())
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-I", file, table], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr
    assert b"No space left" in done.stderr

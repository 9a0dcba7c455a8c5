"""Files are a table in shards: all rows in order, or a sentence says why not."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from shard_files import QUICK, delimited, frame, parquet, rows_of, same

from shoal import read_table
from shoal.errors import InputError
from shoal.shards import find_shards, read_or_find, reading, train_shards

pytestmark = pytest.mark.usefixtures("small_parts")


@pytest.mark.parametrize("kind", ["parquet", "csv", "csv.gz"])
def test_shards_hold_the_rows_of_the_files_in_order(kind, tmp_path):
    table = frame()
    folder = (
        parquet(tmp_path / "t", table)
        if kind == "parquet"
        else delimited(tmp_path / "t", table, zipped=kind == "csv.gz")
    )
    table.to_csv(tmp_path / "whole.csv", index=False)
    whole = read_table(tmp_path / "whole.csv")
    pattern = f"{folder}/part-*"
    for source in (folder, pattern, f"file://{folder}"):
        found = find_shards(source)
        same(rows_of(found), whole)
        assert found.exact == (kind == "parquet")
        assert found.rows == pytest.approx(600, rel=0.35)
    same(read_or_find(folder), whole)  # it is small, and so read whole


def test_a_file_is_read_as_ever_unless_parts_are_asked_for(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    frame().to_csv(path, index=False)
    same(read_or_find(path), read_table(path))
    assert len(read_or_find(path, in_parts=True).shards) == 1
    monkeypatch.setattr(reading, "SMALL", 0)
    same(read_or_find(path), read_table(path))
    monkeypatch.setattr(reading, "free_memory", lambda: 1000)
    assert len(read_or_find(path).shards) == 1
    same(read_or_find(path, in_parts=False), read_table(path))


def test_marks_and_notes_beside_the_files_are_passed_over(tmp_path):
    folder = parquet(tmp_path / "t", frame())
    (folder / "_SUCCESS").write_text("")
    (folder / ".hidden.csv").write_text("a\n1\n")
    (folder / "README.md").write_text("about")
    assert len({shard.source for shard in find_shards(folder).shards}) == 3


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / "part-1.parquet").write_bytes(b"PAR1 and no more"), "part-1.parquet is a"),
        (
            lambda f: frame().drop(columns="b").to_parquet(f / "part-1.parquet"),
            "part-1.parquet lacks the column 'b'",
        ),
        (
            lambda f: frame().assign(z=1).to_parquet(f / "part-1.parquet"),
            "part-1.parquet has a column 'z'",
        ),
        (
            lambda f: frame().assign(a="text").to_parquet(f / "part-1.parquet"),
            "column 'a' of .*part-1.parquet holds text, but that of .*part-0.parquet number",
        ),
        (lambda f: (f / "more.csv").write_text("a\n1\n"), "both Parquet .* and what is no Parquet"),
        (lambda f: (f / "part-1.parquet").write_bytes(b""), r"or empty \(.*part-1.parquet\)"),
        (lambda f: parquet(f / "year=2020", frame()), "year=2020.*, which are not read"),
    ],
    ids=[
        "cut off",
        "a column less",
        "a column more",
        "another type",
        "two formats",
        "an empty file",
        "values in folders",
    ],
)
def test_a_bad_file_is_named(damage, words, tmp_path):
    folder = parquet(tmp_path / "t", frame())
    damage(folder)
    with pytest.raises(InputError, match=words):
        find_shards(folder)


def test_files_without_rows_are_passed_over(tmp_path):
    folder = delimited(tmp_path / "t", frame())
    header = (folder / "part-0.csv").read_text().splitlines()[0]
    (folder / "part-00.csv").write_text(header + "\n")
    (folder / "a-first.csv").write_text(header + "\n")
    (folder / "nothing.csv").write_text("")
    found = find_shards(folder)
    assert [Path(shard.source).name for shard in found.shards] == ["part-0.csv", "part-1.csv"]
    assert rows_of(found).n_rows == 600


def test_a_list_of_files_or_a_data_frame_is_refused_with_the_remedy():
    for given in (["a.parquet", "b.parquet"], frame(20)):
        with pytest.raises(InputError, match="is named by a text or a Path, not by a"):
            train_shards(given, "y")


def test_a_damaged_gzip_file_is_named(tmp_path):
    folder = delimited(tmp_path / "t", frame(), zipped=True)
    (folder / "part-1.csv.gz").write_bytes(b"\x1f\x8b\x08\x00" + b"\xff" * 99)
    with pytest.raises(InputError, match=r"part-1.csv.gz is a damaged"):
        find_shards(folder)


def test_a_damaged_row_group_is_named(tmp_path):
    folder = parquet(tmp_path / "t", frame(), rows=100)
    path = folder / "part-1.parquet"
    data = bytearray(path.read_bytes())
    group = pq.ParquetFile(path).metadata.row_group(1)
    start = group.column(0).data_page_offset
    data[start : start + 60] = b"\xff" * 60
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"row group 1 of .*part-1.parquet"):
        train_shards(folder, "y", recipe=QUICK)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nothing-*.csv", "names no file"),
        ("folder", "holds no file that is read"),
        ("-", "read once only"),
        ("s4://bucket/x.parquet", "cannot read s4://"),
        ("file:///no/such/file.parquet", "cannot read file:///no/such"),
    ],
)
def test_what_is_no_table_is_told(source, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=words):
        find_shards(source)


def test_a_column_that_turns_out_to_be_text_is_text_throughout(tmp_path):
    table = frame()
    table["a"] = table["a"].round(3).astype(str)
    table.loc[450, "a"] = "many"
    folder = delimited(tmp_path / "t", table)
    model, _ = train_shards(folder, "y", recipe=QUICK)
    assert dict(model.schema.columns)["a"] == "text"
    (note,) = [note for note in model.record["notes"] if "read as text" in note]
    assert "'many'" in note
    assert "part-1.csv" in note

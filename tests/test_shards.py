"""Files are a table in shards: all rows in order, or a sentence says why not."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shard_files import QUICK, delimited, frame, parquet, rows_of, same

from shoal import read_table, train_table
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
            r"column 'a' of .*part-1.parquet is of the type (large_)?string, but that of"
            r" .*part-0.parquet of the type double",
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


def test_a_column_of_truths_in_one_file_and_numbers_in_another_is_told_with_both_types(tmp_path):
    table = frame()
    folder = parquet(tmp_path / "t", table.assign(paid=1))
    table.assign(paid=True).to_parquet(folder / "part-1.parquet")
    with pytest.raises(InputError, match=r"type bool, but that of .*part-0.* of the type int64"):
        find_shards(folder)


def test_a_pattern_of_a_url_names_what_it_matches(tmp_path):
    table = frame()
    folder = parquet(tmp_path / "t", table)
    pattern = f"file://{folder}/part-*.parquet"
    assert rows_of(find_shards(pattern)).n_rows == 600
    assert rows_of(find_shards(f"file://{folder}/part-[01].parquet")).n_rows == 400
    with pytest.raises(InputError, match="names no file"):
        find_shards(f"file://{folder}/other-*.parquet")


def test_urls_that_their_system_writes_otherwise_are_folders_too():
    memory = pytest.importorskip("fsspec").filesystem("memory")
    for name in ("a.csv", "_b.csv", ".c/d.csv", "about.md"):
        memory.pipe(f"/bucket/sales/{name}", b"a,y\n1,no\n2,yes\n")
    for url in ("memory://bucket/sales", "memory://bucket/sales/"):
        assert [each.source for each in find_shards(url).shards] == ["memory:///bucket/sales/a.csv"]
    memory.pipe("/bucket/sales/year=2020/a.csv", b"a,y\n1,no\n2,yes\n")
    with pytest.raises(InputError, match=r"names of its folders \(year=2020\)"):
        find_shards("memory://bucket/sales")
    memory.mkdir("/bucket/empty")
    with pytest.raises(InputError, match="cannot read memory://bucket/empty: the folder holds no"):
        find_shards("memory://bucket/empty")


@pytest.mark.parametrize("source", ["_out", "./_out", "./_out/", "../here/_out"])
def test_a_folder_may_be_written_in_any_way(source, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    parquet(Path("_out"), frame())
    assert rows_of(find_shards(source)).n_rows == 600


def test_names_with_blanks_and_no_names_are_those_of_the_whole_table(tmp_path):
    table = frame().rename(columns={"a": " a", "b": "", "y": "y "})
    folder = parquet(tmp_path / "t", table)
    (path,) = parquet(tmp_path / "one", table, files=1).iterdir()
    found = find_shards(folder)
    same(rows_of(found), read_table(path))
    some = [block for shard in found.shards for block in found.blocks(shard, ["a", "column_2"])]
    assert some[0].names == ("a", "column_2")
    model, _ = train_shards(folder, "y", recipe=QUICK, uses={"a": "number"})
    assert model.schema.names == ("a", "column_2", "c", "colour", "shop", "y")


def test_names_that_differ_in_blanks_alone_are_told(tmp_path):
    folder = parquet(tmp_path / "t", frame().rename(columns={"a": "b "}))
    with pytest.raises(InputError, match="two columns of one name"):
        find_shards(folder)


def test_the_bytes_of_shards_are_those_of_their_files(tmp_path):
    folder = parquet(tmp_path / "t", frame(2000), rows=500)
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert find_shards(folder).size == pytest.approx(size, abs=20)


@pytest.mark.parametrize(("floats", "integers"), [("f8", "u8"), ("f4", "u4")])
@pytest.mark.parametrize("in_parts", [True, False])
def test_random_bytes_among_numbers_are_numbers_or_gaps(floats, integers, in_parts, tmp_path):
    signalling = 0x7FF0000000000001 if floats == "f8" else 0x7F800001  # the NaNs that warn
    bits = np.random.default_rng(0).bytes(90 * np.dtype(floats).itemsize)
    values = np.frombuffer(bits, integers).copy()
    values[80:] = signalling
    values = values.view(floats)
    values[np.isinf(values)] = 0
    folder = parquet(tmp_path / "t", frame())
    path = folder / "part-1.parquet"
    whole = pq.read_table(path)
    column = np.concatenate([values, whole["a"].to_numpy()[90:].astype(floats)])
    pq.write_table(whole.set_column(0, "a", pa.array(column)), path, row_group_size=70)
    read = read_or_find(folder, in_parts=in_parts)
    train = train_shards if in_parts else train_table
    model, found = train(read, "y", recipe=QUICK)
    assert {plan.use for plan in model.encoder.plans if plan.name == "a"} == {"scaled"}
    assert np.isfinite(found.metrics["network"]["log_loss"])


@pytest.mark.parametrize("in_parts", [True, False])
def test_an_infinite_number_is_told_with_its_place(in_parts, tmp_path):
    table = frame()
    table.loc[230, "a"] = np.inf
    folder = parquet(tmp_path / "t", table, rows=200)
    read = read_or_find if not in_parts else lambda source: train_shards(source, "y", recipe=QUICK)
    with pytest.raises(InputError, match=r"'a' of .*part-1.parquet holds an infinite .* in row 31"):
        read(folder)

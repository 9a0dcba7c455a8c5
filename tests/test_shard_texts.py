"""Files of delimited text are a table in shards, zipped or not, with names or without."""

import gzip
import re
from pathlib import Path

import pytest
from shard_files import delimited, frame, rows_of

from shoal.errors import InputError
from shoal.shards import find_shards, lines, read_or_find

pytestmark = pytest.mark.usefixtures("small_parts")


def zipped(*texts):
    return b"".join(gzip.compress(text.encode()) for text in texts)


def test_a_gzip_file_made_of_several_is_a_shard_whatever_the_first_holds(tmp_path):
    header, *rows = frame().to_csv(index=False).splitlines(keepends=True)
    (tmp_path / "a.csv.gz").write_bytes(zipped(header, "".join(rows[:300])))
    (tmp_path / "b.csv.gz").write_bytes(zipped(header + "".join(rows[300:400]), *rows[400:]))
    (tmp_path / "c.csv.gz").write_bytes(zipped(header) + b"\0" * 512)
    found = find_shards(tmp_path)
    assert [Path(shard.source).name for shard in found.shards] == ["a.csv.gz", "b.csv.gz"]
    assert [shard.rows for shard in found.shards] == [300, 300]
    assert rows_of(found).n_rows == 600


def test_the_rows_of_a_large_gzip_file_are_estimated_from_little_of_it(tmp_path, monkeypatch):
    (tmp_path / "huge.csv.gz").write_bytes(zipped("a,b\n" + "1,2\n" * 10**6))
    assert lines.lines_of(str(tmp_path / "huge.csv.gz")).count == pytest.approx(10**6, rel=0.1)
    monkeypatch.setattr(lines, "HEAD", 20_000)
    text = frame(6000).to_csv(index=False)
    members = [text[start : start + 5000] for start in range(0, len(text), 5000)]
    for name, data in (("one", zipped(text)), ("many", zipped(*members))):
        (tmp_path / f"{name}.csv.gz").write_bytes(data)
        assert find_shards(tmp_path / f"{name}.csv.gz").rows == pytest.approx(6000, rel=0.1)


def test_a_file_whose_rows_come_late_is_not_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(lines, "HEAD", 1000)
    folder = delimited(tmp_path / "t", frame())
    text = (folder / "part-1.csv").read_text()
    header, _, rows = text.partition("\n")
    (folder / "part-1.csv").write_text(header + "\n" * 2000 + rows)
    assert rows_of(find_shards(folder)).n_rows == 600


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_without_names_among_others_with_names_is_told(which, tmp_path):
    folder = delimited(tmp_path / "t", frame())
    path = folder / f"part-{which}.csv"
    path.write_text(path.read_text().partition("\n")[2])
    other = f"part-{1 - which}.csv"
    with pytest.raises(InputError, match=f"{path.name} has no names .* where .*{other} has"):
        rows_of(find_shards(folder))
    if not which:  # all are said to have none: then names are a row
        assert read_or_find(folder, header=False).n_rows == 601


def test_the_file_whose_bytes_are_not_utf_8_is_named_once_for_all(tmp_path):
    folder = delimited(tmp_path / "t", frame(), files=3)
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"red", b"r\xe9d"))
    (note,) = [note for note in read_or_find(folder).notes if "UTF-8" in note]
    assert re.fullmatch(rf"what is .*: \d+ lines of {folder}/part-0.csv \(the first: .*\)", note)

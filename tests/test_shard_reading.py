"""What is read once, or block by block, is read as any other table, or a sentence says why not."""

import errno
import gzip
import os
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from shard_files import QUICK, delimited, frame, parquet, same

from shoal import TableModel, read_table
from shoal.cli import shoal
from shoal.errors import InputError
from shoal.shards import (
    Here,
    blocks_of,
    evaluate_blocks,
    evaluate_shards,
    find_shards,
    read_like,
    read_or_find,
    train_shards,
)
from shoal.shards.prediction import Predictor
from shoal.urls import UnreachableError

fsspec = pytest.importorskip("fsspec", reason="Dask is not installed: shoal[dask]")
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem  # noqa: E402

pytestmark = pytest.mark.usefixtures("small_parts")
needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    made, _ = train_shards(parquet(folder / "t", frame()), "y", recipe=QUICK)
    made.save(folder / "m.shoal")
    return TableModel.load(folder / "m.shoal")


@pytest.fixture
def pipe(tmp_path):
    """Return a pipe that has a name, into which a text is written once."""
    path, writers = tmp_path / "pipe", []

    def made(text):
        os.mkfifo(path)
        writers.append(threading.Thread(target=path.write_text, args=(text,), daemon=True))
        writers[0].start()
        return path

    yield made
    for writer in writers:
        writer.join(10)
        assert not writer.is_alive()


@needs_pipes
def test_a_pipe_is_read_whole_and_once(pipe, tmp_path):
    frame().to_csv(tmp_path / "t.csv", index=False)
    path = pipe((tmp_path / "t.csv").read_text())
    same(read_or_find(path), read_table(tmp_path / "t.csv"))


@needs_pipes
def test_a_model_is_trained_on_a_pipe(pipe, tmp_path):
    path = pipe(frame(100).to_csv(index=False))
    words = ["train", path, "-t", "y", "--networks", "1", "-o", tmp_path / "m.shoal"]
    done = CliRunner().invoke(shoal, list(map(str, words)))
    assert done.exit_code == 0, done.output
    assert TableModel.load(tmp_path / "m.shoal").record["rows"] == 80


@needs_pipes
def test_a_pipe_is_not_read_in_parts(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe, which is a pipe, can be read once only"):
        read_or_find(tmp_path / "pipe", in_parts=True)


def test_files_without_rows_are_passed_over_in_predictions_and_measures_too(model, tmp_path):
    folder = delimited(tmp_path / "t", frame())
    header = (folder / "part-0.csv").read_text().partition("\n")[0]
    (folder / "a.csv").write_text(header + "\n")
    (folder / "b.csv").write_text("")
    frame().iloc[:0].to_parquet(tmp_path / "none.parquet")
    blocks = list(blocks_of(folder, model.schema))
    assert sum(block.n_rows for block in blocks) == 600
    assert evaluate_blocks(model, blocks, str(folder)).rows == 600
    for path in (folder / "part-0.csv", folder / "part-1.csv"):
        path.unlink()
    for nothing in (folder, folder / "a.csv", folder / "b.csv", tmp_path / "none.parquet"):
        with pytest.raises(InputError, match=r"no rows|is empty"):
            list(blocks_of(nothing, model.schema))


@pytest.mark.parametrize("with_target", [True, False])
def test_files_without_names_have_the_columns_of_training_in_order(model, with_target, tmp_path):
    table = frame(200, seed=3)
    table = table if with_target else table.drop(columns="y")
    folder = tmp_path / "t"
    folder.mkdir()
    for i, part in enumerate(np.array_split(np.arange(200), 2)):
        table.iloc[part].to_csv(folder / f"part-{i}.csv", index=False, header=False)
    whole = read_table(_written(table, tmp_path / "named.csv"), schema=model.schema)
    expected = model.predict_proba(whole)
    found = find_shards(folder, schema=model.schema)
    assert found.columns[:2] == (("a", "number"), ("b", "number"))
    predicted = [each for shard in found.shards for each in Predictor(model, found)(shard)]
    of_yes = np.concatenate([each.columns["probability_yes"] for each in predicted])
    np.testing.assert_array_equal(of_yes, expected[:, 1])
    np.testing.assert_array_equal(model.predict_proba(read_like(folder, model.schema)), expected)
    if with_target:
        assert evaluate_shards(model, found).rows == 200


def test_columns_that_training_had_not_may_hold_anything(model, tmp_path):
    table = frame().assign(more=["1"] * 400 + ["many"] * 200)
    folder = delimited(tmp_path / "t", table)
    found = find_shards(folder, schema=model.schema)
    for shard in found.shards:
        Predictor(model, found, ignore_extra=True)(shard)
    assert read_like(folder, model.schema)["more"].cells[-1] == "many"


def test_a_cell_that_is_no_number_is_named_with_its_file_and_row(model, tmp_path):
    table = frame()
    table["a"] = table["a"].astype(str)
    table.loc[450, "a"] = "many"
    folder = delimited(tmp_path / "t", table)
    with pytest.raises(InputError, match=r"row 151 \(line 152\) of .*part-1.csv holds 'many'"):
        read_like(folder, model.schema)


def test_a_column_that_is_lacking_is_told_with_the_remedy_of_shards_too(model, tmp_path):
    table = frame().drop(columns="a")
    found = find_shards(parquet(tmp_path / "t", table), schema=model.schema)
    with pytest.raises(InputError, match=r"lacks the column 'a'.*: add or rename it"):
        Predictor(model, found)(found.shards[0])


def _written(table: pd.DataFrame, path: Path) -> Path:
    table.to_csv(path, index=False)
    return path


class CutOff(MemoryFile):
    """A file behind a URL whose connection is lost after some bytes."""

    def read(self, size=-1):
        if self.tell() + size > 2000:
            raise ConnectionResetError("Connection lost")
        return super().read(size)


@pytest.mark.parametrize("ending", ["parquet", "csv", "csv.gz"])
def test_a_lost_connection_is_told_as_such_and_not_as_a_damaged_file(ending, model, monkeypatch):
    table, url = frame(), f"memory://lost/t.{ending}"
    data = table.to_parquet() if ending == "parquet" else table.to_csv(index=False).encode()
    system = fsspec.filesystem("memory")
    system.pipe(f"/lost/t.{ending}", gzip.compress(data) if ending == "csv.gz" else data)
    found = find_shards(url)
    monkeypatch.setattr(
        MemoryFileSystem, "_open", lambda *_, **__: CutOff(path=url, data=system.cat(url))
    )
    for read in (
        lambda: train_shards(found, "y", recipe=QUICK, place=Here(in_memory=False)),
        lambda: list(blocks_of(url, model.schema)),
        lambda: read_table(url),
    ):
        with pytest.raises(UnreachableError, match=rf"read on in memory:/+lost/t.{ending}: Conn"):
            read()


@pytest.mark.parametrize("trouble", [OSError(errno.EIO, "Input/output error"), OSError("odd")])
def test_a_disk_that_cannot_be_read_is_told_apart_from_one_that_is_full(trouble, tmp_path):
    folder = parquet(tmp_path / "t", frame())

    class Troubled(Here):
        def encode(self, encoder, shards):
            def troubled(shard):
                yield from encoder(shard)
                raise trouble

            troubled.width = encoder.width
            return super().encode(troubled, shards)

    with pytest.raises(OSError, match=trouble.args[-1]):
        train_shards(folder, "y", recipe=QUICK, place=Troubled(tmp_path, in_memory=False))


def test_a_folder_that_cannot_be_written_into_is_told_with_the_remedy(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = parquet(tmp_path / "t", frame())
    monkeypatch.setattr(np, "save", full)
    with pytest.raises(InputError, match=r"cannot write .*No space left on device\).*TMPDIR"):
        train_shards(folder, "y", recipe=QUICK, place=Here(tmp_path, in_memory=False))

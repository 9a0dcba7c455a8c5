"""The command line and the estimator take tables in shards."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from rich.progress import Progress
from shard_files import QUICK, frame, parquet

from shoal import Recipe, ShoalClassifier
from shoal.cli import shoal
from shoal.cli.choices import training_command
from shoal.cli.reading_bar import ReadingBar
from shoal.cli.train import _path_of
from shoal.errors import InputError
from shoal.report import _python
from shoal.shards import find_shards, reading, train_shards

pytestmark = pytest.mark.usefixtures("small_parts")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return parquet(tmp_path_factory.mktemp("shards") / "t", frame(3000), rows=400)


def test_the_estimator_learns_from_files_and_predicts_them(folder, monkeypatch):
    whole = ShoalClassifier(recipe=QUICK, random_state=0).fit(str(folder), "y")
    monkeypatch.setattr(reading, "free_memory", lambda: 1000)
    in_parts = ShoalClassifier(recipe=QUICK, random_state=0).fit(folder, "y", groups="shop")
    for fitted in (whole, in_parts):
        assert fitted.classes_.tolist() == ["no", "yes"]
        table = pd.concat([pd.read_parquet(path) for path in sorted(folder.iterdir())])
        of_frame = fitted.predict_proba(table.drop(columns="y"))
        np.testing.assert_array_equal(fitted.predict_proba(str(folder)), of_frame)
        assert fitted.n_features_in_ == 5
        share = (fitted.predict(table.drop(columns="y")) == table["y"]).mean()
        for source in (folder, str(folder), f"{folder}/*.parquet"):
            assert fitted.score(source, "y") == pytest.approx(share, rel=1e-12)
        with pytest.raises(InputError, match="then y is 'y', the name of its target"):
            fitted.score(folder, table["y"])
    assert whole.model_.record["rows"] == 3000
    assert in_parts.model_.record["rows"] < 3000
    with pytest.raises(InputError, match="y is the name of its target"):
        ShoalClassifier().fit(folder, [0, 1])


def test_the_command_line_takes_folders_and_says_what_they_will_take(folder, tmp_path):
    def run(*words):
        result = CliRunner().invoke(shoal, list(map(str, words)))
        assert result.exit_code == 0, result.output
        return result.output

    planned = run("plan", folder, "-t", "y", "--workers", "4", "--networks", "1")
    assert "3,000 rows in" in planned
    assert "4 workers" in planned
    assert json.loads(run("plan", folder, "-t", "y", "--json"))["cluster"]["updates"] >= 1
    model = tmp_path / "m.shoal"
    trained = run("train", folder, "-t", "y", "--in-parts", "--networks", "1", "-o", model)
    assert "drawn from the" not in trained  # all of so few rows are looked at
    run("train", folder, "-t", "y", "--networks", "1", "--test", folder, "-o", tmp_path / "n.shoal")
    run("effects", model, f"{folder}/*.parquet", "--json")
    both = CliRunner().invoke(
        shoal, ["train", str(folder), "-t", "y", "--in-memory", "--large-batches"]
    )
    assert "leave out --in-memory" in str(both.exception)
    run("predict", model, f"{folder}/*.parquet", "-o", tmp_path / "p.parquet")
    assert len(pd.read_parquet(tmp_path / "p.parquet")) == 3000
    assert json.loads(run("evaluate", model, folder, "--json"))["rows"] == 3000
    refused = CliRunner().invoke(
        shoal, ["train", str(folder), "-t", "y", "--in-parts", "--order", "a"]
    )
    assert isinstance(refused.exception, InputError)
    assert "--order" in str(refused.exception)


def test_a_report_tells_how_to_train_the_same_in_parts(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    frame(500).to_csv(path, index=False)
    model, _ = train_shards(path, "y", recipe=QUICK)
    code = _python(model)
    monkeypatch.chdir(tmp_path)
    made = {}
    exec(code, made)
    assert made["model"].fingerprint == model.fingerprint
    bare, _ = train_shards(path, "y", recipe=Recipe(networks=1))
    assert "--in-parts" in training_command(bare)


@pytest.mark.parametrize(
    ("table", "model"),
    [
        ("sales/*.parquet", "model.shoal"),
        ("sales/part-[01].parquet", "model.shoal"),
        (".", "model.shoal"),
        ("-", "model.shoal"),
        ("sales", "sales.shoal"),
        ("sales/part-0.parquet", "part-0.shoal"),
    ],
)
def test_a_model_is_named_after_its_table_where_that_is_a_name(table, model):
    assert _path_of(table) == Path(model)


def test_marks_of_a_pattern_may_be_in_the_name_of_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("t[a].csv").write_text("")
    assert _path_of("t[a].csv") == Path("t[a].shoal")


def test_a_training_that_has_nothing_to_go_on_from_says_that_it_begins_anew(tmp_path, folder):
    def run(*more):
        words = ["train", folder, "-t", "y", "--networks", "1", "-o", tmp_path / "m.shoal"]
        words += ["--checkpoint", tmp_path / "kept", *more]
        done = CliRunner().invoke(shoal, list(map(str, words)))
        assert done.exit_code == 0, done.output
        return done.stderr

    assert f"{tmp_path / 'kept'} keeps no training, so this one begins anew" in run("--resume")
    assert "begins anew" not in run()
    assert "begins anew" not in run("--resume", "--quiet")


def test_the_bytes_of_all_shards_are_added_up_once_for_a_progress_bar(folder, monkeypatch):
    found, asked = find_shards(folder), []
    size = type(found).size.fget
    monkeypatch.setattr(type(found), "size", property(lambda table: asked.append(1) or size(table)))
    with Progress(disable=True) as progress:
        bar = ReadingBar(progress, found)
        for shard in found.shards:
            for block in found.blocks(shard):
                bar.read(shard, block)
        assert bar.rows == 3000
    assert len(asked) == 1


@pytest.mark.parametrize("source", ["t", "t/*.parquet", "file://{}/t"])
@pytest.mark.parametrize("written", ["t/part-0.parquet", "t/new.parquet"])
def test_predictions_are_not_written_among_the_files_that_are_read(
    source, written, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    parquet(tmp_path / "t", frame(400))
    before = {path.name: path.read_bytes() for path in (tmp_path / "t").iterdir()}
    model, _ = train_shards("t", "y", recipe=QUICK)
    model.save("m.shoal")
    said = CliRunner().invoke(
        shoal, ["predict", "m.shoal", source.format(tmp_path), "-o", written]
    )  # fmt: skip
    assert isinstance(said.exception, InputError)
    assert "would be one of the files of" in str(said.exception)
    assert {path.name: path.read_bytes() for path in (tmp_path / "t").iterdir()} == before


def test_an_address_that_is_none_is_refused_at_once(tmp_path):
    pytest.importorskip("distributed")
    table = parquet(tmp_path / "t", frame(400))
    said = CliRunner().invoke(shoal, ["train", str(table), "-t", "y", "--dask", "garbage"])
    assert isinstance(said.exception, InputError)
    assert "'garbage' is no address: give that of a scheduler" in str(said.exception)

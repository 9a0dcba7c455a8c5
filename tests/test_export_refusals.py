"""An export that is not as it should be is not written, and one sentence says why."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import contents
from test_export import ENDINGS, needs_cc, small_model

from shoal import export_model
from shoal.errors import InputError
from shoal.export import comparison, programs
from shoal.network import Network
from shoal.piecewise import PiecewiseLinear


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A model of the small table, and the table."""
    return small_model(tmp_path_factory.mktemp("small"))


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_command_writes_and_says_how_close_the_export_is(cli, table, model, folder, ending):
    done = cli("export", model, table, "-o", f"m.{ending}")
    assert done.code == 0, done.err
    assert f"m.{ending}" in done.err
    assert "probabilities are those of the model" in done.err
    assert (folder / f"m.{ending}").stat().st_size > 1000
    found = json.loads(cli("export", model, table, "-o", f"m.{ending}", "--json").out)
    assert found["output"] == f"m.{ending}"
    assert found["difference"] < 1e-6
    assert found["rows"] > 120
    done = cli("export", model, table, "-o", f"m.{ending}", "--quiet")
    assert done == (0, "", "")


def test_a_file_that_is_no_export_is_kept(refused, write, table, model):
    for ending in ("onnx", "py", "c", "js", "json"):
        write(f"mine.{ending}", "print('mine')\n")
        assert "choose another name" in refused("export", model, table, "-o", f"mine.{ending}")


def test_other_endings_and_places_are_refused(refused, folder, table, model):
    assert ".onnx, .py, .c, .js or .json" in refused("export", model, table, "-o", "m.txt")
    assert "does not exist" in refused("export", model, table, "-o", "none/m.py")
    (folder / "f.py").mkdir()
    assert "folder" in refused("export", model, table, "-o", "f.py")


def test_an_export_does_not_replace_its_inputs(refused, write, model_bytes, table):
    write("m.json", model_bytes)
    assert "input" in refused("export", "m.json", table, "-o", "m.json")


def test_a_table_that_the_model_does_not_read_is_refused(refused, write, model):
    write("other.csv", "age,town\n3,Rome\n4,Oslo\n")
    assert "city" in refused("export", model, "other.csv", "-o", "m.py")
    write("more.csv", "age,city,income,extra\n3,Rome,1,1\n4,Oslo,2,2\n")
    assert "extra" in refused("export", model, "more.csv", "-o", "m.py")


def test_the_target_may_be_there_and_with_leave_more_columns(cli, write, model):
    write("more.csv", "age,city,income,extra,bought\n3,Rome,1,1,no\n4,Oslo,2,2,maybe\n")
    assert cli("export", model, "more.csv", "-o", "m.json", "--ignore-extra").code == 0


@pytest.mark.parametrize("package", ["onnx", "onnxruntime"])
def test_without_onnx_one_sentence_says_what_to_install(
    refused, table, model, package, monkeypatch
):
    for name in ("onnx_file", "onnx_encoding", "onnx_graph"):
        monkeypatch.delitem(sys.modules, f"shoal.export.{name}", raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    assert "shoal[onnx]" in refused("export", model, table, "-o", "m.onnx")


@pytest.mark.parametrize(("ending", "words"), [("c", "C compiler"), ("js", "Node.js")])
def test_without_the_program_that_checks_it_a_file_is_not_written(
    refused, table, model, ending, words, monkeypatch
):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CC", raising=False)
    sentence = refused("export", model, table, "-o", f"m.{ending}")
    assert words in sentence
    assert "install" in sentence


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_export_that_differs_is_not_written(small, tmp_path, ending, monkeypatch):
    model, table = small
    exact = Network.in_double_precision

    def a_little_other(network):
        network = exact(network)
        network.theta[-1] += 0.0001
        return network

    monkeypatch.setattr(Network, "in_double_precision", a_little_other)
    with pytest.raises(InputError, match="differs from the model, by"):
        export_model(model, table, tmp_path / f"m.{ending}")
    assert not contents(tmp_path)


def test_an_export_that_says_other_labels_is_not_written(small, tmp_path, monkeypatch):
    model, table = small
    P = model.predict_proba(table)
    labels = model.predict(table).tolist()
    answers = comparison.Answers(P, labels)
    features = table.without(["bought"])
    assert comparison.difference(model, answers, features) < 1e-12
    labels[3] = "yes" if labels[3] == "no" else "no"
    with pytest.raises(InputError, match="another label"):
        comparison.difference(model, answers, features)
    for wrong in (P[:-1], np.where(P > 2, P, np.nan)):
        with pytest.raises(InputError, match="differs"):
            comparison.difference(model, comparison.Answers(wrong), features)


@pytest.mark.parametrize(
    ("ending", "label", "words"),
    [("onnx", "yes\ud800", "Unicode"), pytest.param("c", "é" * 2100, "too long", marks=needs_cc)],
)
def test_a_label_that_a_format_cannot_hold_is_refused(small, tmp_path, ending, label, words):
    model, table = small
    model = replace(model, target=replace(model.target, classes=("no", label)))
    with pytest.raises(InputError, match=words):
        export_model(model, table, tmp_path / f"m.{ending}")
    assert not contents(tmp_path)
    assert export_model(model, table, tmp_path / "m.py").difference < 1e-6


def test_a_model_of_infinite_numbers_is_refused(small, tmp_path):
    model, table = small
    pieces = replace(model.pieces.pieces[0], spread=np.inf)
    model = replace(model, pieces=PiecewiseLinear([pieces, *model.pieces.pieces[1:]]))
    with pytest.raises(InputError, match="not finite"):
        export_model(model, table, tmp_path / "m.json")


def test_a_program_that_fails_or_hangs_is_told_in_a_sentence(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="what an error"):
        programs.run_program([sys.executable, "-c", "exit('what an error')"], tmp_path)
    monkeypatch.setattr(programs, "MOST_SECONDS", 0.2)
    with pytest.raises(InputError, match="too long"):
        programs.run_program([sys.executable, "-c", "import time; time.sleep(9)"], tmp_path)

"""An export that is not as it should be is not written, and one sentence says why."""

import copy
import importlib
import json
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import contents
from test_export import CC, ENDINGS, needs_cc, needs_node, small_model

from shoal import export, export_model
from shoal.errors import InputError
from shoal.export import comparison, onnx_file, programs
from shoal.export.c_file import find_compiler
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


def changed(model, name):
    """Return a model of which one parameter, or the weight of a class, is a little other."""
    ensemble = model.ensemble
    if name == "class weights":
        return replace(model, ensemble=replace(ensemble, weights=np.array([1.0, 1.0001])))
    networks = copy.deepcopy(ensemble.networks)
    parameter = getattr(networks[-1].parameters, name)
    parameter.flat[np.abs(parameter).argmax()] *= 1.01
    return replace(model, ensemble=replace(ensemble, networks=networks))


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2", "class weights"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_an_export_that_differs_is_not_written(small, tmp_path, ending, name, monkeypatch):
    model, table = small
    functions = export._functions

    def a_little_other(ending):
        render, answer = functions(ending)
        return lambda model: render(changed(model, name)), answer

    monkeypatch.setattr(export, "_functions", a_little_other)
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


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_model_of_infinite_numbers_is_refused(small, tmp_path, ending):
    model, table = small
    pieces = replace(model.pieces.pieces[0], spread=np.inf)
    one = replace(model, pieces=PiecewiseLinear([pieces, *model.pieces.pieces[1:]]))
    other = replace(model, ensemble=copy.deepcopy(model.ensemble))
    other.ensemble.networks[1].theta[3] = np.nan
    for bad in (one, other):
        with pytest.raises(InputError, match="not finite"):
            export_model(bad, table, tmp_path / f"m.{ending}")
    assert not contents(tmp_path)


def test_a_program_that_fails_is_told_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match="what an error"):
        programs.run_program([sys.executable, "-c", "exit('what an error')"], tmp_path)
    with pytest.raises(InputError, match="does not run"):
        programs.run_program([str(tmp_path / "none")], tmp_path)


HANGS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open("child", "w").write(str(child.pid))
time.sleep(60)
"""


def gone(pid):
    """Whether a process has ended, within some seconds; one not yet waited for has, too."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc")
@pytest.mark.parametrize("end", ["time", "Ctrl-C"])
def test_a_program_that_hangs_ends_with_all_that_it_has_started(tmp_path, monkeypatch, end):
    wait = subprocess.Popen.communicate

    def interrupted(process, *given, **options):
        with suppress(subprocess.TimeoutExpired):
            wait(process, *given, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(programs, "MOST_SECONDS", 2)
    if end == "Ctrl-C":
        monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(InputError if end == "time" else KeyboardInterrupt) as error:
        programs.run_program([sys.executable, "-c", HANGS], tmp_path)
    assert end == "Ctrl-C" or "too long" in str(error.value)
    assert gone((tmp_path / "child").read_text())


ANSWERS = [
    pytest.param("c", b"", marks=needs_cc), pytest.param("c", b"1234567", marks=needs_cc),
    pytest.param("js", b"", marks=needs_node), ("py", b""), ("py", b'{"P": [[1], [1, 2]]}'),
]  # fmt: skip


@pytest.mark.parametrize(("ending", "answer"), ANSWERS)
def test_a_program_that_ends_well_without_an_answer_is_told(
    small, tmp_path, ending, answer, monkeypatch
):
    model, table = small
    module = importlib.import_module(f"shoal.export.{export.FORMATS['.' + ending][0]}")
    monkeypatch.setattr(module, "run_program", lambda *_: answer)
    with pytest.raises(InputError, match=r"could not be compared .* gave "):
        export_model(model, table, tmp_path / f"m.{ending}")
    assert not contents(tmp_path)


def test_what_onnx_runtime_refuses_is_told_in_a_sentence(small):
    model, table = small
    with pytest.raises(InputError, match="ONNX Runtime failed"):
        onnx_file.run_onnx_file(b"no graph", model, table)


@needs_cc
def test_cc_may_hold_options_and_is_not_passed_over(small, tmp_path, monkeypatch):
    model, table = small
    monkeypatch.setenv("CC", f"'{CC}' -O2 -DNAME='a b'")
    assert find_compiler() == [CC, "-O2", "-DNAME=a b"]
    assert export_model(model, table, tmp_path / "m.c").difference < 1e-6
    for wrong, words in (("no-such-cc -O2", "no program no-such-cc"), ("gcc 'x", "quote")):
        monkeypatch.setenv("CC", wrong)
        with pytest.raises(InputError, match=words):
            export_model(model, table, tmp_path / "m.c")

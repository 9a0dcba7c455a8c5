"""What is taken away from the lab makes the same again, without it."""

import base64
import os
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from conftest import write_rows
from lab_asking import CHANGED, POINTS, START, Lab

from shoal import TableModel
from shoal.columns import Column, Table
from shoal.datasets import planar_flower
from shoal.lab.answers import start_of
from shoal.lab.scenario import scenario_from_data


@pytest.mark.parametrize("scenario", [START, CHANGED, POINTS], ids=["flower", "changes", "points"])
def test_the_script_comes_to_the_same_cost(lab, scenario, tmp_path):
    cost = lab.frame(80, scenario)["cost"]
    assert run(lab, scenario, 80, tmp_path) == cost


def test_the_script_of_a_table_comes_to_the_same_cost(shop_lab, tmp_path):
    scenario = shop_lab("about")["start"]
    assert run(shop_lab, scenario, 50, tmp_path) == shop_lab.frame(50, scenario)["cost"]


def run(lab, scenario, iteration, folder):
    taken = lab("take", scenario=scenario, iteration=iteration, what="script")
    path = folder / taken["name"]
    path.write_bytes(base64.b64decode(taken["content"]))
    done = subprocess.run(
        [sys.executable, path], capture_output=True, text=True, check=True, cwd=folder,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )  # fmt: skip
    return float(done.stdout.split()[-1])


def test_the_notebook_holds_the_code_of_the_script(lab):
    lab.frame(80, CHANGED)
    script, notebook = (
        base64.b64decode(lab("take", scenario=CHANGED, iteration=80, what=what)["content"])
        for what in ("script", "notebook")
    )
    read = nbformat.reads(notebook.decode(), as_version=4)
    nbformat.validate(read)
    code = "\n\n".join(cell.source for cell in read.cells if cell.cell_type == "code")
    assert code.encode() + b"\n" == script


def test_the_model_predicts_what_the_lab_showed(shop_lab, tmp_path):
    scenario = shop_lab("about")["start"]
    shop_lab.frame(120, scenario)
    taken = shop_lab("take", scenario=scenario, iteration=120, what="model")
    path = tmp_path / taken["name"]
    path.write_bytes(base64.b64decode(taken["content"]))
    model = TableModel.load(path)
    timeline = shop_lab.runs.timeline(scenario_from_data(scenario))
    X = timeline.material.held_out.X
    P = model.probabilities(X.T)[:, 1]
    np.testing.assert_allclose(P, timeline.network.forward(X).A2[0], atol=1e-5)


def test_the_model_of_points_reads_a_table_of_them(lab, tmp_path):
    lab.frame(1000)
    taken = lab("take", scenario=START, iteration=1000, what="model")
    path = tmp_path / "m"
    path.write_bytes(base64.b64decode(taken["content"]))
    X, Y = planar_flower()
    columns = [Column(name, "number", x) for name, x in zip(("x1", "x2"), X, strict=True)]
    said = TableModel.load(path).predict(Table(tuple(columns), (), "points", True))
    assert np.mean(np.asarray(said, float) == Y[0]) == lab.frame(1000)["accuracy"]


def test_a_column_of_dates_is_known_as_one_in_the_model(tmp_path):
    rows = [["when", "x", "y"]]
    rows += [[f"2024-{1 + i % 12:02}-{1 + i % 28:02}", str(i / 7), "ab"[i % 2]] for i in range(80)]
    lab = Lab()
    scenario = start_of(lab.runs, str(write_rows(tmp_path / "dates.csv", rows)), "y").to_data()
    lab.frame(5, scenario)
    taken = lab("take", scenario=scenario, iteration=5, what="model")
    path = tmp_path / "m"
    path.write_bytes(base64.b64decode(taken["content"]))
    forms = {profile.name: profile.form for profile in TableModel.load(path).profiles}
    assert forms["when"]
    assert not forms["x"]

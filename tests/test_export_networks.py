"""The exports of bare networks, C and JavaScript: what a reader and a linker make of them."""

import importlib
import re

import numpy as np
import pytest
from test_export import CC, ENDINGS, built, needs_cc, run, small_model

from shoal import export, export_model
from shoal.export import standalone
from shoal.export.description import describe_networks


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A model of the small table, and the table."""
    return small_model(tmp_path_factory.mktemp("small"))


@needs_cc
def test_two_c_files_are_linked_under_names_of_their_own(small, tmp_path):
    model, table = small
    export_model(model, table, tmp_path / "a.c")
    export_model(model, table, tmp_path / "b.c")
    named = ["-Dshoal_probabilities=b_probabilities", "-Dshoal_classes=b_classes"]
    assert all(name.partition("=")[0] in (tmp_path / "b.c").read_text() for name in named)
    run(CC, "-c", "a.c", "-o", "a.o", cwd=tmp_path)
    run(CC, *named, "-c", "b.c", "-o", "b.o", cwd=tmp_path)
    (tmp_path / "main.c").write_text(
        "typedef void probabilities(const float *, double *);"
        "probabilities shoal_probabilities, b_probabilities;"
        "extern const char *const b_classes[]; static float x[999];"
        "int main(void) { double p[9], q[9]; shoal_probabilities(x, p); b_probabilities(x, q);"
        "return p[0] != q[0] || !b_classes[0]; }"
    )
    run(CC, "main.c", "a.o", "b.o", "-o", "main", "-lm", cwd=tmp_path)
    run(tmp_path / "main")


@pytest.mark.parametrize("activation", ["relu", "leaky_relu"])
@pytest.mark.parametrize("ending", ["py", *ENDINGS[3:]])
def test_what_is_no_number_stays_none(small, tmp_path, activation, ending):
    model, table = small
    model = built(model, activation, 5, 2, "float32")
    module = importlib.import_module(f"shoal.export.{export.FORMATS[f'.{ending}'][0]}")
    if ending == "py":
        X = np.full((model.pieces.width, 1), np.nan)
        network = describe_networks(model)[0]
        assert np.isnan(standalone.of_network(X, network, [1, 1])).all()
        return
    data = getattr(module, f"{module.__name__.rpartition('.')[2]}")(model)
    with pytest.MonkeyPatch.context() as patch:
        X = np.full((3, model.pieces.width), np.nan, np.float32)
        patch.setattr(module, "network_features", lambda *_: X)
        answers = getattr(module, f"run_{module.__name__.rpartition('.')[2]}")(data, model, table)
    assert np.isnan(answers.P).all()


@pytest.mark.parametrize("ending", ENDINGS[3:])
def test_a_reader_sees_biases_in_a_line_and_edges_in_units_of_the_column(small, tmp_path, ending):
    model, table = small
    export_model(model, table, tmp_path / f"m.{ending}")
    lines = (tmp_path / f"m.{ending}").read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if "b1_0[" in line or "    b1: " in line)
    assert lines[start + 1].count(",") > 3
    ages = [line for line in lines if re.search(r"\d  .age, from ", line)]
    edges = [float(re.search("from (.*?) to", line)[1]) for line in ages]
    assert edges[0] == table["age"].values.min()
    assert edges == sorted(edges)
    assert edges[-1] < 80

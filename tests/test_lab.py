"""The lab's numbers are those of the Python API, digit for digit, wherever one came from."""

import base64
import json
import os
import subprocess
import sys
from itertools import pairwise

import nbformat
import numpy as np
import pytest
from conftest import shop, write_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal import Examples, Network, TableModel, trace, train
from shoal.columns import Column, Table
from shoal.datasets import DATA_SETS, planar_flower
from shoal.engine import default_engine
from shoal.errors import InputError
from shoal.lab.answers import Answers, start_of
from shoal.lab.data_sets import DESCRIPTIONS
from shoal.lab.runs import MOST_MATERIALS, MOST_TIMELINES, Runs
from shoal.lab.scenario import BuiltIn, Scenario, scenario_from_data
from shoal.lab.timeline import DENSE, MOST_SNAPSHOTS
from shoal.optimizers import Adam, GradientDescent

PAIR = {"kind": "pair", "x": 0, "y": 1}
START = Scenario().to_data()
FRAME = {"view": PAIR, "map": 0, "units": 0, "findings": False}


class Lab:
    """Asks as the page does, and has patience for long ways."""

    def __init__(self):
        self.runs = Runs()
        self.answers = Answers(self.runs, Scenario())

    def __call__(self, kind, **question):
        good, answer = self.answers.answer(kind, question)
        assert good, answer
        return json.loads(json.dumps(answer, allow_nan=False))

    def refusal(self, kind, question):
        good, answer = self.answers.answer(kind, question)
        assert not good
        return answer["error"]

    def frame(self, iteration, scenario=START, **more):
        while True:
            frame = self("frame", scenario=scenario, iteration=iteration, **FRAME | more)
            if frame["iteration"] == iteration or frame["ended"]:
                return frame

    def theta(self, iteration, scenario=START):
        self.frame(iteration, scenario)
        made = [each for each in scenario["changes"] if each["at"] <= iteration]
        timeline = self.runs.timeline(scenario_from_data(scenario | {"changes": made}))
        assert timeline.iteration == iteration
        return timeline.network.theta.copy()


@pytest.fixture
def lab():
    return Lab()


@pytest.fixture
def shop_lab(tmp_path):
    lab = Lab()
    lab.answers.start = start_of(lab.runs, str(write_rows(tmp_path / "shop.csv", shop())), None)
    return lab


def trained(iterations, alpha=1.2, network=None, first=0, optimizer=None, **options):
    X, Y = planar_flower()
    network = network or Network(2, 4, 1).initialise("gaussian", 0.01, 2)
    train(
        network, Examples(X, Y), optimizer=optimizer or GradientDescent(alpha),
        max_epochs=iterations, first_epoch=first, seed=2, **options,
    )  # fmt: skip
    return network


def test_the_network_at_an_iteration_is_that_of_the_python_api(lab):
    network = trained(1000)
    assert lab.theta(1000).tobytes() == network.theta.tobytes()
    X, Y = planar_flower()
    frame = lab.frame(1000)
    assert frame["cost"] == default_engine().cost_and_predictions(network, X, Y)[0]
    assert frame["drawn"]["W1"] == network.parameters.W1.tolist()
    assert frame["drawn"]["places"]["W2"] == [[12, 13, 14, 15]]
    assert frame["accuracy"] == np.mean((network.forward(X).A2 > 0.5) == Y)


WAYS = [
    {}, {"batch_size": 32}, {"optimizer": "adam", "alpha": 0.01},
    {"optimizer": "momentum", "alpha": 0.1, "batch_size": 64, "l2": 1.0},
]  # fmt: skip


@pytest.mark.parametrize("changed", WAYS)
@settings(max_examples=15)
@given(way=st.lists(st.integers(0, 700), min_size=1, max_size=8))
def test_whatever_the_way_to_an_iteration_its_network_has_the_same_bits(changed, way):
    scenario = START | changed
    lab, straight = Lab(), Lab()
    for iteration in way:
        there = lab.theta(iteration, scenario)
    assert there.tobytes() == straight.theta(way[-1], scenario).tobytes()


def test_one_back_and_one_forward_is_where_one_was(lab):
    before = lab.frame(2500, map=20, units=8, findings=True)
    earlier = lab.frame(2499)
    assert earlier["cost"] != before["cost"]
    assert lab.frame(2500, map=20, units=8, findings=True) == before


def test_a_branch_goes_on_from_the_network_that_was_there(lab):
    scenario = START | {"changes": [{"at": 300, "alpha": 0.3}]}
    network = trained(100, alpha=0.3, network=trained(300), first=300)
    assert lab.theta(400, scenario).tobytes() == network.theta.tobytes()
    assert lab.theta(300, scenario).tobytes() == lab.theta(300).tobytes()
    assert lab.theta(200, scenario).tobytes() == lab.theta(200).tobytes()
    assert lab.theta(400).tobytes() == trained(400).theta.tobytes()


def test_a_branch_keeps_what_the_optimiser_remembers_and_a_new_optimiser_remembers_nothing(lab):
    scenario = START | {"optimizer": "adam", "alpha": 0.01}
    kept = scenario | {"changes": [{"at": 50, "alpha": 0.02}]}
    adam = Adam(0.01)
    network = trained(50, optimizer=adam)
    adam.alpha = 0.02
    assert lab.theta(90, kept).tobytes() == trained(
        40, network=network, first=50, optimizer=adam
    ).theta.tobytes()  # fmt: skip
    anew = scenario | {"changes": [{"at": 50, "optimizer": "descent", "alpha": 1.0}]}
    network = trained(40, 1.0, trained(50, optimizer=Adam(0.01)), 50)
    assert lab.theta(90, anew).tobytes() == network.theta.tobytes()


def test_a_weight_set_by_hand_is_set_at_its_iteration(lab):
    changes = [{"at": 10, "weights": {"0": 2.5}}, {"at": 10, "weights": {"16": -1.0}}]
    scenario = START | {"changes": changes}
    network = trained(10)
    network.theta[[0, 16]] = 2.5, -1.0
    assert lab.theta(10, scenario).tobytes() == network.theta.tobytes()
    assert (
        lab.theta(30, scenario).tobytes() == trained(20, network=network, first=10).theta.tobytes()
    )
    beyond = START | {"changes": [{"at": 1, "weights": {"17": 1.0}}]}
    assert "no weight 17" in lab.refusal("frame", {"scenario": beyond, "iteration": 5, **FRAME})


def test_before_a_change_the_cost_curve_shows_what_came_of_it(lab):
    scenario = START | {"changes": [{"at": 20, "alpha": 0.1}]}
    late = lab.frame(40, scenario)["curve"]
    assert lab.frame(5, scenario)["curve"] == late
    assert late["iteration"] == list(range(41))


def test_before_a_change_that_was_not_reached_the_cost_curve_ends_at_it(lab):
    lab.frame(90)
    changed = START | {"changes": [{"at": 40, "alpha": 0.1}]}
    assert lab.frame(10, changed)["curve"]["iteration"] == list(range(40))


def test_a_cost_curve_comes_in_pieces(lab):
    whole = lab.frame(500)["curve"]
    first = lab.frame(300)["curve"]
    assert first == whole  # what was reached is known, wherever one looks
    known = whole["iteration"][100]
    rest = lab.frame(500, known=known)["curve"]
    assert rest == {name: values[101:] for name, values in whole.items()}
    assert lab.frame(500, known=500)["curve"]["iteration"] == []


def test_a_frame_without_figures_is_the_same_but_for_them(lab):
    seen, whole = lab.frame(30, figures=False), lab.frame(30)
    assert (seen.pop("distributions"), seen.pop("meters")) == (None, None)
    assert seen == {name: whole[name] for name in seen}


def test_memory_does_not_grow_with_the_run(lab):
    lab.frame(60_000)
    timeline = lab.runs.timeline(Scenario())
    assert len(timeline.snapshots.kept) <= MOST_SNAPSHOTS
    at = sorted(timeline.curve)
    assert at[:DENSE] == list(range(DENSE))
    assert len(at) < DENSE * np.log2(60_000)
    assert sorted({b - a for a, b in pairwise(at)}) == [2**k for k in range(10)]
    for seed in range(MOST_TIMELINES + 5):
        lab.frame(3, START | {"seed": seed})
    assert len(lab.runs._timelines) == MOST_TIMELINES


def test_what_was_forgotten_is_the_same_when_it_is_asked_for_again(lab):
    scenario = START | {"changes": [{"at": 100, "alpha": 0.5}]}
    theta = lab.theta(150, scenario)
    for seed in range(MOST_TIMELINES):
        lab.frame(1, START | {"seed": 1000 + seed})
    assert lab.theta(150, scenario).tobytes() == theta.tobytes()


def test_a_divergence_ends_the_run_at_its_last_finite_network(lab):
    scenario = START | {"activation": "relu", "scale": 10.0, "alpha": 1e6}
    frame = lab.frame(1000, scenario, findings=True, map=10, units=5)
    last = frame["iteration"]
    assert f"in iteration {last}" in frame["ended"]
    assert frame["findings"][0]["name"] == "alpha too large"
    assert lab.frame(last - 1, scenario)["ended"] is None
    assert lab.frame(last + 5, scenario)["iteration"] == last
    at_the_end = scenario | {"changes": [{"at": last, "alpha": 1e-9}]}
    assert lab.frame(last + 3, at_the_end)["iteration"] >= last  # and no refusal
    branch = scenario | {"changes": [{"at": last + 5, "alpha": 1.0}]}
    said = lab.refusal("frame", {"scenario": branch, "iteration": last + 6, **FRAME})
    assert "nothing can be changed" in said


def test_what_is_found_does_not_depend_on_where_one_has_been(lab):
    scenario = START | {"alpha": 20.0}
    fresh = lab.frame(1700, scenario, findings=True)
    lab.frame(40_000, scenario)
    assert lab.frame(1700, scenario, findings=True)["findings"] == fresh["findings"]
    taken = [lab("take", scenario=scenario, iteration=1700, what="model")]
    other = Lab()
    other.frame(1700, scenario)
    taken.append(other("take", scenario=scenario, iteration=1700, what="model"))
    assert taken[0] == taken[1]


def test_equal_numbers_have_a_distribution_too(lab):
    scenario = START | {"activation": "identity", "n_h": 1, "scale": 1.0, "alpha": 5.0}
    for iteration in (0, 100, 300):
        spread = lab.frame(iteration, scenario)["distributions"]
        assert sum(spread["dW2"]["counts"]) == 1


def test_examples_that_are_no_longer_kept_take_their_runs_with_them(lab):
    for seed in range(MOST_MATERIALS + 3):
        lab.frame(2, START | {"data": {"kind": "built-in", "name": "moons", "seed": seed}})
    kept = {id(each) for each in lab.runs._materials.values()}
    assert {id(each.material) for each in lab.runs._timelines.values()} == kept
    assert len(kept) == MOST_MATERIALS


def test_a_mistake_of_shoal_is_told_as_one(lab, monkeypatch):
    monkeypatch.setattr("shoal.lab.answers.frame_of", lambda *_: 1 / 0)
    said = lab.refusal("frame", {"scenario": START, "iteration": 0, **FRAME})
    assert "should not have happened (ZeroDivisionError)" in said


def test_a_long_way_is_gone_in_several_questions(lab):
    frame = lab("frame", scenario=START | {"n_h": 200}, iteration=100_000, **FRAME)
    assert 0 < frame["iteration"] < 100_000


def test_the_equations_are_those_of_a_trace(lab):
    X, Y = planar_flower()
    network = trained(50)
    one = lab("equations", scenario=START, iteration=50, example=7) if lab.frame(50) else None
    assert {step["symbol"]: step["value"] for step in one["steps"]} == {
        step.symbol: step.value.tolist() for step in trace(network, X[:, 7:8], Y[:, 7:8]).steps
    }
    batch = lab("equations", scenario=START, iteration=50, example=None)
    found = {step["symbol"]: step for step in batch["steps"]}
    assert found["A1"]["shape"] == [4, 400]
    assert found["A1"]["value"] == trace(network, X, Y)["A1"][:, :12].tolist()
    assert batch["m"] == 400
    assert lab("check", scenario=START, iteration=50)["right"]


def test_the_two_failures_of_zeros_are_found(lab):
    dead = lab.frame(300, START | {"init": "zeros"}, findings=True)
    assert dead["findings"][0]["name"] == "dead"
    copies = lab.frame(300, START | {"init": "constant", "scale": 0.5}, findings=True)
    assert copies["meters"]["distinct"] == 1
    assert "symmetric" in {each["name"] for each in copies["findings"]}
    assert lab.frame(3000, findings=True)["findings"] == []
    large = lab.frame(0, START | {"scale": 100.0})["meters"]
    assert large["saturated"] > 0.9


def test_pictures_show_the_network_of_the_plane(lab):
    frame = lab.frame(500, map=30, units=6)
    network = trained(500)
    data = lab("data", scenario=START, view=PAIR)
    (left, right), (bottom, top) = data["bounds"]
    grid = np.stack(
        [g.ravel() for g in np.meshgrid(np.linspace(left, right, 30), np.linspace(top, bottom, 30))]
    )
    shown = np.frombuffer(base64.b64decode(frame["map"]["probability"]), np.uint8)
    np.testing.assert_allclose(shown / 255, network.forward(grid).A2[0], atol=0.003)
    units = np.frombuffer(base64.b64decode(frame["units"]["activation"]), np.uint8)
    assert units.size == 4 * 36
    x = np.frombuffer(base64.b64decode(data["shown"]["x"]), "<f4")
    np.testing.assert_array_equal(x, planar_flower()[0][0].astype("<f4"))


def test_a_table_is_shown_in_its_columns(shop_lab):
    scenario = shop_lab("about")["start"]
    assert scenario["data"]["target"] == "bought"
    for view in (PAIR, {"kind": "projection"}, {"kind": "pair", "x": 1, "y": 1}):
        data = shop_lab("data", scenario=scenario, view=view)
        assert (data["m"], data["m_held_out"]) == (96, 24)
        assert data["features"][0] == "age"
        assert data["classes"] == ["no", "yes"]
        held_out = np.frombuffer(base64.b64decode(data["shown"]["example"]), "<i4") == -1
        assert held_out.sum() == 24
        frame = shop_lab.frame(200, scenario, view=view, map=12, units=4)
        assert frame["held_out_cost"] < 0.6
    assert list(shop_lab.runs.tables.given) == [scenario["data"]["table"]]


def test_several_classes_have_an_output_each(lab):
    rows = [["x", "y"]] + [[f"{k + i / 50}", "abc"[k]] for k in range(3) for i in range(20)]
    content = base64.b64encode("\n".join(map(",".join, rows)).encode()).decode()
    seen = lab("table", name="abc.csv", content=content)
    data = {"kind": "table", "table": seen["table"], "name": "abc.csv", "target": seen["target"]}
    frame = lab.frame(
        100, START | {"data": data, "held_out": 0.25}, map=8, view={"kind": "projection"}
    )
    said = np.frombuffer(base64.b64decode(frame["map"]["said"]), np.uint8)
    assert set(said) <= {0, 1, 2}
    assert len(frame["drawn"]["W2"]) == 3


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_built_in_data_set_is_learned_from(lab, name):
    X, Y = DATA_SETS[name](3)
    assert X.shape == (2, 400)
    assert Y.shape == (1, 400)
    assert set(Y[0]) == {0.0, 1.0}
    np.testing.assert_array_equal(X, DATA_SETS[name](3)[0])
    scenario = START | {"data": {"kind": "built-in", "name": name, "seed": 3}, "held_out": 0.3}
    assert lab.frame(20, scenario)["cost"] < 0.7
    assert name in DESCRIPTIONS


def test_points_drawn_by_hand_are_learned(lab):
    points = [[0, 0, 0], [1, 1, 0], [0, 1, 1], [1, 0, 1]]
    scenario = START | {"data": {"kind": "points", "points": points}, "scale": 1.0}
    assert lab.frame(3000, scenario)["accuracy"] == 1.0


CHANGED = START | {
    "held_out": 0.2,
    "changes": [
        {"at": 30, "alpha": 0.4}, {"at": 60, "weights": {"3": 0.25}},
        {"at": 60, "optimizer": "adam", "alpha": 0.02, "batch_size": 50},
    ],
}  # fmt: skip
POINTS = START | {"data": {"kind": "points", "points": [[0.0, 0.5, 0], [1.5, 1, 1], [0, 1, 0]]}}


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


def test_a_scenario_is_the_same_after_a_journey(lab):
    for given_scenario in (START, CHANGED, POINTS):
        made = scenario_from_data(json.loads(json.dumps(given_scenario)))
        assert scenario_from_data(made.to_data()) == made
        assert scenario_from_data(made.to_data()).key == made.key
    assert scenario_from_data({}) == Scenario()


BAD = [
    ([], "the scenario must be an object"),
    ({"n_h": 0}, "n_h is 0"),
    ({"n_h": True}, "n_h is True"),
    ({"n_h": 501}, "n_h is 501"),
    ({"alpha": 0}, "alpha is 0"),
    ({"alpha": float("nan")}, "alpha is nan"),
    ({"alpha": "1"}, "alpha is '1'"),
    ({"scale": -1}, "scale is -1"),
    ({"held_out": 0.9}, "held_out is 0.9"),
    ({"activation": "swish"}, "activation is 'swish'"),
    ({"activation": ["tanh"]}, "activation is"),
    ({"optimizer": "lbfgs"}, "optimizer is 'lbfgs'"),
    ({"batch_size": 0}, "batch_size is 0"),
    ({"seed": 2**40}, "seed is"),
    ({"layers": 2}, "'layers', which is not known"),
    ({"data": {"kind": "url"}}, "data.kind is 'url'"),
    ({"data": {"kind": "built-in", "name": "iris"}}, "data.name is 'iris'"),
    ({"data": {"kind": "built-in"}}, "data lacks name"),
    ({"data": {"kind": "points", "points": [[0, 0, 0], [1, 1, 0]]}}, "all points are of one class"),
    ({"data": {"kind": "points", "points": [[0, 0, 0], [1, 1]]}}, "each of data.points"),
    ({"data": {"kind": "points", "points": [[0, 1e9, 0], [1, 1, 1]]}}, "a coordinate is 1"),
    ({"data": {"kind": "table", "table": "a", "name": "b", "target": ""}}, "data.target must be"),
    ({"changes": [{"at": 5}, {"at": 3}]}, "changes must come in the order"),
    ({"changes": [{"at": 5, "n_h": 3}]}, "'n_h', which is not known"),
    ({"changes": [{"at": 5, "weights": {"x": 1}}]}, "weights must be numbers by their place"),
    ({"changes": [{"at": 5, "weights": {"9" * 5000: 1}}]}, "weights must be numbers by their"),
    ({"changes": [{}] * 300}, "changes must be a list of at most"),
    ({"changes": [{}]}, "at is None"),
]  # fmt: skip


@pytest.mark.parametrize(("scenario", "said"), BAD)
def test_a_scenario_that_cannot_be_is_refused_by_name(lab, scenario, said):
    with pytest.raises(InputError) as refusal:
        scenario_from_data(scenario)
    assert said in str(refusal.value)
    assert said in lab.refusal("frame", {"scenario": scenario, "iteration": 0, **FRAME})


FIRST = {"scenario": START, "iteration": 1}


@pytest.mark.parametrize(
    ("kind", "question", "said"),
    [
        ("delete", {}, "a question must be"),
        ("frame", [], "a question must be"),
        ("frame", {"scenario": START, "iteration": 1.5, "view": PAIR}, "iteration is 1.5"),
        ("frame", FIRST | {"view": {"kind": "pair", "x": 0, "y": 2}}, "view.y is 2"),
        ("frame", FIRST | {"view": 3}, "view must be"),
        ("frame", FIRST | {"view": PAIR, "map": 10**6}, "map is 1000000"),
        ("equations", {"scenario": START, "iteration": 0, "example": 400}, "example is 400"),
        ("take", {"scenario": START, "iteration": 0, "what": "exe"}, "what must be one of"),
        ("take", {"scenario": START, "iteration": 0, "what": ["script"]}, "what must be one of"),
        ("table", {"name": "a.csv", "content": "%%%"}, "did not arrive whole"),
        ("table", {"name": "a.csv", "content": ""}, "a.csv"),
        ("table", {"name": "a.csv"}, "a.csv needs a content"),
        ("table", {"name": "\ud800", "content": ""}, "name must be a text"),
        ("table", {"content": ""}, "name must be a text"),
        ("table", {"name": "a.csv", "content": "YSxiCjEsMgozLDQK", "target": "c"}, "'c'"),
    ],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_is_refused_with_a_sentence(lab, kind, question, said):
    assert said in lab.refusal(kind, question)


WORDS = ["data", "kind", "points", "changes", "at", "weights", "alpha", "name", "built-in"]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(WORDS), inner),
        max_leaves=12,
    )
)  # fmt: skip
def test_no_scenario_makes_anything_but_a_run_or_a_sentence(scenario):
    try:
        made = scenario_from_data(scenario)
    except InputError:
        return
    assert isinstance(made, Scenario)


def test_a_table_that_is_not_here_is_asked_for(lab, tmp_path):
    data = {"kind": "table", "table": "0" * 16, "name": "shop.csv", "target": "bought"}
    question = {"scenario": START | {"data": data}, "iteration": 0, **FRAME}
    good, answer = lab.answers.answer("frame", question)
    assert not good
    assert answer["unknown_table"] == "0" * 16
    assert "shop.csv" in answer["error"]


@pytest.mark.parametrize(
    ("table", "target"),
    [
        ("a,b,c\n1,x,0\n2,y,1\n3,x,1\n", "c"),
        ("y,x\n" + "".join(f"{'ab'[i % 2]},{i / 7}\n" for i in range(50)), "y"),
        ("y,one\n" + "".join(f"{'ab'[i % 2]},7\n" for i in range(50)), "y"),
    ],
)
def test_of_a_table_the_likeliest_target_is_taken(lab, table, target):
    content = base64.b64encode(table.encode()).decode()
    assert lab("table", name="t.csv", content=content)["target"] == target


@pytest.mark.parametrize(
    "table", ["a\n1\n2\n", "a,b\n" + "".join(f"{i / 3},{i / 7}\n" for i in range(50))]
)
def test_a_table_without_a_target_is_refused_with_a_sentence(lab, table):
    content = base64.b64encode(table.encode()).decode()
    said = lab.refusal("table", {"name": "t.csv", "content": content})
    assert "t.csv has no column of 2 to 20" in said
    assert lab("about")["tables"] == []


def test_of_many_tables_the_last_are_kept(monkeypatch, lab):
    monkeypatch.setattr("shoal.lab.material.MOST_KEPT", 60)
    names = [
        lab.runs.tables.add(f"a,b\n1,{i}\n2,13\n4,15\n".encode(), f"{i}.csv") for i in range(9)
    ]
    assert list(lab.runs.tables.given) == names[-3:]


def test_a_built_in_run_needs_no_more_than_its_name():
    assert Scenario(BuiltIn("moons")).to_data()["data"] == {
        "kind": "built-in",
        "name": "moons",
        "seed": 1,
    }


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

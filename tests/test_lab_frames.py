"""What the lab shows of a network is what the Python API computes."""

import base64

import numpy as np
import pytest
from lab_asking import PAIR, START, trained

from shoal import trace
from shoal.datasets import DATA_SETS, planar_flower
from shoal.lab.data_sets import DESCRIPTIONS


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


def test_equal_numbers_have_a_distribution_too(lab):
    scenario = START | {"activation": "identity", "n_h": 1, "scale": 1.0, "alpha": 5.0}
    for iteration in (0, 100, 300):
        spread = lab.frame(iteration, scenario)["distributions"]
        assert sum(spread["dW2"]["counts"]) == 1


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

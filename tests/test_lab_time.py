"""The lab's numbers are those of the Python API, digit for digit, wherever one came from."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab_asking import FRAME, START, Lab, trained

from shoal.datasets import planar_flower
from shoal.engine import default_engine
from shoal.lab.runs import MOST_MATERIALS, MOST_TIMELINES
from shoal.lab.scenario import Scenario
from shoal.lab.timeline import DENSE, MOST_SNAPSHOTS
from shoal.optimizers import Adam


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


def test_examples_that_are_no_longer_kept_take_their_runs_with_them(lab):
    for seed in range(MOST_MATERIALS + 3):
        lab.frame(2, START | {"data": {"kind": "built-in", "name": "moons", "seed": seed}})
    kept = {id(each) for each in lab.runs._materials.values()}
    assert {id(each.material) for each in lab.runs._timelines.values()} == kept
    assert len(kept) == MOST_MATERIALS


def test_a_long_way_is_gone_in_several_questions(lab):
    frame = lab("frame", scenario=START | {"n_h": 200}, iteration=100_000, **FRAME)
    assert 0 < frame["iteration"] < 100_000

"""What cannot be asked of the lab is refused with a sentence; what was given is kept."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab_asking import CHANGED, FRAME, PAIR, POINTS, START

from shoal.errors import InputError
from shoal.lab import material, runs
from shoal.lab.scenario import BuiltIn, Scenario, scenario_from_data


def test_a_mistake_of_shoal_is_told_as_one(lab, monkeypatch):
    monkeypatch.setattr("shoal.lab.answers.frame_of", lambda *_: 1 / 0)
    said = lab.refusal("frame", {"scenario": START, "iteration": 0, **FRAME})
    assert "should not have happened (ZeroDivisionError)" in said


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
    assert give(lab, table)["target"] == target


def give(lab, content, name="t.csv"):
    return lab("table", name=name, content=base64.b64encode(content.encode()).decode())


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
    tables = [f"a,b\n1,{i}\n2,13\n4,15\n" for i in range(9)]
    names = [give(lab, table)["table"] for table in tables]
    assert list(lab.runs.tables.given) == names[-3:]


@pytest.mark.parametrize("slow", ["table_from_bytes", "encode"])
def test_others_are_answered_while_a_large_table_is_read_or_encoded(lab, monkeypatch, slow):
    begun, may_end, seen = Event(), Event(), []
    real = getattr(material, slow)

    def slowly(*given):
        begun.set()
        assert may_end.wait(60)
        return real(*given)

    def learn():
        table = give(lab, "a,b\n" + "1,x\n2,y\n" * 10)
        data = {"kind": "table", "table": table["table"], "name": "t.csv", "target": "b"}
        seen.append(lab.frame(2, START | {"data": data}, view={"kind": "projection"}))

    monkeypatch.setattr(material, slow, slowly)
    with ThreadPoolExecutor() as threads:
        learning = threads.submit(learn)
        assert begun.wait(60)
        assert lab.frame(3)["iteration"] == 3
        assert not learning.done()
        may_end.set()
        learning.result(60)
    assert seen[0]["iteration"] == 2


def test_two_that_ask_for_the_same_examples_make_them_once(lab, monkeypatch):
    made = []
    real = runs.material_of
    monkeypatch.setattr(runs, "material_of", lambda *given: made.append(1) or real(*given))
    with ThreadPoolExecutor() as threads:
        list(threads.map(lab.frame, [3, 3, 3, 3]))
    assert len(made) == 1


def test_a_built_in_run_needs_no_more_than_its_name():
    assert Scenario(BuiltIn("moons")).to_data()["data"] == {
        "kind": "built-in",
        "name": "moons",
        "seed": 1,
    }

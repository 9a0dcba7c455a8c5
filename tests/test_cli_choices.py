"""What may be chosen of a training, from the command line."""

import json

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def visits(folder):
    """A table with patients, dates and codes."""
    random = np.random.default_rng(0)
    m = 400
    patient = random.integers(0, 60, m)
    frame = pd.DataFrame(
        {
            "patient": [f"p{k}" for k in patient],
            "day": [str(np.datetime64("2023-01-01") + int(k)) for k in random.integers(0, 600, m)],
            "code": random.choice([11, 12, 13], m),
            "size": random.normal(size=m).round(3),
        }
    )
    z = frame["size"] * 2 + (frame["code"] == 12) * 2 - 2
    frame["ill"] = np.where(random.random(m) < 1 / (1 + np.exp(-z)), "yes", "no")
    frame.to_csv(folder / "visits.csv", index=False)
    return "visits.csv"


def trained(cli, *arguments):
    done = cli("train", *arguments, "-t", "ill", "-o", "m", "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def uses(found):
    return {plan["name"]: plan["use"] for plan in found["columns"]}


def test_what_a_column_becomes_is_shown_and_can_be_chosen(cli, visits):
    assert uses(trained(cli, visits)) == {
        "patient": "one-hot", "day": "date", "code": "scaled", "size": "scaled",
    }  # fmt: skip
    chosen = ("--use", "code=one-hot", "--use", "patient=target-means", "--drop", "day")
    found = uses(trained(cli, visits, *chosen))
    assert found == {
        "patient": "target means", "day": "left out", "code": "one-hot", "size": "scaled",
    }  # fmt: skip
    shown = cli("inspect", "m").out
    assert "one-hot, 3: " in shown
    assert "target means of" in shown
    predicted = cli("predict", "m", visits)
    assert predicted.code == 0
    assert len(predicted.out.splitlines()) == 401


def test_a_group_is_held_out_whole_and_is_not_learned_from(cli, visits):
    found = trained(cli, visits, "--group", "patient")
    (plan,) = [plan for plan in found["columns"] if plan["name"] == "patient"]
    assert plan["note"] == "rows of a group stay together by it"
    kept = trained(cli, visits, "--group", "patient", "--keep", "patient")
    assert uses(kept)["patient"] == "one-hot"


def test_with_an_order_the_last_rows_are_measured(cli, visits):
    found = trained(cli, visits, "--order", "day")
    assert found["evaluation"]["rows"] == pytest.approx(80, abs=3)
    assert uses(found)["day"] == "left out"


def test_a_goal_decides_what_is_said(cli, visits):
    found = trained(cli, visits, "--goal", "recall=0.95")
    assert found["goal"] == "recall=0.95"
    P = pd.DataFrame(json.loads(cli("predict", "m", visits, "--json").out))
    said = np.where(P["probability_yes"] >= found["threshold"], "yes", "no")
    assert (said == P["prediction"]).all()
    assert "yes said from a probability of" in cli("inspect", "m").out
    assert any("goal recall=0.95: of 320 rows not learned from" in note for note in found["notes"])
    notes = trained(cli, visits, "--goal", "precision=1.0")["notes"]
    assert any("goal precision=1.0" in note for note in notes)
    assert trained(cli, visits, "--class-weight", "no=1,yes=3")["threshold"] == pytest.approx(0.25)


def test_networks_a_metric_and_a_validation_table_can_be_given(cli, visits):
    found = trained(cli, visits, "--networks", "2", "--metric", "roc-auc")
    assert found["n_networks"] == 2
    assert all("roc auc did not rise" in reason for reason in found["stop_reasons"])
    by_folds = trained(cli, visits, "--networks", "2")["epochs"]
    by_what_is_learned = trained(cli, visits, "--networks", "2", "--validation", visits)["epochs"]
    assert min(by_what_is_learned) > max(by_folds)


def test_a_time_is_used_for_more_networks(cli, visits):
    assert trained(cli, visits, "--time", "4s")["n_networks"] > 5


def test_cross_validation_prints_intervals_and_writes_nothing(cli, visits, folder):
    before = sorted(folder.iterdir())
    done = cli("cross-validate", visits, "-t", "ill", "--folds", "3")
    assert done.code == 0
    assert "400 rows in 3 folds" in done.out
    assert done.out.count("±") >= 24
    data = json.loads(cli("cross-validate", visits, "-t", "ill", "--folds", "2", "--json").out)
    assert (
        data["metrics"]["network"]["roc_auc"]["low"]
        < data["metrics"]["network"]["roc_auc"]["estimate"]
    )
    assert len(data["folds"]) == 2
    assert sorted(folder.iterdir()) == before


def test_effects_are_ranked_printed_and_drawn(cli, visits, folder):
    trained(cli, visits)
    done = cli("effects", "m", visits, "-o", "effects.png")
    assert done.code == 0
    assert done.out.index("size ") < done.out.index("day ")
    assert (folder / "effects.png").read_bytes().startswith(b"\x89PNG")
    data = json.loads(cli("effects", "m", visits, "--json").out)["effects"]
    assert {effect["name"] for effect in data} == {"patient", "day", "code", "size"}
    assert sum(data[0]["curve"][0].values()) == pytest.approx(1)


def test_reliability_is_drawn(cli, visits, folder):
    trained(cli, visits)
    assert cli("evaluate", "m", visits, "-o", "reliability.png").code == 0
    assert (folder / "reliability.png").read_bytes().startswith(b"\x89PNG")
    assert cli("evaluate", "m", visits, "-o", visits).code == 2


def test_rows_spread_otherwise_are_named_in_prediction_and_evaluation(cli, visits, folder):
    trained(cli, visits)
    moved = pd.read_csv(folder / visits).assign(size=lambda frame: frame["size"] + 3)
    moved.to_csv(folder / "moved.csv", index=False)
    assert "column 'size' is not as it was in training" in cli("evaluate", "m", "moved.csv").out
    assert "column 'size' is not as it was in training" in cli("predict", "m", "moved.csv").err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--use", "code"], "--use code lacks a use"),
        (["--use", "cod=one-hot"], "did you mean 'code'"),
        (["--use", "size=date"], "cannot be used as date"),
        (["--use", "size=scaled"], "is no use of a column"),
        (["--use", "ill=one-hot"], "'ill' is the target"),
        (["--use", "code=one-hot", "--drop", "code"], "is dropped and yet to be used"),
        (["--group", "nobody"], "has no column 'nobody'"),
        (["--group", "patient", "--order", "day"], "choose one"),
        (["--order", "patient"], "rows cannot be ordered by it"),
        (["--goal", "best"], "'best' is no goal"),
        (["--metric", "auc"], "'auc' is no metric"),
        (["--class-weight", "yes"], "--class-weight yes cannot be read"),
        (["--class-weight", "maybe=2"], "names 'maybe', which is no class"),
        (["--time", "soon"], "--time soon is no time"),
        (["--time", "0s"], "--time 0s is no time"),
        (["--validation", "none.csv"], "there is no file none.csv"),
    ],
)
def test_a_choice_that_cannot_be_is_one_sentence(cli, visits, folder, arguments, words):
    done = cli("train", visits, "-t", "ill", "-o", "m", *arguments)
    assert done.code == 2
    assert words in done.err
    assert done.err.count("\n") == 1
    assert not (folder / "m").exists()


def test_signs_of_other_languages_are_drawn_and_printed_as_they_are(cli, folder):
    random = np.random.default_rng(0)
    bands = ["$10k-$20k", "$a_$ ^", r"$\frac$", "日本", "\x1b[31mred", "[bold]"]
    frame = pd.DataFrame(
        {"$b$": random.choice(bands, 300), "y": random.choice(["z$a_$", "n"], 300)}
    )
    frame.to_csv(folder / "odd.csv", index=False)
    assert cli("train", "odd.csv", "-t", "y", "-o", "m", "-q").code == 0
    for command in (
        ["effects", "m", "odd.csv", "-o", "e.png"],
        ["evaluate", "m", "odd.csv", "-o", "r.png"],
    ):
        done = cli(*command)
        assert (done.code, done.err) == (0, "")
    shown = cli("inspect", "m").out
    assert "\x1b" not in shown
    assert "[bold]" in shown


def test_rows_that_stop_training_and_are_learned_from_or_measured_on_are_said(cli, visits):
    notes = trained(cli, visits, "--validation", visits, "--networks", "1")["evaluation"]["notes"]
    assert any("rows to stop training by are the same as rows learned from" in n for n in notes)
    assert any("rows to measure on are the same as rows that stop training" in n for n in notes)


def test_dates_beyond_those_of_training_are_named_as_dates(cli, visits, folder):
    trained(cli, visits)
    later = pd.read_csv(folder / visits)
    later["day"] = [f"2026-{1 + k % 12:02}-01" for k in range(len(later))]
    later.to_csv(folder / "later.csv", index=False)
    (note,) = [
        line for line in cli("evaluate", "m", "later.csv").out.splitlines() if "'day'" in line
    ]
    assert "above 2024-" in note
    assert "in 100% of the rows" in note

"""Real tables work with nothing but their target."""

import json

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold

from shoal.table_training import train_table
from shoal.tables import read_table


@pytest.fixture
def trained(cli, real_data):
    """Train on a real table by the command line; return what it prints as JSON."""

    def trained(name, target, *options):
        done = cli("train", real_data / name, "--target", target, "-o", "m", "--json", *options)
        assert done.code == 0, done.err
        assert done.err == ""
        return json.loads(done.out)

    return trained


def network(found):
    return found["evaluation"]["metrics"]["network"]


def plans(found):
    return {plan["name"]: plan for plan in found["columns"]}


def beats_the_guess(found):
    measures = found["evaluation"]["metrics"]
    return all(
        measures["network"][name] < measures["majority_guess"][name]
        for name in ("log_loss", "brier")
    )


def test_titanic_is_learned(trained):
    found = trained("titanic/titanic.csv", "Survived")
    assert found["classes"] == [0, 1]
    assert found["positive_class"] == 1
    assert plans(found)["PassengerId"]["use"] == plans(found)["Name"]["use"] == "left out"
    assert plans(found)["Age"]["missing"] > 100
    assert network(found)["roc_auc"] > 0.8
    assert network(found)["accuracy"] > 0.75


def test_titanic_is_learned_well_in_cross_validation(real_data):
    table = read_table(real_data / "titanic/titanic.csv")
    labels = table["Survived"].values
    areas = []
    for a, b in StratifiedKFold(5, shuffle=True, random_state=0).split(labels, labels):
        _, evaluation = train_table(table.rows(a), "Survived", test=table.rows(b))
        areas.append(evaluation.metrics["network"]["roc_auc"])
    assert np.mean(areas) >= 0.85


def test_adult_is_learned_as_well_as_published(trained, real_data):
    test = real_data / "adult/adult-test.csv"
    found = trained("adult/adult-train.csv", "-1", "--test", test)
    assert found["classes"] == ["<=50K", ">50K"]
    assert found["rows"] == 32561
    assert found["evaluation"]["rows"] == 16281
    assert any("'>50K.'" in note for note in found["evaluation"]["notes"])
    assert network(found)["accuracy"] >= 0.850
    assert network(found)["roc_auc"] >= 0.905


def test_german_credit_is_learned_beside_its_baseline(trained):
    found = trained("german-credit/german.csv", "-1")
    assert found["classes"] == [1, 2]
    assert found["target"] == "column_21"
    assert beats_the_guess(found)
    assert network(found)["roc_auc"] > 0.7


def test_hypothyroid_is_learned_with_a_class_of_two_rows_and_a_column_of_none(trained):
    found = trained("hypothyroid/hypothyroid.csv", "Class")
    assert len(found["classes"]) == 4
    assert plans(found)["TBG"]["use"] == "left out"
    assert "all missing" in plans(found)["TBG"]["note"]
    assert network(found)["accuracy"] > 0.95


def test_airlines_are_learned_though_they_are_not_utf_8(trained):
    name = "airlines-44k/allyears2k_headers.csv"
    found = trained(name, "IsDepDelayed", "--networks", "1")  # 44,000 rows, 916 features
    assert any("UTF-8" in note for note in found["notes"])
    assert network(found)["accuracy"] > 0.99  # the table holds the delay itself


def test_mushrooms_are_learned_from_text_alone(trained):
    found = trained("mushroom/Mushroom.ssv", "1")
    assert {plan["kind"] for plan in found["columns"]} == {"text"}
    assert network(found)["accuracy"] > 0.999

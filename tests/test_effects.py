"""Effects are those that the data were made with."""

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import permutation_importance
from sklearn.metrics import log_loss

from shoal.effects import Effect, column_effects
from shoal.errors import InputError
from shoal.table_classifier import ShoalClassifier
from shoal.table_training import train_table
from shoal.tables import table_from_frame


def frame(m=1500, seed=0):
    """Return a table in which one number, one text and one date matter, and the rest does not."""
    random = np.random.default_rng(seed)
    day = random.integers(0, 365, m)
    made = pd.DataFrame(
        {
            "size": random.normal(50, 10, m),
            "colour": random.choice(["red", "green", "blue"], m),
            "noise": random.normal(size=m),
            "when": [str(np.datetime64("2024-01-01") + int(d)) for d in day],
        }
    )
    z = (made["size"] - 50) / 5 + 2 * (made["colour"] == "red") + (day > 180) - 1
    made["y"] = np.where(random.random(m) < 1 / (1 + np.exp(-z)), "yes", "no")
    return made


@pytest.fixture(scope="module")
def model():
    return train_table(table_from_frame(frame()), "y")[0]


@pytest.fixture(scope="module")
def effects(model):
    return {
        effect.name: effect for effect in column_effects(model, table_from_frame(frame(seed=1)))
    }


def test_columns_are_ranked_as_they_matter(effects):
    assert list(effects) == ["size", "colour", "when", "noise"]
    assert effects["size"].importance > 0.3
    assert abs(effects["noise"].importance) < 0.02


def test_the_curves_are_in_the_columns_own_values(effects):
    size, colour, when = (effects[name] for name in ("size", "colour", "when"))
    p = np.array(size.curve)[:, 1]
    assert p[0] < 0.1
    assert p[-1] > 0.9
    assert 10 < size.values[0] < 30
    of = dict(zip(colour.values, np.array(colour.curve)[:, 1], strict=True))
    assert set(of) == {"red", "green", "blue"}
    assert of["red"] > max(of["green"], of["blue"]) + 0.1
    assert list(when.values) == sorted(when.values)
    p = np.array(when.curve)[:, 1]
    assert p[-5:].mean() > p[:5].mean() + 0.05
    np.testing.assert_allclose(np.sum(size.curve, axis=1), 1)


def test_the_importance_is_what_scikit_learn_finds_by_shuffling_the_columns_themselves():
    data, new = frame(600), frame(600, seed=1)
    fitted = ShoalClassifier(random_state=0).fit(data.drop(columns="y"), data["y"])
    ours = {e.name: e for e in column_effects(fitted.model_, with_target(fitted, new))}

    def score(estimator, X, y):
        return -log_loss(y, estimator.predict_proba(X))

    theirs = permutation_importance(
        fitted, new.drop(columns="y"), new["y"], scoring=score, n_repeats=5, random_state=0
    )
    for name, mean in zip(fitted.feature_names_in_, theirs.importances_mean, strict=True):
        assert ours[name].importance == pytest.approx(mean, abs=0.04)


def with_target(fitted, data):
    renamed = data.rename(columns={"y": fitted.model_.target.name})
    return table_from_frame(renamed, schema=fitted.model_.schema)


def test_the_same_seed_gives_the_same_effects(model, effects):
    again = column_effects(model, table_from_frame(frame(seed=1)))
    assert again == list(effects.values())


def test_rows_of_one_class_are_refused(model):
    table = table_from_frame(frame())
    with pytest.raises(InputError, match="one class alone"):
        column_effects(model, table.rows(table["y"].values == "yes"))


def test_a_column_that_is_missing_throughout_has_no_curve(model):
    rows = frame(seed=1).assign(noise=np.nan)
    found = {e.name: e for e in column_effects(model, table_from_frame(rows, schema=model.schema))}
    assert found["noise"].curve == ()


def test_the_curve_drawn_is_of_the_positive_class_or_of_the_one_that_moves_most():
    def effect(*curve):
        return Effect("x", 0.1, 0.0, None, tuple(range(len(curve))), False, curve)

    assert effect((0.9, 0.1), (0.2, 0.8)).moved == 1
    assert effect((0.2, 0.3, 0.5), (0.1, 0.7, 0.2)).moved == 1
    assert effect((0.2, 0.3, 0.5), (0.4, 0.2, 0.4)).moved == 0
    assert effect((0.2, 0.4, 0.4), (0.3, 0.6, 0.1)).moved == 2

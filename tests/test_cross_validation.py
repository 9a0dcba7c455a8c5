"""Measures come with intervals, from folds that nothing was learned from."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from shoal.cross_validation import cross_validate
from shoal.errors import InputError
from shoal.recipe import Recipe
from shoal.tables import table_from_frame

QUICK = Recipe(max_epochs=10)


def tabular(m, cut=0.0, **columns):
    """Return a table whose y depends on a."""
    random = np.random.default_rng(0)
    a = random.normal(size=m)
    y = np.where(a + random.normal(0, 0.5, m) > cut, "yes", "no")
    return table_from_frame(pd.DataFrame({"a": a, "b": random.normal(size=m), **columns, "y": y}))


@pytest.fixture(scope="module")
def found():
    return cross_validate(tabular(200), "y", recipe=QUICK)


def test_each_row_is_measured_once(found):
    assert [each.source for each in found.evaluations] == [f"fold {k}" for k in range(1, 6)]
    assert sum(each.rows for each in found.evaluations) == 200


def test_the_mean_and_its_interval_are_those_of_the_folds(found):
    values = [each.metrics["network"]["roc_auc"] for each in found.evaluations]
    interval = found.metrics["network"]["roc_auc"]
    assert interval.estimate == pytest.approx(np.mean(values))
    half = stats.t.ppf(0.975, 4) * np.std(values, ddof=1) * np.sqrt(1 / 5 + 1 / 4)
    assert interval.high - interval.estimate == pytest.approx(half)
    assert interval.estimate - interval.low == pytest.approx(half)
    line = [each.metrics["logistic_regression"]["roc_auc"] for each in found.evaluations]
    assert found.gains["roc_auc"].estimate == pytest.approx(np.mean(values) - np.mean(line))


def test_what_one_class_alone_cannot_give_is_left_out_of_the_mean():
    found = cross_validate(tabular(60, cut=1.0), "y", folds=3, recipe=QUICK)
    assert found.metrics["majority_guess"]["precision"] is None


def test_with_an_order_each_fold_is_measured_by_what_came_before():
    random = np.random.default_rng(0)
    table = tabular(300, when=np.sort(random.random(300)))
    found = cross_validate(table, "y", order="when", recipe=QUICK)
    assert [each.rows for each in found.evaluations] == [60] * 4
    assert all("drop" not in note for note in found.notes)


def test_groups_are_never_apart_so_that_their_names_do_not_help():
    random = np.random.default_rng(0)
    group = np.repeat(np.arange(20), 20)
    y = np.where(random.random(20) < 0.5, "yes", "no")[group]
    frame = pd.DataFrame({"mark": group + random.normal(0, 0.01, 400), "patient": group, "y": y})
    alike = cross_validate(table_from_frame(frame), "y", group="patient")
    apart = cross_validate(table_from_frame(frame), "y", drop=["patient"])
    assert apart.metrics["network"]["roc_auc"].estimate > 0.95
    assert alike.metrics["network"]["roc_auc"].estimate < 0.75


def test_a_class_that_a_fold_cannot_learn_is_refused():
    y = ["yes"] + ["no"] * 39
    table = table_from_frame(pd.DataFrame({"a": np.linspace(0, 1, 40) ** 2, "y": y}))
    with pytest.raises(InputError, match="the rows to learn from are all 'no'"):
        cross_validate(table, "y", folds=5)
    with pytest.raises(InputError, match="folds is 1"):
        cross_validate(table, "y", folds=1)


def test_what_is_said_of_the_training_is_said_of_its_fold():
    y = np.tile(["no", "yes"], 60)
    leak = np.tile([0.0, 1.0], 60) + np.linspace(0, 0.1, 120)
    table = table_from_frame(pd.DataFrame({"a": np.linspace(0, 1, 120) ** 2, "leak": leak, "y": y}))
    notes = cross_validate(table, "y", folds=2, recipe=QUICK).notes
    assert [note.split("column")[0] for note in notes if "'leak' alone" in note] == ["folds 1, 2: "]

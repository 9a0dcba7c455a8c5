"""The recipe for tables as an estimator."""

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from shoal import Recipe, ShoalClassifier
from shoal.errors import InputError

QUICK = Recipe(max_epochs=20)


def data(m=300, seed=0):
    """Return a data frame with text and gaps, and labels."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": random.normal(size=m), "c": random.choice(["x", "y", None], m)})
    y = (frame["a"] + 2 * (frame["c"] == "x") + 0.3 * random.normal(size=m) > 0.5).to_numpy()
    return frame.mask(random.random((m, 2)) < 0.05), y


@parametrize_with_checks([ShoalClassifier(), ShoalClassifier(recipe=QUICK)])
def test_scikit_learn_s_checks_pass(estimator, check):
    check(estimator)


def test_a_data_frame_with_text_and_gaps_is_learned():
    X, y = data()
    assert cross_val_score(ShoalClassifier(random_state=0), X, y, cv=3).mean() > 0.85


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
def test_a_label_that_is_missing_is_named(gap):
    X, y = data()
    labels = pd.Series(np.where(y, "yes", "no"), dtype=object)
    labels[5] = gap
    with pytest.raises(InputError, match=r"Input y contains NaN: y\[5\] is no label"):
        ShoalClassifier(recipe=QUICK).fit(X, labels)


@pytest.mark.parametrize(
    "labels", [[False, True], [0, 1], [2, 10], [-1.0, 2.0], ["no", "yes"], ["b", "a"]]
)
def test_labels_come_back_as_they_went_in(labels):
    X, y = data()
    given = np.array(labels)[y.astype(int)]
    model = ShoalClassifier(recipe=QUICK, random_state=0).fit(X, given)
    np.testing.assert_array_equal(model.classes_, np.unique(given))
    found = model.predict(X)
    assert found.dtype == given.dtype
    assert (found == given).mean() > 0.85
    P = model.predict_proba(X)
    np.testing.assert_array_equal(model.classes_[P.argmax(axis=1)], found)


def test_it_can_be_cloned_pickled_searched_and_calibrated():
    X, y = data()
    model = clone(ShoalClassifier(goal="f1", recipe=QUICK, random_state=1)).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    assert again.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    search = GridSearchCV(model, {"goal": ["f1", "accuracy"]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.8
    assert CalibratedClassifierCV(model, cv=2).fit(X, y).predict_proba(X).shape == (300, 2)


def test_groups_stay_together_and_a_goal_moves_the_threshold():
    X, y = data()
    model = ShoalClassifier(goal="recall=0.99", recipe=QUICK, random_state=0)
    model.fit(X, y, groups=np.arange(300) // 3)
    assert model.model_.decision.threshold < 0.5
    assert y[model.predict(X) == 0].mean() < 0.05


def test_what_cannot_be_learned_is_refused_in_a_sentence():
    X, y = data()
    with pytest.raises(InputError, match="one class alone"):
        ShoalClassifier().fit(X, np.ones(300))
    with pytest.raises(InputError, match="X has 300 rows, but y has 2"):
        ShoalClassifier().fit(X, [0, 1])
    with pytest.raises(InputError, match="y is 'b', but X is in memory: give the labels"):
        ShoalClassifier().fit(X, "b")
    twice = pd.concat([X, X.iloc[:, :1]], axis=1)
    with pytest.raises(InputError, match=r"X has more than one column .*: give each a name"):
        ShoalClassifier().fit(twice, y)
    with pytest.raises(InputError, match="X has 300 rows, but groups has 2"):
        ShoalClassifier().fit(X, y, groups=[0, 1])
    model = ShoalClassifier(recipe=QUICK, random_state=0).fit(X, y)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X.rename(columns={"a": "b"}))


@pytest.mark.parametrize("drop", ["a", 3, [0]])
def test_columns_to_leave_out_are_a_list_of_names(drop):
    X, y = data()
    with pytest.raises(InputError, match=r"drop is .* but must be a list of names of columns"):
        ShoalClassifier(drop=drop).fit(X, y)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"X": data()[0]["a"]}, r"X is a single column: give a data frame, as X.to_frame\(\)"),
        ({"y": np.linspace(0, 1, 300)}, "y holds numbers with fractions, like a quantity"),
        ({"y": np.array([1, "a"] * 150, object)}, "y holds both text and other labels"),
        ({"X": np.full((300, 2), np.inf)}, "'column_1' of X holds an infinite number in row 1"),
        ({"groups": "a"}, "groups is 'a', but X is in memory: give the group of each row"),
    ],
)
def test_what_fit_cannot_take_is_named(wrong, sentence):
    X, y = data()
    with pytest.raises(InputError, match=sentence):
        ShoalClassifier(recipe=QUICK).fit(**{"X": X, "y": y} | wrong)


def test_a_stray_cell_is_warned_of_and_what_became_of_columns_is_told():
    X, y = data()
    X = X.assign(a=X["a"].astype(object))
    X.loc[3, "a"] = "?!"
    model = ShoalClassifier(recipe=QUICK, random_state=0)
    with pytest.warns(UserWarning, match=r"column 'a' is read as text, as 1 .* '\?!' in row 4"):
        model.fit(X, y)
    assert model.columns_ == {"a": "one-hot", "c": "boolean"}
    assert any("nearly unique" in note for note in model.notes_)
    dirty = ShoalClassifier(recipe=QUICK, uses={"a": "number"})
    with (
        pytest.warns(UserWarning, match="read as text"),
        pytest.raises(InputError, match=r"holds text \('\?!'\)"),
    ):
        dirty.fit(X, y)


def test_columns_named_by_numbers_are_told_apart_by_name():
    X, y = data()
    X = X.assign(b=X["a"].fillna(0.0)[::-1].to_numpy())[["a", "b"]].set_axis([0, 1], axis="columns")
    model = ShoalClassifier(recipe=QUICK, random_state=0).fit(X, y)
    np.testing.assert_array_equal(model.predict(X[[1, 0]]), model.predict(X))
    with pytest.raises(InputError, match="lacks the column '0'"):
        model.predict(X.set_axis([5, 6], axis="columns"))


def test_only_a_model_can_be_adopted():
    with pytest.raises(InputError, match="model is 3, but must be a TableModel"):
        ShoalClassifier().adopt(3)


def test_labels_of_python_s_objects_are_classes():
    X, y = data()
    model = ShoalClassifier(recipe=QUICK, random_state=0).fit(X, np.array(y.tolist(), object))
    assert model.classes_.tolist() == [0, 1]
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))


def test_columns_keep_their_names_in_other_libraries_frames():
    X, y = data()
    other = pa.Table.from_pandas(X, preserve_index=False)
    model = ShoalClassifier(recipe=QUICK, random_state=0).fit(other, y)
    assert model.model_.schema.feature_names == tuple(X)
    np.testing.assert_array_equal(model.predict(X), model.predict(other))


def test_arrays_and_frames_stand_for_each_other_in_order():
    X, y = data()
    X = X[["a"]].fillna(0.0)
    named = ShoalClassifier(recipe=QUICK, random_state=0).fit(X, y)
    nameless = ShoalClassifier(recipe=QUICK, random_state=0).fit(X.to_numpy(), y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        of_array = named.predict_proba(X.to_numpy())
    with pytest.warns(UserWarning, match="fitted without feature names"):
        of_frame = nameless.predict_proba(X)
    np.testing.assert_array_equal(of_array, named.predict_proba(X))
    np.testing.assert_array_equal(of_frame, of_array)


def test_a_single_group_is_split_at_random():
    X, y = data()
    assert (
        ShoalClassifier(recipe=QUICK, random_state=0).fit(X, y, groups=np.zeros(300)).score(X, y)
        > 0.8
    )

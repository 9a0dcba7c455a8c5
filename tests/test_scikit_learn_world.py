"""The estimators go where scikit-learn's own go."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict, learning_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from shoal import NetworkClassifier, NetworkRegressor, Recipe, ShoalClassifier

QUICK = {
    "hidden_units": 8, "max_iter": 100, "tol": None, "random_state": 0, "learning_rate_init": 0.01,
}  # fmt: skip


@pytest.fixture(scope="module")
def cancer():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    return X.iloc[:, :6], y


@pytest.fixture(scope="module")
def model(cancer):
    return make_pipeline(StandardScaler(), NetworkClassifier(**QUICK)).fit(*cancer)


def test_pickles_and_clones_predict_the_same(cancer, model):
    X, y = cancer
    P = model.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), P)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), P)


def test_skops_writes_and_reads_an_estimator_without_pickle(cancer, model):
    skops = pytest.importorskip("skops.io")
    data = skops.dumps(model)
    trusted = skops.get_untrusted_types(data=data)
    assert all(name.startswith(("shoal.", "numpy.")) for name in trusted), trusted
    again = skops.loads(data, trusted=trusted)
    np.testing.assert_array_equal(again.predict_proba(cancer[0]), model.predict_proba(cancer[0]))


def test_searches_calibration_bags_votes_and_stacks_take_it(cancer):
    X, y = cancer
    X = StandardScaler().set_output(transform="pandas").fit_transform(X)
    base = NetworkClassifier(**QUICK)
    search = GridSearchCV(base, {"hidden_units": [2, 4], "alpha": [0, 1]}, cv=2).fit(X, y)
    assert search.best_score_ > 0.85
    for wrapper in (
        CalibratedClassifierCV(base, cv=2), BaggingClassifier(base, 2, random_state=0),
        VotingClassifier([("a", base), ("b", LogisticRegression())], voting="soft"),
        StackingClassifier([("a", base)], LogisticRegression(), cv=2),
    ):  # fmt: skip
        assert wrapper.fit(X, y).score(X, y) > 0.85
    assert cross_val_predict(base, X, y, cv=2, method="predict_proba").shape == (len(y), 2)
    assert learning_curve(base, X, y, cv=2, train_sizes=[0.5, 1.0])[1].shape == (2, 2)


def test_inspection_takes_it(cancer, model):
    X, y = cancer
    importance = permutation_importance(model, X, y, n_repeats=2, random_state=0)
    assert importance.importances_mean.max() > 0.02
    found = partial_dependence(model, X, ["mean radius"], grid_resolution=5)
    curve = found["average"][0]
    assert curve[0] > curve[-1]  # large ones are malignant, class 0


def test_columns_of_many_kinds_go_through_a_pipeline(cancer):
    X, y = cancer
    X = X.assign(size=np.where(X["mean radius"] > 14, "large", "small"))
    encode = make_column_transformer(
        (OneHotEncoder(), ["size"]), remainder=StandardScaler(), sparse_threshold=1.0
    )
    piped = make_pipeline(encode, NetworkClassifier(**QUICK)).fit(X, y)
    assert piped.score(X, y) > 0.85
    assert piped[-1].n_features_in_ == 8


def test_the_regressor_goes_there_too():
    X, y = load_diabetes(return_X_y=True)
    y = (y - y.mean()) / y.std()
    search = GridSearchCV(NetworkRegressor(**QUICK), {"hidden_units": [2, 4]}, cv=2).fit(X, y)
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict(X), search.predict(X))


@pytest.fixture(scope="module")
def table_model(cancer):
    X, y = cancer
    X = X.assign(size=np.where(X["mean radius"] > 14, "large", None))
    model = ShoalClassifier(
        recipe=Recipe(networks=2, hidden_units=8, max_epochs=10), random_state=0
    )
    return X, y, model.fit(X, y)


def test_the_classifier_of_tables_goes_there_too(table_model):
    X, y, model = table_model
    P = model.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), P)
    found = partial_dependence(model, X, ["mean area"], grid_resolution=4)
    assert found["average"].shape == (1, 4)
    bag = BaggingClassifier(model, 2, random_state=0).fit(X.drop(columns="size"), y)
    assert bag.score(X.drop(columns="size"), y) > 0.85


def test_estimators_show_themselves_in_a_notebook(model, table_model):
    for estimator in (model, table_model[2]):
        html = estimator._repr_html_()
        assert type(estimator).__name__ in html


def test_a_table_model_shows_itself_in_a_notebook(table_model):
    html = table_model[2].model_._repr_html_()
    assert "mean radius" in html
    assert "hidden units" in html
    assert "<script" not in html
    odd = pd.DataFrame({"<script>x</script>": np.arange(40.0) % 7, "b": np.arange(40) % 2})
    y = np.where(odd["b"], "<b>yes</b>", "no")
    fitted = ShoalClassifier(recipe=Recipe(networks=1, max_epochs=2), random_state=0).fit(odd, y)
    html = fitted.model_._repr_html_()
    assert "<script" not in html
    assert "<b>" not in html

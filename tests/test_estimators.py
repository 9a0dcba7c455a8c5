"""The estimators keep scikit-learn's conventions, and give what the network gives."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from shoal import Callback, InputError, NetworkClassifier, NetworkRegressor

M = 60


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [
        NetworkClassifier(max_iter=100),
        NetworkClassifier(hidden_units=0),
        NetworkClassifier(solver="lbfgs"),
        NetworkRegressor(max_iter=100),
        NetworkRegressor(hidden_units=0),
        NetworkRegressor(solver="lbfgs"),
    ]
)
def test_every_check_of_scikit_learn_passes(estimator, check):
    check(estimator)


@pytest.fixture(autouse=True)
def _each_engine(default):
    """Run every test on NumPy and on the native engine."""


def features(m=M, seed=0):
    return np.random.default_rng(seed).normal(size=(m, 3))


def labels(X, K=2):
    """Return classes that the first two features decide."""
    score = X[:, 0] + X[:, 1] ** 2
    return np.digitize(score, np.quantile(score, [0.4, 0.8][: K - 1]))


def classifier(**changes):
    settings = {"hidden_units": 8, "random_state": 0, "tol": None, "max_iter": 15}
    return NetworkClassifier(**settings | {"batch_size": 16, "learning_rate_init": 0.02} | changes)


def regressor(**changes):
    return NetworkRegressor(8, random_state=0, tol=None, max_iter=15, **changes)


def theta(model):
    return model.network_.theta


# ---- one network, several ways to it ----


@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("K", [2, 3])
def test_partial_fit_equals_fit_for_one_epoch_each(solver, K):
    X = features()
    y = labels(X, K)
    whole, steps = classifier(solver=solver).fit(X, y), classifier(solver=solver)
    costs = []
    for _ in range(15):
        steps.partial_fit(X, y, classes=np.arange(K))
        costs += steps.history_["cost"]
    assert np.array_equal(theta(steps), theta(whole))
    assert costs == whole.loss_curve_
    assert steps.t_ == whole.t_ == whole.n_iter_ == 15


def test_partial_fit_of_a_regressor_equals_fit_for_one_epoch_each():
    X = features()
    whole, steps = regressor().fit(X, X[:, 0]), regressor()
    for _ in range(15):
        steps.partial_fit(X, X[:, 0])
    assert np.array_equal(theta(steps), theta(whole))


@pytest.mark.parametrize("weighting", ["balanced", {0: 0.5, 1: 3.0}])
def test_class_weight_equals_the_sample_weight_it_means(weighting):
    X = features()
    y = labels(X)
    weight = {k: M / (2 * np.sum(y == k)) for k in (0, 1)} if weighting == "balanced" else weighting
    by_class = classifier(class_weight=weighting).fit(X, y)
    by_sample = classifier().fit(X, y, sample_weight=[weight[k] for k in y])
    assert np.allclose(theta(by_class), theta(by_sample), rtol=1e-12, atol=1e-14)
    assert not np.allclose(theta(by_class), theta(classifier().fit(X, y)), rtol=1e-3)
    both = classifier(class_weight=weighting).fit(X, y, sample_weight=X[:, 0] ** 2)
    product = classifier().fit(X, y, sample_weight=X[:, 0] ** 2 * [weight[k] for k in y])
    assert np.allclose(theta(both), theta(product), rtol=1e-12, atol=1e-14)


def test_an_example_of_weight_zero_is_as_good_as_absent():
    X = features()
    y, w = labels(X), np.arange(M) % 3.0
    weighted = classifier().fit(X, y, sample_weight=w)
    without = classifier().fit(X[w > 0], y[w > 0], sample_weight=w[w > 0])
    assert np.array_equal(theta(weighted), theta(without))


def test_warm_start_goes_on_where_fit_ended():
    X = features()
    whole = classifier(solver="sgd", max_iter=15).fit(X, labels(X))
    model = classifier(solver="sgd", max_iter=6, warm_start=True).fit(X, labels(X))
    model.set_params(max_iter=9).fit(X, labels(X))
    assert np.array_equal(theta(model), theta(whole))
    assert (model.n_iter_, model.t_) == (9, 15)
    with pytest.raises(ValueError, match="expecting 3 features"):
        model.fit(X[:, :2], labels(X))
    again = classifier(solver="sgd", max_iter=6).fit(X, labels(X)).fit(X, labels(X))
    assert again.t_ == 6


def test_warm_start_at_the_minimum_still_has_a_loss_curve():
    X = features()
    settings = {"hidden_units": 0, "solver": "lbfgs", "alpha": 1.0, "max_iter": 1000}
    model = classifier(warm_start=True, tol=1e-3, **settings).fit(X, labels(X))
    assert len(model.fit(X, labels(X)).loss_curve_) == model.n_iter_


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_sparse_features_give_the_model_of_dense_ones(solver, kind):
    X = features()
    y = labels(X)
    X[abs(X) < 0.7] = 0
    dense = classifier(solver=solver).fit(X, y)
    thin = classifier(solver=solver).fit(kind(X), y)
    assert np.allclose(theta(thin), theta(dense), rtol=1e-9, atol=1e-11)
    assert np.allclose(dense.predict_proba(kind(X)), dense.predict_proba(X), rtol=1e-13)


def test_the_same_random_state_gives_the_same_model_and_another_one_another():
    X = features()
    first, again, other = (classifier(random_state=s).fit(X, labels(X)) for s in (4, 4, 5))
    assert np.array_equal(theta(first), theta(again))
    assert not np.array_equal(theta(first), theta(other))
    generator = classifier(random_state=np.random.RandomState(4)).fit(X, labels(X))
    assert np.array_equal(theta(generator), theta(first))


# ---- kinds of target ----


def test_several_labels_at_once_work_from_fit_to_score():
    X = features(200)
    Y = np.stack([X[:, 0] > 0, X[:, 1] > 0, X[:, 0] + X[:, 2] > 1], axis=1).astype(int)
    model = classifier(max_iter=150).fit(X, Y)
    P = model.predict_proba(X)
    assert model.network_.output == "sigmoid"
    assert P.shape == Y.shape
    assert np.array_equal(model.predict(X), (P > 0.5).astype(int))
    assert model.score(X, Y) > 0.9  # all three labels right
    assert np.array_equal(model.fit(X, sparse.csr_array(Y)).predict_proba(X), P)


def test_several_outputs_of_a_regressor_work_from_fit_to_score():
    X = features(200)
    Y = np.stack([X[:, 0] * X[:, 1], X[:, 2]], axis=1)
    model = NetworkRegressor(30, "tanh", solver="lbfgs", random_state=0, max_iter=500, tol=None)
    assert model.fit(X, Y).predict(X).shape == (200, 2)
    assert model.score(X, Y) > 0.99
    assert model.fit(X, Y[:, 0]).predict(X).shape == (200,)


@pytest.mark.parametrize("names", [["no", "yes"], ["a", "b", "c"]])
def test_classes_keep_their_names(names):
    X = features(200)
    y = np.array(names)[labels(X, len(names))]
    model = classifier(max_iter=100).fit(X, y)
    P = model.predict_proba(X)
    assert model.classes_.tolist() == names
    assert np.allclose(P.sum(axis=1), 1)
    assert np.array_equal(model.predict(X), np.array(names)[P.argmax(axis=1)])
    assert model.score(X, y) > 0.9


def test_single_precision_stays_single():
    X = features().astype(np.float32)
    model = classifier().fit(X, labels(X))
    assert theta(model).dtype == model.predict_proba(X).dtype == np.float32
    double = classifier().fit(X.astype(float), labels(X))
    assert np.allclose(model.predict_proba(X), double.predict_proba(X), atol=1e-3)
    for solver in ("sgd", "lbfgs"):
        assert theta(classifier(solver=solver).fit(X, labels(X))).dtype == np.float32
    assert regressor().fit(X, X[:, 0]).predict(X).dtype == np.float32


# ---- among scikit-learn's own ----


def test_feature_names_are_kept_and_checked():
    X = pd.DataFrame(features(), columns=["length", "width", "depth"])
    model = classifier().fit(X, labels(X.to_numpy()))
    assert model.feature_names_in_.tolist() == ["length", "width", "depth"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(X[["width", "length", "depth"]])


@pytest.mark.parametrize("K", [2, 3])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "identity"])
def test_scikit_learn_s_own_network_with_our_weights_predicts_the_same(activation, K):
    X = features()
    y = labels(X, K)
    ours = classifier(activation=activation).fit(X, y)
    name = {"sigmoid": "logistic"}.get(activation, activation)
    theirs = MLPClassifier((8,), name).partial_fit(X, y, classes=np.arange(K))
    assert [W.shape for W in ours.coefs_] == [W.shape for W in theirs.coefs_]
    assert [b.shape for b in ours.intercepts_] == [b.shape for b in theirs.intercepts_]
    theirs.coefs_ = [W.copy() for W in ours.coefs_]
    theirs.intercepts_ = [b.copy() for b in ours.intercepts_]
    assert np.allclose(theirs.predict_proba(X), ours.predict_proba(X), rtol=1e-12, atol=1e-15)


def test_a_clone_has_the_parameters_and_nothing_learned():
    X = features()
    model = classifier(class_weight="balanced", callbacks=[Callback()]).fit(X, labels(X))
    copied = clone(model)
    assert copied.get_params().keys() == model.get_params().keys()
    assert copied.get_params()["class_weight"] == "balanced"
    assert copied.get_params()["hidden_units"] == 8
    assert not hasattr(copied, "network_")
    assert np.array_equal(theta(copied.fit(X, labels(X))), theta(model))


def test_a_pipeline_and_a_grid_search_take_it():
    X = features(150) * [1, 100, 0.01]
    y = labels(X / [1, 100, 0.01])
    pipeline = make_pipeline(StandardScaler(), classifier(max_iter=80))
    grid = {"networkclassifier__hidden_units": [0, 20], "networkclassifier__alpha": [0.0, 1e-3]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, y)
    assert search.best_params_["networkclassifier__hidden_units"] == 20  # the border is a parabola
    assert search.score(X, y) > 0.9


def test_a_fit_that_still_falls_warns_and_one_that_is_done_does_not():
    X = features()
    with pytest.warns(ConvergenceWarning, match="max_iter=3"):
        classifier(max_iter=3, tol=1e-9).fit(X, labels(X))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = classifier(max_iter=2000, tol=1e-2, n_iter_no_change=3).fit(X, labels(X))
    assert done.n_iter_ < 2000


# ---- mistakes ----

BAD = {
    "hidden_units": [-1, 2.5, "many", (8,), None],
    "activation": ["selu", None, 3],
    "solver": ["newton", None],
    "alpha": [-0.1, np.nan, np.inf, "strong", None],
    "batch_size": [0, -5, 2.5, "all", None],
    "learning_rate_init": [0, -1, np.nan, np.inf, "fast", None],
    "max_iter": [0, -1, 2.5, "long", None],
    "tol": [-1, np.nan, "small"],
    "validation_fraction": [0, 1, -0.5, "half", None],
    "n_iter_no_change": [0, -1, np.nan, "few", None],
    "init": ["he", None],
    "init_scale": [np.nan, np.inf, "small", None],
    "random_state": [-1, "lucky", 1.5],
    "class_weight": ["even", {0: -1.0, 1: 1.0}, {7: 2.0}],
    "callbacks": [None],
}


@pytest.mark.parametrize(
    ("name", "value"), [(n, v) for n, values in BAD.items() for v in values], ids=str
)
def test_a_parameter_that_cannot_be_is_refused_by_name(name, value):
    settings = {"init": "gaussian"} | {name: value}
    with pytest.raises(InputError, match=rf"\b{name}\b"):
        classifier(**settings).fit(features(), labels(features()))


def test_targets_of_another_shape_than_before_are_refused():
    X = np.random.default_rng(0).normal(size=(20, 3))
    two = NetworkRegressor(hidden_units=4).partial_fit(X, X[:, :2])
    with pytest.raises(InputError, match="shape"):
        two.partial_fit(X, X[:, 0])
    three = NetworkClassifier(hidden_units=4, tol=None, max_iter=2, warm_start=True).fit(X, X > 0)
    with pytest.raises(InputError, match="labels"):
        three.fit(X, X[:, :2] > 0)
    with pytest.raises(InputError, match="hidden_units"):
        three.set_params(hidden_units=5).fit(X, X > 0)


def test_a_learning_rate_set_anew_is_used_by_the_next_pass():
    X, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
    slow = NetworkClassifier(hidden_units=4, solver="sgd", random_state=0, alpha=0)
    slow.partial_fit(X, y, [0, 1]).set_params(learning_rate_init=1e-300)
    before = slow.network_.theta.copy()
    assert np.array_equal(slow.partial_fit(X, y).network_.theta, before)


# ---- several networks ----


def test_of_several_starts_the_best_is_kept_and_it_is_the_one_trained_alone():
    X = features()
    settings = {"hidden_units": 3, "solver": "sgd", "learning_rate_init": 0.5, "max_iter": 40}
    best = classifier(n_init=6, **settings).fit(X, labels(X))
    alone = classifier(**settings).fit(X, labels(X))  # it starts as the first of the six
    assert best.loss_curve_[-1] <= alone.loss_curve_[-1]
    assert len(best.networks_) == 1
    every = classifier(n_init=6, n_estimators=6, **settings).fit(X, labels(X))
    costs = [history["cost"][-1] for history in every.histories_]
    assert costs == sorted(costs)
    assert len(set(costs)) == 6
    assert best.loss_curve_[-1] == costs[0]
    assert alone.loss_curve_[-1] in costs


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_an_ensemble_predicts_the_mean_of_its_networks(solver):
    X = features()
    model = classifier(n_estimators=4, solver=solver, max_iter=30).fit(X, labels(X))
    mean = np.mean([network.forward(X.T).A2[0] for network in model.networks_], axis=0)
    assert np.allclose(model.predict_proba(X)[:, 1], mean, rtol=1e-12, atol=0)
    assert np.array_equal(model.predict(X), (mean > 0.5).astype(int))
    model = NetworkRegressor(5, n_estimators=3, max_iter=5, tol=None).fit(X, X[:, 0])
    mean = np.mean([network.forward(X.T).A2[0] for network in model.networks_], axis=0)
    assert np.allclose(model.predict(X), mean, rtol=1e-12, atol=1e-14)


def test_each_network_of_an_ensemble_stops_for_itself_at_its_best():
    X = features()
    model = classifier(
        n_estimators=4, early_stopping=True, max_iter=300, learning_rate_init=0.05, tol=0
    ).fit(X, labels(X))
    best = [min(history["validation_cost"]) for history in model.histories_]
    assert best == sorted(best)
    assert len({len(history) for history in model.histories_}) > 1


def test_partial_fit_takes_all_networks_of_an_ensemble_on():
    X = features()
    whole = classifier(n_estimators=3, solver="sgd", max_iter=3).fit(X, labels(X))
    steps = classifier(n_estimators=3, solver="sgd")
    for _ in range(3):
        steps.partial_fit(X, labels(X), classes=[0, 1])
    assert np.allclose(steps.predict_proba(X), whole.predict_proba(X), rtol=1e-12, atol=0)


@pytest.mark.parametrize("n_jobs", [1, 2, -1])
def test_the_number_of_jobs_changes_nothing(n_jobs):
    X = features()
    settings = {"n_init": 3, "n_estimators": 2, "max_iter": 10}
    plain = classifier(**settings).fit(X, labels(X))
    assert np.array_equal(
        classifier(n_jobs=n_jobs, **settings).fit(X, labels(X)).predict_proba(X),
        plain.predict_proba(X),
    )

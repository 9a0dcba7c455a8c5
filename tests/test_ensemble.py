"""A table's networks learn together, each stopped by rows it has not learned from."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    brier_score_loss,
    log_loss,
    roc_auc_score,
)

from shoal.bins import fit_pieces
from shoal.ensemble import Ensemble, probabilities
from shoal.ensemble_training import fit_ensemble
from shoal.errors import DivergedError, InputError
from shoal.network import Network
from shoal.recipe import FOLDS, Recipe
from shoal.splitting import Splitter, folds


def ring(m=600, seed=0):
    """Return points in a plane, and whether they lie in a ring."""
    X = np.random.default_rng(seed).normal(size=(m, 2))
    return X, (np.abs(np.hypot(*X.T) - 1.2) < 0.5).astype(int)


def fit(X, labels, K=2, recipe=None, **options):
    """Return the networks of some features."""
    classes = tuple(str(k) for k in range(K))
    return fit_ensemble(X, labels, classes, recipe or Recipe(), **options)[0]


def features(X, labels):
    return fit_pieces(X, labels).transform(X)


def test_folds_share_out_all_rows_and_each_class_in_proportion():
    labels = np.repeat([0, 1, 2], [53, 20, 4])
    parts = folds(labels, 5, seed=3)
    assert sorted(np.concatenate(parts)) == list(range(77))
    for part in parts:
        counts = np.bincount(labels[part], minlength=3)
        assert (np.abs(counts - [53 / 5, 20 / 5, 4 / 5]) < 1).all()
    assert [part.tolist() for part in folds(labels, 5, seed=3)] == [part.tolist() for part in parts]
    assert [part.tolist() for part in folds(labels, 5, seed=4)] != [part.tolist() for part in parts]
    assert len(folds(labels[:3], 5, seed=0)) == 3


def test_networks_learn_a_ring_and_their_mean_is_better_than_the_worst():
    X, labels = ring()
    new, truth = ring(seed=1)
    pieces = fit_pieces(X, labels)
    ensemble = fit(pieces.transform(X), labels)
    P = ensemble.probabilities(pieces.transform(new))
    np.testing.assert_allclose(P.sum(axis=1), 1)
    assert (P.argmax(axis=1) == truth).mean() > 0.85
    assert len(ensemble.networks) == len(ensemble.histories) == FOLDS
    F = pieces.transform(new)
    each = [log_loss(truth, probabilities(network, F)) for network in ensemble.networks]
    assert log_loss(truth, P) < max(each)


def test_the_rows_that_stop_a_network_are_not_those_it_learns_from():
    X, labels = ring(200)
    F = features(X, labels)
    parts = folds(labels, FOLDS, 0)
    flipped = labels.copy()
    flipped[parts[0]] = 1 - labels[parts[0]]

    def first_costs(targets):
        return [h["cost"][0] for h in fit(F, targets, splitter=splitter).histories]

    class Same(Splitter):
        def folds(self, *_):
            return parts

    splitter = Same()
    before, after = first_costs(labels), first_costs(flipped)
    assert before[0] == after[0]
    assert all(one != other for one, other in zip(before[1:], after[1:], strict=True))


def test_the_same_seed_gives_the_same_networks():
    X, labels = ring(150)
    F = features(X, labels)
    one, same, other = (fit(F, labels, seed=seed) for seed in (0, 0, 1))
    assert one.probabilities(F).tobytes() == same.probabilities(F).tobytes()
    assert one.probabilities(F).tobytes() != other.probabilities(F).tobytes()


def test_several_classes_have_an_output_each():
    X, _ = ring(300)
    labels = X[:, 0].round().clip(-1, 1).astype(int) + 1
    ensemble = fit(features(X, labels), labels, 3)
    assert ensemble.networks[0].n_y == 3
    assert (ensemble.probabilities(features(X, labels)).argmax(axis=1) == labels).mean() > 0.9


def test_a_class_of_a_single_row_does_not_end_training():
    X, labels = ring(100)
    labels[7] = 2
    P = fit(features(X, labels), labels, 3).probabilities(features(X, labels))
    assert np.isfinite(P).all()


def test_networks_that_all_diverge_are_an_error():
    X, labels = ring(100)
    with pytest.raises(DivergedError, match="diverged"):
        fit(features(X, labels), labels, recipe=Recipe(alpha=1e38))


def test_what_is_said_of_rows_not_learned_from_is_worse_than_of_those_learned_from():
    X, labels = ring()
    F = features(X, labels)
    ensemble, unseen = fit_ensemble(F, labels, ("0", "1"), Recipe())
    np.testing.assert_array_equal(unseen.labels, labels)
    np.testing.assert_allclose(unseen.P.sum(axis=1), 1)
    assert log_loss(labels, unseen.P) > log_loss(labels, ensemble.probabilities(F))
    parts = folds(labels, FOLDS, 0)
    np.testing.assert_array_equal(unseen.P[parts[2]], ensemble.of_network(2, F[parts[2]]))


def test_more_networks_begin_with_the_same_ones():
    X, labels = ring(150)
    F = features(X, labels)
    few, many = (fit(F, labels, recipe=Recipe(networks=n, max_epochs=5)) for n in (2, 7))
    assert [n.theta.tobytes() for n in many.networks[:2]] == [
        n.theta.tobytes() for n in few.networks
    ]
    assert len({n.theta.tobytes() for n in many.networks}) == 7


def test_a_time_makes_as_many_networks_as_the_same_number_would():
    X, labels = ring(100)
    F = features(X, labels)
    timed = fit(F, labels, recipe=Recipe(seconds=3, max_epochs=5))
    assert len(timed.networks) > FOLDS
    counted = fit(F, labels, recipe=Recipe(networks=len(timed.networks), max_epochs=5))
    assert timed.probabilities(F).tobytes() == counted.probabilities(F).tobytes()


def test_networks_that_do_not_fit_into_the_time_are_stopped():
    X, labels = ring()
    ensemble = fit(features(X, labels), labels, recipe=Recipe(seconds=0.05, patience=200))
    assert len(ensemble.networks) == FOLDS
    assert {history.stop_reason for history in ensemble.histories} == {"the time was up"}


@pytest.mark.parametrize("metric", ["accuracy", "balanced-accuracy", "roc-auc", "brier"])
def test_a_metric_of_choice_stops_training_and_its_best_parameters_are_kept(metric):
    X, labels = ring(300)
    recipe = Recipe(metric=metric, patience=3)
    F = features(X, labels)
    ensemble, _ = fit_ensemble(F, labels, ("0", "1"), recipe)
    name = f"validation_{metric.replace('-', '_')}"
    part = folds(labels, FOLDS, 0)[0]
    P = probabilities(ensemble.networks[0], F[part])
    of_history = ensemble.histories[0][name]
    best = min(of_history) if metric == "brier" else max(of_history)
    scores = {
        "accuracy": lambda: accuracy_score(labels[part], P.argmax(axis=1)),
        "balanced-accuracy": lambda: balanced_accuracy_score(labels[part], P.argmax(axis=1)),
        "roc-auc": lambda: roc_auc_score(labels[part], P[:, 1]),
        "brier": lambda: brier_score_loss(labels[part], P[:, 1]),
    }
    assert scores[metric]() == pytest.approx(best, rel=1e-6)
    assert len(of_history) < recipe.max_epochs


def test_class_weights_are_taken_out_of_the_probabilities_again():
    X, _ = ring(2000)
    labels = (np.random.default_rng(1).random(2000) < 0.1).astype(int)
    F = np.zeros((2000, 1), np.float32)
    F[:, 0] = X[:, 0]
    recipe = Recipe(class_weight={"1": 9.0}, max_epochs=20)
    ensemble = fit(F, labels, recipe=recipe)
    raw = np.mean([probabilities(network, F) for network in ensemble.networks], axis=0)
    assert 0.4 < raw[:, 1].mean() < 0.6
    assert abs(ensemble.probabilities(F)[:, 1].mean() - labels.mean()) < 0.02


@pytest.mark.parametrize("n_y", [1, 3])
def test_class_weights_far_apart_do_not_multiply_rounding(n_y, default):
    X = np.random.default_rng(0).normal(size=(3000, 4)).astype(np.float32)
    output = "sigmoid" if n_y == 1 else "softmax"
    network = Network(4, 9, n_y, "relu", output, np.float32).initialise("gaussian", 1.0, 1)
    for weights in (np.array([1.0, 1e5, 1e2][: max(2, n_y)]), np.array([1e5, 1, 1])[: max(2, n_y)]):
        P = Ensemble((network,), (), weights).probabilities(X)
        exact = network.in_double_precision()
        logs = np.log(weights)[:, None]
        Z2 = exact.forward(X.T.astype(float)).Z2
        Z2 = np.concatenate([0 * Z2, Z2]) if n_y == 1 else Z2
        np.testing.assert_allclose(P, softmax(Z2 - logs, axis=0).T, rtol=0, atol=1e-6)


def test_equal_class_weights_leave_probabilities_as_they_are():
    X = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    network = Network(4, 9, 1, "relu", "sigmoid", np.float32).initialise("gaussian", 2.0, 1)
    P = probabilities(network, X)
    P = P / P.sum(axis=1, keepdims=True)
    assert Ensemble((network,), (), np.ones(2)).probabilities(X).tobytes() == P.tobytes()


def test_small_tables_are_learned_in_small_batches_unless_a_size_is_given():
    assert [Recipe().batch(rows) for rows in (100, 4999, 5000)] == [64, 64, 256]
    assert Recipe(batch_size=32).batch(100_000) == 32
    X = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    W1 = [
        fit_ensemble(X, (X[:, 0] > 0).astype(int), ("0", "1"), recipe)[0].networks[0].parameters.W1
        for size in (None, 64, 256)
        for recipe in [Recipe(networks=1, max_epochs=2, batch_size=size)]
    ]
    np.testing.assert_array_equal(W1[0], W1[1])
    assert (W1[0] != W1[2]).any()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"networks": 0}, "networks is 0"),
        ({"hidden_units": 2.5}, "hidden_units is 2.5"),
        ({"seconds": -1}, "seconds is -1"),
        ({"metric": "auc"}, "'auc' is no metric.*roc-auc"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"alpha": 0}, "alpha is 0"),
        ({"alpha": "fast"}, "alpha is 'fast', but must be a finite number, more than 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"l2": -1}, "l2 is -1"),
        ({"class_weight": "even"}, "give 'balanced'"),
        ({"class_weight": {"2": 1.0}}, "names '2', which is no class"),
        ({"class_weight": {"1": 0}}, "weight of '1' is 0"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused_by_name(options, words):
    with pytest.raises(InputError, match=words):
        Recipe(**options).weights_of(("0", "1"), np.array([1, 1]))


def test_a_share_that_stands_still_at_first_does_not_end_training():
    random = np.random.default_rng(0)
    F = random.normal(size=(160, 30)).astype(np.float32)
    labels = (F[:, 0] + F[:, 1] > 0.6).astype(int)  # at first the likeliest is always the same
    ensemble = fit(F, labels, recipe=Recipe(metric="accuracy", alpha=0.0005))
    assert min(len(history) for history in ensemble.histories) > 40

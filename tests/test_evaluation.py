from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.calibration import calibration_curve

from shoal.evaluation import confusion, measure, reliability
from shoal.splitting import Splitter, holdout


def sample(K, m=300, seed=0, absent=()):
    """Return labels and probabilities that know something of them."""
    random = np.random.default_rng(seed)
    labels = random.choice([k for k in range(K) if k not in absent], size=m)
    Z = random.normal(size=(m, K)) + np.eye(K)[labels]
    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    return labels, P


@pytest.mark.parametrize("K", [2, 3, 7])
@pytest.mark.parametrize("seed", range(3))
def test_every_measure_is_what_scikit_learn_says(K, seed):
    labels, P = sample(K, seed=seed)
    found = measure(labels, P)
    predicted = P.argmax(axis=1)
    briers = [metrics.brier_score_loss(labels == k, P[:, k]) for k in range(K)]
    auc = (
        metrics.roc_auc_score(labels, P[:, 1])
        if K == 2
        else metrics.roc_auc_score(labels, P, multi_class="ovr", average="macro")
    )
    scores = {
        "precision": metrics.precision_score,
        "recall": metrics.recall_score,
        "f1": metrics.f1_score,
    }
    of_two = {name: score(labels, predicted) for name, score in scores.items() if K == 2}
    measured = {name: value for name, value in asdict(found).items() if value is not None}
    assert measured == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(labels, predicted),
            "balanced_accuracy": metrics.balanced_accuracy_score(labels, predicted),
            **of_two,
            "roc_auc": auc,
            "log_loss": metrics.log_loss(labels, P, labels=range(K)),
            "brier": briers[1] if K == 2 else sum(briers),
        },
        rel=1e-12,
    )
    counts = metrics.confusion_matrix(labels, predicted, labels=range(K))
    assert confusion(labels, predicted, K) == counts.tolist()


def test_a_class_absent_from_the_rows_leaves_every_measure_defined():
    labels, P = sample(4, absent=[2])
    found = measure(labels, P)
    areas = [metrics.roc_auc_score(labels == k, P[:, k]) for k in (0, 1, 3)]
    assert found.roc_auc == pytest.approx(np.mean(areas))
    recalls = metrics.recall_score(labels, P.argmax(axis=1), labels=[0, 1, 3], average=None)
    assert found.balanced_accuracy == pytest.approx(np.mean(recalls))
    assert found.log_loss == pytest.approx(metrics.log_loss(labels, P, labels=range(4)))
    counts = confusion(labels, P.argmax(axis=1), 4)
    assert len(counts) == 4
    assert sum(counts[2]) == 0


def test_with_one_class_in_the_rows_there_is_no_area():
    labels, P = sample(2, absent=[0])
    assert measure(labels, P).roc_auc is None


def test_a_probability_of_nought_for_the_truth_is_a_finite_loss():
    loss = measure(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]])).log_loss
    assert 300 < loss < 400


def test_tied_probabilities_share_the_area():
    assert measure(np.array([0, 1, 1]), np.full((3, 2), 0.5)).roc_auc == 0.5


def test_reliability_is_what_scikit_learn_says_of_equally_many_rows():
    labels, P = sample(2, m=1000)
    found = reliability(labels, P)
    share, probability = calibration_curve(labels, P[:, 1], n_bins=10, strategy="quantile")
    np.testing.assert_allclose(found.share, share)
    np.testing.assert_allclose(found.probability, probability)
    assert found.rows == [100] * 10
    assert found.error == pytest.approx(np.mean(np.abs(share - probability)))


def test_what_is_sure_and_right_is_reliable_and_what_is_sure_and_wrong_is_not():
    labels = np.repeat([0, 1], 50)
    P = np.eye(2)[labels]
    assert reliability(labels, P).error == 0
    assert reliability(1 - labels, P).error == 1
    several = np.eye(3)[np.repeat([0, 2], 50)]
    assert reliability(np.repeat([0, 2], 50), several).error == 0
    assert reliability(np.ones(100, int), several).error == 1


def test_rows_of_a_group_are_never_apart():
    random = np.random.default_rng(0)
    groups, labels = random.integers(0, 40, 300), random.integers(0, 2, 300)
    splitter = Splitter(groups=groups)
    parts = splitter.folds(labels, 5, seed=0)
    assert sorted(np.concatenate(parts)) == list(range(300))
    for part in parts:
        assert not set(groups[part]) & set(np.delete(groups, part))
    first, held_out = splitter.holdout(labels, 0.2, 0)
    assert sorted([*first, *held_out]) == list(range(300))
    assert not set(groups[first]) & set(groups[held_out])
    assert 40 <= len(held_out) <= 80


def test_what_is_held_out_by_an_order_comes_last_and_equal_times_are_not_apart():
    order = np.random.default_rng(0).permutation(np.repeat(np.arange(50), 4)).astype(float)
    labels = np.zeros(200, int)
    first, held_out = Splitter(order=order).holdout(labels, 0.2, 0)
    assert order[first].max() < order[held_out].min()
    assert len(held_out) == 40
    parts = Splitter(order=order).folds(labels, 5, 0)
    assert [(order[part].min(), order[part].max()) for part in parts] == [
        (0, 9), (10, 19), (20, 29), (30, 39), (40, 49),
    ]  # fmt: skip


def test_few_groups_or_times_make_fewer_folds():
    labels = np.tile([0, 1], 10)
    assert len(Splitter(groups=np.repeat([0, 1, 2], [5, 5, 10])).folds(labels, 5, 0)) == 3
    assert len(Splitter(order=np.repeat([0.0, 1.0], 10)).folds(labels, 5, 0)) == 2


LABELS = st.lists(st.integers(0, 4), min_size=1, max_size=200).map(np.array)


@given(LABELS, st.floats(0.05, 0.5), st.integers(0, 2**32 - 1))
def test_a_holdout_is_disjoint_complete_and_in_proportion(labels, fraction, seed):
    first, held_out = holdout(labels, fraction, seed)
    assert sorted([*first, *held_out]) == list(range(len(labels)))
    assert (np.diff(first) > 0).all()
    assert (np.diff(held_out) > 0).all()
    for label in np.unique(labels):
        n, n_held_out = (labels == label).sum(), (labels[held_out] == label).sum()
        assert n_held_out < n
        assert abs(n_held_out - fraction * n) <= 1


@given(LABELS, st.integers(0, 2**32 - 1))
def test_the_same_seed_holds_out_the_same_rows(labels, seed):
    for one, other in zip(holdout(labels, 0.2, seed), holdout(labels, 0.2, seed), strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_seed_holds_out_other_rows():
    labels = np.tile([0, 1], 100)
    held_out = {tuple(holdout(labels, 0.2, seed)[1]) for seed in range(20)}
    assert len(held_out) == 20

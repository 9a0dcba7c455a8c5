from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from shoal.evaluation import confusion, measure
from shoal.splitting import holdout


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
    assert asdict(found) == pytest.approx(
        {
            "accuracy": metrics.accuracy_score(labels, predicted),
            "balanced_accuracy": metrics.balanced_accuracy_score(labels, predicted),
            "roc_auc": auc,
            "log_loss": metrics.log_loss(labels, P, labels=range(K)),
            "brier": briers[1] if K == 2 else sum(briers),
        },
        rel=1e-12,
    )
    counts = metrics.confusion_matrix(labels, predicted, labels=range(K))
    assert confusion(labels, P) == counts.tolist()


def test_a_class_absent_from_the_rows_leaves_every_measure_defined():
    labels, P = sample(4, absent=[2])
    found = measure(labels, P)
    areas = [metrics.roc_auc_score(labels == k, P[:, k]) for k in (0, 1, 3)]
    assert found.roc_auc == pytest.approx(np.mean(areas))
    recalls = metrics.recall_score(labels, P.argmax(axis=1), labels=[0, 1, 3], average=None)
    assert found.balanced_accuracy == pytest.approx(np.mean(recalls))
    assert found.log_loss == pytest.approx(metrics.log_loss(labels, P, labels=range(4)))
    assert len(confusion(labels, P)) == 4
    assert sum(confusion(labels, P)[2]) == 0


def test_with_one_class_in_the_rows_there_is_no_area():
    labels, P = sample(2, absent=[0])
    assert measure(labels, P).roc_auc is None


def test_a_probability_of_nought_for_the_truth_is_a_finite_loss():
    loss = measure(np.array([0, 1]), np.array([[0.0, 1.0], [0.0, 1.0]])).log_loss
    assert 300 < loss < 400


def test_tied_probabilities_share_the_area():
    assert measure(np.array([0, 1, 1]), np.full((3, 2), 0.5)).roc_auc == 0.5


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

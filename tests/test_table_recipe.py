"""A table's networks learn together, each stopped by rows it has not learned from."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from shoal import table_recipe
from shoal.bins import fit_pieces
from shoal.errors import DivergedError
from shoal.splitting import folds
from shoal.table_recipe import NETWORKS, fit_ensemble, probabilities


def ring(m=600, seed=0):
    """Return points in a plane, and whether they lie in a ring."""
    X = np.random.default_rng(seed).normal(size=(m, 2))
    return X, (np.abs(np.hypot(*X.T) - 1.2) < 0.5).astype(int)


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
    ensemble = fit_ensemble(pieces.transform(X), labels, 2)
    P = ensemble.probabilities(pieces.transform(new))
    np.testing.assert_allclose(P.sum(axis=1), 1)
    assert (P.argmax(axis=1) == truth).mean() > 0.85
    assert len(ensemble.networks) == len(ensemble.histories) == NETWORKS
    F = pieces.transform(new)
    each = [log_loss(truth, probabilities(network, F)) for network in ensemble.networks]
    assert log_loss(truth, P) < max(each)


def test_the_rows_that_stop_a_network_are_not_those_it_learns_from():
    X, labels = ring(200)
    F = features(X, labels)
    parts = folds(labels, NETWORKS, 0)
    flipped = labels.copy()
    flipped[parts[0]] = 1 - labels[parts[0]]

    def first_costs(targets):
        return [h["cost"][0] for h in fit_ensemble(F, targets, 2).histories]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_recipe, "folds", lambda *_: parts)
        before, after = first_costs(labels), first_costs(flipped)
    assert before[0] == after[0]
    assert all(one != other for one, other in zip(before[1:], after[1:], strict=True))


def test_the_same_seed_gives_the_same_networks():
    X, labels = ring(150)
    F = features(X, labels)
    one, same, other = (fit_ensemble(F, labels, 2, seed) for seed in (0, 0, 1))
    assert one.probabilities(F).tobytes() == same.probabilities(F).tobytes()
    assert one.probabilities(F).tobytes() != other.probabilities(F).tobytes()


def test_several_classes_have_an_output_each():
    X, _ = ring(300)
    labels = X[:, 0].round().clip(-1, 1).astype(int) + 1
    ensemble = fit_ensemble(features(X, labels), labels, 3)
    assert ensemble.networks[0].n_y == 3
    assert (ensemble.probabilities(features(X, labels)).argmax(axis=1) == labels).mean() > 0.9


def test_a_class_of_a_single_row_does_not_end_training():
    X, labels = ring(100)
    labels[7] = 2
    P = fit_ensemble(features(X, labels), labels, 3).probabilities(features(X, labels))
    assert np.isfinite(P).all()


def test_networks_that_all_diverge_are_an_error(monkeypatch):
    monkeypatch.setattr(table_recipe, "ALPHA", 1e38)
    X, labels = ring(100)
    with pytest.raises(DivergedError, match="diverged"):
        fit_ensemble(features(X, labels), labels, 2)

"""Curves are scikit-learn's, and intervals those of rows drawn again."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from shoal.curves import Ranking
from shoal.evaluation import measure
from shoal.intervals import (
    GRID,
    RESAMPLES,
    class_curves,
    gain_intervals,
    measure_intervals,
    resamples,
)


def scored(m=300, K=2, seed=0, digits=2):
    """Return labels and probabilities, many of them equal."""
    random = np.random.default_rng(seed)
    labels = random.integers(K, size=m)
    P = random.random((m, K)) + 0.7 * np.eye(K)[labels]
    return labels, np.round(P / P.sum(axis=1, keepdims=True), digits)


def test_the_curve_and_its_areas_are_those_of_scikit_learn():
    labels, P = scored()
    found = Ranking(labels == 1, P[:, 1]).thresholds()
    x, y, at = roc_curve(labels, P[:, 1], drop_intermediate=False)
    np.testing.assert_allclose(found.false_positive_rate, x)
    np.testing.assert_allclose(found.recall, y)
    np.testing.assert_allclose(found.threshold, at)
    assert found.roc_auc == pytest.approx(roc_auc_score(labels, P[:, 1]))
    assert found.average_precision == pytest.approx(average_precision_score(labels, P[:, 1]))


def test_a_row_counted_so_many_times_is_as_many_rows():
    labels, P = scored(80)
    times = np.random.default_rng(1).integers(0, 4, 80)
    found = Ranking(labels == 1, P[:, 1]).thresholds(times.astype(float))
    again = np.repeat(np.arange(80), times)
    assert found.roc_auc == pytest.approx(roc_auc_score(labels[again], P[again, 1]))
    precision = average_precision_score(labels[again], P[again, 1])
    assert found.average_precision == pytest.approx(precision)


def test_f1_at_a_threshold_is_that_of_the_labels_said_from_it_on():
    labels, P = scored(60)
    found = Ranking(labels == 1, P[:, 1]).thresholds()
    for threshold, f1 in zip(found.threshold, found.f1, strict=True):
        said = (P[:, 1] >= threshold).astype(int)
        assert f1 == pytest.approx(measure(labels, P, said).f1)


def test_one_class_alone_has_no_curve():
    assert class_curves(np.zeros(5, int), np.linspace(0, 1, 5), 1) is None
    assert class_curves(np.ones(5, int), np.linspace(0, 1, 5), 1) is None


@pytest.mark.parametrize("K", [2, 3])
def test_measures_are_those_of_the_evaluation_within_their_intervals(K):
    labels, P = scored(200, K)
    P = np.maximum(P, 1e-3)
    said = P.argmax(axis=1)
    found = measure_intervals(labels, P, said)
    for name, value in vars(measure(labels, P, said)).items():
        if value is None:
            assert found[name] is None
        else:
            assert found[name].estimate == pytest.approx(value), name
            assert found[name].low < value < found[name].high


def test_intervals_are_those_of_measures_of_rows_drawn_again():
    labels, P = scored(120)
    P = np.maximum(P, 1e-3)
    said = P.argmax(axis=1)
    drawn = []
    for times in resamples(120, seed=3):
        again = np.repeat(np.arange(120), times.astype(int))
        drawn.append(measure(labels[again], P[again], said[again]))
    assert len(drawn) == RESAMPLES
    for name, interval in measure_intervals(labels, P, said, seed=3).items():
        if name in ("accuracy", "precision", "recall"):
            continue
        values = [getattr(each, name) for each in drawn]
        expected = np.quantile(values, (0.025, 0.975))
        np.testing.assert_allclose((interval.low, interval.high), expected, err_msg=name)


def test_the_interval_of_an_area_covers_the_truth_about_as_often_as_it_says():
    covered = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        labels = np.arange(200) % 2
        p = random.normal(labels, 1)  # normal, 1 apart: the area is Phi(1 / sqrt 2)
        area = class_curves(labels, p, 1, seed).roc.area
        covered += area.low < 0.7602499 < area.high
    assert 51 <= covered <= 60


def test_the_band_holds_the_curve():
    labels, P = scored(400, digits=6)
    curves = class_curves(labels, P[:, 1], 1)
    for curve in (curves.roc, curves.precision_recall):
        at = np.interp(np.linspace(0.05, 0.95, 19), curve.x, curve.y)
        assert (curve.low[5:100:5] <= at + 0.02).all()
        assert (at <= curve.high[5:100:5] + 0.02).all()
        assert (curve.high >= curve.low).all()


def test_shares_have_the_interval_of_wilson():
    labels, said = np.repeat([0, 1], [12, 8]), np.repeat([0, 1], [12, 8])
    P = np.where(np.eye(2)[said] > 0, 0.9, 0.1)
    found = measure_intervals(labels, P, said)
    for name, n in (("accuracy", 20), ("recall", 8), ("precision", 8)):
        expected = binomtest(n, n).proportion_ci(method="wilson")
        assert found[name].low == pytest.approx(expected.low, abs=1e-6)
        assert found[name].high == pytest.approx(1)
        assert found[name].low < 0.9


def test_the_band_of_tied_scores_is_that_of_their_curves():
    random = np.random.default_rng(0)
    labels = random.integers(2, size=300)
    p = np.where(random.random(300) < np.where(labels, 0.8, 0.2), 0.7, 0.3)
    found = class_curves(labels, p, 1)
    curves = []
    for times in resamples(300, 0):
        again = np.repeat(np.arange(300), times.astype(int))
        x, y, _ = roc_curve(labels[again], p[again], drop_intermediate=False)
        curves.append(np.interp([0.05, 0.1, 0.5], x, y))
    low, high = np.quantile(curves, (0.025, 0.975), axis=0)
    at = [5, 10, 50]
    np.testing.assert_allclose(found.roc.low[at], low)
    np.testing.assert_allclose(found.roc.high[at], high)
    constant = class_curves(labels, np.full(300, 0.5), 1)
    np.testing.assert_allclose(constant.roc.low, GRID, atol=1e-12)
    np.testing.assert_allclose(constant.roc.high, GRID, atol=1e-12)


def test_of_many_rows_some_give_the_width_of_all(monkeypatch):
    labels, P = scored(4000, digits=8)
    said = P.argmax(axis=1)
    whole = measure_intervals(labels, P, said)
    monkeypatch.setattr("shoal.intervals.MOST_ROWS", 500)
    some = measure_intervals(labels, P, said)
    for name, interval in whole.items():
        assert some[name].estimate == interval.estimate
        width = (some[name].high - some[name].low) / (interval.high - interval.low)
        assert 0.6 < width < 1.6
    area = class_curves(labels, P[:, 1], 1).roc.area
    assert area.low < whole["roc_auc"].estimate < area.high


def test_gains_are_those_of_the_same_rows():
    labels, P = scored(300, seed=1, digits=8)
    said, worse = P.argmax(axis=1), np.full((300, 2), 0.5)
    none = gain_intervals(labels, (P, said), (P, said))
    assert all(gain.low == gain.estimate == gain.high == 0 for gain in none.values())
    more = gain_intervals(labels, (P, said), (worse, np.zeros(300, int)))
    assert more["accuracy"].low > 0.1
    assert more["log_loss"].high < 0
    assert more["roc_auc"].estimate == pytest.approx(roc_auc_score(labels, P[:, 1]) - 0.5)

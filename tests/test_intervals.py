"""Curves are scikit-learn's, and intervals those of rows drawn again."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from shoal.curves import Ranking
from shoal.evaluation import measure
from shoal.intervals import RESAMPLES, class_curves, measure_intervals, resamples


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
    np.testing.assert_allclose(found.false_positive_rate, x[1:])
    np.testing.assert_allclose(found.recall, y[1:])
    np.testing.assert_allclose(found.threshold, at[1:])
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

"""Summaries of parts are those of the whole."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal import summaries
from shoal.columns import Column
from shoal.summaries import CellSummary, NumberSummary, summarise

NUMBERS = st.lists(
    st.one_of(st.none(), st.floats(-1e12, 1e12), st.integers(-5, 5).map(float)),
    min_size=1,
    max_size=40,
)


def numbers(values, name="x"):
    return Column(name, "number", np.array([np.nan if v is None else v for v in values], float))


def texts(values):
    return Column("x", "text", np.array(values, object))


@given(values=NUMBERS, cut=st.integers(0, 40))
def test_summaries_of_numbers_add_up(values, cut):
    whole = NumberSummary.of(numbers(values))
    added = NumberSummary.of(numbers(values[:cut])) + NumberSummary.of(numbers(values[cut:]))
    assert (added.rows, added.missing) == (whole.rows, whole.missing)
    for name in ("low", "high", "first", "last"):
        assert getattr(added, name) == getattr(whole, name) or np.isnan(getattr(whole, name))
    if whole.present:
        size = max(abs(whole.low), abs(whole.high), 1e-300)
        assert added.mean == pytest.approx(whole.mean, rel=1e-12, abs=1e-12 * size)
        assert added.scale == pytest.approx(whole.scale, rel=1e-6, abs=1e-7 * size)
    assert added.ascending == whole.ascending
    assert whole.distinct <= added.distinct  # it is asked of each part


def test_means_of_huge_numbers_do_not_overflow():
    values = [1e308, -1e308, 1.5e308, 1e308]
    added = NumberSummary.of(numbers(values[:2])) + NumberSummary.of(numbers(values[2:]))
    assert added.mean == pytest.approx(np.mean(np.array(values) / 1e308) * 1e308)
    assert np.isfinite(added.scale)


@pytest.mark.parametrize(("parts", "ascending"), [([[1, 2], [3]], True), ([[1, 3], [2]], False)])
def test_a_row_number_is_known_across_parts(parts, ascending):
    first, second = (NumberSummary.of(numbers(map(float, part))) for part in parts)
    assert (first + second).ascending is ascending


@given(
    values=st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=30),
    cut=st.integers(0, 30),
)
def test_summaries_of_text_add_up(values, cut):
    added = CellSummary.of(texts(values[:cut])) + CellSummary.of(texts(values[cut:]))
    assert added == CellSummary.of(texts(values))


def test_the_rarest_of_very_many_texts_are_counted_together(monkeypatch):
    monkeypatch.setattr(summaries, "MOST_VALUES", 10)
    often = CellSummary.of(texts(["often"] * 5 + ["more"] * 3))
    total = often
    for k in range(20):
        total += CellSummary.of(texts([f"once {k}"]))
    assert total.rows == 28
    assert total.counts["often"] == 5
    assert len(total.counts) <= 10
    assert total.uncounted + total.counts.total() == 28


def test_numbers_that_are_to_be_categories_are_counted():
    column = numbers([1.0, 2.0, 2.0])
    assert isinstance(summarise(column), NumberSummary)
    assert isinstance(summarise(column, "number"), NumberSummary)
    assert summarise(column, "one-hot").counts == Counter({"2": 2, "1": 1})

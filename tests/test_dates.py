"""Dates are read in one way throughout a column."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.dates import date_forms, date_parts, to_days

MOMENTS = st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01"))


@given(st.lists(MOMENTS, min_size=1, max_size=20))
def test_the_parts_of_dates_are_what_pandas_says(moments):
    cells = [moment.isoformat(" ") for moment in moments]
    assert date_forms(cells)[0] == "ISO 8601"
    parts = dict(date_parts(to_days(cells, "ISO 8601")))
    series = pd.Series(moments)
    for name, of_pandas in (
        ("month", series.dt.month),
        ("day", series.dt.day),
        ("weekday", series.dt.day_of_week),
    ):
        np.testing.assert_array_equal(parts[name], of_pandas)
    hours = series.dt.hour + series.dt.minute / 60 + series.dt.second / 3600
    np.testing.assert_allclose(parts["hour"], hours, atol=1e-3)


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["2024-02-29", None], "ISO 8601"),
        (["2024-02-29T12:00:00Z"], "ISO 8601"),
        (["29.02.2024"], "%d.%m.%Y"),
        (["02/29/2024"], "%m/%d/%Y"),
        (["29/02/2024", "01/02/2024"], "%d/%m/%Y"),
        (["29 Feb 2024"], "%d %b %Y"),
        (["February 29, 2024"], "%B %d, %Y"),
    ],
)
def test_usual_forms_are_known(cells, first):
    assert date_forms(cells)[0] == first
    assert np.floor(to_days(cells, first)[0]) == 19782


@pytest.mark.parametrize(
    "cells",
    [["2023-02-29"], ["2024-01-01", "soon"], ["1234"], ["2024-01-01", "01.01.2024"], [None], []],
)
def test_what_is_no_date_or_written_in_two_ways_is_none(cells):
    assert date_forms(cells) == []


def test_what_does_not_fit_the_form_is_a_gap():
    days = to_days(["2024-01-01", "01.02.2024", None], "ISO 8601")
    assert np.isnan(days).tolist() == [False, True, True]


def test_a_time_zone_moves_a_moment():
    one, other = to_days(["2024-01-01T00:00:00+00:00", "2024-01-01T02:00:00+02:00"], "ISO 8601")
    assert one == other

"""Columns that are spread otherwise than in training are named, and no others."""

import json

import numpy as np
import pandas as pd
import pytest

from shoal.drift import Profile, drift, profiles_from_data, profiles_to_data
from shoal.tables import table_from_frame


def table(m=1000, seed=0, shift=0.0, **odd):
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": random.normal(shift, 1, m),
            "count": random.poisson(2, m),
            "colour": random.choice(["red", "green", "blue"], m),
        }
    )
    return table_from_frame(frame.assign(**odd))


def profiles(of):
    return tuple(Profile.fit(column) for column in of.columns)


@pytest.mark.parametrize("m", [20, 100, 1000, 20_000])
def test_rows_of_the_same_kind_are_never_said_to_drift(m):
    of = profiles(table())
    for seed in range(1, 20):
        assert drift(of, table(m, seed)) == []


def test_a_moved_number_is_named_with_the_evidence():
    (note,) = drift(profiles(table()), table(seed=1, shift=2.0))
    assert note.startswith("column 'size' is not as it was in training (stability index")
    assert "% of the rows, formerly in 10%" in note


def test_values_never_seen_and_gaps_are_drift():
    new = ["red"] * 300 + ["purple"] * 700
    (note,) = drift(profiles(table()), table(seed=1, colour=new))
    assert "never seen in 70% of the rows, formerly in 0%" in note
    (note,) = drift(profiles(table()), table(seed=1, count=[np.nan] * 500 + [2.0] * 500))
    assert "gaps in 50%" in note or "in 50%" in note


def test_what_a_column_of_gaps_becomes_is_said_and_many_columns_are_summed_up():
    m = 200
    old = table_from_frame(pd.DataFrame({f"c{k}": np.arange(m) * 1.0 for k in range(8)}))
    new = table_from_frame(pd.DataFrame({f"c{k}": np.arange(m) + 500.0 for k in range(8)}))
    notes = drift(profiles(old), new)
    assert len(notes) == 6
    assert notes[-1] == "3 columns more are not as they were in training"


def test_profiles_survive_a_file():
    of = profiles(table(colour=None))
    assert profiles_from_data(json.loads(json.dumps(profiles_to_data(of)))) == of

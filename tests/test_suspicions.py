"""What makes a measure too good is said; what is merely good is not."""

import numpy as np
import pandas as pd
import pytest

from shoal.table_training import train_table
from shoal.tables import read_table, table_from_frame


def noisy(m=200):
    """Return a table whose columns help, but none of which is the target in disguise."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(m, 3)), columns=["a", "b", "c"])
    frame["y"] = np.where(frame["a"] + frame["b"] + 0.3 * random.normal(size=m) > 0, "yes", "no")
    return frame


def notes(frame, **options):
    model, evaluation = train_table(table_from_frame(frame), "y", **options)
    return [*model.record["notes"], *evaluation.notes]


def test_a_healthy_table_is_under_no_suspicion():
    assert notes(noisy()) == []


@pytest.mark.parametrize("kind", ["number", "text"])
def test_a_column_that_is_the_target_in_disguise_is_named(kind):
    frame = noisy()
    yes = frame["y"] == "yes"
    frame["refund"] = np.where(yes, "paid", "none") if kind == "text" else yes * 100.0
    (note,) = notes(frame)
    assert "'refund' alone predicts the target" in note
    assert "drop it" in note
    assert notes(frame, drop=["refund"]) == []


@pytest.mark.parametrize("far", [1e7, -1e12, 1e300])
def test_a_number_far_from_all_others_is_named(far):
    frame = noisy()
    frame.loc[7, "b"] = far
    frame["rare"] = (frame.index == 9) * 1.0  # one event is no mistake
    later = noisy(300).tail(50).assign(rare=0.0)
    found = notes(frame, keep=["rare"], test=table_from_frame(later))
    (note,) = [each for each in found if "far from" in each]
    assert "column 'b': a number is so far from all others that these are hardly" in note
    assert f"({far:.6g}): mend it, or leave it empty" in note


def test_two_dozen_rows_are_too_few_to_suspect_a_column():
    frame = noisy(25)
    frame["leak"] = frame["y"]
    assert not any("alone" in note for note in notes(frame))


def test_rows_in_both_tables_are_counted():
    frame = noisy()
    test = pd.concat([frame.head(7), noisy(300).tail(50)])
    found = notes(frame, test=table_from_frame(test))
    assert any(
        note.startswith("7 of the 57 rows to measure on are the same as rows") for note in found
    )


def test_the_leaks_of_a_real_table_are_named(real_data):
    table = read_table(real_data / "airlines-44k/allyears2k_headers.csv")
    model, _ = train_table(table.rows(range(0, 43978, 20)), "IsDepDelayed")
    assert any("'DepDelay' alone predicts" in note for note in model.record["notes"])


def test_rows_that_the_table_holds_many_times_are_counted_too():
    frame = pd.concat([noisy()] * 4, ignore_index=True)
    assert any("160 of the 160 rows to measure on are the same" in note for note in notes(frame))


def test_the_only_column_is_not_told_to_be_dropped():
    frame = noisy()[["a"]]
    frame["y"] = np.where(frame["a"] > 0, "yes", "no")
    assert notes(frame) == []


def test_coincidences_of_few_values_are_no_suspicion():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.integers(0, 2, (300, 3)), columns=["a", "b", "c"])
    frame["y"] = np.where(frame["a"] ^ (random.random(300) < 0.2), "yes", "no")
    assert not any("the same as rows" in note for note in notes(frame))

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from shoal.column_plans import MAX_CATEGORIES
from shoal.columns import Table
from shoal.encoding import TableEncoder
from shoal.errors import InputError
from shoal.planning import MANY_CATEGORIES
from shoal.splitting import Splitter, folds
from shoal.tables import table_from_frame


def table(**columns):
    return table_from_frame(pd.DataFrame(columns), "data.csv")


def encoder_of(given, labels=None, **options):
    """Return the encoder of a table, and what it makes of the rows that it was fitted on."""
    labels = np.arange(given.n_rows) % 2 if labels is None else labels
    return TableEncoder.fit(given, labels, ("no", "yes"), **options)


def fit(labels=None, keep=(), drop=(), uses=None, **columns):
    """Return the encoder of some columns and what it makes of them."""
    dropped = dict.fromkeys(drop, "as asked")
    return encoder_of(table(**columns), labels, keep=keep, dropped=dropped, uses=uses)


def plan(name, encoder):
    return next(each for each in encoder.plans if each.name == name)


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


SPREAD = [3.0, 1.0, 4.0, 1.5, 9.0, 2.6]


def test_a_number_column_has_mean_0_and_deviation_1_on_the_training_rows():
    _, X = fit(a=SPREAD, b=[1e6 * v - 7 for v in SPREAD])
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1)


def test_new_rows_are_scaled_as_the_training_rows_were():
    encoder, _ = fit(a=SPREAD)
    mean, std = np.mean(SPREAD), np.std(SPREAD)
    new = encoder.transform(table(a=[mean, mean + 3 * std]))
    np.testing.assert_allclose(new, [[0], [3]], atol=1e-12)


def test_a_gap_is_filled_with_the_mean_and_marked():
    encoder, X = fit(a=[1.0, None, 3.0])
    assert encoder.features == ["a", "a = (missing)"]
    np.testing.assert_allclose(X, [[-1, 0], [0, 1], [1, 0]])


def test_a_gap_that_training_never_saw_is_the_mean():
    encoder, _ = fit(a=[1.0, 3.0])
    np.testing.assert_allclose(encoder.transform(table(a=[3.0, None])), [[1], [0]])


def test_frequent_text_is_one_hot_and_rare_new_and_missing_text_have_their_own_features():
    encoder, X = fit(c=["b"] * 9 + ["a"] * 8 + ["x", "y", "z"] + [None] * 2)
    assert encoder.features == ["c = b", "c = a", "c = (rare or new)", "c = (missing)"]
    assert X.sum(axis=0).tolist() == [9, 8, 3, 2]
    assert (X.sum(axis=1) == 1).all()
    new = encoder.transform(table(c=["a", "x", "never seen", None]))
    assert new.tolist() == [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]]


def test_new_and_missing_text_are_all_zero_where_training_had_neither():
    encoder, _ = fit(c=["a", "b", "c"] * 10)
    assert encoder.features == ["c = a", "c = b", "c = c"]
    new = encoder.transform(table(c=["b", "new", None]))
    assert new.tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_of_two_values_one_feature_tells_and_what_is_neither_is_their_mean():
    encoder, X = fit(c=["true", "false", "true", "true"] * 5)
    assert encoder.features == ["c = true"]
    assert plan("c", encoder).use == "boolean"
    assert X[:4, 0].tolist() == [1, 0, 1, 1]
    assert encoder.transform(table(c=["false", "new", None])).tolist() == [[0], [0.75], [0.75]]
    encoder, X = fit(c=["true", "false", None] * 5)
    assert encoder.features == ["c = true", "c = (missing)"]
    assert X[:3].tolist() == [[1, 0], [0, 0], [0.5, 1]]


def test_of_one_text_with_gaps_only_the_gaps_are_used():
    encoder, X = fit(c=["a", None, "a"])
    assert encoder.features == ["c = (missing)"]
    assert X.tolist() == [[0], [1], [0]]


def test_a_date_becomes_those_of_its_parts_that_vary():
    days = [f"2024-{month:02}-{day:02}" for month in (1, 2, 3) for day in (5, 12, 19)]
    encoder, X = fit(when=days, good=list(range(9, 0, -1)))
    assert encoder.features[:-1] == ["when: time", "when: month", "when: day", "when: weekday"]
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1)
    again = encoder.transform(table(when=[*days[:2], None], good=[1.0, 2.0, 3.0]))
    np.testing.assert_allclose(again[:2, :4], X[:2, :4])
    assert again[2, :4].tolist() == [0, 0, 0, 0]


def test_a_date_that_could_be_two_is_said():
    encoder, _ = fit(when=["01/02/2024", "03/04/2024", "05/06/2024"])
    assert (
        plan("when", encoder).note == "read as month/day/year, which fits as well as day/month/year"
    )


def test_a_cell_that_is_no_date_later_is_named_with_its_row():
    encoder, _ = fit(when=["2024-01-01", "2024-02-02", "2024-03-03"])
    words = refusal(encoder.transform, table(when=["2024-01-01", "yesterday"]))
    assert "row 2 of data.csv holds 'yesterday'" in words


def many_shops(m=3000, seed=0, n=300):
    """Return a column of many values, and labels that depend on them."""
    random = np.random.default_rng(seed)
    rates = random.random(n)
    at = random.integers(0, n, m)
    return [f"shop {i}" for i in at], (random.random(m) < rates[at]).astype(int), rates


def test_many_values_become_their_shares_of_the_target_drawn_towards_the_mean():
    shops, labels, rates = many_shops()
    encoder, _ = fit(labels, shop=shops)
    assert len(set(shops)) > MANY_CATEGORIES
    assert encoder.features[0] == "shop: share of yes"
    assert len(encoder.features) == 1 + MAX_CATEGORIES  # the most frequent have a feature besides
    new = encoder.transform(table(shop=[f"shop {i}" for i in range(300)] + ["new", None]))
    assert np.corrcoef(new[:300, 0], rates)[0, 1] > 0.85
    assert new[300:, 0].tolist() == [0, 0]
    raw = np.array([labels[np.array(shops) == f"shop {i}"].mean() for i in range(300)])
    scaled = np.polyfit(raw, new[:300, 0], 1)
    assert np.corrcoef(raw, new[:300, 0])[0, 1] > 0.95
    assert scaled[0] * raw.std() > new[:300, 0].std() * 0.9


def test_a_row_s_share_comes_from_the_rows_of_other_folds():
    shops, labels, _ = many_shops()
    encoder, X = fit(labels, shop=shops)
    shops, mean = np.array(shops), labels.mean()
    expected = np.empty(3000)
    for part in folds(labels, 5, 0):
        rest = np.setdiff1d(range(3000), part)
        for i in part:
            same = rest[shops[rest] == shops[i]]
            expected[i] = (labels[same].sum() + 10 * mean) / (len(same) + 10)
    expected = (expected - expected.mean()) / expected.std()
    np.testing.assert_allclose(X[:, 0], expected, atol=1e-9)
    seen = encoder.transform(table(shop=list(shops)))[:, 0]
    assert np.corrcoef(X[:, 0], labels)[0, 1] < np.corrcoef(seen, labels)[0, 1] - 0.1


def test_rows_of_a_group_do_not_share_their_label():
    random = np.random.default_rng(0)
    group = np.repeat(np.arange(300), 10)
    labels = (random.random(300) < 0.5).astype(int)[group]
    given = table(shop=[f"shop {g}" for g in group])
    _, X = encoder_of(given, labels, splitter=Splitter(groups=group))
    assert np.ptp(X[:, 0]) == 0  # other folds know nothing of it


@pytest.mark.parametrize("values", [[f"v{i}" for i in range(100)], ["v0"] * 99 + ["v1"]])
def test_the_share_of_values_that_tell_nothing_tells_nothing(values):
    areas = []
    for seed in range(40):
        labels = np.random.default_rng(seed).integers(0, 2, 100)
        _, X = fit(labels, uses={"a": "target-means"}, a=values)
        areas.append(roc_auc_score(labels, X[:, 0]))
    assert np.mean(areas) == pytest.approx(0.5, abs=0.03)


def test_shares_of_random_labels_predict_nothing():
    shops, labels, _ = many_shops()
    labels = np.random.default_rng(9).permutation(labels)
    _, X = fit(labels, shop=shops)
    assert abs(np.corrcoef(X[:, 0], labels)[0, 1]) < 0.05


def test_with_several_classes_each_has_a_share():
    shops, labels, _ = many_shops()
    given = table(shop=shops)
    encoder, X = TableEncoder.fit(given, labels + (np.arange(3000) % 2), ("a", "b", "c"))
    assert encoder.features[:3] == [f"shop: share of {label}" for label in "abc"]
    assert X.shape == (3000, 3 + MAX_CATEGORIES)


@pytest.mark.parametrize(
    ("use", "values", "features"),
    [
        ("one-hot", [1.0, 2.0, 3.0, 1.0], ["a = 1", "a = 2", "a = 3"]),
        ("number", [10.0, 11.0, 12.0, 13.0], ["a"]),
        ("boolean", [0.0, 1.0, 0.0, 1.0], ["a = 1"]),
        ("target-means", ["x", "y", "x", "y"], ["a: share of yes"]),
        (
            "date",
            [20240101.0, 20240201.0, 20240301.0, 20240401.0],
            ["a: time", "a: month", "a: weekday"],
        ),
    ],
)
def test_a_column_is_used_as_asked(use, values, features):
    encoder, X = fit(uses={"a": use}, a=values)
    assert encoder.features == features
    assert X.shape == (4, len(features))
    assert np.isfinite(encoder.transform(table(a=values[:2]))).all()


@pytest.mark.parametrize(
    ("use", "values", "words"),
    [
        ("number", ["a", "b"], "'a' of data.csv cannot be used as number: it holds text"),
        ("boolean", [1.0, 2.0, 3.0], "3 different values, not two"),
        ("date", ["now", "then"], "no dates"),
    ],
)
def test_a_use_that_the_values_do_not_allow_is_refused(use, values, words):
    assert words in refusal(fit, uses={"a": use}, a=values)


def test_missing_text_counts_as_rare_where_training_had_rare_but_no_missing_text():
    encoder, _ = fit(c=["a"] * 20 + ["rare"] * 2 + ["odd"])
    assert encoder.transform(table(c=["a", None])).tolist() == [[1, 0], [0, 1]]


def test_a_text_column_becomes_no_more_features_than_it_may():
    values = [f"v{i:03}" for i in range(150) for _ in range(6)]
    encoder, X = fit(c=values, uses={"c": "one-hot"})
    assert len(encoder.features) == MAX_CATEGORIES + 1
    assert X[:, -1].sum() == 50 * 6


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([7.5] * 4, "always 7.5"),
        (["a"] * 4, "always 'a'"),
        ([None] * 4, "all missing"),
        ([1.0, np.nextafter(1.0, 2.0), 1.0, 1.0], ""),
    ],
)
def test_a_column_that_does_not_vary_is_left_out_with_a_word(values, words):
    encoder, X = fit(good=[1.0, 2.0, 3.0, 1.0], bad=values)
    if not words:  # a difference of one rounding may or may not count, but is never an error
        assert np.isfinite(X).all()
        return
    assert plan("bad", encoder).use == "left out"
    assert words in plan("bad", encoder).note
    assert encoder.features == ["good"]


def test_a_text_column_that_is_missing_in_all_training_rows_is_left_out():
    whole = table(good=[1.0, 2.0, 3.0, 4.0], bad=[None, None, None, "a"])
    encoder = encoder_of(whole.rows([0, 1, 2]))[0]
    assert plan("bad", encoder).use == "left out"
    assert "missing" in plan("bad", encoder).note


def test_of_a_constant_with_gaps_only_the_gaps_are_used():
    encoder, X = fit(a=[5.0, None, 5.0])
    assert encoder.features == ["a = (missing)"]
    assert X.tolist() == [[0], [1], [0]]
    assert "only that is used" in plan("a", encoder).note


IDS = {
    "contiguous": ("number", list(np.random.default_rng(0).permutation(50) + 1000)),
    "named so": ("customer_id", [7 * (i * 37 % 50) for i in range(50)]),
    "ascending": ("number", [i * i for i in range(50)]),
}


@pytest.mark.parametrize(("name", "values"), IDS.values(), ids=IDS)
def test_an_id_is_left_out_unless_it_is_kept(name, values):
    others = {"good": SPREAD * 8 + [1.0, 2.0]}
    encoder, _ = fit(**others, **{name: values})
    assert "id" in plan(name, encoder).note
    assert encoder.features == ["good"]
    encoder, _ = fit(keep=[name], **others, **{name: values})
    assert encoder.features == ["good", name]


def test_distinct_measurements_and_a_few_ascending_numbers_are_no_ids():
    encoder, _ = fit(a=list(np.random.default_rng(0).normal(size=50)), b=SPREAD * 8 + [1.0, 2.0])
    assert encoder.features == ["a", "b"]
    encoder, _ = fit(a=[1, 2, 3, 4])
    assert encoder.features == ["a"]


def test_nearly_unique_text_is_left_out_unless_it_is_kept():
    names = [f"name {i}" for i in range(40)]
    others = {"good": [1.0, 2.0] * 20}
    encoder, _ = fit(**others, c=names)
    assert encoder.features == ["good"]
    assert "nearly unique" in plan("c", encoder).note
    encoder, X = fit(keep=["c"], **others, c=names)
    assert len(encoder.features) == 41
    assert (X[:, 1:].sum(axis=0) == 1).all()


def test_a_dropped_column_is_left_out_and_may_be_absent_later():
    encoder, _ = fit(drop=["a"], a=SPREAD, b=SPREAD)
    assert encoder.features == ["b"]
    assert plan("a", encoder).use == "left out"
    assert encoder.transform(table(b=[1.0])).shape == (1, 1)


def test_a_column_to_drop_or_keep_must_be_there():
    for option in ("drop", "keep"):
        message = refusal(fit, **{option: ["agee"]}, age=SPREAD)
        assert "agee" in message
        assert "'age'" in message


def test_a_table_without_any_useful_column_is_refused_with_the_reasons():
    message = refusal(fit, a=[1.0] * 3, b=["x"] * 3)
    for word in ("data.csv", "a: always 1", "b: always 'x'", "add"):
        assert word in message


def test_plans_survive_json_with_equal_features():
    encoder, X = fit(a=[0.1, None, 1e300], b=[1 / 3, 2e-300, 7.0], c=["é", None, "b"])
    again = TableEncoder.from_data(json.loads(json.dumps(encoder.to_data())))
    assert again.plans == encoder.plans
    same = again.transform(table(a=[0.1, None, 1e300], b=[1 / 3, 2e-300, 7.0], c=["é", None, "b"]))
    assert same.tobytes() == X.tobytes()


def test_the_order_of_the_columns_does_not_matter():
    encoder, X = fit(a=SPREAD, c=["x", "y"] * 3, b=SPREAD[::-1])
    again = encoder.transform(table(c=["x", "y"] * 3, b=SPREAD[::-1], a=SPREAD))
    assert again.tobytes() == X.tobytes()


def test_a_missing_or_an_extra_column_is_refused_by_name():
    encoder, X = fit(age=SPREAD, c=["x", "y"] * 3)
    message = refusal(encoder.transform, table(Age=SPREAD, c=["x", "y"] * 3))
    assert "'age'" in message
    assert "'Age'" in message
    extra = table(age=SPREAD, c=["x", "y"] * 3, more=SPREAD)
    message = refusal(encoder.transform, extra)
    assert "'more'" in message
    assert "--ignore-extra" in message
    assert encoder.transform(extra, ignore_extra=True).tobytes() == X.tobytes()


def test_a_column_of_another_type_is_refused_by_name():
    encoder, _ = fit(age=SPREAD, c=["x", "y"] * 3)
    for wrong in (table(age=["old"], c=["x"]), table(age=[1.0], c=[2.0])):
        assert "data.csv" in refusal(encoder.transform, wrong)
    text = table_from_frame(pd.DataFrame({"age": [1.0], "c": ["17"]}), "swapped.csv")
    message = refusal(encoder.transform, text)
    assert "'c'" in message
    assert "17" in message


def test_rare_text_that_looks_like_a_number_is_accepted_alone_as_training_had_it():
    codes = ["A1", "B2", "C3"] * 10 + ["57", "58"]
    encoder, X = fit(code=codes, good=SPREAD * 5 + [1.0, 2.0])
    alone = encoder.transform(table(code=codes, good=SPREAD * 5 + [1.0, 2.0]).rows([30]))
    assert alone.tobytes() == X[30:31].tobytes()


def test_huge_and_tiny_numbers_are_scaled_without_overflow():
    _, X = fit(
        huge=[1e300, -1e300, 3e299], tiny=[1e-300, 2e-300, 0.0], both=[1e300, 1e-300, -1.0],
        widest=[1.7e308, -1.7e308, 1.7e308],
    )  # fmt: skip
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(X.std(axis=0), 1)


def test_a_new_number_far_outside_the_training_range_stays_finite():
    encoder, _ = fit(a=[1e-300, 2e-300, 3e-300], b=[1.6e308, 1.7e308, 1.5e308])
    assert np.isfinite(encoder.transform(table(a=[1e300, -1e300], b=[-1.7e308, 0.0]))).all()


NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.none() | st.sampled_from("abc") | st.text(max_size=3)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, TEXTS), min_size=1, max_size=25)


def as_table(rows: list) -> Table | None:
    a, b, c = zip(*rows, strict=True)
    frame = pd.DataFrame({"a": a, "b": b, "c": pd.Series(c, dtype=object)}).astype(
        {"a": float, "b": float}
    )
    return table_from_frame(frame)


@given(ROWS)
def test_features_of_finite_training_rows_are_finite(rows):
    given = as_table(rows)
    try:
        encoder = encoder_of(given)[0]
    except InputError as error:
        assert "no column" in str(error)  # noqa: PT017
        return
    X = encoder.transform(given)
    assert X.shape == (len(rows), len(encoder.features))
    assert np.isfinite(X).all()


@given(ROWS, ROWS)
def test_features_of_finite_new_rows_are_finite(rows, new):
    try:
        encoder = encoder_of(as_table(rows))[0]
        X = encoder.transform(as_table(new))
    except InputError:
        reject()
    assert np.isfinite(X).all()

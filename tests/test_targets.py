import numpy as np
import pandas as pd
import pytest

from shoal.errors import InputError
from shoal.tables import table_from_frame
from shoal.targets import Target, target_name


def column(values, name="y"):
    return table_from_frame(pd.DataFrame({name: values}))[name]


def fit(values):
    return Target.fit(column(values), "data.csv")


def refusal(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def people():
    frame = pd.DataFrame({"age": [1], "sex": ["f"], "survived": [0]})
    return table_from_frame(frame, "people.csv")


@pytest.mark.parametrize(
    ("given", "name"),
    [("sex", "sex"), ("1", "age"), ("3", "survived"), ("-1", "survived"), ("-3", "age")],
)
def test_the_target_is_given_by_name_or_position(people, given, name):
    assert target_name(people, given) == name


@pytest.mark.parametrize("given", ["0", "4", "-4", "99"])
def test_a_position_outside_the_table_is_refused_with_the_range(people, given):
    message = refusal(target_name, people, given)
    for word in ("people.csv", given, "1 to 3", "-1"):
        assert word in message


def test_a_name_wins_over_a_position():
    table = table_from_frame(pd.DataFrame({"2": [1], "b": [2]}))
    assert target_name(table, "2") == "2"


def test_a_wrong_name_is_refused_with_the_nearest(people):
    message = refusal(target_name, people, "Survivd")
    for word in ("people.csv", "'Survivd'", "'survived'"):
        assert word in message
    assert "age, sex, survived" in refusal(target_name, people, "qqq")


def test_numbers_are_sorted_as_numbers_and_text_as_text():
    assert fit([10, 9, 100, -1]).classes == ("-1", "9", "10", "100")
    assert fit([0.5, 0.25]).classes == ("0.25", "0.5")
    assert fit(["b", "a", "B"]).classes == ("B", "a", "b")
    assert fit(["10", "9"]).classes == ("10", "9")


def test_the_positive_class_is_the_second_of_two_and_of_more_there_is_none():
    assert fit([2, 1]).positive == "2"
    assert fit(["yes", "no"]).positive == "yes"
    assert fit(["a", "b", "c"]).positive is None


def test_zero_has_one_sign():
    assert fit([0.0, -0.0, 1.0]).classes == ("0", "1")


def test_labels_become_numbers_and_come_back_as_they_were():
    for values in (["b", "a", "b"], [10, 9, 10], [0.5, -1.25, 0.5]):
        target = fit(values)
        numbers, notes = target.encode(column(values), "data.csv")
        assert numbers.tolist() == [1, 0, 1]
        assert notes == []
        assert target.decode(numbers).tolist() == values
    assert type(fit([2.0, 1.0]).decode(np.array([0]))[0].item()) is int


def test_a_missing_label_is_minus_one():
    for values in (["a", None, "b"], [1.0, None, 2.0]):
        assert fit(values).encode(column(values), "data.csv")[0].tolist() == [0, -1, 1]


def test_one_class_only_is_refused():
    for values in (["a"] * 3, [1.0, None, 1.0]):
        message = refusal(fit, values)
        for word in ("'y'", "data.csv", "every row", "two classes"):
            assert word in message


def test_a_target_that_is_all_missing_is_refused():
    message = refusal(fit, [None, None])
    for word in ("'y'", "data.csv", "missing in every row", "choose"):
        assert word in message


def test_a_target_of_ten_thousand_texts_is_refused_with_a_few_of_them():
    message = refusal(fit, [f"text {i}" for i in range(10_000)])
    for word in ("'y'", "data.csv", "10,000", "text 0", "choose another column"):
        assert word in message
    assert len(message) < 600


def test_a_hundred_classes_are_the_most():
    assert len(fit(list(range(100)) * 20).classes) == 100
    assert "101" in refusal(fit, list(range(101)) * 20)


def test_numbers_that_hardly_repeat_are_called_a_quantity():
    assert "quantity" in refusal(fit, [k / 7 for k in range(60)])
    assert len(fit(list(range(20))).classes) == 20


def test_case_and_full_stops_in_the_labels_of_another_table_are_forgiven_with_a_note():
    target = fit(["<=50K", ">50K"])
    numbers, notes = target.encode(column([">50K.", "<=50k", "<=50K", None]), "test.csv")
    assert numbers.tolist() == [1, 0, 0, -1]
    assert len(notes) == 2
    assert "'>50K.'" in notes[0]
    assert "'>50K'" in notes[0]
    assert "test.csv" in notes[0]


def test_labels_that_differ_by_case_only_are_not_read_freely():
    target = fit(["a", "A", "b"])
    assert target.encode(column(["A", "a", "b"]), "test.csv")[0].tolist() == [0, 1, 2]
    assert "'B'" in refusal(target.encode, column(["B"]), "test.csv")


def test_a_label_that_training_never_had_is_refused_by_name():
    message = refusal(fit(["yes", "no"]).encode, column(["yes", "maybe"]), "test.csv")
    for word in ("'y'", "test.csv", "'maybe'", "no, yes"):
        assert word in message
    assert "'3'" in refusal(fit([1, 2]).encode, column([3]), "test.csv")

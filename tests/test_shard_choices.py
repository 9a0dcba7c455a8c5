"""What is chosen of a training in parts is checked as for a table in memory."""

import pytest
from shard_files import frame, parquet

from shoal.errors import InputError
from shoal.shards import choices_of, find_shards


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"drop": "ab"}, "must be a list of names of columns"),
        ({"keep": "ab"}, "must be a list of names of columns"),
        ({"uses": ["a"]}, "a mapping of columns"),
        ({"uses": {"a": "nothing"}}, "is no use of a column"),
        ({"recipe": {"networks": 1}}, "must be a Recipe"),
    ],
)
def test_what_cannot_be_chosen_is_refused_in_a_sentence(chosen, said, tmp_path):
    table = find_shards(parquet(tmp_path / "t", frame()))
    with pytest.raises(InputError, match=said):
        choices_of(table, **chosen)


def test_no_names_are_none_and_names_lose_their_blanks(tmp_path):
    table = find_shards(parquet(tmp_path / "t", frame()))
    assert choices_of(table, drop=None, keep=None, uses=None) == choices_of(table)
    found = choices_of(table, drop=[" a"], uses={"shop ": "one-hot"}, group="c")
    assert (found.drop, found.uses, found.group) == (("a",), {"shop": "one-hot"}, "c")

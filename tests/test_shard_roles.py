"""What a row of a table in shards is for depends on its place alone."""

import numpy as np

from shoal.columns import Column, Table
from shoal.shards import survey
from shoal.shards.roles import Roles


def block(m, first=0):
    column = Column("a", "number", np.arange(first, first + m, dtype=float))
    return Table((column,), (), "t", True, first=first)


def test_roles_depend_on_a_rows_place_alone():
    roles = Roles(7, (0.0, 0.2), 0.15)
    whole, halves = roles.of(block(1000), 3), [roles.of(block(500, k), 3) for k in (0, 500)]
    for name in whole._fields:
        parts = np.concatenate([getattr(half, name) for half in halves])
        np.testing.assert_array_equal(getattr(whole, name), parts)
    assert (whole.learned ^ whole.measured ^ whole.stopping).all()
    assert 150 < whole.measured.sum() < 250
    assert 80 < whole.stopping.sum() < 160
    other_seed, other_shard = (
        Roles(8, (0.0, 0.2), 0.15).of(block(1000), 3),
        roles.of(block(1000), 4),
    )
    assert (other_seed.measured != whole.measured).any()
    assert (other_shard.measured != whole.measured).any()


def test_each_row_is_measured_on_in_one_fold():
    folds = [Roles(0, (k / 5, (k + 1) / 5), 0.1).of(block(2000), 0).measured for k in range(5)]
    np.testing.assert_array_equal(np.sum(folds, axis=0), 1)


def test_rows_of_a_group_are_never_apart():
    groups = np.array([f"g{k % 40}" if k % 9 else None for k in range(2000)], object)
    table = Table((Column("g", "text", groups),), (), "t", True)
    roles = Roles(0, (0.0, 0.3), 0.2, "g").of(table, 0)
    for name in sorted(set(filter(None, groups))):
        own = groups == name
        for of_rows in (roles.learned, roles.measured, roles.stopping):
            assert of_rows[own].all() or not of_rows[own].any()
    alone = np.array([each is None for each in groups])
    assert 0 < roles.measured[alone].sum() < alone.sum()


def test_drawn_rows_do_not_depend_on_who_draws_them():
    roles = Roles(0, (0.0, 0.0), 0.0)
    tables = [block(300, k) for k in (0, 300, 600)]
    drawn = [survey.Drawn.of(each, np.arange(300), roles.of(each, 0), 100) for each in tables]
    left, right = (drawn[0] + drawn[1]) + drawn[2], drawn[0] + (drawn[1] + drawn[2])
    np.testing.assert_array_equal(left.table["a"].values, right.table["a"].values)
    assert len(left.priority) == 100
    assert 20 < (left.table["a"].values < 300).sum() < 50

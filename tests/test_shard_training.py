"""What is learned from a table in shards is what the whole table teaches."""

from dataclasses import replace

import numpy as np
import pytest
from shard_files import QUICK, delimited, frame, parquet

from shoal import Callback, Checkpoint, Recipe, read_table, train_table
from shoal.errors import InputError
from shoal.shards import Here, find_shards, read_or_find, survey, train_shards
from shoal.shards.roles import Roles

pytestmark = pytest.mark.usefixtures("small_parts")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return parquet(tmp_path_factory.mktemp("shards") / "t", frame(3000), rows=400)


def test_networks_are_the_same_whether_parts_are_in_memory_or_in_files(folder, tmp_path):
    made = [
        train_shards(folder, "y", recipe=QUICK, place=Here(tmp_path, in_memory=in_memory))
        for in_memory in (True, False)
    ]
    assert made[0][0].fingerprint == made[1][0].fingerprint
    assert made[0][1].metrics == made[1][1].metrics
    assert not list(tmp_path.iterdir())  # nothing is left


def test_what_is_learned_in_parts_is_as_good_as_from_the_whole(folder):
    recipe = Recipe(networks=1, max_epochs=60, hidden_units=32)
    _, in_parts = train_shards(folder, "y", recipe=recipe)
    _, whole = train_table(read_or_find(folder), "y", recipe=recipe)
    assert in_parts.metrics["network"]["roc_auc"] == pytest.approx(
        whole.metrics["network"]["roc_auc"], abs=0.03
    )
    assert in_parts.metrics["network"]["roc_auc"] > 0.93


def test_sorted_rows_and_parts_of_one_class_are_learned_from(tmp_path):
    folder = parquet(tmp_path / "t", frame(2000, sort=True))
    _, found = train_shards(folder, "y", recipe=Recipe(networks=1, max_epochs=40))
    assert found.metrics["network"]["roc_auc"] > 0.9


def test_a_category_of_one_shard_is_known_as_in_memory(tmp_path):
    table = frame(1200)
    table.loc[:40, "colour"] = "gold"  # in the first row groups alone
    folder = parquet(tmp_path / "t", table)
    model, _ = train_shards(folder, "y", recipe=QUICK)
    (plan,) = [plan for plan in model.encoder.plans if plan.name == "colour"]
    assert "gold" in plan.categories


def test_plans_are_those_of_the_rows_that_are_learned_from(folder):
    """The summaries of parts decide as a whole table's do."""
    found = find_shards(folder)
    model, _ = train_shards(found, "y", recipe=QUICK)
    roles = Roles(0, (0.0, 0.2), 0.15)
    kept = survey.joined(
        [
            each.rows(np.flatnonzero(roles.of(each, shard.number).learned))
            for shard in found.shards
            for each in found.blocks(shard)
        ]
    )
    whole, _ = train_table(kept, "y", recipe=QUICK, test=kept)
    assert model.record["rows"] == kept.n_rows
    for one, other in zip(model.encoder.plans, whole.encoder.plans, strict=True):
        assert one.features == other.features
        assert one.missing == other.missing
        if hasattr(one, "mean"):
            assert one.mean == pytest.approx(other.mean, rel=1e-12)
            assert one.scale == pytest.approx(other.scale, rel=1e-12)


class Spy(Here):
    def encode(self, encoder, shards):
        self.encoder = encoder
        return super().encode(encoder, shards)


def test_shares_of_many_categories_come_from_other_folds(folder):
    spy = Spy()
    model, _ = train_shards(folder, "y", recipe=QUICK, place=spy)
    (plan,) = [plan for plan in model.encoder.plans if plan.name == "shop"]
    assert plan.use == "target means"
    assert len(plan.categories) == 120
    reading = spy.encoder.reading
    blocks = [each for shard in reading.table.shards for each in reading.blocks(shard)]
    labels, fold = (np.concatenate([each[k] for each in blocks]) for k in (2, 3))
    shops = np.concatenate([rows["shop"].values for _, rows, _, _ in blocks])
    mean, first = labels.mean(), plan.categories[0]
    shares = []
    for k in range(5):
        own = labels[(shops == first) & (fold != k)]
        shares.append((own.sum() + 10 * mean) / (len(own) + 10))
    seen = [
        dict(zip(each.categories, each.means, strict=True))[first][0]
        for encoder in spy.encoder.of_folds
        for each in encoder.plans
        if each.name == "shop"
    ]
    assert len(seen) == 5
    # scaled alike, so differences are in proportion
    np.testing.assert_allclose(
        np.diff(seen) / (seen[1] - seen[0]), np.diff(shares) / (shares[1] - shares[0]), rtol=1e-9
    )


def test_class_weights_goals_groups_and_tables_of_ones_own_are_respected(folder, tmp_path):
    held = frame(400, seed=5)
    held.to_csv(tmp_path / "held.csv", index=False)
    test = read_table(tmp_path / "held.csv")
    model, found = train_shards(
        folder, "y", test=test, validation=test, group="shop", goal="recall=0.9", drop=["c"],
        uses={"colour": "one-hot"}, recipe=replace(QUICK, class_weight="balanced"),
    )  # fmt: skip
    assert found.rows == 400
    assert model.record["rows"] == 3000  # nothing had to be held out
    assert model.decision.goal == "recall=0.9"
    assert {plan.name for plan in model.encoder.plans if not plan.features} == {"c", "shop"}
    assert model.record["tables"] == {"test": test.source, "validation": test.source}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"drop": ["nope"]}, "no column 'nope'"),
        ({"uses": {"a": "date"}}, "cannot be used as date"),
        ({"goal": "nonsense"}, "nonsense"),
        ({"seed": -1}, "seed is -1"),
        ({"recipe": Recipe(batch_size=10**6)}, "there is no dropout"),
        ({"recipe": replace(QUICK, class_weight={"maybe": 2.0})}, "'maybe', which is no class"),
    ],
)
def test_what_cannot_be_done_is_told(asked, words, folder):
    with pytest.raises(InputError, match=words):
        train_shards(folder, "y", **{"recipe": QUICK} | asked)


def test_too_few_groups_to_hold_some_out_are_told(tmp_path):
    table = frame().assign(half=np.where(np.arange(600) % 2, "odd", "even"))
    with pytest.raises(InputError, match="too few rows, or groups of rows"):
        train_shards(parquet(tmp_path / "t", table), "y", group="half", recipe=QUICK)


def test_each_part_that_is_learned_from_is_told(folder):
    seen = []
    place = Here(in_memory=True, on_part=lambda rows, of: seen.append((rows, of)))
    model, _ = train_shards(folder, "y", recipe=QUICK, place=place)
    assert {of for _, of in seen} == {model.record["rows"]}
    assert sum(rows for rows, _ in seen) % model.record["rows"] == 0


def test_a_training_on_shards_is_resumed_to_the_same_bits(folder, tmp_path):
    straight, _ = train_shards(folder, "y", recipe=QUICK)

    class Crash(Callback):
        def on_epoch_end(self, state):
            if state.network.n_h and len(state.history) == 2:
                raise KeyboardInterrupt

    kept = tmp_path / "kept"
    with pytest.raises(KeyboardInterrupt):
        train_shards(
            folder, "y", recipe=QUICK, callbacks=[Crash()], place=Here(tmp_path, in_memory=False),
            checkpoint=Checkpoint(kept, seconds=0.0),
        )  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    resumed, _ = train_shards(
        folder, "y", recipe=QUICK, checkpoint=Checkpoint(kept, resume=True, seconds=0.0)
    )
    assert resumed.fingerprint == straight.fingerprint
    with pytest.raises(InputError, match="seed"):
        train_shards(folder, "y", recipe=QUICK, seed=1, checkpoint=Checkpoint(kept, resume=True))
    with pytest.raises(
        InputError, match=r"differs in choice of l2 \(was not given, is 9.0\): give"
    ):
        train_shards(
            folder, "y", recipe=replace(QUICK, l2=9.0), checkpoint=Checkpoint(kept, resume=True)
        )


def test_a_number_that_is_rare_is_a_number_in_later_tables_too(tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "SAMPLE", 100)
    table = frame(2000).assign(rare=np.nan, never=np.nan)
    table.loc[1500:1504, "rare"] = range(5)
    model, _ = train_shards(parquet(tmp_path / "t", table), "y", recipe=QUICK)
    kinds = dict(model.schema.columns)
    (plan,) = [plan for plan in model.encoder.plans if plan.name == "rare"]
    assert plan.kind == kinds["rare"] == "number"
    assert kinds["never"] == "text"  # may hold anything later
    table.assign(never="now").to_csv(tmp_path / "later.csv", index=False)
    later = read_table(tmp_path / "later.csv", schema=model.schema)
    assert len(model.predict_proba(later)) == 2000


def test_other_tables_are_read_as_all_rows_of_the_table_are(tmp_path):
    table = frame()
    table["a"] = table["a"].round(3).astype(str)
    table.loc[450, "a"] = "many"
    folder = delimited(tmp_path / "t", table)
    table[400:500].to_csv(tmp_path / "test.csv", index=False)
    table[:100].to_csv(tmp_path / "validation.csv", index=False)
    model, found = train_shards(
        folder, "y", recipe=QUICK, test=tmp_path / "test.csv",
        validation=str(tmp_path / "validation.csv"),
    )  # fmt: skip
    assert found.rows == 100
    assert dict(model.schema.columns)["a"] == "text"
    assert model.record["tables"] == {
        "test": str(tmp_path / "test.csv"), "validation": str(tmp_path / "validation.csv"),
    }  # fmt: skip


def test_other_tables_that_are_not_there_are_told_before_anything_is_read(folder):
    class Never(Here):
        def total(self, work, shards):
            raise AssertionError

    for role in ("test", "validation"):
        with pytest.raises(InputError, match="no-such"):
            train_shards(folder, "y", place=Never(), **{role: "no-such-*.csv"})
        with pytest.raises(InputError, match="there is no file"):
            train_shards(folder, "y", place=Never(), **{role: "no-such.csv"})


def test_the_cell_that_makes_a_column_text_is_named_with_its_row(tmp_path):
    table = frame()
    table["a"] = table["a"].round(3).astype(str)
    table.loc[470, "a"] = "many"
    model, _ = train_shards(delimited(tmp_path / "t", table), "y", recipe=QUICK)
    (note,) = [note for note in model.record["notes"] if "read as text, because" in note]
    assert note.endswith(f"'many' in row 171 (line 172) of {tmp_path}/t/part-1.csv")


def test_notes_on_the_reading_come_once_where_there_is_one_block(tmp_path):
    table = frame(40)
    table.columns = ["a", "a", *table.columns[2:]]
    table.to_csv(tmp_path / "t.csv", index=False)
    model, _ = train_shards(tmp_path / "t.csv", "y", recipe=QUICK)
    assert len([note for note in model.record["notes"] if "occurs again" in note]) == 1

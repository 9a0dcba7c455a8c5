"""A table in shards is the table: its files, its rows, what they are for, and what is learned."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from shoal import Callback, Checkpoint, Recipe, TableClassifier, read_table, train_table
from shoal.cli import shoal
from shoal.cli.choices import training_command
from shoal.columns import Column, Table
from shoal.errors import InputError
from shoal.report import _python
from shoal.shards import (
    Here,
    cross_validate_shards,
    estimate,
    evaluate_blocks,
    find_shards,
    read_or_find,
    reading,
    sources,
    survey,
    train_shards,
)
from shoal.shards.roles import Roles
from shoal.table_evaluation import evaluate

QUICK = Recipe(networks=2, max_epochs=3, hidden_units=8)


def frame(m=600, seed=0, sort=False):
    random = np.random.default_rng(seed)
    x = random.normal(size=(m, 3))
    y = np.where(x[:, 0] + x[:, 1] * x[:, 2] + 0.3 * random.normal(size=m) > 0, "yes", "no")
    table = pd.DataFrame(x, columns=["a", "b", "c"])
    table.loc[::7, "b"] = np.nan
    table["colour"] = random.choice(["red", "green", "blue", None], m)
    table["shop"] = random.integers(0, 120, m).astype(str)
    table["shop"] = "shop " + table["shop"]
    table["y"] = y
    return table.sort_values("y", ignore_index=True) if sort else table


def parquet(folder, table, files=3, rows=70):
    folder.mkdir(exist_ok=True)
    for i, part in enumerate(np.array_split(np.arange(len(table)), files)):
        arrow = pa.Table.from_pandas(table.iloc[part], preserve_index=False)
        pq.write_table(arrow, folder / f"part-{i}.parquet", row_group_size=rows)
    return folder


def delimited(folder, table, files=2, zipped=False):
    folder.mkdir(exist_ok=True)
    for i, part in enumerate(np.array_split(np.arange(len(table)), files)):
        text = table.iloc[part].to_csv(index=False).encode()
        name = f"part-{i}.csv" + ".gz" * zipped
        (folder / name).write_bytes(gzip.compress(text) if zipped else text)
    return folder


def rows_of(table):
    blocks = [block for shard in table.shards for block in table.blocks(shard)]
    return survey.joined(blocks)


def same(one, other):
    assert one.names == other.names
    for first, second in zip(one.columns, other.columns, strict=True):
        assert first.kind == second.kind
        assert list(first.cells) == list(second.cells)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(sources, "PART", 50)


@pytest.mark.parametrize("kind", ["parquet", "csv", "csv.gz"])
def test_shards_hold_the_rows_of_the_files_in_order(kind, tmp_path):
    table = frame()
    folder = (
        parquet(tmp_path / "t", table)
        if kind == "parquet"
        else delimited(tmp_path / "t", table, zipped=kind == "csv.gz")
    )
    table.to_csv(tmp_path / "whole.csv", index=False)
    whole = read_table(tmp_path / "whole.csv")
    pattern = f"{folder}/part-*"
    for source in (folder, pattern, f"file://{folder}"):
        found = find_shards(source)
        same(rows_of(found), whole)
        assert found.exact == (kind == "parquet")
        assert found.rows == pytest.approx(600, rel=0.35)
    same(read_or_find(folder), whole)  # it is small, and so read whole


def test_a_file_is_read_as_ever_unless_parts_are_asked_for(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    frame().to_csv(path, index=False)
    same(read_or_find(path), read_table(path))
    assert len(read_or_find(path, in_parts=True).shards) == 1
    monkeypatch.setattr(reading, "SMALL", 0)
    same(read_or_find(path), read_table(path))
    monkeypatch.setattr(reading, "free_memory", lambda: 1000)
    assert len(read_or_find(path).shards) == 1
    same(read_or_find(path, in_parts=False), read_table(path))


def test_marks_and_notes_beside_the_files_are_passed_over(tmp_path):
    folder = parquet(tmp_path / "t", frame())
    (folder / "_SUCCESS").write_text("")
    (folder / ".hidden.csv").write_text("a\n1\n")
    (folder / "README.md").write_text("about")
    assert len({shard.source for shard in find_shards(folder).shards}) == 3


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda f: (f / "part-1.parquet").write_bytes(b"PAR1 and no more"), "part-1.parquet is a"),
        (
            lambda f: frame().drop(columns="b").to_parquet(f / "part-1.parquet"),
            "part-1.parquet lacks the column 'b'",
        ),
        (
            lambda f: frame().assign(z=1).to_parquet(f / "part-1.parquet"),
            "part-1.parquet has a column 'z'",
        ),
        (
            lambda f: frame().assign(a="text").to_parquet(f / "part-1.parquet"),
            "column 'a' of .*part-1.parquet holds text, but that of .*part-0.parquet number",
        ),
        (lambda f: (f / "more.csv").write_text("a\n1\n"), "both Parquet .* and what is no Parquet"),
        (lambda f: (f / "part-1.parquet").write_bytes(b""), r"or empty \(.*part-1.parquet\)"),
        (lambda f: parquet(f / "year=2020", frame()), "year=2020.*, which are not read"),
    ],
    ids=[
        "cut off",
        "a column less",
        "a column more",
        "another type",
        "two formats",
        "an empty file",
        "values in folders",
    ],
)
def test_a_bad_file_is_named(damage, words, tmp_path):
    folder = parquet(tmp_path / "t", frame())
    damage(folder)
    with pytest.raises(InputError, match=words):
        find_shards(folder)


def test_files_without_rows_are_passed_over(tmp_path):
    folder = delimited(tmp_path / "t", frame())
    header = (folder / "part-0.csv").read_text().splitlines()[0]
    (folder / "part-00.csv").write_text(header + "\n")
    (folder / "a-first.csv").write_text(header + "\n")
    (folder / "nothing.csv").write_text("")
    found = find_shards(folder)
    assert [Path(shard.source).name for shard in found.shards] == ["part-0.csv", "part-1.csv"]
    assert rows_of(found).n_rows == 600


def test_a_list_of_files_or_a_data_frame_is_refused_with_the_remedy():
    for given in (["a.parquet", "b.parquet"], frame(20)):
        with pytest.raises(InputError, match="is named by a text or a Path, not by a"):
            train_shards(given, "y")


def test_a_damaged_gzip_file_is_named(tmp_path):
    folder = delimited(tmp_path / "t", frame(), zipped=True)
    (folder / "part-1.csv.gz").write_bytes(b"\x1f\x8b\x08\x00" + b"\xff" * 99)
    with pytest.raises(InputError, match=r"part-1.csv.gz is a damaged"):
        find_shards(folder)


def test_a_damaged_row_group_is_named(tmp_path):
    folder = parquet(tmp_path / "t", frame(), rows=100)
    path = folder / "part-1.parquet"
    data = bytearray(path.read_bytes())
    group = pq.ParquetFile(path).metadata.row_group(1)
    start = group.column(0).data_page_offset
    data[start : start + 60] = b"\xff" * 60
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"row group 1 of .*part-1.parquet"):
        train_shards(folder, "y", recipe=QUICK)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("nothing-*.csv", "names no file"),
        ("folder", "holds no file that is read"),
        ("-", "read once only"),
        ("s4://bucket/x.parquet", "cannot read s4://"),
        ("file:///no/such/file.parquet", "cannot read file:///no/such"),
    ],
)
def test_what_is_no_table_is_told(source, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=words):
        find_shards(source)


def test_a_column_that_turns_out_to_be_text_is_text_throughout(tmp_path):
    table = frame()
    table["a"] = table["a"].round(3).astype(str)
    table.loc[450, "a"] = "many"
    folder = delimited(tmp_path / "t", table)
    model, _ = train_shards(folder, "y", recipe=QUICK)
    assert dict(model.schema.columns)["a"] == "text"
    (note,) = [note for note in model.record["notes"] if "read as text" in note]
    assert "'many'" in note
    assert "part-1.csv" in note


# roles


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


# training


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


def test_a_model_is_measured_block_by_block_as_on_the_whole(folder):
    model, _ = train_shards(folder, "y", recipe=QUICK)
    found = find_shards(folder)
    blocks = (each for shard in found.shards for each in found.blocks(shard))
    by_blocks = evaluate_blocks(model, blocks, "all")
    whole = evaluate(model, read_or_find(folder))
    assert by_blocks.metrics == whole.metrics
    assert by_blocks.confusion == whole.confusion


def test_cross_validation_measures_each_fold_by_the_others(folder):
    found = cross_validate_shards(find_shards(folder), "y", folds=2, recipe=QUICK)
    assert sum(each.rows for each in found.evaluations) == 3000
    assert 0.5 < found.metrics["network"]["roc_auc"].estimate < 1


def test_each_part_that_is_learned_from_is_told(folder):
    seen = []
    place = Here(in_memory=True, on_part=lambda rows, of: seen.append((rows, of)))
    model, _ = train_shards(folder, "y", recipe=QUICK, place=place)
    assert {of for _, of in seen} == {model.record["rows"]}
    assert sum(rows for rows, _ in seen) % model.record["rows"] == 0


def test_the_estimator_learns_from_files_and_predicts_them(folder, monkeypatch):
    whole = TableClassifier(recipe=QUICK, random_state=0).fit(str(folder), "y")
    monkeypatch.setattr(reading, "free_memory", lambda: 1000)
    in_parts = TableClassifier(recipe=QUICK, random_state=0).fit(folder, "y", groups="shop")
    for fitted in (whole, in_parts):
        assert fitted.classes_.tolist() == ["no", "yes"]
        table = pd.concat([pd.read_parquet(path) for path in sorted(folder.iterdir())])
        of_frame = fitted.predict_proba(table.drop(columns="y"))
        np.testing.assert_array_equal(fitted.predict_proba(str(folder)), of_frame)
        assert fitted.n_features_in_ == 5
    assert whole.model_.record["rows"] == 3000
    assert in_parts.model_.record["rows"] < 3000
    with pytest.raises(InputError, match="y is the name of its target"):
        TableClassifier().fit(folder, [0, 1])


def test_an_estimate_says_what_the_training_then_takes(folder, monkeypatch):
    monkeypatch.setattr(sources, "PART", 1000)  # so that some shards are measured whole
    found = estimate(find_shards(folder), "y", recipe=QUICK)
    model, _ = train_shards(folder, "y", recipe=QUICK)
    assert found.rows == 3000
    assert found.exact
    assert found.features == pytest.approx(len(model.encoder.features), rel=0.2)
    assert found.parameters == pytest.approx(
        sum(each.theta.size for each in model.ensemble.networks), rel=0.2
    )
    assert found.readings == 3  # the shares of shops are counted
    assert found.learned == pytest.approx(model.record["rows"], rel=0.05)
    assert min(found.read, found.learn, found.add, found.here.memory) > 0
    one, many = found.on(1), found.on(100)
    assert one.reading_seconds == pytest.approx(100 * many.reading_seconds)
    assert many.update_bytes == 100 * one.update_bytes
    with pytest.raises(InputError, match="workers is 0"):
        found.on(0)


def test_the_command_line_takes_folders_and_says_what_they_will_take(folder, tmp_path):
    def run(*words):
        result = CliRunner().invoke(shoal, list(map(str, words)))
        assert result.exit_code == 0, result.output
        return result.output

    planned = run("plan", folder, "-t", "y", "--workers", "4", "--networks", "1")
    assert "3,000 rows in" in planned
    assert "4 workers" in planned
    assert json.loads(run("plan", folder, "-t", "y", "--json"))["cluster"]["updates"] >= 1
    model = tmp_path / "m.shoal"
    trained = run("train", folder, "-t", "y", "--in-parts", "--networks", "1", "-o", model)
    assert "drawn from the" not in trained  # all of so few rows are looked at
    run("train", folder, "-t", "y", "--networks", "1", "--test", folder, "-o", tmp_path / "n.shoal")
    run("effects", model, f"{folder}/*.parquet", "--json")
    both = CliRunner().invoke(
        shoal, ["train", str(folder), "-t", "y", "--in-memory", "--large-batches"]
    )
    assert "leave out --in-memory" in str(both.exception)
    run("predict", model, f"{folder}/*.parquet", "-o", tmp_path / "p.parquet")
    assert len(pd.read_parquet(tmp_path / "p.parquet")) == 3000
    assert json.loads(run("evaluate", model, folder, "--json"))["rows"] == 3000
    refused = CliRunner().invoke(
        shoal, ["train", str(folder), "-t", "y", "--in-parts", "--order", "a"]
    )
    assert isinstance(refused.exception, InputError)
    assert "--order" in str(refused.exception)


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


def test_a_report_tells_how_to_train_the_same_in_parts(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    frame(500).to_csv(path, index=False)
    model, _ = train_shards(path, "y", recipe=QUICK)
    code = _python(model)
    monkeypatch.chdir(tmp_path)
    made = {}
    exec(code, made)
    assert made["model"].fingerprint == model.fingerprint
    bare, _ = train_shards(path, "y", recipe=Recipe(networks=1))
    assert "--in-parts" in training_command(bare)

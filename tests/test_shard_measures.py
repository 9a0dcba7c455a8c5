"""Models of tables in shards are measured, and what they will take is estimated."""

from dataclasses import replace

import pytest
from shard_files import QUICK, frame, parquet

from shoal.errors import InputError
from shoal.shards import (
    cross_validate_shards,
    estimate,
    evaluate_blocks,
    evaluate_shards,
    find_shards,
    read_or_find,
    sources,
    train_shards,
)
from shoal.table_evaluation import evaluate

pytestmark = pytest.mark.usefixtures("small_parts")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return parquet(tmp_path_factory.mktemp("shards") / "t", frame(3000), rows=400)


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
    assert found.learned == pytest.approx(model.record["rows"], rel=0.02)
    assert found.learned + found.stopping + found.held_out == 3000
    assert min(found.read, found.learn, found.add, found.here.memory) > 0
    one, many = found.on(1), found.on(100)
    assert one.reading_seconds == pytest.approx(100 * many.reading_seconds)
    assert many.update_bytes == 100 * one.update_bytes
    assert one.update_bytes == 2 * 4 * found.parameters  # float32 there, and back
    with pytest.raises(InputError, match="workers is 0"):
        found.on(0)


def test_a_label_that_is_read_freely_is_told_once(folder, tmp_path):
    model, _ = train_shards(folder, "y", recipe=QUICK)
    table = frame(1000).replace({"y": {"yes": "YES"}})
    found = evaluate_shards(model, find_shards(parquet(tmp_path / "t", table)))
    (note,) = [note for note in found.notes if "'YES'" in note]
    assert note.startswith("label 'YES' was read as 'yes': in row group 0 of ")


def test_an_estimate_of_memory_has_all_that_is_held_at_once(folder):
    found = estimate(find_shards(folder), "y", recipe=QUICK)
    assert found.in_memory
    assert found.here.disk == 0
    here, cells = found.here.memory, found.columns + found.features
    encoded = found.learned * (found.features + 1) * 4
    in_files = replace(found, in_memory=False).here
    assert (in_files.memory, in_files.disk) == (here - encoded, encoded)
    drawn = found.learned + found.stopping + found.held_out  # so few rows are all drawn
    more_shards = replace(found, shards=2 * found.shards)
    assert more_shards.here.memory - here == drawn * found.columns * 8
    surveys = found.shards.bit_length() - 1
    without = replace(found, held_out=0).here.memory
    assert here - without == found.held_out * (cells + surveys * found.columns) * 8
    assert here > found.resident > 50e6  # with what Python, NumPy and scikit-learn take

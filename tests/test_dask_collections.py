"""Dask's frames and arrays are tables: learned from, measured on and predicted where they are."""

import numpy as np
import pandas as pd
import pytest
from clusters import QUIET, RECIPE, workers
from pyarrow.parquet import ParquetFile
from shard_files import frame, parquet

from shoal import Recipe, ShoalClassifier, train_table
from shoal.errors import InputError
from shoal.shards import Here, train_shards
from shoal.table_evaluation import evaluate as evaluate_whole
from shoal.tables import table_from_frame

dask = pytest.importorskip("dask", reason="Dask is not installed: shoal[dask]")
dd = pytest.importorskip("dask.dataframe", reason="Dask is not installed: shoal[dask]")
da = pytest.importorskip("dask.array")
from shoal import distributed as cluster  # noqa: E402

pytestmark = QUIET


def test_dask_frames_are_learned_from_as_their_files(tmp_path):
    folder = parquet(tmp_path / "t", frame(3000), files=5, rows=120)
    alone = train_shards(folder, "y", recipe=RECIPE, place=Here(in_memory=True))
    files = [ParquetFile(path) for path in sorted(folder.iterdir())]
    groups = [
        file.read_row_group(i).to_pandas() for file in files for i in range(file.num_row_groups)
    ]
    whole = pd.concat(groups)
    with workers(2) as client:
        data = dd.from_delayed([*map(dask.delayed, groups)], meta=groups[0].iloc[:0])
        model, found = cluster.train(data, "y", client=client, recipe=RECIPE)
        assert model.fingerprint == alone[0].fingerprint
        assert found.metrics == alone[1].metrics
        predicted = cluster.predict(model, data).compute(scheduler="threads")
        measured = cluster.evaluate(model, data, client=client)
        of_files = cluster.evaluate(model, str(folder), client=client)
        folds = cluster.cross_validate(data, "y", client=client, recipe=RECIPE, folds=2)
    table = table_from_frame(whole)
    np.testing.assert_array_equal(predicted["probability_yes"], model.predict_proba(table)[:, 1])
    expected = evaluate_whole(model, table)
    assert measured.confusion == of_files.confusion == expected.confusion
    assert sum(each.rows for each in folds.evaluations) == 3000


def test_dask_arrays_are_learned_from():
    random = np.random.default_rng(0)
    X = random.normal(size=(900, 4))
    y = (X[:, 0] > 0).astype(int)
    with workers(2) as client:
        model, found = cluster.train(
            da.from_array(X, chunks=(200, 2)), da.from_array(y, chunks=300), client=client,
            recipe=Recipe(networks=1, max_epochs=60, dropout=0.0, batch_size=40_000, alpha=0.01),
        )  # fmt: skip
        assert found.metrics["network"]["roc_auc"] > 0.95
        assert model.target.classes == ("0", "1")
        rows, labels = da.from_array(X, chunks=(250, 2)), da.from_array(y, chunks=300)
        measured = cluster.evaluate(model, rows, labels, client=client)
        predicted = cluster.predict(model, rows).compute(scheduler="threads")
        table = table_from_frame(pd.DataFrame(X, columns=model.schema.feature_names))
        np.testing.assert_array_equal(predicted["probability_1"], model.predict_proba(table)[:, 1])
        right = predicted["prediction"].to_numpy() == y
        assert measured.metrics["network"]["accuracy"] == right.mean()
        estimator = ShoalClassifier().adopt(model)
        np.testing.assert_array_equal(estimator.predict(X), predicted["prediction"])
        with pytest.raises(InputError, match="has 3 columns, but the model was trained on 4"):
            cluster.predict(model, rows[:, :3])
        with pytest.raises(InputError, match="a label for each row"):
            cluster.evaluate(model, rows, client=client)
        with pytest.raises(InputError, match="Dask array has rows and columns"):
            cluster.predict(model, labels)
        with pytest.raises(InputError, match="Dask array has rows and columns"):
            cluster.train(da.zeros((3, 3)), "y", client=client)
        with pytest.raises(InputError, match="name of one of its columns"):
            cluster.train(dd.from_pandas(frame(50), npartitions=1), None, client=client)


def test_predictions_of_frames_with_text_and_dates_are_those_of_their_rows():
    table = frame(300)
    table["day"] = [f"2024-{i % 12 + 1:02}-{i % 28 + 1:02}" for i in range(300)]
    table.index += 1000
    model, _ = train_table(table_from_frame(table), "y", recipe=RECIPE)
    data = dd.from_pandas(table, npartitions=3)
    predicted = cluster.predict(model, data)
    assert [*predicted.columns] == ["prediction", "probability_no", "probability_yes"]
    found = predicted.compute(scheduler="threads")
    assert found.index.equals(table.index)
    expected = model.predict_proba(table_from_frame(table))
    np.testing.assert_array_equal(found["probability_yes"], expected[:, 1])


def test_a_partition_with_other_columns_is_named():
    table = frame(100)
    with workers(1) as client:
        parts = (table.iloc[:0], table, table.drop(columns="b"))
        odd = dd.from_delayed([*map(dask.delayed, parts)], meta=table, verify_meta=False)
        said = "partition 2 of the Dask frame differs from partition 1 in the column 'b'"
        with pytest.raises(InputError, match=said):
            cluster.train(odd, "y", client=client, recipe=RECIPE)


def test_what_is_wrong_in_a_partition_is_told_with_its_number_among_all():
    table = frame(100)
    strange = table.assign(b=np.inf)
    with workers(1) as client:
        parts = (table.iloc[:0], table, strange)
        data = dd.from_delayed([*map(dask.delayed, parts)], meta=table)
        with pytest.raises(InputError, match="partition 2 of the Dask frame"):
            cluster.train(data, "y", client=client, recipe=RECIPE)


def test_a_partition_whose_own_code_fails_is_told_in_a_sentence():
    data = dd.from_pandas(frame(100), npartitions=2)
    broken = data.map_partitions(lambda part: part.assign(b=1 / 0), meta=data._meta)
    said = r"partition \d of the Dask frame cannot be computed \(ZeroDivisionError: division"
    with workers(1) as client, pytest.raises(InputError, match=said):
        cluster.train(broken, "y", client=client, recipe=RECIPE)


def test_an_estimator_does_not_take_dask_s_data_into_memory_by_itself():
    data = dd.from_pandas(frame(100), npartitions=2)
    with pytest.raises(InputError, match=r"X is a collection of Dask.* shoal\.distributed"):
        ShoalClassifier().fit(data.drop(columns="y"), data["y"])


def test_what_a_recipe_chooses_stays_and_the_rest_fits_batches_of_whole_parts():
    data = dd.from_pandas(frame(900), npartitions=2)
    with workers(1) as client:

        def recorded(**chosen):
            recipe = Recipe(networks=1, max_epochs=2, hidden_units=4, **chosen)
            model, _ = cluster.train(data, "y", client=client, recipe=recipe)
            return Recipe(**model.record["choices"]["recipe"])

        usual = recorded()
        assert usual.batch_size > 32_768
        assert recorded(dropout=0.0) == usual
        chosen = recorded(batch_size=100_000, alpha=0.03)
        assert (chosen.batch_size, chosen.alpha, chosen.dropout) == (100_000, 0.03, 0.0)
        assert recorded(batch_size=600, dropout=0.0).alpha == Recipe().alpha


def test_an_empty_partition_is_no_shard():
    table = frame(400)
    with workers(1) as client:
        data = dd.from_pandas(table, npartitions=4, sort=False)
        empty = data.map_partitions(lambda part: part if part.index[0] else part.iloc[:0])
        model, _ = cluster.train(empty, "y", client=client, recipe=RECIPE)
        assert model.record["rows"] < 300
        assert len(cluster.predict(model, empty).compute(scheduler="threads")) == 300


@pytest.mark.parametrize("client", [None, "tcp://127.0.0.1:8786"])
def test_what_is_no_client_is_refused_with_the_remedy(client):
    with pytest.raises(InputError, match=r"must be a distributed.Client, as Client\("):
        cluster.train(dd.from_pandas(frame(50), npartitions=2), "y", client=client)

"""A cluster reads tables as one machine does: without names, and with names that have blanks."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner
from clusters import QUIET, RECIPE, workers
from shard_files import delimited, frame

from shoal import train_shards
from shoal.cli import shoal
from shoal.tables import frame_kinds, table_from_frame

dd = pytest.importorskip("dask.dataframe", reason="Dask is not installed: shoal[dask]")
from shoal import distributed as cluster  # noqa: E402

pytestmark = QUIET


@pytest.mark.parametrize(
    "names", [[" a", "b ", "c"], ["", "b", ""], ["a", "a", "b"], [1, 2, 3], ["a", " a", "a_2"]]
)
def test_the_kinds_of_a_frame_are_of_the_columns_that_its_table_has(names):
    data = pd.DataFrame([[1.0, "x", None], [2.0, "y", None]], columns=names)
    assert tuple(frame_kinds(data)) == table_from_frame(data).names
    assert [*frame_kinds(data).values()] == ["number", "text", None]


def test_a_cluster_takes_files_without_names_and_frames_whose_names_have_blanks(tmp_path):
    folder = delimited(tmp_path / "named", frame())
    model, _ = train_shards(folder, "y", recipe=RECIPE)
    model.save(tmp_path / "m.shoal")
    bare = tmp_path / "bare"
    bare.mkdir()
    for path in folder.iterdir():
        (bare / path.name).write_text(path.read_text().partition("\n")[2])
    made = {}
    with workers(1) as client:
        for source in (folder, bare):
            for where in ([], ["--dask", client.scheduler.address]):
                words = ["evaluate", tmp_path / "m.shoal", source, "--json", *where]
                done = CliRunner().invoke(shoal, list(map(str, words)))
                assert done.exit_code == 0, done.output
                made[source, bool(where)] = json.loads(done.stdout)["metrics"]
                predicted = tmp_path / f"{source.name}{len(where)}.csv"
                words = ["predict", tmp_path / "m.shoal", source, "-o", predicted, *where]
                assert CliRunner().invoke(shoal, list(map(str, words))).exit_code == 0
        assert cluster.evaluate(model, str(bare), client=client).rows == 600
        data = dd.from_pandas(frame().rename(columns={"a": " a", "y": "y "}), npartitions=2)
        there, _ = cluster.train(data, "y", client=client, recipe=RECIPE)
    assert len({json.dumps(each) for each in made.values()}) == 1
    assert len({path.read_text() for path in tmp_path.glob("*.csv")}) == 1
    assert there.schema.names == model.schema.names

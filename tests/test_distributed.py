"""A cluster trains the networks that one machine trains, whatever becomes of its workers."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from test_shards import frame, parquet

from shoal import Callback, Checkpoint, Recipe
from shoal.cli import shoal
from shoal.errors import InputError
from shoal.shards import Here, find_shards, sources, train_shards
from shoal.table_evaluation import evaluate as evaluate_whole
from shoal.tables import table_from_frame

dd = pytest.importorskip("dask.dataframe", reason="Dask is not installed: shoal[dask]")
da = pytest.importorskip("dask.array")
dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")
from shoal import distributed as cluster  # noqa: E402
from shoal.distributed.waiting import Cluster, remove_silent  # noqa: E402

RECIPE = Recipe(networks=2, max_epochs=8, hidden_units=8, dropout=0.0, batch_size=40_000)

# Dask warns of ports and of workers that were killed, and has threads that outlive a cluster
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:distributed.*"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
]


@contextmanager
def workers(number, processes=False):
    """Start a cluster of this machine."""
    with (
        distributed.LocalCluster(
            n_workers=number, threads_per_worker=1, processes=processes, dashboard_address=":0",
            silence_logs=50,
        ) as local,
        distributed.Client(local, set_as_default=False) as client,
    ):  # fmt: skip
        yield client


@contextmanager
def scheduler_of_its_own(folder):
    """Start a scheduler and a worker as processes of their own; yield a client and the first."""
    file = folder / "scheduler.json"
    command = [sys.executable, "-m", "dask"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = subprocess.Popen(
        [*command, "scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", file], **quiet
    )
    worker = subprocess.Popen(
        [*command, "worker", "--nthreads", "1", "--no-dashboard", "--scheduler-file", file,
         "--local-directory", folder], **quiet,
    )  # fmt: skip
    try:
        while not file.exists():
            time.sleep(0.1)
        with distributed.Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(1, timeout=120)
            yield client, started
    finally:
        for process in (worker, started):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return parquet(tmp_path_factory.mktemp("cluster") / "t", frame(3000), files=5, rows=120)


@pytest.fixture(scope="module")
def alone(folder):
    return train_shards(folder, "y", recipe=RECIPE, place=Here(in_memory=True))


@pytest.mark.parametrize("number", [1, 2, 3, 8])
def test_networks_have_the_same_bits_on_any_number_of_workers(number, folder, alone):
    with workers(number) as client:
        model, found = cluster.train(str(folder), "y", client=client, recipe=RECIPE)
    assert model.fingerprint == alone[0].fingerprint
    assert found.metrics == alone[1].metrics
    assert model.encoder.to_data() == alone[0].encoder.to_data()


def test_batches_of_some_of_the_parts_have_the_same_bits_too(folder, monkeypatch):
    monkeypatch.setattr(sources, "PART", 40)
    recipe = Recipe(networks=2, max_epochs=4, hidden_units=8, dropout=0.0, batch_size=500)
    here, _ = train_shards(folder, "y", recipe=recipe)
    with workers(2) as client:
        there, _ = cluster.train(str(folder), "y", client=client, recipe=recipe)
    assert there.fingerprint == here.fingerprint


class After(Callback):
    """Does something once so many passes are made."""

    def __init__(self, passes, what):
        self.passes, self.what, self.done = passes, what, False

    def on_epoch_end(self, state):
        if state.network.n_h and len(state.history) == self.passes and not self.done:
            self.done = True
            self.what()


def test_a_worker_that_is_killed_leaves_its_work_to_the_others(folder, alone):
    with workers(2, processes=True) as client:
        pids = list(client.run(os.getpid).values())
        kill = After(3, lambda: os.kill(pids[0], signal.SIGKILL))
        model, _ = cluster.train(str(folder), "y", client=client, recipe=RECIPE, callbacks=[kill])
    assert kill.done
    assert model.fingerprint == alone[0].fingerprint


def test_a_worker_that_falls_silent_is_done_without(folder, alone):
    with workers(2, processes=True) as client:
        pid = next(iter(client.run(os.getpid).values()))
        pause = After(3, lambda: os.kill(pid, signal.SIGSTOP))
        place = cluster.OnCluster(client, silence=4.0)
        try:
            model, _ = train_shards(folder, "y", recipe=RECIPE, callbacks=[pause], place=place)
        finally:
            os.kill(pid, signal.SIGCONT)
    assert model.fingerprint == alone[0].fingerprint


def test_a_worker_that_joins_is_used(folder, alone):
    with workers(1) as client:
        join = After(2, lambda: client.cluster.scale(2))
        wait = After(3, lambda: client.wait_for_workers(2, timeout=60))
        used = set()
        look = After(7, lambda: used.update(client.has_what()))
        model, _ = cluster.train(
            str(folder), "y", client=client, recipe=RECIPE, callbacks=[join, wait, look]
        )
    assert len(used) == 2
    assert model.fingerprint == alone[0].fingerprint


def test_a_training_whose_scheduler_is_lost_goes_on_from_its_checkpoint(folder, alone, tmp_path):
    kept = tmp_path / "kept"
    soon = dask.config.set({"distributed.comm.timeouts.connect": "5s"})
    with soon, scheduler_of_its_own(tmp_path) as (client, process):
        lose = After(4, process.kill)
        with pytest.raises(InputError, match=r"scheduler at .* does not answer"):
            cluster.train(
                str(folder), "y", client=client, recipe=RECIPE, callbacks=[lose],
                checkpoint=Checkpoint(kept, seconds=0.0),
            )  # fmt: skip
    with workers(1) as client:
        made = []

        class Count(Callback):
            def on_epoch_end(self, state):
                made.append(len(state.history))

        model, _ = cluster.train(
            str(folder), "y", client=client, recipe=RECIPE, callbacks=[Count()],
            checkpoint=Checkpoint(kept, resume=True),
        )  # fmt: skip
    assert min(n for n in made[-4:]) > 4
    assert model.fingerprint == alone[0].fingerprint


def test_waiting_for_workers_that_never_come_ends(folder):
    with workers(0) as client:
        place = cluster.OnCluster(client, patience=1.0)
        with pytest.raises(InputError, match=r"waited 1 s for the reading of .* 0 workers: start"):
            train_shards(folder, "y", recipe=RECIPE, place=place)


def test_a_bad_shard_is_named_from_a_worker_too(tmp_path):
    folder = parquet(tmp_path / "t", frame(), rows=100)
    found = find_shards(folder)
    (folder / "part-1.parquet").write_bytes(b"PAR1 cut off PAR1")
    with workers(2) as client, pytest.raises(InputError, match=r"part-1\.parquet"):
        cluster.train(found, "y", client=client, recipe=RECIPE)


def test_batches_within_parts_are_refused_on_a_cluster(folder):
    with workers(1) as client, pytest.raises(InputError, match="batch_size above"):
        train_shards(folder, "y", recipe=Recipe(max_epochs=1), place=cluster.OnCluster(client))


def test_dask_frames_are_learned_from_as_their_files(folder):
    whole = pd.concat([pd.read_parquet(path) for path in sorted(folder.iterdir())])
    with workers(2) as client:
        data = dd.from_pandas(whole.reset_index(drop=True), npartitions=5)
        model, found = cluster.train(data, "y", client=client, recipe=RECIPE)
        again, _ = cluster.train(data, "y", client=client, recipe=RECIPE)
        assert again.fingerprint == model.fingerprint
        assert found.metrics["network"]["roc_auc"] > 0.7
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
        with pytest.raises(InputError, match="Dask array has rows and columns"):
            cluster.train(da.zeros((3, 3)), "y", client=client)
        with pytest.raises(InputError, match="name of one of its columns"):
            cluster.train(dd.from_pandas(frame(50), npartitions=1), None, client=client)


def test_an_empty_partition_is_no_shard():
    table = frame(400)
    with workers(1) as client:
        data = dd.from_pandas(table, npartitions=4, sort=False)
        empty = data.map_partitions(lambda part: part if part.index[0] else part.iloc[:0])
        model, _ = cluster.train(empty, "y", client=client, recipe=RECIPE)
        assert model.record["rows"] < 300
        assert len(cluster.predict(model, empty).compute(scheduler="threads")) == 300


def out_of(*words):
    result = CliRunner().invoke(shoal, list(map(str, words)))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_line_trains_and_validates_on_a_cluster(tmp_path):
    folder = parquet(tmp_path / "t", frame(500))
    out = tmp_path / "m.shoal"
    with workers(2) as client:
        address = client.scheduler.address
        common = [str(folder), "-t", "y", "--networks", "1", "--json"]
        there = CliRunner().invoke(shoal, ["train", *common, "--dask", address, "-o", str(out)])
        assert there.exit_code == 0, there.output
        folds = CliRunner().invoke(
            shoal, ["cross-validate", *common, "--dask", address, "--folds", "2"]
        )
        assert folds.exit_code == 0, folds.output
        rows = json.loads(out_of("evaluate", out, folder, "--json", "--dask", address))["rows"]
        out_of("predict", out, folder, "-o", tmp_path / "there.csv", "--dask", address)
    assert rows == 500
    out_of("predict", out, folder, "-o", tmp_path / "here.csv")
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
    here = CliRunner().invoke(shoal, ["train", *common, "--large-batches", "-o", str(out)])
    assert here.exit_code == 0, here.output
    pick = [line for line in there.output.splitlines() if "fingerprint" in line]
    assert pick
    assert pick == [line for line in here.output.splitlines() if "fingerprint" in line]


def test_silent_workers_are_taken_out_and_others_left(folder):
    with workers(2) as client:
        assert client.run_on_scheduler(remove_silent, seconds=60.0) == []
        assert len(client.nthreads()) == 2
        gone = client.run_on_scheduler(remove_silent, seconds=-1.0)
        assert len(gone) == 2


def test_work_is_given_up_after_many_losses_not_before():
    class Fails:
        status = "error"

        def exception(self):
            return OSError("connection lost")

    with workers(1) as client:
        sent = []

        def work():
            sent.append(1)
            return Fails()

        with pytest.raises(InputError, match="was lost 21 times"):
            Cluster(client).results([work], "a sum")
    assert len(sent) == 21


def test_a_tick_ends_the_waiting():
    with workers(1) as client:
        slow = [lambda: client.submit(time.sleep, 3, pure=False)]
        begin = threading.Event()
        begin.set()
        assert Cluster(client).results(slow, "a nap", begin.is_set) == []

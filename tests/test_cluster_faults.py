"""Whatever becomes of a cluster, its networks are the same, or a sentence says what to do.

The long form of this is ``faults.py``.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import partial

import pytest
from click.testing import CliRunner
from clusters import QUIET, RECIPE, workers
from crashes import DRIVER
from machines import Machines
from shard_files import frame, parquet

from shoal import Callback, Checkpoint
from shoal.checkpoint import NAME
from shoal.cli import shoal
from shoal.errors import InputError
from shoal.shards import Here, train_shards

dask = pytest.importorskip("dask", reason="Dask is not installed: shoal[dask]")
distributed = pytest.importorskip("distributed")
from shoal import distributed as cluster  # noqa: E402
from shoal.distributed import placement  # noqa: E402

pytestmark = QUIET


@contextmanager
def machines(folder, number):
    """Start a scheduler and so many workers as processes of their own; yield a client too."""
    those = Machines(folder)
    try:
        those.repair(number)
        with distributed.Client(those.address, set_as_default=False) as client:
            client.wait_for_workers(number, timeout=120)
            yield those, client
    finally:
        those.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return parquet(tmp_path_factory.mktemp("cluster") / "t", frame(3000), files=5, rows=120)


@pytest.fixture(scope="module")
def alone(folder):
    return train_shards(folder, "y", recipe=RECIPE, place=Here(in_memory=True))


class After(Callback):
    """Does something once so many passes are made."""

    def __init__(self, passes, what):
        self.passes, self.what, self.done = passes, what, False

    def on_epoch_end(self, state):
        if state.network.n_h and len(state.history) == self.passes and not self.done:
            self.done = True
            self.what()


def test_workers_that_die_or_fall_silent_are_done_without(folder, alone):
    harmed = []
    with workers(3, processes=True) as client:

        def harm(how):
            (pid, *_) = [pid for pid in client.run(os.getpid).values() if pid not in harmed]
            harmed.append(pid)
            os.kill(pid, how)

        calls = [After(3, partial(harm, signal.SIGSTOP)), After(5, partial(harm, signal.SIGKILL))]
        place = cluster.OnCluster(client, silence=6.0)
        model, _ = train_shards(folder, "y", recipe=RECIPE, callbacks=calls, place=place)
    assert len(harmed) == 2
    assert model.fingerprint == alone[0].fingerprint


def test_a_worker_that_joins_is_used(folder, alone, monkeypatch):
    monkeypatch.setattr(placement, "AGAIN", 0.0)
    with workers(1) as client:
        join = After(2, lambda: client.cluster.scale(2))
        wait = After(3, lambda: client.wait_for_workers(2, timeout=60))
        used = set()
        look = After(7, lambda: used.update(k for k, has in client.has_what().items() if has))
        model, _ = cluster.train(
            str(folder), "y", client=client, recipe=RECIPE, callbacks=[join, wait, look]
        )
    assert len(used) == 2
    assert model.fingerprint == alone[0].fingerprint


def test_a_training_whose_scheduler_is_lost_goes_on_from_its_checkpoint(folder, alone, tmp_path):
    kept = tmp_path / "kept"
    soon = dask.config.set({"distributed.comm.timeouts.connect": "5s"})
    with soon, machines(tmp_path, 1) as (those, client):
        lose = After(4, those.lose_scheduler)
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


def test_a_worker_that_is_cut_off_the_network_is_done_without(folder, alone, tmp_path):
    with machines(tmp_path, 2) as (those, client):
        if not those.network.works:
            pytest.skip("network namespaces need Linux' ip, and root")
        cut = After(3, lambda: those.cut(0))
        place = cluster.OnCluster(client, silence=4.0)
        model, _ = train_shards(folder, "y", recipe=RECIPE, callbacks=[cut], place=place)
        assert len(client.nthreads()) == 1
    assert model.fingerprint == alone[0].fingerprint


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_training_by_the_command_line_that_is_killed_or_stopped_goes_on(how, tmp_path):
    folder, kept = parquet(tmp_path / "t", frame(500)), tmp_path / "kept"
    common = ["train", str(folder), "-t", "y", "--networks", "1", "-o", str(tmp_path / "m.shoal")]
    with workers(1, protocol="tcp") as client:
        there = [*common, "--dask", client.scheduler.address, "--checkpoint", str(kept), "--json"]
        with subprocess.Popen(
            [sys.executable, "-c", DRIVER, *there], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            while not (kept / NAME).exists():
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(how)
            _, said = process.communicate(timeout=120)
        if how == signal.SIGINT:
            assert process.returncode == 130
            assert "Traceback" not in said
            assert "Go on with --resume" in said
            deadline = time.monotonic() + 60
            while client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
                assert time.monotonic() < deadline, "something is kept"
                time.sleep(0.1)
        found = CliRunner().invoke(shoal, [*there, "--resume"])
        assert found.exit_code == 0, found.output
    here = CliRunner().invoke(shoal, [*common, "--large-batches", "--json"])
    same = [json.loads(each.output)["fingerprint"] for each in (found, here)]
    assert same[0] == same[1]


def test_rows_that_have_changed_when_they_are_read_again_are_refused(tmp_path):
    folder = parquet(tmp_path / "t", frame(600))
    with workers(1) as client:
        place = cluster.OnCluster(client)

        def change():
            parquet(folder, frame(600, seed=1))
            client.cancel([each.future for each in place._kept])  # as if all workers had died

        with pytest.raises(InputError, match="not what they were: leave the files"):
            train_shards(folder, "y", recipe=RECIPE, callbacks=[After(3, change)], place=place)

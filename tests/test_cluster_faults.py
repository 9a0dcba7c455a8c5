"""Whatever becomes of a cluster, its networks are the same, or a sentence says what to do.

The long form of this is ``faults.py``.
"""

import asyncio
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from clusters import QUIET, RECIPE, workers
from crashes import DRIVER
from machines import Machines
from test_shards import frame, parquet

from shoal import Callback, Checkpoint
from shoal.checkpoint import NAME
from shoal.cli import shoal
from shoal.errors import InputError
from shoal.shards import Here, train_shards

dask = pytest.importorskip("dask", reason="Dask is not installed: shoal[dask]")
dd = pytest.importorskip("dask.dataframe", reason="Dask is not installed: shoal[dask]")
distributed = pytest.importorskip("distributed")
from shoal import distributed as cluster  # noqa: E402
from shoal.distributed import placement, silence, waiting  # noqa: E402
from shoal.distributed.silence import remove_silent  # noqa: E402
from shoal.distributed.waiting import Cluster  # noqa: E402

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


def test_a_training_by_the_command_line_that_is_killed_goes_on(tmp_path):
    folder, kept = parquet(tmp_path / "t", frame(500)), tmp_path / "kept"
    common = ["train", str(folder), "-t", "y", "--networks", "1", "-o", str(tmp_path / "m.shoal")]
    with workers(1, protocol="tcp") as client:
        there = [*common, "--dask", client.scheduler.address, "--checkpoint", str(kept), "--json"]
        with subprocess.Popen(
            [sys.executable, "-c", DRIVER, *there], stdout=subprocess.DEVNULL
        ) as process:
            while not (kept / NAME).exists():
                assert process.poll() is None
                time.sleep(0.01)
            process.kill()
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


def test_waiting_for_workers_that_never_come_ends(folder):
    with workers(0) as client:
        place = cluster.OnCluster(client, patience=1.0)
        with pytest.raises(InputError, match=r"waited 1 s for the reading of .* 0 workers: start"):
            train_shards(folder, "y", recipe=RECIPE, place=place)


def test_silent_workers_are_taken_out_and_others_left():
    with workers(2) as client:
        assert client.run_on_scheduler(remove_silent, seconds=60.0)[:2] == (2, 2)
        state = client.run_on_scheduler(remove_silent, seconds=-1.0)
        assert state.workers == 0
        assert len(state.removed) == 2


def _stand_still(dask_scheduler):
    for worker in dask_scheduler.workers.values():
        worker.last_seen -= 100.0


def test_workers_are_not_silent_because_the_scheduler_stood_still():
    with workers(2) as client:
        client.run_on_scheduler(_stand_still)
        state = client.run_on_scheduler(remove_silent, seconds=50.0)
        assert state[:2] == (2, 2)
        assert not state.removed


SLOWLY = "__import__('time').sleep(2.5) or __import__('os').getpid()"  # imports little else


def test_a_result_on_a_worker_that_stands_still_or_died_is_made_again():
    with workers(2, processes=True) as client:
        client.run(os.getpid)
        for harm in (signal.SIGSTOP, signal.SIGKILL):
            pids = []

            def done_then_harmed(harm=harm, pids=pids):
                future = client.submit(eval, SLOWLY, pure=False)
                pids.append(future.result())
                os.kill(pids[0], harm)  # nobody has the result any more
                return future

            (again,) = Cluster(client, silence=3.0).results([done_then_harmed], "a number")
            assert len(pids) == 1
            assert again != pids[0]
            client.wait_for_workers(2, timeout=120)  # as nannies start them anew


def test_a_worker_without_what_is_needed_is_named_with_the_remedy():
    with workers(1) as client:
        lacking = partial(client.submit, importlib.import_module, "shoal.not_there", pure=False)
        with pytest.raises(InputError, match="install the same version"):
            Cluster(client).results([lacking], "a sum")


def _unlucky():
    raise OSError("connection lost")


def test_work_is_given_up_after_many_losses_not_before(monkeypatch):
    monkeypatch.setattr(waiting, "LONGEST_PAUSE", 0.0)
    with workers(1) as client:
        sent = []

        def work():
            sent.append(1)
            return client.submit(_unlucky, pure=False)

        with pytest.raises(InputError, match=r"was lost 21 times .*OSError: connection lost"):
            Cluster(client).results([work], "a sum")
    assert len(sent) == 21


_let_go = threading.Event()


def _until_let_go():
    _let_go.wait(120)


@contextmanager
def busy(client):
    """Yield a task that a worker is known to be at work on, and that ends with the context."""
    _let_go.clear()
    future = client.submit(_until_let_go, pure=False)
    try:
        deadline = time.monotonic() + 60
        while not client.run_on_scheduler(
            lambda dask_scheduler: any(each.executing for each in dask_scheduler.workers.values())
        ):
            assert time.monotonic() < deadline, "nobody is at work"
            time.sleep(0.05)
        yield future
    finally:
        _let_go.set()


def test_a_task_that_comes_to_no_end_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr(waiting, "LOOK", 0.1)
    monkeypatch.setattr(waiting, "ENDLESS", 3)
    said = r"waited 3 s for a sum \(1 outstanding\), on which inproc://\S+ worked without coming to"
    with workers(1) as client, busy(client) as endless:
        after_it = partial(client.submit, str, endless, pure=False)
        with pytest.raises(InputError, match=said):
            Cluster(client, patience=1.0).results([after_it], "a sum")


def test_what_workers_do_for_others_does_not_prolong_the_waiting(monkeypatch):
    monkeypatch.setattr(waiting, "LOOK", 0.1)
    with workers(1) as client, busy(client):
        own = partial(client.submit, abs, -1, pure=False)
        with pytest.raises(InputError, match=r"waited 1 s for a sum .* 1 workers: see what"):
            Cluster(client, patience=1.0).results([own], "a sum")


def test_a_tick_ends_the_waiting():
    asked = []

    def third():
        asked.append(1)
        return len(asked) == 3

    with workers(1) as client, busy(client) as endless:
        assert Cluster(client).results([lambda: endless], "a nap", third) == []
    assert len(asked) == 3


def test_work_sent_by_a_client_that_has_closed_is_told_in_a_sentence():
    with workers(1) as client:
        sent = []

        def lost_then_closed():
            if sent:
                client.close()
            sent.append(1)
            return client.submit(_unlucky, pure=False)

        with pytest.raises(InputError, match=r"scheduler at .* does not answer"):
            Cluster(client).results([lost_then_closed], "a sum")
        assert len(sent) == 2
        with pytest.raises(InputError, match=r"scheduler at .* does not answer"):
            Cluster(client).results([lost_then_closed], "a sum")
        data = dd.from_pandas(frame(50), npartitions=2)
        with pytest.raises(InputError, match=r"scheduler at .* does not answer"):
            cluster.train(data, "y", client=client, recipe=RECIPE)


class Scheduler:
    """Has workers without nannies, by address, seen so many seconds ago."""

    def __init__(self, **ago):
        now = distributed.metrics.time()
        self.workers = {
            address: SimpleNamespace(last_seen=now - seconds, nanny=None, nthreads=1)
            for address, seconds in ago.items()
        }

    async def restart_workers(self, addresses, **_):
        for address in addresses:
            del self.workers[address]


def test_a_silent_worker_without_a_nanny_gives_no_time_to_others(monkeypatch):
    monkeypatch.setattr(silence, "HEARTBEATS", 0.0)
    scheduler = Scheduler(a=60.0, b=10.0)
    assert asyncio.run(remove_silent(50.0, dask_scheduler=scheduler)).removed == ("a",)
    scheduler.workers["b"].last_seen -= 50.0
    assert asyncio.run(remove_silent(50.0, dask_scheduler=scheduler)).removed == ("b",)

"""Whoever waits for a cluster gets what is waited for, or a sentence that says what to do."""

import asyncio
import gc
import importlib
import os
import signal
import threading
import time
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

import pytest
from clusters import QUIET, RECIPE, workers
from shard_files import frame, parquet

from shoal.errors import InputError
from shoal.shards import train_shards

dd = pytest.importorskip("dask.dataframe", reason="Dask is not installed: shoal[dask]")
distributed = pytest.importorskip("distributed")
from shoal import distributed as cluster  # noqa: E402
from shoal.distributed import silence, waiting  # noqa: E402
from shoal.distributed.silence import remove_silent  # noqa: E402
from shoal.distributed.waiting import Cluster  # noqa: E402

pytestmark = QUIET


def test_waiting_for_workers_that_never_come_ends(tmp_path):
    folder = parquet(tmp_path / "t", frame())
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


def _pause(dask_worker):
    dask_worker.memory_manager.memory_pause_fraction = False  # so that it stays paused
    dask_worker.status = distributed.core.Status.paused


def _go_on(dask_worker):
    dask_worker.status = distributed.core.Status.running


def _is_unrunnable(key, dask_scheduler=None):
    task = dask_scheduler.tasks.get(key)
    return task is not None and task.state == "no-worker"


def test_work_for_a_worker_that_stays_paused_is_done_by_another(monkeypatch):
    monkeypatch.setattr(waiting, "LOOK", 0.1)
    sent = []
    with workers(2) as client:
        first, second = client.nthreads()

        def to_the_first():
            future = client.submit(
                abs, -1, pure=False, workers=[first], allow_other_workers=True
            )  # fmt: skip
            if not sent:
                while not client.run_on_scheduler(_is_unrunnable, key=future.key):
                    time.sleep(0.05)
                client.run(_go_on, workers=[second])
            sent.append(1)
            return future

        client.run(_pause)
        assert Cluster(client, patience=30.0).results([to_the_first], "a number") == [1]
        client.run(_pause)
        said = "which has paused inproc://.*, inproc://.*, whose memory is full: give them more"
        with pytest.raises(InputError, match=said):
            Cluster(client, patience=1.0).results([to_the_first], "a number")


def test_workers_of_which_one_is_paused_are_not_told_to_have_no_memory():
    with workers(2) as client, busy(client) as endless:
        client.run(_pause, workers=[*client.nthreads()][:1])
        cluster = Cluster(client, patience=0.5)
        state = cluster._state()
        assert (state.workers, len(state.paused)) == (2, 1)
        assert "which has 2 workers: see what they do" in cluster._in_vain("a number")
        assert not endless.done()


def test_a_tick_that_is_true_from_the_start_gives_up_what_was_sent():
    with workers(1) as client, busy(client) as endless:
        assert Cluster(client).results([lambda: endless], "a nap", lambda: True) == []
        while endless.status != "cancelled":
            time.sleep(0.05)


def test_a_tick_ends_the_waiting():
    asked = []

    def third():
        asked.append(1)
        return len(asked) == 3

    with workers(1) as client, busy(client) as endless:
        assert Cluster(client).results([lambda: endless], "a nap", third) == []
    assert len(asked) == 3


def test_what_was_waited_for_in_vain_is_given_up_without_a_word(caplog):
    with workers(0) as client:
        kept = []  # as a notebook keeps what its last error has seen

        def sent():
            kept.append(client.submit(abs, -1, pure=False))
            return kept[-1]

        with pytest.raises(InputError, match="0 workers"):
            Cluster(client, patience=0.5).results([sent] * 3, "numbers")
        deadline = time.monotonic() + 60
        while client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
            assert time.monotonic() < deadline, "something is kept"
            time.sleep(0.1)
    del kept[:]
    gc.collect()
    assert "never retrieved" not in caplog.text


def _fail():
    raise InputError("a column is missing")


def test_where_one_work_fails_the_others_are_given_up():
    kept = []
    with workers(2) as client, busy(client) as endless:

        def sent(*work):
            kept.append(client.submit(*work, pure=False))
            return kept[-1]

        works = [partial(sent, str, endless), partial(sent, _fail)]
        with pytest.raises(InputError, match="a column is missing"):
            Cluster(client).results(works, "a sum")
        deadline = time.monotonic() + 60
        while client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)) > 1:
            assert time.monotonic() < deadline, "more is kept than the endless one"
            time.sleep(0.1)


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
        now, self.running = distributed.metrics.time(), set()
        self.workers = {
            address: SimpleNamespace(
                last_seen=now - seconds, nanny=None, nthreads=1, status=None, processing=()
            )
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


class Dealt:
    """Workers, and the keys of what each was given and has begun."""

    def __init__(self):
        self.workers = {}

    def give(self, address, given, begun=()):
        self.workers[address] = SimpleNamespace(
            processing=[SimpleNamespace(key=key) for key in given], executing=begun,
            status=distributed.core.Status.running, nanny=f"nanny of {address}",
        )  # fmt: skip


def test_a_worker_that_begins_nothing_of_what_it_was_given_is_stalled(monkeypatch):
    now = 0.0
    monkeypatch.setattr(silence.distributed.metrics, "time", lambda: now)
    scheduler = Dealt()
    for now in range(0, 60, 2):
        scheduler.give("stalled", ["a", "b"])
        scheduler.give("computing", ["c"], begun=["c"])
        scheduler.give("quick", [f"d{now}", "e"])  # what it does is over before it is looked at
        scheduler.give("idle", [])
        assert silence._stalled(30.0, scheduler) == ({"stalled"} if now > 30 else set())
    scheduler.give("stalled", ["b"])
    assert silence._stalled(30.0, scheduler) == set()

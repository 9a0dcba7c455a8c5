"""Guarantee: a worker that gives no sign of life, or begins no work, for long holds nobody up.

Floor 7. Its nanny, if that lives, starts it anew; one that was paused or cut off is taken out.
Dask lets no worker back in that was taken out: whoever started it has to start it again. Workers
that wait for data of one that stood still, for which Dask has no limit, begin nothing any more.
This runs in the scheduler.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import distributed
from distributed.core import Status
from distributed.scheduler import heartbeat_interval

HEARTBEATS = 3.0  # seconds, in which a worker gives a sign of life, in a small cluster
RESTART = 6.0  # seconds, in which a nanny has ended its worker
MOST_SLACK = 8  # times the silence, for a worker that was started anew for it
STALLED = 4  # times the silence, in which a worker may only receive what its work needs
_silences: "WeakKeyDictionary[Any, Counter[str]]" = WeakKeyDictionary()  # of nannies, by scheduler
_given: "WeakKeyDictionary[Any, dict[str, tuple[frozenset[Any], float]]]" = WeakKeyDictionary()


class State(NamedTuple):
    """What a scheduler has.

    Attributes
    ----------
    workers, threads : int
        How many.
    at_work : tuple of str
        The workers that compute what is waited for, or what that waits for.
    outstanding : int
        How many tasks of such are not done.
    stranded : tuple of str or tuple
        The keys that no worker is given, though some worker takes work.
    paused : tuple of str
        The workers that take no work, as Dask pauses those whose memory is full.
    removed : tuple of str
        The workers that were taken out just now, as they were silent or stalled.
    """

    workers: int
    threads: int
    at_work: tuple[str, ...]
    outstanding: int
    stranded: tuple[Any, ...]
    paused: tuple[str, ...]
    removed: tuple[str, ...]


async def remove_silent(
    seconds: float, keys: Sequence[Any] = (), dask_scheduler: Any = None
) -> State:
    """Take workers out of a scheduler that gave no sign of life for so long, or are stalled.

    Returned is what it has then, and how far the tasks of some keys are.
    """
    suspects = _silent(seconds, dask_scheduler)
    until = time.monotonic() + HEARTBEATS + 2 * heartbeat_interval(len(dask_scheduler.workers))
    while suspects and time.monotonic() < until:  # a scheduler that stood still hears of them now
        await asyncio.sleep(0.2)
        suspects &= _silent(seconds, dask_scheduler)
    suspects |= _stalled(STALLED * seconds, dask_scheduler)
    if suspects:
        known = dask_scheduler.workers
        nannies = [known[a].nanny for a in suspects if known[a].nanny]  # others do not come back
        _silences.setdefault(dask_scheduler, Counter()).update(nannies)
        await dask_scheduler.restart_workers(
            list(suspects), timeout=RESTART, wait_for_workers=False, on_error="return",
            stimulus_id="silent",
        )  # fmt: skip
    workers = dask_scheduler.workers.values()
    at_work, outstanding = _progress(keys, dask_scheduler)
    threads = sum(each.nthreads for each in workers)
    paused = sorted(each.address for each in workers if each.status == Status.paused)
    return State(
        len(workers), threads, tuple(sorted(at_work)), outstanding,
        _stranded(keys, dask_scheduler), tuple(paused), tuple(suspects),
    )  # fmt: skip


def _stranded(keys: Sequence[Any], scheduler: Any) -> tuple[Any, ...]:
    """Return the keys that wait for a worker of their own, which is gone or paused, for good.

    Dask gives them to others only if some take work when they are sent; not when some do later.
    """
    if not scheduler.running:
        return ()
    waiting = {task.key for task in scheduler.unrunnable}
    return tuple(key for key in keys if key in waiting)


def _progress(keys: Sequence[Any], scheduler: Any) -> tuple[set[str], int]:
    """Return who is at work on tasks, or on what these wait for, and how many are not done."""
    ahead, seen, at_work = [scheduler.tasks.get(key) for key in keys], set(), set()
    while ahead:
        task = ahead.pop()
        if task is None or task in seen or task.state == "memory":
            continue
        seen.add(task)
        ahead += task.waiting_on or ()
        worker = task.processing_on
        if worker is not None and task in worker.executing:
            at_work.add(worker.address)
    return at_work, len(seen)


def _silent(seconds: float, scheduler: Any) -> set[str]:
    """Return who is silent; one that imports for long after each start must get through it."""
    now = distributed.metrics.time()
    return {
        address
        for address, worker in scheduler.workers.items()
        if now - worker.last_seen > seconds * _slack(worker, scheduler)
    }


def _stalled(seconds: float, scheduler: Any) -> set[str]:
    """Return who has had the same work for so long, each time it was looked at, and begun none."""
    now, before = distributed.metrics.time(), _given.get(scheduler, {})
    given = {
        address: frozenset(task.key for task in worker.processing)
        for address, worker in scheduler.workers.items()
        if worker.processing and not worker.executing and worker.status == Status.running
    }
    since = {
        address: before[address][1] if before.get(address, ((), 0))[0] == keys else now
        for address, keys in given.items()
    }
    _given[scheduler] = {address: (keys, since[address]) for address, keys in given.items()}
    return {
        address
        for address in given
        if now - since[address] > seconds * _slack(scheduler.workers[address], scheduler)
    }


def _slack(worker: Any, scheduler: Any) -> int:
    """Return how many times as long as others a worker may take: more, the oftener it was slow."""
    silences = _silences.get(scheduler, Counter())
    return int(min(MOST_SLACK, 2 ** silences[worker.nanny]))

"""Guarantee: a worker that gives no sign of life for long holds nobody up.

Floor 7. Its nanny, if that lives, starts it anew; one that was paused or cut off is taken out.
Dask lets no worker back in that was taken out: whoever started it has to start it again. This runs
in the scheduler.
"""

import asyncio
import time
from collections import Counter
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import distributed
from distributed.scheduler import heartbeat_interval

HEARTBEATS = 3.0  # seconds, in which a worker gives a sign of life, in a small cluster
RESTART = 6.0  # seconds, in which a nanny has ended its worker
MOST_SLACK = 8  # times the silence, for a worker that was started anew for it
_silences: "WeakKeyDictionary[Any, Counter[str]]" = WeakKeyDictionary()  # of nannies, by scheduler


class State(NamedTuple):
    """What a scheduler has.

    Attributes
    ----------
    workers, threads : int
        How many.
    at_work : bool
        Whether any worker computes something.
    removed : tuple of str
        The silent workers that were taken out just now.
    """

    workers: int
    threads: int
    at_work: bool
    removed: tuple[str, ...]


async def remove_silent(seconds: float, dask_scheduler: Any = None) -> State:
    """Take workers out of a scheduler that gave no sign of life for so long."""
    suspects = _silent(seconds, dask_scheduler)
    until = time.monotonic() + HEARTBEATS + 2 * heartbeat_interval(len(dask_scheduler.workers))
    while suspects and time.monotonic() < until:  # a scheduler that stood still hears of them now
        await asyncio.sleep(0.2)
        suspects &= _silent(seconds, dask_scheduler)
    if suspects:
        known = dask_scheduler.workers
        _silences.setdefault(dask_scheduler, Counter()).update(known[a].nanny for a in suspects)
        await dask_scheduler.restart_workers(
            list(suspects), timeout=RESTART, wait_for_workers=False, on_error="return",
            stimulus_id="silent",
        )  # fmt: skip
    workers = dask_scheduler.workers.values()
    return State(
        len(workers), sum(each.nthreads for each in workers),
        any(each.executing for each in workers), tuple(suspects),
    )  # fmt: skip


def _silent(seconds: float, scheduler: Any) -> set[str]:
    """Return who is silent; one that imports for long after each start must get through it."""
    now, silences = distributed.metrics.time(), _silences.get(scheduler, Counter())
    return {
        address
        for address, worker in scheduler.workers.items()
        if now - worker.last_seen > seconds * min(MOST_SLACK, 2 ** silences[worker.nanny])
    }

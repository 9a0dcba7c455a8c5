"""Guarantee: every thread of a cluster has about as many blocks as another, most where they lie.

Floor 7. A task of Dask costs milliseconds, whatever it does: so a thread has one for each update,
with all its blocks, or with some of those that are large, as others may be on its worker's disk.
Where they are is only a hint: Dask fetches what is elsewhere by then.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from shoal.distributed.sending import Kept
from shoal.distributed.waiting import Cluster

AGAIN = 2.0  # seconds, after which is looked for workers that joined or died
MOST_BYTES = 2**28  # of a lot of blocks: they are in memory together
Lot = tuple[str | None, list[int]]


class Placement:
    """Which worker learns from which block.

    Parameters
    ----------
    cluster : Cluster
    blocks : sequence of Kept
    """

    def __init__(self, cluster: Cluster, blocks: Sequence[Kept]) -> None:
        self.cluster, self.blocks = cluster, blocks
        self._threads: dict[str, int] = {}
        self._sizes: list[int] = []
        self._homes: dict[int, str] = {}
        self._looked: float | None = None

    def lots(self, numbers: Sequence[int]) -> list[Lot]:
        """Return some of the blocks, by number, in lots of a thread, each with its worker."""
        if self._looked is None or time.monotonic() - self._looked > AGAIN:
            keys = self.cluster.asked(lambda: [block.future.key for block in self.blocks])
            self._threads, places, self._sizes = self.cluster.answer(where, keys=keys)
            self._homes = homes(self._homes, places, self._threads)
            self._looked = time.monotonic()
        by_worker: dict[str, list[int]] = {}
        lots: list[Lot] = []
        for b in numbers:
            if b in self._homes:
                by_worker.setdefault(self._homes[b], []).append(b)
            else:
                lots.append((None, [b]))
        for worker, own in by_worker.items():
            most = -(-len(own) // self._threads[worker])
            lots += [(worker, lot) for lot in in_lots(own, most, self._sizes)]
        return lots


def in_lots(blocks: Sequence[int], most: int, sizes: Sequence[int]) -> list[list[int]]:
    """Return blocks, by number, in lots of so many at the most that are not too large together."""
    lots: list[list[int]] = [[]]
    for b in blocks:
        full = len(lots[-1]) == most or sum(sizes[k] for k in lots[-1]) + sizes[b] > MOST_BYTES
        if lots[-1] and full:
            lots.append([])
        lots[-1].append(b)
    return lots


def homes(
    before: Mapping[int, str], places: Sequence[Sequence[str]], threads: Mapping[str, int]
) -> dict[int, str]:
    """Return a worker for each block, if there is any: one that has it, unless it has too many.

    Parameters
    ----------
    before : dict of int to str
        What was returned last time, which stays where it can.
    places : sequence of sequence of str
        The workers that have each block.
    threads : dict of str to int
        How many each worker has.
    """
    found: dict[int, str] = {}
    if not threads:
        return found
    quota = -(-len(places) // sum(threads.values()))
    room = {worker: quota * number for worker, number in threads.items()}
    for b, having in enumerate(places):
        for worker in sorted(having, key=lambda worker: worker != before.get(b)):
            if room.get(worker):
                found[b] = worker
                room[worker] -= 1
                break
    for b in range(len(places)):
        if b not in found:
            worker = max(room, key=lambda worker: room[worker] / threads[worker])
            found[b] = worker
            room[worker] -= 1
    return found


async def where(
    keys: Sequence[Any], dask_scheduler: Any = None
) -> tuple[dict[str, int], list[list[str]], list[int]]:
    """Return the threads of each worker that takes work, who has each key, and its bytes.

    This runs in the scheduler.
    """
    threads = {each.address: each.nthreads for each in dask_scheduler.running}
    known = [dask_scheduler.tasks.get(key) for key in keys]
    places = [[] if t is None else [w.address for w in t.who_has or ()] for t in known]
    return threads, places, [0 if t is None else max(0, t.nbytes) for t in known]

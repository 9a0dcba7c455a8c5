"""Guarantee: work on a cluster comes back whole, or a sentence says what was waited for in vain.

Floor 7. A worker that dies loses its work to the others, as Dask sees to. One that falls silent, as
it is paused or cut off, is taken out of the cluster, and if it comes back it joins anew. What fails
for such reasons is sent again.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import distributed
from distributed import Client, Future, KilledWorker
from distributed.comm.core import CommClosedError

from shoal.errors import InputError

T = TypeVar("T")
Tick = Callable[[], bool]
POLL = 0.1  # seconds between two looks
LOOK = 2.0  # seconds between two questions about silent workers
MOST_FAILURES = 20  # in a row, of one piece of work, before it is given up
LOST = (KilledWorker, CommClosedError, distributed.CancelledError, OSError, KeyError)


class Cluster:
    """A client, and how long it waits.

    Parameters
    ----------
    client : distributed.Client
    silence : float
        Seconds without a sign of life after which a worker is taken out.
    patience : float
        Seconds without any progress after which waiting ends with an error.
    """

    def __init__(self, client: Client, *, silence: float = 30.0, patience: float = 600.0) -> None:
        self.client, self.silence, self.patience = client, silence, patience

    @property
    def address(self) -> str:
        """Where the scheduler is."""
        scheduler = self.client.scheduler
        return str(scheduler.address) if scheduler is not None else "the scheduler"

    @property
    def threads(self) -> int:
        """How many threads its workers have."""
        return sum(self._asked(self.client.nthreads).values())

    def results(
        self, works: Sequence[Callable[[], Future[Any]]], what: str, tick: Tick = lambda: False,
    ) -> list[Any]:  # fmt: skip
        """Send works; return their results in order, or none if the tick ends the waiting.

        ``what`` is what is waited for, for messages. A work may be sent more than once.
        """
        futures = [work() for work in works]
        failures, found = [0] * len(works), dict[int, Any]()
        since = looked = time.monotonic()
        while len(found) < len(works):
            if tick():
                self.client.cancel(futures)  # type: ignore[no-untyped-call]
                return []
            now = time.monotonic()
            ended = self._ended(futures, found)
            for i, (result, error) in zip(
                ended, self._outcomes([futures[i] for i in ended]), strict=True
            ):
                if error is None:
                    found[i], since = result, now
                else:
                    self._check(error, failures, i, what)
                    futures[i] = works[i]()
            if now - looked > LOOK:
                looked = now
                self._asked(self.client.run_on_scheduler, remove_silent, seconds=self.silence)
            if now - since > self.patience:
                raise InputError(self._in_vain(what, len(works) - len(found)))
            self._wait([future for i, future in enumerate(futures) if i not in found])
        return [found[i] for i in range(len(works))]

    def _wait(self, futures: list[Future[Any]]) -> None:
        if not futures:
            return
        try:
            with self.client.as_current():
                distributed.wait(  # type: ignore[no-untyped-call]
                    futures, timeout=POLL, return_when="FIRST_COMPLETED"
                )
        except (TimeoutError, distributed.CancelledError):
            time.sleep(POLL / 10)

    def _ended(self, futures: Sequence[Future[Any]], found: dict[int, Any]) -> list[int]:
        if self.client.status not in ("running", "connecting"):
            raise self._gone()
        return [
            i for i, future in enumerate(futures) if i not in found and future.status != "pending"
        ]

    def _outcomes(self, futures: list[Future[Any]]) -> list[tuple[Any, BaseException | None]]:
        """Return what became of futures: a result, or an error."""
        errors = [self._error(future) for future in futures]
        sound = [future for future, error in zip(futures, errors, strict=True) if error is None]
        try:
            results = iter(self._asked(self.client.gather, sound) if sound else [])
        except LOST as error:
            return [(None, error)] * len(futures)
        return [(None if error else next(results), error) for error in errors]

    def _error(self, future: Future[Any]) -> BaseException | None:
        if future.status == "error":
            error: BaseException = self._asked(future.exception)
            return error
        return None if future.status == "finished" else distributed.CancelledError(future.status)

    def _check(self, error: BaseException, failures: list[int], i: int, what: str) -> None:
        """Raise an error that would only come again."""
        if not isinstance(error, LOST):
            raise error
        self._asked(self.client.nthreads)
        failures[i] += 1
        if failures[i] > MOST_FAILURES:
            raise InputError(
                f"{what} was lost {failures[i]} times by workers of {self.address} ({error}): see"
                " whether they have memory enough"
            ) from error

    def _asked(self, question: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Ask the scheduler, or say that it is gone."""
        try:
            return question(*arguments, **named)
        except (CommClosedError, TimeoutError, OSError) as error:
            raise self._gone() from error

    def _gone(self) -> InputError:
        return InputError(
            f"the scheduler at {self.address} does not answer any more: start it and its workers"
            " again; a training with a checkpoint goes on with --resume (resume=True)"
        )

    def _in_vain(self, what: str, number: int) -> str:
        workers = len(self._asked(self.client.nthreads))
        remedy = "see what they do" if workers else f"start some: dask worker {self.address}"
        return (
            f"waited {self.patience:g} s for {what} ({number} outstanding) at {self.address}, which"
            f" has {workers} workers: {remedy}"
        )


async def remove_silent(seconds: float, dask_scheduler: Any = None) -> list[str]:
    """Take workers out of a scheduler that gave no sign of life for so long; run there."""
    now = distributed.metrics.time()
    silent = [
        address
        for address, worker in dask_scheduler.workers.items()
        if now - worker.last_seen > seconds
    ]
    for address in silent:
        await dask_scheduler.remove_worker(address, stimulus_id="silent", expected=True)
    return silent

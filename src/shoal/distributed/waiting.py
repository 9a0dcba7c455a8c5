"""Guarantee: work on a cluster comes back whole, or a sentence says what was waited for in vain.

Floor 7. A worker that dies loses its work to the others, as Dask sees to. What Dask gives up, or
forgets because its scheduler was started again, is sent again with all that it takes. Whoever waits
looks after the cluster meanwhile: one call that never returns does not keep it from that.
"""

import asyncio
import concurrent.futures
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import distributed
from distributed import Client, Future, KilledWorker
from distributed.comm.core import CommClosedError

from shoal.distributed.silence import State, remove_silent
from shoal.errors import InputError

T = TypeVar("T")
Tick = Callable[[], bool]
Work = Callable[[], Future[Any]]
POLL = 0.1  # seconds between two looks
LOOK = 2.0  # seconds between two questions about silent workers
MOST_FAILURES = 20  # in a row, of one piece of work, before it is given up
LONGEST_PAUSE = 2.0  # seconds, before work that was lost is sent again
LOST = (KilledWorker, CommClosedError, distributed.CancelledError, OSError)
GONE = ("error", "cancelled")  # a future that is "lost" is being computed again


class Cluster:
    """A client, and how long it waits.

    Parameters
    ----------
    client : distributed.Client
    silence : float
        Seconds without a sign of life after which a worker is taken out.
    patience : float
        Seconds in which nothing comes back and no worker is at work, after which waiting ends with
        an error.
    """

    def __init__(self, client: Client, *, silence: float = 30.0, patience: float = 600.0) -> None:
        self.client, self.silence, self.patience = client, silence, patience
        self._look: concurrent.futures.Future[State] | None = None
        self._looked = time.monotonic()

    @property
    def address(self) -> str:
        """Where the scheduler is."""
        scheduler = self.client.scheduler
        return str(scheduler.address) if scheduler is not None else "the scheduler"

    @property
    def threads(self) -> int:
        """How many threads its workers have."""
        return self._state().threads

    def results(
        self, works: Sequence[Work], what: str, tick: Tick = lambda: False,
    ) -> list[Any]:  # fmt: skip
        """Send works; return their results in order, or none if the tick ends the waiting.

        ``what`` is what is waited for, for messages. A work may be sent more than once.
        """
        futures, failures = [work() for work in works], [0] * len(works)
        while not tick():
            try:
                return self._gathered(futures, what, tick)
            except _Ended:
                break
            except (ImportError, RuntimeError) as error:
                raise self._lacking(error) from error
            except LOST as error:
                self._again(works, futures, failures, what, error)
        self._asked(self.client.cancel, futures)
        return []

    def _gathered(self, futures: list[Future[Any]], what: str, tick: Tick) -> list[Any]:
        """Return the results of all, if none fails; look after the cluster meanwhile."""
        answer = self._begun(self.client.gather, futures)
        since, done = time.monotonic(), 0
        try:
            while not concurrent.futures.wait([answer], timeout=POLL).done:
                if tick():
                    raise _Ended
                finished = sum(future.status == "finished" for future in futures)
                if self._at_work() or finished != done:
                    since, done = time.monotonic(), finished
                if time.monotonic() - since > self.patience:
                    raise InputError(self._in_vain(what, len(futures) - finished))
            return list(answer.result())
        finally:
            answer.cancel()

    def _again(
        self, works: Sequence[Work], futures: list[Future[Any]], failures: list[int], what: str,
        error: BaseException,
    ) -> None:  # fmt: skip
        """Send what was lost again, unless it fails for reasons of its own."""
        self._check_client()
        gone = [i for i, future in enumerate(futures) if future.status in GONE]
        for i in gone:
            if futures[i].status == "error":
                error = self._asked(futures[i].exception)
                if not isinstance(error, LOST):
                    raise self._lacking(error)
        for i in gone or range(len(works)):
            failures[i] += 1
        most = max(failures)
        if most > MOST_FAILURES:
            raise InputError(
                f"{what} was lost {most} times by workers of {self.address}"
                f" ({type(error).__name__}: {error}): see whether they have memory enough, and can"
                " read the files"
            ) from error
        time.sleep(min(LONGEST_PAUSE, POLL / 10 * 2**most))
        for i in gone:
            futures[i] = works[i]()

    def _at_work(self) -> bool:
        """Ask from time to time how the workers are; return whether they have been seen at work."""
        self._check_client()
        now, look = time.monotonic(), self._look
        if look is None:
            if now - self._looked > LOOK:
                self._look, self._looked = (
                    self._begun(self.client.run_on_scheduler, remove_silent, seconds=self.silence),
                    now,
                )
            return False
        if not look.done():
            if now - self._looked > self.patience:
                raise self._gone()
            return False
        self._look = None
        try:
            return look.result().at_work
        except (CommClosedError, OSError):
            return False  # the client notices that too, and connects again or closes
        except ImportError as error:
            raise self._lacking(error) from None

    def answer(self, question: Callable[..., Any], **named: Any) -> Any:
        """Return what a function finds out that is run in the scheduler."""
        answer = self._begun(self.client.run_on_scheduler, question, **named)
        since = time.monotonic()
        while not concurrent.futures.wait([answer], timeout=POLL).done:
            self._check_client()
            if time.monotonic() - since > self.patience:
                raise self._gone()
        try:
            return self._asked(answer.result)
        except ImportError as error:
            raise self._lacking(error) from error

    def _state(self) -> State:
        state: State = self.answer(remove_silent, seconds=self.silence)
        return state

    def _begun(
        self, question: Callable[..., Any], *arguments: Any, **named: Any
    ) -> "concurrent.futures.Future[Any]":
        """Begin what the client's own thread does, and what this one need not wait for."""
        self._check_client()

        async def answer() -> Any:
            return await question(*arguments, **named, asynchronous=True)

        assert self.client.loop is not None  # as it is connected
        return asyncio.run_coroutine_threadsafe(answer(), self.client.loop.asyncio_loop)  # type: ignore[attr-defined]

    def _check_client(self) -> None:
        if self.client.status not in ("running", "connecting"):
            raise self._gone()

    def _asked(self, question: Callable[..., T], *arguments: Any) -> T:
        """Ask the scheduler, or say that it is gone."""
        try:
            return question(*arguments)
        except (CommClosedError, OSError) as error:
            raise self._gone() from error

    def _lacking(self, error: BaseException) -> BaseException:
        """Return an error, with the remedy if the cluster lacks what is installed here."""
        if not (isinstance(error, ImportError) or "deserializ" in str(error)):
            return error
        return InputError(
            f"the cluster at {self.address} cannot read what it is sent ({error}): install the same"
            " version of Shoal, with shoal[dask], for its scheduler and all its workers"
        )

    def _gone(self) -> InputError:
        return InputError(
            f"the scheduler at {self.address} does not answer any more: start it and its workers"
            " again; a training with a checkpoint goes on with --resume (resume=True)"
        )

    def _in_vain(self, what: str, number: int) -> str:
        workers = self._state().workers
        remedy = "see what they do" if workers else f"start some: dask worker {self.address}"
        return (
            f"waited {self.patience:g} s for {what} ({number} outstanding) at {self.address}, which"
            f" has {workers} workers: {remedy}"
        )


class _Ended(Exception):  # noqa: N818  (no error: the tick asked for it)
    """The waiting was ended."""

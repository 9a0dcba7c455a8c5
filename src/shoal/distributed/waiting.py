"""Guarantee: work on a cluster comes back whole, or a sentence says what was waited for in vain.

Floor 7. A worker that dies loses its work to the others, as Dask sees to. What Dask gives up, or
forgets because its scheduler was started again, is sent again with all that it takes. Whoever waits
looks after the cluster meanwhile: one call that never returns does not keep it from that.
"""

import asyncio
import concurrent.futures
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

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
ENDLESS = 6  # times the patience, in which a task that is worked on comes to no end
MOST_NAMED = 3  # workers in a message
SLOWEST = 1e6  # bytes that a worker reads in a second
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
        Seconds in which nothing comes back and no worker is at work on what is waited for, after
        which waiting ends with an error; six times as many, and those that reading takes at the
        slowest, if some are at work and nothing that they do comes to its end.
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
        self, works: Sequence[Work], what: str, tick: Tick = lambda: False, *, largest: int = 0
    ) -> list[Any]:
        """Send works; return their results in order, or none if the tick ends the waiting.

        ``what`` is what is waited for, for messages; ``largest`` is how many bytes a work reads at
        the most, which may take its time. A work may be sent more than once.
        """
        futures, failures = [self.asked(work) for work in works], [0] * len(works)
        try:
            while True:
                try:
                    return self._gathered(futures, what, tick, largest / SLOWEST)
                except (ImportError, RuntimeError) as error:
                    self._raise(error)
                except LOST as error:
                    self._again(works, futures, failures, what, error)
        except BaseException as error:
            self._give_up(futures)
            if not isinstance(error, _Ended):
                raise
            return []

    def _gathered(
        self, futures: list[Future[Any]], what: str, tick: Tick, reading: float
    ) -> list[Any]:
        """Return the results of all, if none fails; look after the cluster meanwhile."""
        if tick():
            raise _Ended
        answer, limit = self._begun(self.client.gather, futures), _Limit()
        endless = ENDLESS * self.patience + reading
        while not concurrent.futures.wait([answer], timeout=POLL).done:
            if tick():
                raise _Ended
            finished = sum(future.status == "finished" for future in futures)
            left = f"{what} ({len(futures) - finished} outstanding)"
            state = self._looked_after(futures)
            limit.see(finished, state)
            stranded = () if state is None else state.stranded
            if own := [each for each in futures if each.key in stranded]:
                self.asked(self.client.cancel, own)  # so they are sent again
            if limit.idle > self.patience:
                raise InputError(self._in_vain(left))
            if limit.stuck > endless:
                raise InputError(self._endless(left, limit))
        return list(answer.result())

    def _give_up(self, futures: Sequence[Future[Any]]) -> None:
        """Let the cluster drop what is waited for; who gathers it ends by that without a word."""
        with contextlib.suppress(InputError):  # a client that has closed gave up by that
            self._begun(self.client.cancel, futures)

    def _again(
        self, works: Sequence[Work], futures: list[Future[Any]], failures: list[int], what: str,
        error: BaseException,
    ) -> None:  # fmt: skip
        """Send what was lost again, unless it fails for reasons of its own."""
        self._check_client()
        gone = [i for i, future in enumerate(futures) if future.status in GONE]
        for i in gone:
            if futures[i].status == "error":
                error = self.asked(futures[i].exception)
                if not isinstance(error, LOST):
                    self._raise(error)
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
            futures[i] = self.asked(works[i])

    def _looked_after(self, futures: Sequence[Future[Any]]) -> State | None:
        """Ask from time to time how the workers are; return the answer when there is a new one."""
        self._check_client()
        now, look = time.monotonic(), self._look
        if look is None:
            if now - self._looked > LOOK:
                keys = [future.key for future in futures]
                self._look, self._looked = (
                    self._begun(
                        self.client.run_on_scheduler, remove_silent, seconds=self.silence, keys=keys
                    ),
                    now,
                )
            return None
        if not look.done():
            if now - self._looked > self.patience:
                raise self._gone()
            return None
        self._look = None
        try:
            return look.result()
        except (CommClosedError, OSError):
            return None  # the client notices that too, and connects again or closes
        except ImportError as error:
            self._raise(error)

    def answer(self, question: Callable[..., Any], **named: Any) -> Any:
        """Return what a function finds out that is run in the scheduler."""
        answer = self._begun(self.client.run_on_scheduler, question, **named)
        since = time.monotonic()
        while not concurrent.futures.wait([answer], timeout=POLL).done:
            self._check_client()
            if time.monotonic() - since > self.patience:
                raise self._gone()
        try:
            return self.asked(answer.result)
        except ImportError as error:
            self._raise(error)

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

    def asked(self, question: Callable[..., T], *arguments: Any) -> T:
        """Ask or send the scheduler something, or say that it is gone."""
        try:
            return question(*arguments)
        except (CommClosedError, OSError) as error:
            raise self._gone() from error
        except Exception:  # older versions of Dask have no name for that of a closed client
            self._check_client()
            raise

    def _raise(self, error: BaseException) -> NoReturn:
        """Raise an error, with the remedy if the cluster lacks what is installed here."""
        if not (isinstance(error, ImportError) or "deserializ" in str(error)):
            raise error
        raise InputError(
            f"the cluster at {self.address} cannot read what it is sent ({error}): install the same"
            " version of Shoal, with shoal[dask], for its scheduler and all its workers"
        ) from error

    def _gone(self) -> InputError:
        return InputError(
            f"the scheduler at {self.address} does not answer any more: start it and its workers"
            " again; a training with a checkpoint goes on with --resume (resume=True)"
        )

    def _in_vain(self, left: str) -> str:
        state = self._state()
        has, remedy = f"{state.workers} workers", "see what they do"
        if state.workers and len(state.paused) == state.workers:
            has = f"paused {_some_of(state.paused)}, whose memory is full"
            remedy = (
                "give them more (--memory-limit), and room for what they spill"
                " (--local-directory), or start others"
            )
        elif not state.workers:
            remedy = f"start some: dask worker {self.address}"
        return f"waited {self.patience:g} s for {left} at {self.address}, which has {has}: {remedy}"

    def _endless(self, left: str, limit: "_Limit") -> str:
        return (
            f"waited {limit.stuck:,.0f} s for {left}, on which {_some_of(limit.at_work)} worked"
            " without coming to an end: see whether what is read there answers, and start them"
            " again"
        )


class _Limit:
    """How long what is waited for has not come on.

    Attributes
    ----------
    idle, stuck : float
        Seconds in which nothing was done and no worker was at work on it, and in which nothing was
        done at all.
    at_work : tuple of str
        The workers that were, when they were last looked at.
    """

    def __init__(self) -> None:
        self._idle = self._stuck = time.monotonic()
        self._finished = self._outstanding = 0
        self.at_work: tuple[str, ...] = ()

    def see(self, finished: int, state: State | None) -> None:
        """Take notice of how many works are finished, and of the cluster's state if it is known."""
        now = time.monotonic()
        outstanding = self._outstanding if state is None else state.outstanding
        if (finished, outstanding) != (self._finished, self._outstanding):
            self._idle = self._stuck = now
        self._finished, self._outstanding = finished, outstanding
        if state is not None:
            self.at_work = state.at_work or self.at_work
            self._idle = now if state.at_work else self._idle

    @property
    def idle(self) -> float:
        return time.monotonic() - self._idle

    @property
    def stuck(self) -> float:
        return time.monotonic() - self._stuck


def _some_of(workers: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = len(workers) - MOST_NAMED
    return ", ".join(workers[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


class _Ended(Exception):  # noqa: N818  (no error: the tick asked for it)
    """The waiting was ended."""

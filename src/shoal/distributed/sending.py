"""Guarantee: what a cluster has lost for good can be sent again, with all that it takes.

Floor 7. Dask computes again what died with a worker. It gives up what killed several workers, and
forgets everything when its scheduler is started again: then the client that sent it knows how.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any, TypeVar
from uuid import uuid4

from distributed import Client, Future

from shoal.distributed.waiting import GONE, Work
from shoal.tree_sums import Summable, TreeSum

T = TypeVar("T", bound=Summable)
E = TypeVar("E")
Term = tuple[int, Work]
TOGETHER = 16  # sums that are added up in one place


class Kept:
    """What stays on a worker for later work to be done with.

    Parameters
    ----------
    work : callable
        Sends it, and returns its future.
    future : Future, optional
        Of what was sent already.
    """

    def __init__(self, work: Work, future: Future[Any] | None = None) -> None:
        self._work, self._future = work, future

    @property
    def future(self) -> Future[Any]:
        """It as it is now, sent anew if it is gone."""
        if self._future is None or self._future.status in GONE:
            self._future = self._work()
        return self._future

    def release(self) -> None:
        """Let the workers forget it."""
        if self._future is not None:
            self._future.release()  # type: ignore[no-untyped-call]
        self._future = None


def send(
    client: Client, work: Any, *arguments: Any, group: str | None = None, to: str | None = None
) -> Future[Any]:
    """Send a work, some of whose arguments, or lists of them, are kept on workers.

    Dask deals the works of a large group out to all workers; others go where their arguments are,
    or to a worker that is named, while it is there.
    """
    key = None if group is None else (f"{work.__name__}-{group}", uuid4().hex)
    named = {} if to is None else {"workers": [to], "allow_other_workers": True}
    return client.submit(work, *map(_as_sent, arguments), key=key, pure=False, **named)


def _as_sent(argument: Any) -> Any:
    if isinstance(argument, list):
        return [_as_sent(each) for each in argument]
    return argument.future if isinstance(argument, Kept) else argument


def itself(sent: E) -> E:
    """Return what was sent: once for all works that need it."""
    return sent


def in_tree(client: Client, terms: Sequence[Term], size: int) -> list[Term]:
    """Return works that add terms up where they are, until few are left.

    Parameters
    ----------
    client : distributed.Client
    terms : sequence of (int, callable)
        Keys, and the works that make the terms.
    size : int
        Of the run of keys that each is the sum of; a power of two, so that all sums are made in the
        tree of :class:`shoal.partitions.TreeSum`.
    """
    terms = list(terms)
    while len(terms) > TOGETHER:
        size *= TOGETHER
        terms = [
            (group[0][0], partial(_send_sum, client, group)) for group in neighbours(terms, size)
        ]
    return terms


def _send_sum(client: Client, terms: Sequence[Term]) -> Future[Any]:
    return send(client, added, [key for key, _ in terms], [work() for _, work in terms])


def added(keys: Sequence[int], terms: Sequence[T]) -> T:
    """Return the sum of terms in the tree of their keys."""
    total = TreeSum[T]()
    for key, term in zip(keys, terms, strict=True):
        total.add(key, term)
    return total.total()


def neighbours(terms: Sequence[tuple[int, E]], size: int) -> Iterator[list[tuple[int, E]]]:
    """Yield terms whose keys are in the same run of so many."""
    for _, group in groupby(terms, key=lambda term: term[0] // size):
        yield list(group)

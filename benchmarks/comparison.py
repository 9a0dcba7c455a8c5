"""Guarantee: peers are timed in turns, so that a busy moment of the machine strikes all alike.

Every variant of a peer is tried once; those clearly slower than the peer's best drop out. Then come
rounds: peer after peer, and all over again. A turn begins with a pass that is not counted, as after
a pause the caches are empty and the core asleep (``cold_seconds`` measures that); a training that
takes less than a tenth of a second is repeated, and the median counts. A peer's figure is the
median over the rounds, and the best of its variants counts. ``Trial.times`` is a ratio within each
round, and the median of these.
"""

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from work import Work, examples
from worker import Variant, Worker, installed, variants

CLEARLY_SLOWER = 1.25
TURN = 0.1  # seconds
PAUSE = 0.05  # seconds: threads that wait by spinning have gone to sleep by then


@dataclass
class Trial:
    """What was measured of one variant."""

    variant: Variant
    setup: float
    costs: list[float]
    seconds: list[float] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """The median of the seconds of a training."""
        return median(self.seconds)

    def times(self, other: "Trial") -> float:
        """Return how many times as long as another it took, the median over the rounds."""
        return median(own / its for own, its in zip(self.seconds, other.seconds, strict=True))


class Comparison:
    """Workers for some peers, which live until the comparison is closed.

    Parameters
    ----------
    threads : int
        Peers are tried with so many threads and with one; Shoal takes so many as it likes of them.
    rounds : int
        How often each is timed.
    """

    def __init__(self, threads: int, rounds: int) -> None:
        self.threads, self.rounds = threads, rounds
        self.workers: dict[Variant, Worker] = {}

    def run(self, peers: Iterable[str], work: Work, passes: int) -> dict[str, Trial]:
        """Return each installed peer's best trial, in the order of the peers."""
        with examples(work.m, work.n_x) as path:
            return self.run_on(peers, work, passes, path)

    def run_on(self, peers: Iterable[str], work: Work, passes: int, path: str) -> dict[str, Trial]:
        """Do as :meth:`run` with examples that are there already."""
        names = [peer for peer in peers if installed(peer)]
        tries = [trial for name in names for trial in self._tries(name, work, passes, path)]
        for _ in range(self.rounds):
            for trial in tries:
                time.sleep(PAUSE)
                trial.seconds.append(self.workers[trial.variant].run(passes, TURN)[0])
        best = {}
        for name in names:
            own = [trial for trial in tries if trial.variant.peer == name]
            if own:
                best[name] = min(own, key=lambda trial: trial.middle)
        return best

    def passes_in(self, seconds: float, most: int, peer: str, work: Work, path: str) -> int:
        """Return about how many passes a training of some seconds makes, `most` at the most."""
        worker = self._worker(Variant(peer, self.threads))
        worker.prepare(work, path)
        passes, taken = 1, min(worker.run(1)[0] for _ in range(3))
        while taken < seconds / 2 and passes < most:  # the start of a training is no pass
            passes = min(4 * passes, most)
            taken = worker.run(passes)[0]
        return max(1, min(most, int(passes * seconds / taken)))

    def close(self) -> None:
        """End all workers."""
        for worker in self.workers.values():
            worker.close()
        self.workers.clear()

    def _tries(self, peer: str, work: Work, passes: int, path: str) -> list[Trial]:
        trials = {}
        ways = variants(peer, self.threads)
        if peer.startswith("shoal") and "NumPy" not in peer:
            ways = ways[:1]  # it decides for itself how many threads a work is worth
        for variant in ways:
            worker = self._worker(variant)
            try:
                setup = worker.prepare(work, path)
                worker.run(1)
                seconds, costs = worker.run(passes, TURN)
            except RuntimeError as error:
                print(f"note: {error}", file=sys.stderr)
                worker.close()
                continue
            trials[seconds] = Trial(variant, setup, costs)
        return [
            trial for seconds, trial in trials.items() if seconds < CLEARLY_SLOWER * min(trials)
        ]

    def _worker(self, variant: Variant) -> Worker:
        return self.workers.setdefault(variant, Worker(variant))


def cold_seconds(peer: str, work: Work, passes: int, threads: int, rounds: int) -> float:
    """Return the seconds of a fresh process: its start, imports, preparations and one training."""
    seconds = []
    with examples(work.m, work.n_x) as path:
        for i in range(rounds):
            worker = Worker(Variant(peer, threads))
            worker.extra = {"TORCHINDUCTOR_CACHE_DIR": f"{path}-cache-{i}"}
            begin = time.perf_counter()
            worker.prepare(work, path)
            worker.run(passes)
            seconds.append(time.perf_counter() - begin)
            worker.close()
    return median(seconds)

"""Guarantee: the network at any iteration of a scenario, the same to the bit however one got there.

Snapshots are kept on the way, fewer and fewer as it grows, so that a long run takes no more memory
than a short one; what lies between them is trained again. A change branches off from the timeline
without it.
"""

import time
from dataclasses import dataclass

import numpy as np

from shoal.activations import Array
from shoal.engine import default_engine
from shoal.errors import DivergedError, InputError
from shoal.history import History
from shoal.lab.material import Material
from shoal.lab.scenario import Scenario
from shoal.network import Network
from shoal.training import train

DENSE = 200  # iterations of which all costs are kept; then fewer and fewer
MOST_SNAPSHOTS, SNAPSHOT_BYTES = 200, 16 * 2**20
MOST_WEIGHTS, OLD = 1_000_000, 1_000_000  # parameters; iterations of which all costs are told
LONGEST_CALL = 1000  # passes, between two looks at the clock


@dataclass(frozen=True)
class Snapshot:
    """All that it takes to go on from an iteration."""

    theta: Array
    memory: dict[str, Array]  # of the optimiser


@dataclass(frozen=True)
class Point:
    """What the cost curve shows of an iteration."""

    cost: float
    held_out_cost: float | None


def next_point(iteration: int) -> int:
    """Return the next iteration of the cost curve; which ones those are depends on nothing else."""
    following = iteration + 1
    while rest := following % (spacing := 1 << (following // DENSE).bit_length()):
        following += spacing - rest
    return following


class Snapshots:
    """Snapshots at multiples of a spacing that doubles when there are too many."""

    def __init__(self, most: int) -> None:
        self.most, self.spacing = most, 1
        self.kept: dict[int, Snapshot] = {}

    def next_after(self, iteration: int) -> int:
        """Return the next iteration that is kept."""
        return (iteration // self.spacing + 1) * self.spacing

    def keep(self, iteration: int, snapshot: Snapshot) -> None:
        """Keep the snapshot of an iteration that is one to keep."""
        self.kept[iteration] = snapshot
        while len(self.kept) > self.most:
            self.spacing *= 2
            self.kept = {at: each for at, each in self.kept.items() if at % self.spacing == 0}


class Timeline:
    """The run of a scenario, as far as it was looked at.

    Attributes
    ----------
    network : Network
        As it is at ``iteration``.
    iteration : int
    ended : str
        Why there is no iteration after it, if there is none.
    """

    def __init__(self, scenario: Scenario, material: Material, parent: "Timeline | None") -> None:
        self.scenario, self.material, self.parent = scenario, material, parent
        self.iteration = self.start = scenario.changes[-1].at if scenario.changes else 0
        self.settings = scenario.settings_at(self.start)
        self.network = _network(scenario, material)
        self.optimizer = self.settings.make_optimizer()
        self.ended = ""
        size = 3 * self.network.theta.nbytes
        self.snapshots = Snapshots(min(MOST_SNAPSHOTS, max(4, SNAPSHOT_BYTES // size)))
        self.curve: dict[int, Point] = {}
        self._first: Snapshot | None = None
        if parent is None:
            self._begin(None)

    def go(self, iteration: int, seconds: float) -> None:
        """Go towards an iteration, for so long at the most; somebody may have to call again."""
        end = time.monotonic() + seconds
        if iteration < self.start:
            raise InputError(f"iteration {iteration} lies before the change at {self.start}")
        if self._first is None and not self._branch(seconds):
            return
        with np.errstate(all="ignore"):  # what is no longer finite is told
            self._go(iteration, seconds, end)

    def _go(self, iteration: int, seconds: float, end: float) -> None:
        self._jump(iteration)
        count = 1
        while self.iteration < iteration and not self.ended:
            began = time.monotonic()
            self._pass(min(count, iteration - self.iteration))
            spent = time.monotonic() - began
            if time.monotonic() >= end:
                return
            if spent < seconds / 8:
                count = min(2 * count, LONGEST_CALL)

    def points(self) -> list[tuple[int, Point]]:
        """Return what is known of the cost curve, in order."""
        return sorted(self.curve.items())

    def history(self) -> History:
        """Return the costs of all passes made; those between points of the curve lie on a line.

        Of very many passes those of the points alone are told.
        """
        history = History(diverged=bool(self.ended), stop_reason=self.ended)
        at, points = zip(*((k, p) for k, p in self.points() if k <= self.iteration), strict=True)
        made = min(self.iteration, at[-1] + 1)  # each pass has the cost that it met
        passes = np.arange(max(1, made)) if made <= OLD else np.array(at)
        history.extend(np.interp(passes, at, [each.cost for each in points]).tolist())
        if self.material.held_out.m:
            costs = [each.held_out_cost or 0.0 for each in points]
            history.columns["validation_cost"] = np.interp(passes, at, costs).tolist()
        return history

    def _branch(self, seconds: float) -> bool:
        """Take up the parent's network where this one begins; False if there was no time."""
        assert self.parent is not None
        self.parent.go(self.start, seconds)
        if self.parent.iteration == self.start:
            self._begin(self.parent)
            self.parent = None  # which need not be kept any longer
            return True
        if self.parent.ended:
            raise InputError(f"nothing can be changed at {self.start}: {self.parent.ended}")
        return False

    def _begin(self, parent: "Timeline | None") -> None:
        if parent is not None:
            self.curve = {at: each for at, each in parent.curve.items() if at < self.start}
            self.network.theta[:] = parent.network.theta
            if self.settings.optimizer == parent.settings.optimizer:
                self.optimizer.recall(parent.optimizer.memory(), self.network.theta)
            for place, weight in self.scenario.changes[-1].weights.items():
                if place >= self.network.theta.size:
                    raise InputError(
                        f"there is no weight {place}: theta has {self.network.theta.size}"
                    )
                self.network.theta[place] = weight
        self._first = self._snapshot()
        self._keep()

    def _pass(self, count: int) -> None:
        """Make passes, up to the next iteration that something is to be kept of."""
        nearest = min(next_point(self.iteration), self.snapshots.next_after(self.iteration))
        count, settings = min(count, nearest - self.iteration), self.settings
        before = self._snapshot()
        try:
            history = train(
                self.network, self.material.learned, optimizer=self.optimizer, max_epochs=count,
                batch_size=settings.batch_size, l2=settings.l2, seed=self.scenario.seed,
                first_epoch=self.iteration,
            )  # fmt: skip
        except DivergedError as error:
            self._recall(before)
            self._find_the_end(error.history, count)
            return
        self.iteration += len(history)
        self._keep()

    def _find_the_end(self, history: History, count: int) -> None:
        """Make the passes before the one that left the finite numbers, one by one."""
        if count == 1:
            self.ended = history.stop_reason.replace("in epoch 0", f"in iteration {self.iteration}")
            return
        for _ in range(count):
            if self.ended:
                return
            self._pass(1)

    def _keep(self) -> None:
        if self.iteration % self.snapshots.spacing == 0:
            self.snapshots.keep(self.iteration, self._snapshot())
        if next_point(self.iteration - 1) == self.iteration:
            self.curve[self.iteration] = Point(*self.costs())

    def costs(self) -> tuple[float, float | None]:
        """Return the cost of the examples learned from, and of the held-out ones."""
        learned, held_out = self.material.learned, self.material.held_out
        engine = default_engine()
        cost, _ = engine.cost_and_predictions(self.network, learned.X, learned.Y)
        if not held_out.m:
            return cost, None
        return cost, engine.cost_and_predictions(self.network, held_out.X, held_out.Y)[0]

    def _jump(self, iteration: int) -> None:
        """Take up the last snapshot before an iteration, unless the network is nearer to it."""
        at = max((each for each in self.snapshots.kept if each <= iteration), default=self.start)
        if at <= self.iteration <= iteration:
            return
        snapshot = self.snapshots.kept.get(at, self._first)
        assert snapshot is not None
        self._recall(snapshot)
        self.iteration, self.ended = at, ""

    def _snapshot(self) -> Snapshot:
        memory = {name: kept.copy() for name, kept in self.optimizer.memory().items()}
        return Snapshot(self.network.theta.copy(), memory)

    def _recall(self, snapshot: Snapshot) -> None:
        self.network.theta[:] = snapshot.theta
        self.optimizer = self.settings.make_optimizer()
        self.optimizer.recall(snapshot.memory, self.network.theta)


def _network(scenario: Scenario, material: Material) -> Network:
    K = len(material.classes)
    if (n_x := len(material.features)) * scenario.n_h > MOST_WEIGHTS:
        raise InputError(
            f"{scenario.n_h} hidden units on {n_x:,} features are too many to look at: choose fewer"
            " units, or use shoal train"
        )
    network = Network(
        n_x, scenario.n_h, 1 if K == 2 else K, scenario.activation,
        "sigmoid" if K == 2 else "softmax",
    )  # fmt: skip
    return network.initialise(scenario.init, scenario.scale, scenario.seed)  # type: ignore[arg-type]

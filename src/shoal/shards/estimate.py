"""Guarantee: what a training will take is estimated from a short measurement, before it begins.

Floor 6. Some blocks of the table are surveyed, encoded and learned from, and what that took is
scaled to all rows. The model, and how far off it was, is on the documentation's page on costs.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from shoal.bins import fit_pieces
from shoal.columns import Table
from shoal.engine import default_engine
from shoal.ensemble_training import fit_ensemble, patience_in_parts
from shoal.errors import InputError
from shoal.memory import resident_memory
from shoal.network import Network
from shoal.partitions import Partitions
from shoal.recipe import Recipe
from shoal.shards.place import Here, T, stays_in_memory
from shoal.shards.planning import plan_shards
from shoal.shards.roles import Roles
from shoal.shards.sources import PART, Shard, ShardedTable
from shoal.shards.survey import SAMPLE
from shoal.shards.training import (
    SHARE_STOPPING,
    choices_of,
    in_large_batches,
    share_measured,
    share_stopping,
)

SHARDS, BLOCKS = 3, 2  # so many blocks of so many shards are measured
BANDWIDTH, ROUND = 1e9, 0.05  # bytes a second between machines; seconds to hand out and collect
FLOAT, DOUBLE = 4, 8  # bytes of a number of an example or of a gradient, and of one in a table
USUAL_PASSES = 60  # at the most, where there are many rows


@dataclass(frozen=True)
class Costs:
    """What a training takes on one machine, or on the workers of a cluster.

    Attributes
    ----------
    reading_seconds, pass_seconds : float
        Of all passes over the files before anything is learned, and of each pass of the networks.
    memory : int
        Bytes at the height, of this machine or of each worker.
    disk : int
        Bytes of what is encoded, where it is kept in a file; else they are of the memory.
    updates, update_bytes : int
        In each pass of the networks, and what travels over the network for each.
    """

    reading_seconds: float
    pass_seconds: float
    memory: int
    disk: int
    updates: int
    update_bytes: int


@dataclass(frozen=True)
class Estimate:
    """What was measured of some rows, and what all rows will take.

    Attributes
    ----------
    rows, columns, shards, size : int
        Of the table; ``exact`` says whether the rows are known.
    exact : bool
    measured : int
        Rows that were measured.
    learned, stopping, held_out : int
        Rows that will be learned from, stop training and be measured on.
    features, inputs, parameters : int
        What the columns become, what the networks see of it, and what all of them have.
    readings : int
        Passes over the files before anything is learned.
    read, learn, add : float
        Seconds for each row: of all readings, of a pass of all networks in small batches here, and
        of a pass that adds up their gradients on one thread.
    resident : int
        Bytes of this process after the measurement, which has read such blocks as will be read.
    in_memory : bool
        Whether what is encoded stays in the memory of this machine.
    batch_size : int
        On a cluster.
    passes : tuple of int
        Of the networks, at the least, and as a rule at the most.
    """

    rows: int
    columns: int
    shards: int
    size: int
    exact: bool
    measured: int
    learned: int
    stopping: int
    held_out: int
    features: int
    inputs: int
    parameters: int
    readings: int
    read: float
    learn: float
    add: float
    resident: int
    in_memory: bool
    batch_size: int
    passes: tuple[int, int]

    @property
    def here(self) -> Costs:
        """What it takes in this process."""
        sample, encoded = min(SAMPLE, self.learned), (self.features + 1) * FLOAT
        drawn = sample + self.stopping + self.held_out
        surveys = self.shards.bit_length() * drawn * self.columns * DOUBLE  # in the tree of sums
        memory = (
            self.resident + surveys + drawn * self.features * DOUBLE + PART * encoded
            + self.in_memory * self.learned * encoded
        )  # fmt: skip
        disk = 0 if self.in_memory else self.learned * encoded
        return Costs(self.rows * self.read, self.learned * self.learn, memory, disk, 0, 0)

    def on(self, workers: int) -> Costs:
        """Return what it takes on so many workers of one thread each."""
        if workers < 1:
            raise InputError(f"workers is {workers}, but must be 1 or more")
        updates = -(-self.learned // self.batch_size)
        travels = self.parameters * 2 * FLOAT * workers
        in_a_pass = self.learned * self.add / workers
        own = self.learned // workers * (self.features + 1) * FLOAT
        return Costs(
            self.rows * self.read / workers, in_a_pass + updates * (ROUND + travels / BANDWIDTH),
            self.resident + own, 0, updates, travels,
        )  # fmt: skip


def estimate(
    table: ShardedTable, target: str, *, recipe: Recipe | None = None, seed: int = 0
) -> Estimate:
    """Estimate what :func:`train_shards` will take, from a measurement of some seconds.

    Parameters
    ----------
    table : ShardedTable
    target : str
        Name or position of the target column.
    recipe : Recipe, optional
    seed : int
    """
    recipe, rows = recipe or Recipe(), table.rows
    some, place = _Few.of(table), _Counting()
    begin = time.perf_counter()
    with place:
        roles = Roles(seed, (0.0, 0.0), SHARE_STOPPING)
        name = some.schema(target).target
        plan = plan_shards(some, name, roles, choices_of(some, recipe=recipe), place)
        seen = place.encode(plan.encoder, some.shards)
        reading = time.perf_counter() - begin
        pieces = fit_pieces(plan.sample.X, plan.sample.labels)
        parts = seen(pieces)
        sample = pieces.lazy(plan.sample.X)
        begin = time.perf_counter()
        ensemble, _ = fit_ensemble(
            sample, plan.sample.labels, plan.prepared.target.classes, replace(recipe, max_epochs=1),
            validation=(sample[:1], plan.sample.labels[:1]), in_parts=parts, counts=plan.counts,
        )  # fmt: skip
        learning = time.perf_counter() - begin
        adding = _adding(parts, ensemble.networks)
    features, held_out = len(plan.final.features), int(rows * share_measured(rows))
    stopping = int((rows - held_out) * share_stopping(rows))
    learned = max(1, rows - held_out - stopping)
    return Estimate(
        rows, len(table.columns), len(table.shards), table.size, table.exact, plan.survey.rows,
        learned, stopping, held_out, features, pieces.width,
        sum(each.theta.size for each in ensemble.networks), place.readings,
        reading / plan.survey.rows, learning / parts.m, adding / parts.m,
        resident_memory(), stays_in_memory(rows * features * FLOAT),
        in_large_batches(recipe, rows).batch(rows),
        (patience_in_parts(recipe, learned) + 1, USUAL_PASSES),
    )  # fmt: skip


def _adding(parts: Partitions, networks: Sequence[Network]) -> float:
    """Return how long a pass takes that adds up gradients on one thread."""
    begin = time.perf_counter()
    numbers = range(len(parts.sizes))
    parts.gradients(default_engine(1), networks, numbers, parts.weight, lambda: False)
    return time.perf_counter() - begin


@dataclass(frozen=True)
class _Few(ShardedTable):
    """A few blocks of a few shards."""

    @classmethod
    def of(cls, table: ShardedTable) -> "_Few":
        step = max(1, len(table.shards) // SHARDS)
        return cls(table.source, table.shards[::step][:SHARDS], table.columns, table.header)

    def blocks(
        self, shard: Shard, names: Sequence[str] | None = None, *, open_to_text: bool = False
    ) -> Iterator[Table]:
        return islice(super().blocks(shard, names, open_to_text=open_to_text), BLOCKS)


class _Counting(Here):
    """In this process, counting how often the rows are read."""

    def __init__(self) -> None:
        super().__init__(in_memory=True)
        self.readings = 1  # to encode

    def total(self, work: Callable[[Shard], T], shards: Sequence[Shard]) -> T:
        self.readings += 1
        return super().total(work, shards)

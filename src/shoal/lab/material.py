"""Guarantee: whatever a scenario's data are, they become the same examples, in columns.

Points of a formula and points drawn by hand are taken as they are, as in the course; a table goes
through the encoder of ``shoal train``, fitted on the rows that are learned from.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from shoal.activations import Array
from shoal.column_plans import Scaled
from shoal.columns import Column, Table
from shoal.datasets import DATA_SETS
from shoal.encoding import TableEncoder
from shoal.errors import InputError
from shoal.examples import Examples
from shoal.lab.scenario import BuiltIn, Points, Scenario, TableData
from shoal.losses import class_outputs
from shoal.splitting import Labels, Splitter, holdout
from shoal.table_learning import encode
from shoal.table_preparation import Choices, Prepared, prepare, training_schema
from shoal.tables import table_from_bytes
from shoal.targets import Target

MOST_BYTES = 64 * 2**20  # of one table
MOST_KEPT = 4 * MOST_BYTES  # of all of them
ROOM = 3.0
MOST_CLASSES, MOST_NUMBERS = 20, 50_000_000  # of the features of all rows


class UnknownTableError(InputError):
    """The table is not here: whoever has it may give it again."""

    def __init__(self, data: TableData) -> None:
        super().__init__(f"the table {data.name} is not here (any more): give it again")
        self.table = data.table


def likely_target(table: Table) -> str:
    """Return the last column that may be a target, as most tables have theirs last.

    Raises
    ------
    InputError
        There is none.
    """
    for name in reversed(table.names if len(table.names) > 1 else ()):
        try:
            if len(Target.fit(table[name], table.source).classes) <= MOST_CLASSES:
                return name
        except InputError:  # it is like a quantity, say
            continue
    raise InputError(
        f"{table.source} has no column of 2 to {MOST_CLASSES} different labels beside others, so"
        " none can be the target: give one that has"
    )


class Given(NamedTuple):
    """A table that was given, with fingerprint and size of its file, and its likeliest target."""

    fingerprint: str
    table: Table
    size: int
    target: str


class Tables:
    """The tables that were given; of many the last ones.

    Attributes
    ----------
    given : dict of str to Given
        By the fingerprint of the bytes, in the order in which they were asked for.
    """

    def __init__(self) -> None:
        self.given: OrderedDict[str, Given] = OrderedDict()

    def read(self, content: bytes, name: str) -> Given:
        """Read a table; it is not kept yet.

        Raises
        ------
        InputError
            It is too large, no table, or has nothing to predict.
        """
        if len(content) > MOST_BYTES:
            raise InputError(
                f"{name} has {len(content) / 2**20:.0f} MiB, and the lab takes {MOST_BYTES >> 20}:"
                " give some of its rows, or use shoal train"
            )
        fingerprint = hashlib.sha256(content).hexdigest()[:16]
        table = table_from_bytes(content, name)
        return Given(fingerprint, table, len(content), likely_target(table))

    def keep(self, given: Given) -> str:
        """Keep a table, and return its fingerprint."""
        self.given[given.fingerprint] = given
        self.given.move_to_end(given.fingerprint)
        while sum(each.size for each in self.given.values()) > MOST_KEPT:
            self.given.popitem(last=False)
        return given.fingerprint

    def find(self, data: TableData) -> Table:
        """Return a table that was given."""
        if data.table not in self.given:
            raise UnknownTableError(data)
        self.given.move_to_end(data.table)
        return self.given[data.table].table


@dataclass(frozen=True)
class Material:
    """The examples of a scenario.

    Attributes
    ----------
    learned, held_out : Examples
        Of the second there may be none (m = 0).
    encoder : TableEncoder
    prepared : Prepared
        The table behind them, with its target.
    rows : ndarray of int, (m,)
        Of that table, those learned from.
    room : float
        So far the plane goes at least, in each direction: for points that are yet to be drawn.
    """

    learned: Examples
    held_out: Examples
    encoder: TableEncoder
    prepared: Prepared
    rows: Labels
    room: float = 0.0

    @property
    def features(self) -> list[str]:
        """The names of the features."""
        return self.encoder.features

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, in the order of their numbers."""
        return self.prepared.target.classes

    @property
    def labels(self) -> Labels:
        """The class numbers of the examples that are learned from."""
        return self.prepared.labels[self.rows]


def material_of(scenario: Scenario, table: Table | None) -> Material:
    """Make the examples of a scenario, of its table if it has one.

    Raises
    ------
    InputError
        The table has no such target, or is too much for the lab.
    """
    data = scenario.data
    if isinstance(data, TableData):
        assert table is not None
        prepared = prepare(table, data.target, Choices())
        if len(prepared.target.classes) > MOST_CLASSES:
            raise InputError(
                f"{data.target} has {len(prepared.target.classes)} classes, and the lab shows"
                f" {MOST_CLASSES}: choose another target, or use shoal train"
            )
    else:
        X, Y = _points(data)
        prepared = _prepared(X, Y, data.name if isinstance(data, BuiltIn) else "drawn points")
    rows = np.flatnonzero(prepared.labels >= 0)
    kept, held_out = rows, rows[:0]
    if scenario.held_out:
        first, second = holdout(prepared.labels[rows], scenario.held_out, scenario.seed)
        kept, held_out = rows[first], rows[second]
    if isinstance(data, TableData):
        return _of_table(prepared, kept, held_out)
    encoder = TableEncoder([Scaled("x1", "number"), Scaled("x2", "number")])
    return Material(
        Examples(X[:, kept], Y[:, kept]), Examples(X[:, held_out], Y[:, held_out]),
        encoder, prepared, kept, ROOM if isinstance(data, Points) else 0.0,
    )  # fmt: skip


def _of_table(prepared: Prepared, kept: Labels, held_out: Labels) -> Material:
    encoded = encode(prepared, kept)
    encoder, K = encoded.encoder, len(prepared.target.classes)
    n_x = len(encoder.features)
    if not n_x:
        raise InputError(f"{prepared.table.source} has no column to learn from: see its notes")
    if n_x * len(prepared.labels) > MOST_NUMBERS:
        raise InputError(
            f"{prepared.table.source} becomes {len(prepared.labels):,} x {n_x:,} numbers, too many"
            " to look at: give some of its rows, or use shoal train"
        )
    unseen = prepared.table.rows(held_out).without([prepared.target.name])

    def examples(X: Array, rows: Labels) -> Examples:
        columns: Array = np.ascontiguousarray(X, np.float64).T
        return Examples(columns, class_outputs(prepared.labels[rows], K))

    learned, seen = examples(encoded.X, kept), examples(encoder.transform(unseen), held_out)
    return Material(learned, seen, encoder, prepared, kept)


def _prepared(X: Array, Y: Array, source: str) -> Prepared:
    """Return points as the table that they would be, for a model file."""
    columns = [Column(name, "number", x) for name, x in zip(("x1", "x2"), X, strict=True)]
    columns.append(Column("class", "number", Y[0]))
    table = Table(tuple(columns), (), source, True)
    target = Target("class", "number", ("0", "1"))
    schema = training_schema(table, "class")
    return Prepared(table, schema, target, Y[0].astype(np.intp), Splitter(), {}, Choices(), [])


def _points(data: BuiltIn | Points) -> tuple[Array, Array]:
    if isinstance(data, BuiltIn):
        return DATA_SETS[data.name](data.seed)
    drawn = np.array(data.points, np.float64)
    return drawn[:, :2].T, drawn[:, 2:].T

"""Guarantee: what is asked of a training is checked against the table before anything is computed.

Floor 6.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.cells import FloatArray
from shoal.columns import Column, Kind, Schema, Table, require_table
from shoal.dates import date_forms, to_days
from shoal.decisions import decide
from shoal.errors import InputError
from shoal.planning import USES
from shoal.recipe import Recipe
from shoal.splitting import Labels, Splitter
from shoal.targets import Target, target_name, told_without_label

MIN_ROWS = 10
LEAST_PARTS = 3  # groups or times


@dataclass(frozen=True)
class Choices:
    """What a user may choose of a training; see :func:`table_training.train_table`."""

    drop: Iterable[str] = ()
    keep: Iterable[str] = ()
    uses: Mapping[str, str] = field(default_factory=dict)
    group: str | None = None
    order: str | None = None
    goal: str | None = None
    recipe: Recipe = field(default_factory=Recipe)
    strict: bool = False

    def __post_init__(self) -> None:
        if not (self.goal is None or isinstance(self.goal, str)):
            raise InputError(f"goal is {self.goal!r}, but must be a name such as 'f1'")
        if not isinstance(self.recipe, Recipe):
            raise InputError(f"recipe is {self.recipe!r}, but must be a Recipe")
        if not isinstance(self.uses, Mapping):
            raise InputError(f"uses is {self.uses!r}, but must be a mapping of columns to uses")
        for name in ("drop", "keep"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        for use in self.uses.values():
            if use not in USES:
                raise InputError(f"{use!r} is no use of a column: choose one of {', '.join(USES)}")

    def to_data(self) -> dict[str, Any]:
        """Return what was chosen otherwise than by default, as plain data."""
        chosen = _unlike(self, Choices())
        recipe = _unlike(self.recipe, Recipe())
        return chosen | ({"recipe": recipe} if recipe else {})

    def told(self) -> dict[str, str]:
        """Return the same in words, by what was chosen, for a checkpoint."""
        choices = self.to_data()
        recipe = choices.pop("recipe", {})
        return {f"choice of {k}": json.dumps(v) for k, v in (choices | recipe).items()}


def _names(what: str, given: Any) -> tuple[str, ...]:
    """Return names of columns, as they are read more than once."""
    names = () if given is None else given
    if not isinstance(names, str) and isinstance(names, Iterable):
        names = tuple(names)
        if all(isinstance(name, str) for name in names):
            return names
    raise InputError(
        f"{what} is {given!r}, but must be a list of names of columns ('column_1' and so on where"
        " they have none)"
    )


def _unlike(one: Any, default: Any) -> dict[str, Any]:
    """Return the fields of a dataclass that are not as by default."""
    found = {}
    for each in fields(one):
        value = getattr(one, each.name)
        if is_dataclass(value) or value == getattr(default, each.name):
            continue
        if isinstance(value, Mapping):
            value = {str(key): _plain(of_key) for key, of_key in value.items()}
        found[each.name] = list(value) if isinstance(value, tuple) else _plain(value)
    return found


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


@dataclass(frozen=True)
class Prepared:
    """A table ready to be learned from.

    Attributes
    ----------
    table : Table
    schema : Schema
    target : Target
    labels : ndarray of int, (m,)
        Class numbers; -1 where there is no label.
    splitter : Splitter
    dropped : dict of str to str
        Columns not to be learned from, and why.
    choices : Choices
    notes : list of str
    """

    table: Table
    schema: Schema
    target: Target
    labels: Labels
    splitter: Splitter
    dropped: dict[str, str]
    choices: Choices
    notes: list[str]


def prepare(
    table: Table,
    target: str,
    choices: Choices,
    *,
    classes: Sequence[str] = (),
    groups: NDArray[Any] | None = None,
    to_split: bool = True,
) -> Prepared:
    """Check a table and what is asked, and find its classes.

    ``classes`` are the labels in order, where they are known; ``groups`` those of the rows, where
    they are in no column; ``to_split`` says whether rows will be held out of these.

    Raises
    ------
    InputError
        The table, the target or a choice does not fit.
    """
    require_table(table)
    if len(table.names) == 1:
        raise InputError(f"{table.source} has the target alone: add columns to learn from")
    schema = training_schema(table, target)
    dropped = _dropped(table, choices, schema.target)
    fitted, labels, notes = _targets(table, schema.target, classes)
    K, known = len(fitted.classes), labels[labels >= 0]
    choices.recipe.weights_of(fitted.classes, np.bincount(known, minlength=K))
    if choices.goal is not None:  # on perfect probabilities, to see whether there is such a goal
        decide(choices.goal, fitted.classes, np.arange(K), np.eye(K))
    splitter = _splitter(table, choices, labels) if to_split else Splitter()
    if groups is not None:
        if len(groups) != table.n_rows:
            raise InputError(
                f"{table.source} has {table.n_rows} rows, but groups has {len(groups)}: give as"
                " many"
            )
        splitter = Splitter(np.unique(groups, return_inverse=True)[1])
    return Prepared(table, schema, fitted, labels, splitter, dropped, choices, notes)


def training_schema(table: Table, target: str) -> Schema:
    """Return what later tables must look like; the target is given by name or position."""
    columns = tuple((column.name, _kind(column)) for column in table.columns)
    return Schema(columns, table.header, target_name(table, target))


def _kind(column: Column) -> Kind:
    """Return a column's kind; one without values may hold anything later."""
    return "text" if column.absent.all() else column.kind


def _dropped(table: Table, choices: Choices, target: str) -> dict[str, str]:
    """Return the columns that are not learned from and why, once all names are checked."""
    drop, keep, uses = (
        {table[name.strip()].name for name in names}
        for names in (choices.drop, choices.keep, choices.uses)
    )
    dropped = dict.fromkeys(sorted(drop), "as asked")
    for column, reason in (
        (choices.group, "rows of a group stay together by it"),
        (choices.order, "the last rows are held out by it"),
    ):
        if column is not None:
            dropped[table[column.strip()].name] = reason
    wanted = keep | uses
    if target in dropped.keys() | wanted:
        raise InputError(f"{target!r} is the target: it is not one of the columns to learn from")
    if both := drop & wanted:
        raise InputError(f"{min(both)!r} is dropped and yet to be used: choose one")
    return {name: reason for name, reason in dropped.items() if name not in wanted}


def _targets(table: Table, name: str, classes: Sequence[str]) -> tuple[Target, Labels, list[str]]:
    column = table[name]
    target = (
        Target(name, column.kind, tuple(classes)) if classes else Target.fit(column, table.source)
    )
    labels, _ = target.encode(column, table.source)
    notes = list(table.notes)
    missing = int((labels < 0).sum())
    if len(labels) - missing < MIN_ROWS:
        raise InputError(
            f"{table.source} has {len(labels) - missing} rows with a label: {MIN_ROWS} are the"
            " least to learn from"
        )
    if missing:
        notes.append(told_without_label(missing))
    return target, labels, notes


def _splitter(table: Table, choices: Choices, labels: Labels) -> Splitter:
    groups, order = None, None
    if choices.group is not None and choices.order is not None:
        raise InputError("rows are split by a group or by an order: choose one")
    if choices.group is not None:
        column = table[choices.group.strip()]
        groups = _groups(column)
        _check_parts(column.name, table.source, groups[labels >= 0])
    if choices.order is not None:
        column = table[choices.order.strip()]
        order = _times(column, table)
        _check_parts(column.name, table.source, order[labels >= 0])
    return Splitter(groups, order)


def _check_parts(name: str, source: str, values: NDArray[Any]) -> None:
    found = len(np.unique(values))
    if found < LEAST_PARTS:
        raise InputError(
            f"column {name!r} of {source} has {found} different values: {LEAST_PARTS} are the least"
            " to split rows by, as some are to learn from, some to stop training, some to measure"
        )


def _groups(column: Column) -> NDArray[np.intp]:
    """Give each group a number; a row without a value is one of its own."""
    numbers: dict[object, int] = {}
    keys = (i if cell is None else cell for i, cell in enumerate(column.cells))
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.intp)


def _times(column: Column, table: Table) -> FloatArray:
    if column.absent.any():
        place = table.place(int(np.flatnonzero(column.absent)[0]))
        raise InputError(
            f"column {column.name!r} of {table.source} is missing in {place}: rows can be ordered"
            " by a column only if each has a value; fill it, or leave those rows out"
        )
    if column.kind == "number":
        return np.asarray(column.values, np.float64)
    forms = date_forms(column.cells)
    if not forms:
        raise InputError(
            f"column {column.name!r} of {table.source} holds no numbers, and no dates written all"
            f" alike ({column.cells[0]!r}): rows cannot be ordered by it"
        )
    return to_days(column.cells, forms[0])

"""Guarantee: labels keep the words of the table; class numbers are never shown alone.

Floor 4. The classes are sorted, numbers as numbers; of two, the second is the positive one.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.cells import is_number, number_text
from shoal.columns import Column, Kind, Table
from shoal.errors import InputError

MAX_CLASSES = 100


def target_name(table: Table, target: str) -> str:
    """Return the name of the target column, given by its name or its position (-1 the last)."""
    target = target.strip()  # as the names of the table are
    if target in table.names:
        return target
    n = len(table.names)
    try:
        position = int(target)
    except ValueError:
        try:
            return table[target].name  # which says what names there are
        except InputError as error:
            if table.header:
                raise
            hint = "its first row was read as data, and --header changes that"
            raise InputError(f"{error}; {hint}") from None
    if not (1 <= position <= n or -n <= position <= -1):
        raise InputError(
            f"{table.source} has no column {position}: give a name, or a position from 1 to {n}"
            " or from -1 (the last) backwards"
        )
    return table.names[position - 1 if position > 0 else position]


@dataclass(frozen=True)
class Target:
    """The column to be predicted.

    Attributes
    ----------
    name : str
    kind : {"number", "text"}
    classes : tuple of str
        The labels in order, as they are written in tables.
    """

    name: str
    kind: Kind
    classes: tuple[str, ...]

    @property
    def positive(self) -> str | None:
        """The positive class where there are two."""
        return self.classes[1] if len(self.classes) == 2 else None

    @classmethod
    def fit(cls, column: Column, source: str) -> "Target":
        """Find the classes of a training table's target column."""
        labels = labels_of(column, column.kind)
        counts = Counter(label for label in labels if label is not None)
        return cls.of_counts(column.name, column.kind, counts, source)

    @classmethod
    def of_counts(cls, name: str, kind: Kind, counts: Counter[str], source: str) -> "Target":
        """Find the classes of a target column in whose rows each label is so often."""
        if not counts:
            raise InputError(
                f"the target {name!r} of {source} is missing in every row: choose another column"
            )
        if len(counts) == 1:
            only = next(iter(counts))
            raise InputError(
                f"the target {name!r} of {source} is {only!r} in every row: two classes or more"
                " are needed to learn a difference"
            )
        if _looks_like_a_quantity(kind, counts):
            raise InputError(
                f"the target {name!r} of {source} has {len(counts):,} different numbers in"
                f" {counts.total():,} rows ({_some(list(counts))}), like a quantity: put them into"
                " classes first, or write them as text if they are classes (to predict a number"
                " itself, there is NetworkRegressor in Python)"
            )
        if len(counts) > MAX_CLASSES:
            raise InputError(
                f"the target {name!r} of {source} has {len(counts):,} different values"
                f" ({_some(list(counts))}), and a class target has {MAX_CLASSES} at the most:"
                " choose another column, or put the values into classes first"
            )
        key = float if kind == "number" else str
        return cls(name, kind, tuple(sorted(counts, key=key)))

    def encode(self, column: Column, source: str) -> tuple[NDArray[np.intp], list[str]]:
        """Return class numbers, -1 where the label is missing, and words on labels read freely.

        A label that training did not have is matched without regard to case and to full stops at
        its end, where that leaves no doubt.
        """
        number: dict[str | None, int] = {label: i for i, label in enumerate(self.classes)}
        free = {_plain(label): label for label in self.classes}
        distinct = len(free) == len(self.classes)
        notes = []
        for label in dict.fromkeys(labels_of(column, self.kind)):
            if label is None or label in number:
                continue
            if not distinct or _plain(label) not in free:
                raise InputError(
                    f"the target {self.name!r} of {source} holds {label!r}, which was no class in"
                    f" training ({_some(self.classes)}): correct it, or train with such rows"
                )
            number[label] = number[free[_plain(label)]]
            # what differs between the files of a table comes last: then it is told once
            notes.append(f"label {label!r} was read as {free[_plain(label)]!r}: in {source}")
        return np.array(
            [number.get(label, -1) for label in labels_of(column, self.kind)], np.intp
        ), notes

    def decode(self, numbers: NDArray[np.intp]) -> NDArray[Any]:
        """Return labels for class numbers: numbers where the target's are, else text."""
        labels: list[Any] = list(self.classes)
        if self.kind == "number":
            labels = [float(label) for label in labels]
            if all(label.is_integer() for label in labels):
                labels = [int(label) for label in labels]
            return np.array(labels)[numbers]
        return np.array(labels, object)[numbers]


def told_without_label(rows: int) -> str:
    """Return what is told of rows that have no label."""
    were = "row without a label was" if rows == 1 else "rows without a label were"
    return f"{rows:,} {were} left out"


def _looks_like_a_quantity(kind: Kind, counts: Counter[str]) -> bool:
    return kind == "number" and len(counts) > max(20, counts.total() / 10)


def labels_of(column: Column, kind: Kind) -> list[str | None]:
    """Return the labels of a column for a target of a kind, numbers written in one way."""
    if column.kind == "number" or kind == "text":
        return column.cells
    return [number_text(float(v)) if v is not None and is_number(v) else v for v in column.values]


def _plain(label: str) -> str:
    return label.rstrip(" .").casefold()


def _some(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(str(name) for name in names[:8])
    return shown + (", …" if len(names) > 8 else "")

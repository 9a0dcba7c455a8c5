"""Guarantee: what a column becomes is decided on training rows, shown, and the same ever after.

Floor 4. A number column is centred and scaled to unit variance, with its gaps filled by the mean
(0 after scaling) and marked by an indicator. A text column becomes one 0/1 feature for each
frequent value and one for all rare or new ones. Columns that cannot help are left out, with a word.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.cells import is_number
from shoal.columns import Column, Kind, Table, nearest_name
from shoal.errors import InputError

MIN_COUNT = 5  # a text value seen less often is too rare to learn about alone
MAX_CATEGORIES = 100  # of one column; the rarer ones are put together
MIN_ROWS_OF_AN_ID = 20  # in fewer rows, distinct ascending numbers are no sign of a row number
MAX_DEVIATIONS = 1e6  # in standard deviations; new values farther off are taken to be there
OTHER, MISSING = "(rare or new)", "(missing)"


@dataclass(frozen=True)
class ColumnPlan:
    """How one column becomes features.

    Attributes
    ----------
    name : str
    kind : {"number", "text"}
    use : str
        ``scaled``, ``one-hot``, ``indicator`` (only whether it is missing) or ``left out``.
    note : str
        What a user should know: why it is left out, or what is odd about it.
    mean, scale : float
        Of a scaled column.
    categories : tuple of str
        Of a one-hot column, the frequent values, the most frequent first.
    other, missing : int
        How many training rows had a rare value, or none: if any, there is a feature for it.
    codes : bool
        Whether some text looks like a number.
    """

    name: str
    kind: Kind
    use: str
    note: str = ""
    mean: float = 0.0
    scale: float = 1.0
    categories: tuple[str, ...] = ()
    other: int = 0
    missing: int = 0
    codes: bool = False

    @property
    def features(self) -> list[str]:
        """Names of the features that the column becomes."""
        if self.use == "left out":
            return []
        names = [self.name] if self.use == "scaled" else []
        names += [f"{self.name} = {category}" for category in self.categories]
        names += [f"{self.name} = {OTHER}"] if self.other else []
        return names + ([f"{self.name} = {MISSING}"] if self.missing else [])

    def transform(self, column: Column) -> Array:
        """Return the features, (m, number of features)."""
        if self.kind == "number":
            absent = np.isnan(column.values)
            with np.errstate(over="ignore"):  # halves, for a difference may exceed the floats
                scaled = (column.values / 2 - self.mean / 2) / self.scale * 2
            values = np.where(absent, 0.0, scaled.clip(-MAX_DEVIATIONS, MAX_DEVIATIONS))
            parts = [values] if self.use == "scaled" else []
            parts += [absent.astype(np.float64)] if self.missing else []
            return np.stack(parts, axis=1)
        position = {category: i for i, category in enumerate(self.categories)}
        n = len(self.features)
        # without a feature of its own, a value has none at all: column n is cut off
        other = len(self.categories) if self.other else n
        absent_at = n - 1 if self.missing else other
        at = [absent_at if v is None else position.get(v, other) for v in column.values]
        return np.eye(n + 1)[at][:, :n]


def plan_column(column: Column, keep: bool = False) -> ColumnPlan:
    """Decide on training rows what a column becomes; ``keep`` overrides the sign of an id."""
    return _plan_number(column, keep) if column.kind == "number" else _plan_text(column, keep)


def _plan_number(column: Column, keep: bool) -> ColumnPlan:
    present = column.values[~np.isnan(column.values)]
    missing = len(column.values) - len(present)
    if not len(present):
        return ColumnPlan(column.name, "number", "left out", "all missing", missing=missing)
    if present.min() == present.max():
        constant = f"always {present[0]:g}"
        if missing:
            note = f"{constant} or missing: only that is used"
            return ColumnPlan(column.name, "number", "indicator", note, missing=missing)
        return ColumnPlan(column.name, "number", "left out", constant)
    if not keep and not missing and _is_row_number(column.name, present):
        return ColumnPlan(column.name, "number", "left out", "looks like a row number or id")
    size = np.abs(present).max()  # squares of huge numbers would overflow
    mean, scale = np.mean(present / size) * size, np.std(present / size) * size
    if not scale > 0:  # the values differ by less than their rounding
        return ColumnPlan(column.name, "number", "left out", f"always about {mean:g}")
    return ColumnPlan(
        column.name, "number", "scaled", mean=float(mean), scale=float(scale), missing=missing
    )


def _is_row_number(name: str, values: Array) -> bool:
    if len(values) < MIN_ROWS_OF_AN_ID or not (values == np.floor(values)).all():
        return False
    if len(np.unique(values)) < len(values):
        return False
    contiguous = values.max() - values.min() + 1 == len(values)
    named_so = name.lower() == "id" or name.endswith(("_id", "Id", "ID", " id"))
    return bool(contiguous or named_so or (np.diff(values) > 0).all())


def _plan_text(column: Column, keep: bool) -> ColumnPlan:
    counts = Counter(value for value in column.values if value is not None)
    total = sum(counts.values())
    missing = len(column.values) - total
    if len(counts) == 1 and not missing:
        return ColumnPlan(column.name, "text", "left out", f"always {next(iter(counts))!r}")
    if not counts:
        return ColumnPlan(column.name, "text", "left out", "all missing", missing=missing)
    near_unique = len(counts) > total / 2 and total >= MIN_ROWS_OF_AN_ID
    least = 1 if keep or total < MIN_ROWS_OF_AN_ID else MIN_COUNT
    frequent = sorted(
        (value for value, count in counts.items() if count >= least),
        key=lambda value: (-counts[value], value),
    )[:MAX_CATEGORIES]
    other = total - sum(counts[value] for value in frequent)
    note = ""
    if near_unique and not keep:
        note = f"nearly unique: {len(counts):,} values in {total:,} rows"
    if not frequent and not missing:
        note = note or f"no value is in {MIN_COUNT} rows or more"
        return ColumnPlan(column.name, "text", "left out", note)
    return ColumnPlan(
        column.name, "text", "one-hot", note,
        categories=tuple(frequent), other=other, missing=missing,
        codes=any(is_number(value) for value in counts),
    )  # fmt: skip


class TableEncoder:
    """Turns the columns of a table into the matrix that a network reads.

    Parameters
    ----------
    plans : sequence of ColumnPlan
        One for each column of the training table without its target; see :meth:`fit`.
    """

    def __init__(self, plans: Sequence[ColumnPlan]) -> None:
        self.plans = tuple(plans)

    @classmethod
    def fit(
        cls, table: Table, drop: Iterable[str] = (), keep: Iterable[str] = ()
    ) -> "TableEncoder":
        """Decide for each column of a table without its target.

        Columns in ``drop`` are left out; columns in ``keep`` are used even if they look like ids.
        """
        drop, keep = ({table[name].name for name in names} for names in (drop, keep))
        encoder = cls(
            [
                ColumnPlan(column.name, column.kind, "left out", "as asked")
                if column.name in drop
                else plan_column(column, column.name in keep)
                for column in table.columns
            ]
        )
        if not encoder.features:
            words = "; ".join(f"{plan.name}: {plan.note}" for plan in encoder.plans)
            raise InputError(
                f"no column of {table.source} can be learned from ({words}): add columns that"
                " vary, or name one to keep"
            )
        return encoder

    @property
    def features(self) -> list[str]:
        """Names of the features, in the order of X's columns."""
        return [name for plan in self.plans for name in plan.features]

    def transform(self, table: Table, ignore_extra: bool = False) -> Array:
        """Return X, (m, n_x), from a table with the training columns in any order.

        Raises
        ------
        InputError
            A column is missing, unknown (unless ``ignore_extra``) or of another type.
        """
        used = [plan for plan in self.plans if plan.use != "left out"]
        self._check_names(table, used, ignore_extra)
        for plan in used:
            _check_type(plan, table)
        return np.concatenate([plan.transform(table[plan.name]) for plan in used], axis=1)

    def to_data(self) -> list[dict[str, Any]]:
        """Return the plans as plain data, for a file."""
        return [asdict(plan) for plan in self.plans]

    @classmethod
    def from_data(cls, data: Iterable[dict[str, Any]]) -> "TableEncoder":
        """Rebuild an encoder from :meth:`to_data`."""
        return cls([ColumnPlan(**row | {"categories": tuple(row["categories"])}) for row in data])

    def _check_names(self, table: Table, used: list[ColumnPlan], ignore_extra: bool) -> None:
        known, present = {plan.name for plan in self.plans}, set(table.names)
        missing = [plan.name for plan in used if plan.name not in present]
        extra = [name for name in table.names if name not in known]
        if missing:
            near = nearest_name(missing[0], extra or table.names)
            hint = f" (it has {near!r}: is that it?)" if near else ""
            more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
            raise InputError(
                f"{table.source} lacks the column {missing[0]!r}{more}, which the model was"
                f" trained on{hint}: add or rename it"
            )
        if extra and not ignore_extra:
            more = f" and {len(extra) - 1} more" if len(extra) > 1 else ""
            raise InputError(
                f"{table.source} has a column {extra[0]!r}{more} that the model was not trained"
                " on: remove it, or allow it with --ignore-extra (ignore_extra=True)"
            )


def _check_type(plan: ColumnPlan, table: Table) -> None:
    column = table[plan.name]
    if column.kind != plan.kind:
        raise InputError(
            f"column {plan.name!r} of {table.source} holds {column.kind}, but held {plan.kind}"
            " when the model was trained: give the same type"
        )
    if plan.kind == "number" or plan.codes:
        return
    present = [value for value in column.values if value is not None]
    if plan.categories and present and all(is_number(value) for value in present):
        raise InputError(
            f"column {plan.name!r} of {table.source} holds numbers ({present[0]}, …), but held"
            f" text ({', '.join(plan.categories[:3])}, …) when the model was trained: check that"
            " the columns have the right names"
        )

"""Guarantee: what a column becomes is decided on training rows alone, and said.

Floor 4. Columns that cannot help are left out, with a word; what a user asks for is done, or
refused with the reason.
"""

from collections import Counter
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.cells import is_number
from shoal.column_plans import (
    MAX_CATEGORIES,
    MIN_COUNT,
    Boolean,
    ColumnPlan,
    Dates,
    Gaps,
    OneHot,
    Scaled,
    TargetMeans,
)
from shoal.columns import Column
from shoal.dates import READING, date_forms, date_parts, to_days
from shoal.errors import InputError

MIN_ROWS_OF_AN_ID = 20  # in fewer rows, distinct ascending numbers are no sign of a row number
MANY_CATEGORIES, ROWS_OF_A_CATEGORY = MAX_CATEGORIES, 5  # with more, target means
USES = ("number", "one-hot", "target-means", "boolean", "date")  # that may be asked for


def plan_column(column: Column, keep: bool = False) -> ColumnPlan:
    """Decide what a column of training rows becomes; ``keep`` overrides the sign of an id.

    Plans for target means still lack them.
    """
    if column.absent.all():
        return _left_out(column, "all missing")
    return _plan_number(column, keep) if column.kind == "number" else _plan_text(column, keep)


def plan_as_asked(column: Column, use: str, source: str) -> ColumnPlan:
    """Plan a column of training rows for one of ``USES``.

    Raises
    ------
    InputError
        The column's values do not allow it.
    """
    distinct = {cell for cell in column.cells if cell is not None}
    if len(distinct) < 2:
        return plan_column(column, keep=True)
    plan, reason = None, f"holds text ({min(distinct)!r})"
    if use == "number" and column.kind == "number":
        plan = _plan_number(column, keep=True)
    elif use == "one-hot":
        plan = _plan_one_hot(column, keep=True)
    elif use == "target-means":
        rare = len(distinct) * ROWS_OF_A_CATEGORY > len(column.cells) - column.n_missing
        note = (
            f"{len(distinct):,} values, of few rows each: their shares tell little" if rare else ""
        )
        plan = TargetMeans(column.name, column.kind, note, **_of_categories(column))
    elif use == "boolean":
        plan = _plan_boolean(column) if len(distinct) == 2 else None
        reason = f"holds {len(distinct):,} different values, not two"
    elif use == "date":
        forms = date_forms(column.cells)
        plan = _plan_dates(column, forms) if forms else None
        reason = f"holds values that are no dates, or not all written alike ({min(distinct)!r})"
    if plan is None:
        raise InputError(
            f"column {column.name!r} of {source} cannot be used as {use}: it {reason}; choose"
            " another use, or correct its cells"
        )
    return plan


def _left_out(column: Column, note: str) -> ColumnPlan:
    return ColumnPlan(column.name, column.kind, note, column.n_missing)


def _plan_number(column: Column, keep: bool) -> ColumnPlan:
    present = column.values[~column.absent]
    if present.min() == present.max():
        constant = f"always {present[0]:g}"
        if column.n_missing:
            return _gaps(column, f"{constant} or missing")
        return _left_out(column, constant)
    if not keep and not column.n_missing and _is_row_number(column.name, present):
        return _left_out(column, "looks like a row number or id")
    mean, scale = _mean_and_scale(present)
    if not scale > 0:  # the values differ by less than their rounding
        return _left_out(column, f"always about {mean:g}")
    return Scaled(column.name, "number", missing=column.n_missing, mean=mean, scale=scale)


def _mean_and_scale(values: Array) -> tuple[float, float]:
    size = np.abs(values).max() or 1.0  # squares of huge numbers would overflow
    return float(np.mean(values / size) * size), float(np.std(values / size) * size)


def _is_row_number(name: str, values: Array) -> bool:
    if len(values) < MIN_ROWS_OF_AN_ID or not (values == np.floor(values)).all():
        return False
    if len(np.unique(values)) < len(values):
        return False
    contiguous = values.max() == values.min() + (len(values) - 1)  # a difference may overflow
    named_so = name.lower() == "id" or name.endswith(("_id", "Id", "ID", " id"))
    return bool(contiguous or named_so or (np.diff(values) > 0).all())


def _plan_text(column: Column, keep: bool) -> ColumnPlan:
    distinct = {cell for cell in column.cells if cell is not None}
    if len(distinct) == 1:
        constant = f"always {min(distinct)!r}"
        if column.n_missing:
            return _gaps(column, f"{constant} or missing")
        return _left_out(column, constant)
    if forms := date_forms(column.cells):
        return _plan_dates(column, forms)
    if len(distinct) == 2:
        return _plan_boolean(column)
    if _many(column, distinct):
        return TargetMeans(column.name, column.kind, **_of_categories(column))
    return _plan_one_hot(column, keep)


def _many(column: Column, distinct: set[str]) -> bool:
    """Whether a column has too many categories for a feature each, but rows enough for a share."""
    present = len(column.cells) - column.n_missing
    return len(distinct) > MANY_CATEGORIES and present >= ROWS_OF_A_CATEGORY * len(distinct)


def _gaps(column: Column, values: str) -> ColumnPlan:
    return Gaps(column.name, column.kind, f"{values}: only that is used", column.n_missing)


def _plan_dates(column: Column, forms: list[str]) -> ColumnPlan:
    days = to_days(column.cells, forms[0])
    parts = []
    for name, values in date_parts(days):
        mean, scale = _mean_and_scale(values[~column.absent])
        if scale > 0:
            parts.append((name, mean, scale))
    note = ""
    if not parts:
        return _left_out(column, "always the same date")
    if forms[0] in READING and len(forms) > 1:
        note = f"read as {READING[forms[0]]}, which fits as well as {READING[forms[1]]}"
    return Dates(
        column.name, column.kind, note, column.n_missing, form=forms[0], parts=tuple(parts)
    )


def _plan_boolean(column: Column) -> ColumnPlan:
    first, second = sorted({cell for cell in column.cells if cell is not None})
    share = column.cells.count(second) / (len(column.cells) - column.n_missing)
    known = _of_categories(column)
    return Boolean(column.name, column.kind, categories=(first, second), share=share, **known)


def _of_categories(column: Column) -> dict[str, Any]:
    codes = column.kind == "text" and any(
        is_number(cell) for cell in set(column.cells) if cell is not None
    )
    return {"missing": column.n_missing, "codes": codes}


def _plan_one_hot(column: Column, keep: bool) -> ColumnPlan:
    counts = Counter(cell for cell in column.cells if cell is not None)
    total = sum(counts.values())
    least = 1 if keep or total < MIN_ROWS_OF_AN_ID else MIN_COUNT
    frequent = sorted(
        (value for value, count in counts.items() if count >= least),
        key=lambda value: (-counts[value], value),
    )[:MAX_CATEGORIES]
    note = ""
    if len(counts) > total / 2 and total >= MIN_ROWS_OF_AN_ID and not keep:
        note = f"nearly unique: {len(counts):,} values in {total:,} rows"
    if not frequent and not column.n_missing:
        return _left_out(column, note or f"no value is in {MIN_COUNT} rows or more")
    other = total - sum(counts[value] for value in frequent)
    return OneHot(
        column.name, column.kind, note, categories=tuple(frequent), other=other,
        **_of_categories(column),
    )  # fmt: skip

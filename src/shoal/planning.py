"""Guarantee: what a column becomes is decided on training rows alone, and said.

Floor 4. Columns that cannot help are left out, with a word; what a user asks for is done, or
refused with the reason.
"""

from typing import Any

import numpy as np

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
from shoal.dates import READING, date_forms, date_parts, to_days
from shoal.errors import InputError
from shoal.summaries import (
    MIN_ROWS_OF_AN_ID,
    CellSummary,
    ColumnSummary,
    NumberSummary,
    by_frequency,
    mean_and_scale,
)

MANY_CATEGORIES, ROWS_OF_A_CATEGORY = MAX_CATEGORIES, 5  # with more, target means
USES = ("number", "one-hot", "target-means", "boolean", "date")  # that may be asked for


def choose_plan(
    summary: ColumnSummary, source: str, *, why_not: str | None = None, keep: bool = False,
    use: str | None = None,
) -> ColumnPlan:  # fmt: skip
    """Plan a column of training rows, as asked or as is best; plans for target means lack them.

    Parameters
    ----------
    summary : ColumnSummary
        For the use that is asked for, if there is one.
    source : str
        What messages call the table.
    why_not : str, optional
        Why it is not to be learned from.
    keep : bool
        Whether to use it even if it looks like an id.
    use : str, optional
        One of ``USES``.
    """
    if why_not is not None:
        return _left_out(summary, why_not)
    if use is not None:
        return plan_as_asked(summary, use, source)
    return plan_column(summary, keep)


def plan_column(summary: ColumnSummary, keep: bool = False) -> ColumnPlan:
    """Decide what a column of training rows becomes; ``keep`` overrides the sign of an id.

    Plans for target means still lack them.
    """
    if not summary.present:
        return _left_out(summary, "all missing")
    if summary.constant is not None:
        constant = f"always {summary.constant}"
        if summary.missing:
            note = f"{constant} or missing: only that is used"
            return Gaps(summary.name, summary.kind, note, summary.missing)
        return _left_out(summary, constant)
    if isinstance(summary, NumberSummary):
        return _plan_number(summary, keep)
    return _plan_text(summary, keep)


def plan_as_asked(summary: ColumnSummary, use: str, source: str) -> ColumnPlan:
    """Plan a column of training rows, summarised for one of ``USES``, to be used so.

    Raises
    ------
    InputError
        The column's values do not allow it.
    """
    if not summary.present or summary.constant is not None:
        return plan_column(summary, keep=True)
    if isinstance(summary, NumberSummary):
        return _plan_number(summary, keep=True)
    plan, counts = None, summary.counts
    text = [value for value in counts if not is_number(value)]
    reason = f"holds text ({min(text or counts)!r})"
    if use == "one-hot":
        plan = _plan_one_hot(summary, keep=True)
    elif use == "target-means":
        rare = len(counts) * ROWS_OF_A_CATEGORY > summary.present
        note = f"{len(counts):,} values, of few rows each: their shares tell little" if rare else ""
        plan = TargetMeans(summary.name, summary.kind, note, **_of_categories(summary))
    elif use == "boolean":
        plan = _plan_boolean(summary) if len(counts) == 2 else None
        reason = f"holds {len(counts):,} different values, not two"
    elif use == "date":
        forms = date_forms([*counts])
        plan = _plan_dates(summary, forms) if forms else None
        reason = f"holds values that are no dates, or not all written alike ({min(counts)!r})"
    if plan is None:
        raise InputError(
            f"column {summary.name!r} of {source} cannot be used as {use}: it {reason}; choose"
            " another use, or correct its cells"
        )
    return plan


def _left_out(summary: ColumnSummary, note: str) -> ColumnPlan:
    return ColumnPlan(summary.name, summary.kind, note, summary.missing)


def _plan_number(summary: NumberSummary, keep: bool) -> ColumnPlan:
    if not keep and _is_row_number(summary):
        return _left_out(summary, "looks like a row number or id")
    if not summary.scale > 0:  # the values differ by less than their rounding
        return _left_out(summary, f"always about {summary.mean:g}")
    return Scaled(
        summary.name, "number", missing=summary.missing, mean=summary.mean, scale=summary.scale
    )


def _is_row_number(summary: NumberSummary) -> bool:
    if summary.rows < MIN_ROWS_OF_AN_ID or summary.missing or not summary.distinct:
        return False
    name = summary.name
    contiguous = summary.high == summary.low + (summary.rows - 1)  # a difference may overflow
    named_so = name.lower() == "id" or name.endswith(("_id", "Id", "ID", " id"))
    return contiguous or named_so or summary.ascending


def _plan_text(summary: CellSummary, keep: bool) -> ColumnPlan:
    if forms := date_forms([*summary.counts]):
        return _plan_dates(summary, forms)
    if len(summary.counts) == 2:
        return _plan_boolean(summary)
    if _many(summary):
        return TargetMeans(summary.name, summary.kind, **_of_categories(summary))
    return _plan_one_hot(summary, keep)


def _many(summary: CellSummary) -> bool:
    """Whether a column has too many categories for a feature each, but rows enough for a share."""
    n = len(summary.counts)
    return n > MANY_CATEGORIES and summary.present >= ROWS_OF_A_CATEGORY * n


def _plan_dates(summary: CellSummary, forms: list[str]) -> ColumnPlan:
    days = to_days([*summary.counts], forms[0])
    times = np.array([*summary.counts.values()], np.float64)
    parts = []
    for name, values in date_parts(days):
        mean, scale = mean_and_scale(values, times)
        if scale > 0:
            parts.append((name, mean, scale))
    note = ""
    if not parts:
        return _left_out(summary, "always the same date")
    if forms[0] in READING and len(forms) > 1:
        note = f"read as {READING[forms[0]]}, which fits as well as {READING[forms[1]]}"
    return Dates(
        summary.name, summary.kind, note, summary.missing, form=forms[0], parts=tuple(parts)
    )


def _plan_boolean(summary: CellSummary) -> ColumnPlan:
    first, second = sorted(summary.counts)
    share = summary.counts[second] / summary.present
    known = _of_categories(summary)
    return Boolean(summary.name, summary.kind, categories=(first, second), share=share, **known)


def _of_categories(summary: CellSummary) -> dict[str, Any]:
    codes = summary.kind == "text" and any(map(is_number, summary.counts))
    return {"missing": summary.missing, "codes": codes}


def _plan_one_hot(summary: CellSummary, keep: bool) -> ColumnPlan:
    counts, total = summary.counts, summary.present
    least = 1 if keep or total < MIN_ROWS_OF_AN_ID else MIN_COUNT
    frequent = [value for value in by_frequency(counts) if counts[value] >= least][:MAX_CATEGORIES]
    note = ""
    distinct = len(counts) + summary.uncounted
    if distinct > total / 2 and total >= MIN_ROWS_OF_AN_ID and not keep:
        note = f"nearly unique: {distinct:,} values in {total:,} rows"
    if not frequent and not summary.missing:
        return _left_out(summary, note or f"no value is in {MIN_COUNT} rows or more")
    other = total - sum(counts[value] for value in frequent)
    return OneHot(
        summary.name, summary.kind, note, categories=tuple(frequent), other=other,
        **_of_categories(summary),
    )  # fmt: skip

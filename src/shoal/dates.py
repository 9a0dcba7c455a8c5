"""Guarantee: a date is read in one way throughout a column, or it is a gap.

Floor 4, NumPy alone. Dates are ISO 8601 or in one of the usual forms below; those with a time zone
are moved to UTC.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from shoal.cells import Cells, FloatArray

ISO = "ISO 8601"
FORMS = (  # of two that fit, the first is taken
    ISO, "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y", "%d/%m/%Y",
    "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y/%m/%d",
    "%Y/%m/%d %H:%M:%S", "%d-%m-%Y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y",
    "%Y%m%d",
)  # fmt: skip
READING = {"%m/%d/%Y": "month/day/year", "%d/%m/%Y": "day/month/year"}  # for a note
DAY = 86_400.0


def date_forms(cells: Cells) -> list[str]:
    """Return the forms in which every cell that is present is a date."""
    distinct = sorted({cell for cell in cells if cell is not None})
    return [form for form in FORMS if distinct and all(_reads(cell, form) for cell in distinct)]


def to_days(cells: Cells, form: str) -> FloatArray:
    """Return days since 1970 with their fraction, (m,); NaN where there is no date of that form."""
    known = {cell: _read(cell, form) for cell in set(cells) if cell is not None}
    return np.array([np.nan if cell is None else known[cell] for cell in cells], np.float64)


def date_parts(days: FloatArray) -> Iterator[tuple[str, FloatArray]]:
    """Yield the parts of dates by name, (m,) each: ``time`` in days, and what recurs."""
    yield "time", days
    there = ~np.isnan(days)
    whole = np.floor(days[there]).astype(np.int64)
    dates = whole.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    recurring = {
        "month": months.astype(np.int64) % 12 + 1,
        "day": (dates - months).astype(np.int64) + 1,
        "weekday": (whole + 3) % 7,  # 0 is Monday, and 1970 began on a Thursday
        "hour": (days[there] - whole) * 24,
    }
    for name, values in recurring.items():
        part = np.full(len(days), np.nan)
        part[there] = values
        yield name, part


def _reads(cell: str, form: str) -> bool:
    return not np.isnan(_read(cell, form))


def _read(cell: str, form: str) -> float:
    try:
        if form == ISO:
            if len(cell) < len("2020-01-01") or cell[4] != "-" or cell[7] != "-":
                return np.nan  # weeks, and digits alone, are seldom meant
            date = datetime.fromisoformat(cell)
        else:
            date = datetime.strptime(cell, form)
        date = date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return np.nan
    return date.timestamp() / DAY

"""Guarantee: in an ONNX graph the columns of a table become what the networks see, as in Shoal.

Floor 6. All numbers are in double precision until the networks' features, which are single.
"""

import numpy as np

from shoal.cells import MISSING
from shoal.column_plans import (
    MAX_DEVIATIONS,
    Boolean,
    Categories,
    ColumnPlan,
    Dates,
    OneHot,
    Scaled,
    TargetMeans,
)
from shoal.encoding import TableEncoder
from shoal.engine.lines import SOFT_LIMIT
from shoal.export.onnx_graph import Graph
from shoal.piecewise import PiecewiseLinear

Parts = list[tuple[str, list[int]]]  # a matrix, and which features its columns are
HUGE = 1e150  # its square is finite


def encode(g: Graph, encoder: TableEncoder) -> str:
    """Add an input for each column that is used, and return the features, (m, n)."""
    parts: Parts = []
    numbers: list[tuple[str, Scaled, int]] = []
    for plan, at in encoder.blocks():
        column = g.input(plan.name, text=plan.kind == "text" and not isinstance(plan, Dates))
        positions = list(range(at.start, at.stop))
        if plan.missing:
            parts.append((_gap(g, plan, column), [positions.pop()]))
        if isinstance(plan, Scaled):
            numbers.append((column, plan, positions[0]))
        elif isinstance(plan, Dates) and positions:
            parts.append((_dates(g, plan, column), positions))
        elif isinstance(plan, Categories) and positions:
            parts += _categories(g, plan, column, positions)
    if numbers:
        columns, plans, places = zip(*numbers, strict=True)
        X = g.op("Concat", *columns, axis=1)
        scaled = _scaled(g, X, [plan.mean for plan in plans], [plan.scale for plan in plans])
        parts.append((scaled, list(places)))
    return g.put_together(parts)


def cut_into_pieces(g: Graph, X: str, pieces: PiecewiseLinear) -> str:
    """Return what the networks see of features, (m, n): (m, width) in single precision."""
    ends = np.cumsum([piece.width for piece in pieces.pieces]).tolist()
    starts = [end - piece.width for end, piece in zip(ends, pieces.pieces, strict=True)]
    plain = [i for i, piece in enumerate(pieces.pieces) if piece.plain]
    cut = [i for i, piece in enumerate(pieces.pieces) if not piece.plain]
    parts: Parts = []
    if plain:
        parts.append((g.columns(X, plain), [starts[i] for i in plain]))
    if cut:
        chosen = [pieces.pieces[i] for i in cut]
        z = g.op("Sub", g.columns(X, cut), g.constant([piece.centre for piece in chosen]))
        z = g.op("Div", z, g.constant([piece.spread for piece in chosen]))
        z = g.op("Clip", z, g.constant(-HUGE), g.constant(HUGE))
        part = g.op("Div", z, g.constant(SOFT_LIMIT))
        root = g.op("Sqrt", g.op("Add", g.op("Mul", part, part), g.constant(1.0)))
        parts.append((g.op("Div", z, root), [starts[i] for i in cut]))
        edges = [np.array(piece.edges) for piece in chosen]
        widths = [piece.width - 1 for piece in chosen]
        if sum(widths):
            x = g.columns(X, np.repeat(cut, widths).tolist())
            x = g.op("Sub", x, g.constant(np.concatenate([each[:-1] for each in edges])))
            x = g.op("Div", x, g.constant(np.concatenate([np.diff(each) for each in edges])))
            x = g.op("Clip", x, g.constant(0.0), g.constant(1.0))
            places = [range(starts[i] + 1, ends[i]) for i in cut]
            parts.append((x, [place for each in places for place in each]))
    return g.op("Cast", g.put_together(parts), to=1)  # to single precision


def _scaled(g: Graph, x: str, means: list[float], scales: list[float]) -> str:
    """Centre and scale numbers, (m, k), by halves, for a difference may exceed the floats."""
    z = g.op("Sub", g.op("Mul", x, g.constant(0.5)), g.constant(np.array(means) / 2))
    z = g.op("Mul", g.op("Div", z, g.constant(np.array(scales))), g.constant(2.0))
    z = g.op("Clip", z, g.constant(-MAX_DEVIATIONS), g.constant(MAX_DEVIATIONS))
    return g.op("Where", g.op("IsNaN", x), g.constant(0.0), z)


def _gap(g: Graph, plan: ColumnPlan, column: str) -> str:
    """Return 1 where a column has no value, else 0, (m, 1)."""
    if plan.kind == "number" or isinstance(plan, Dates):
        return g.double(g.op("IsNaN", column))
    return g.double(_encode_labels(g, column, dict.fromkeys(sorted(MISSING), 1), 0))


def _encode_labels(g: Graph, column: str, numbers: dict[str, int], default: int) -> str:
    return g.op(
        "LabelEncoder", column, domain="ai.onnx.ml",
        keys_strings=list(numbers), values_int64s=list(numbers.values()), default_int64=default,
    )  # fmt: skip


def _categories(g: Graph, plan: Categories, column: str, places: list[int]) -> Parts:
    """Return the features of categories; a new value has the number n, a gap n + 1."""
    n = len(plan.categories)
    if isinstance(plan, OneHot):
        gap = n + 1 if plan.missing else n
        return [(_equal(g, _position(g, plan, column, gap), len(places)), places)]
    at = _position(g, plan, column, n)
    if isinstance(plan, Boolean):
        table, frequent = np.array([[0.0], [1.0], [plan.share]]), 0
    else:
        assert isinstance(plan, TargetMeans)
        table, frequent = np.zeros((n + 1, len(plan.classes))), plan.frequent
        table[:n] = np.reshape(plan.means, (n, len(plan.classes)))
    row = g.op("Squeeze", at, g.constant(np.array([1])))
    parts: Parts = [(g.op("Gather", g.constant(table), row), places[: table.shape[1]])]
    if frequent:
        parts.append((_equal(g, at, frequent), places[table.shape[1] :]))
    return parts


def _position(g: Graph, plan: Categories, column: str, gap: int) -> str:
    """Return the position of each cell among the categories, (m, 1); new ones come after all."""
    n = len(plan.categories)
    if plan.kind == "text":
        numbers = dict.fromkeys(sorted(MISSING), gap)
        numbers |= {category: i for i, category in enumerate(plan.categories)}
        return _encode_labels(g, column, numbers, n)
    values = np.array([float(category) for category in plan.categories])
    same = g.op("Cast", g.op("Equal", column, g.constant(values)), to=7)  # to whole numbers
    ranks = g.op("Mul", same, g.constant(np.arange(n, 0, -1)))  # n for the first category
    best = g.op("ReduceMax", ranks, axes=[1], keepdims=1)
    at = g.op("Sub", g.constant(n), best)
    return g.op("Where", g.op("IsNaN", column), g.constant(gap), at)


def _equal(g: Graph, at: str, count: int) -> str:
    """Return a feature of 0 and 1 for each of the first categories, (m, count)."""
    return g.double(g.op("Equal", at, g.constant(np.arange(count))))


def _dates(g: Graph, plan: Dates, days: str) -> str:
    """Return the scaled parts of dates given in days since 1970, (m, 1)."""
    found = _date_parts(g, days)
    names, means, scales = zip(*plan.parts, strict=True)
    X = g.op("Concat", *(found[name] for name in names), axis=1)
    return _scaled(g, X, list(means), list(scales))


def _date_parts(g: Graph, days: str) -> dict[str, str]:
    """Return the parts of dates; the calendar begins on the first of March of the year 0.

    Source: Howard Hinnant, chrono-Compatible Low-Level Date Algorithms.
    """

    def number(kind: str, a: str, b: float) -> str:
        return g.op(kind, a, g.constant(float(b)))

    def quotient(a: str, b: float) -> str:
        return g.op("Floor", number("Div", a, b))

    def rest(a: str, b: float) -> str:
        return g.op("Sub", a, number("Mul", quotient(a, b), b))

    whole = g.op("Floor", days)
    in_era = rest(number("Add", whole, 719_468), 146_097)  # days of 400 years
    leap = g.op("Sub", quotient(in_era, 36_524), quotient(in_era, 1_460))
    leap = g.op("Sub", leap, quotient(in_era, 146_096))
    year = quotient(g.op("Add", in_era, leap), 365)
    before = g.op("Add", number("Mul", year, 365), quotient(year, 4))
    in_year = g.op("Sub", in_era, g.op("Sub", before, quotient(year, 100)))
    month = quotient(number("Add", number("Mul", in_year, 5), 2), 153)  # 0 is March
    started = quotient(number("Add", number("Mul", month, 153), 2), 5)
    return {
        "time": days,
        "month": number("Add", rest(number("Add", month, 2), 12), 1),
        "day": number("Add", g.op("Sub", in_year, started), 1),
        "weekday": rest(number("Add", whole, 3), 7),  # 0 is Monday
        "hour": number("Mul", g.op("Sub", days, whole), 24),
    }

"""Guarantee: a model's plain data predict with NumPy alone, by code that knows nothing of Shoal.

Floor 6, and the text below this line is what a Python export consists of, besides its data and
``standalone_table``: so it imports NumPy and the standard library only, and is written for a
reader. It shares no code with the model that it is compared with.
"""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from typing import Any

import numpy as np

# ---- cells ----

MISSING = {"", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "#N/A", "<NA>"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


def missing(value: Any) -> bool:
    """Whether a cell has no value: None, NaN, what pandas puts for it, or a word of MISSING."""
    if isinstance(value, str):
        return value.strip() in MISSING
    if isinstance(value, (int, float)):
        return value != value  # noqa: PLR0124  (NaN is not itself)
    return value is None or str(value) in MISSING or str(value) == "NaT"


def number(value: Any) -> float:
    """Return a cell as a number, NaN where it is missing."""
    if missing(value):
        return math.nan
    if isinstance(value, str) and not NUMBER.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is not a number: correct the cell or leave it empty")
    try:
        x = float(value)
    except TypeError:
        raise ValueError(f"{value!r} is not a number: give a number or None") from None
    if math.isinf(x):
        raise ValueError(f"{value!r} is infinite: correct the cell or leave it empty")
    return x


def text(value: Any) -> str | None:
    """Return a cell as text, None where it is missing."""
    if missing(value):
        return None
    if isinstance(value, (float, np.floating)) and abs(float(value)) < 1e15 and value == int(value):
        value = int(value)  # a whole number has no point
    return str(value).strip()


def number_text(x: float) -> str | None:
    """Write a number so that equal numbers have equal texts; None where it is missing."""
    if math.isnan(x):
        return None
    return f"{x + 0.0:.0f}" if x.is_integer() else repr(x)  # + 0.0 turns -0 into 0


def days(cell: str | None, form: str) -> float:
    """Return a date as days since 1970 (UTC) with their fraction, NaN where it is missing."""
    if cell is None:
        return math.nan
    try:
        if form == "ISO 8601":
            if len(cell) < len("2020-01-01") or cell[4] != "-" or cell[7] != "-":
                raise ValueError
            date = datetime.fromisoformat(cell)
        else:
            date = datetime.strptime(cell, form)
        utc = timezone.utc  # noqa: UP017  (for Python 3.8)
        date = date.replace(tzinfo=utc) if date.tzinfo is None else date.astimezone(utc)
    except (ValueError, OverflowError):
        raise ValueError(f"{cell!r} is not a date written as {form}: correct the cell") from None
    return date.timestamp() / 86_400


# ---- the encoding: a column of m cells becomes features, (m, some) ----


def scaled(x: Any, mean: float, scale: float) -> Any:
    """Return numbers, (m,), centred and scaled; gaps are the mean, which is 0."""
    with np.errstate(over="ignore"):  # halves, for a difference may exceed the floats
        z = (x / 2 - mean / 2) / scale * 2
    return np.where(np.isnan(x), 0.0, z.clip(-1e6, 1e6))


def date_part(x: Any, part: str) -> Any:
    """Return a part of dates, (m,), given in days since 1970."""
    found = np.full(len(x), math.nan)
    there = ~np.isnan(x)
    whole = np.floor(x[there]).astype(np.int64)
    dates = whole.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    if part == "time":
        found[there] = x[there]
    elif part == "month":
        found[there] = months.astype(np.int64) % 12 + 1
    elif part == "day":
        found[there] = (dates - months).astype(np.int64) + 1
    elif part == "weekday":
        found[there] = (whole + 3) % 7  # 0 is Monday, and 1970 began on a Thursday
    else:  # the hour
        found[there] = (x[there] - whole) * 24
    return found


def categories(column: dict[str, Any], cells: list[str | None]) -> Any:
    """Return the features of a column of categories; a value without a place is new."""
    place = {category: i for i, category in enumerate(column["categories"])}
    new = len(place)
    at = np.array([new if cell is None else place.get(cell, new) for cell in cells], np.int64)
    if column["use"] == "boolean":  # gaps and new values count as the share of the second one
        return np.array([0.0, 1.0, column["share"]])[at][:, None]
    if column["use"] == "target means":  # scaled; gaps and new values are the mean, which is 0
        means = np.array([*column["means"], [0.0] * len(column["classes"])])[at]
        return np.concatenate([means, np.equal.outer(at, np.arange(column["frequent"]))], axis=1)
    if column["gaps"]:  # a gap has a feature of its own
        at[[cell is None for cell in cells]] = -1
    return np.equal.outer(at, np.arange(new + column["other"])).astype(float)


def encode(column: dict[str, Any], values: Any) -> Any:
    """Return the features, (m, some), of one column's values: numbers, text or None."""
    use = column["use"]
    cells: list[Any]
    if column["kind"] == "number":
        cells = [number(value) for value in values]
    else:
        cells = [text(value) for value in values]
    gap = np.array([cell is None or cell != cell for cell in cells], bool)  # noqa: PLR0124
    if use == "scaled":
        x = np.array(cells, float)
        features = scaled(x, column["mean"], column["scale"])[:, None]
    elif use != "indicator":
        words = [number_text(x) for x in cells] if column["kind"] == "number" else cells
        if use == "date":
            x = np.array([days(word, column["form"]) for word in words], float)
            parts = [scaled(date_part(x, name), *numbers) for name, *numbers in column["parts"]]
            features = np.array(parts).reshape(len(parts), len(x)).T
        else:
            features = categories(column, words)
    else:
        features = np.empty((len(gap), 0))
    return np.column_stack([features, gap]) if column["gaps"] else features


def in_pieces(x: Any, piece: dict[str, Any]) -> Any:
    """Return what the networks see of one feature, (m,): itself, or a line cut into pieces."""
    edges = np.array(piece["edges"], float)
    if not len(edges):
        return x[:, None]
    z = (x - piece["centre"]) / piece["spread"]
    rising = ((x[:, None] - edges[:-1]) / np.diff(edges)).clip(0, 1)
    return np.column_stack([z / np.hypot(1, z / 3), rising])


# ---- the networks: columns are examples, X is (n_x, m) ----


def sigmoid(Z: Any) -> Any:
    """Return 1 / (1 + e^-z)."""
    e = np.exp(-np.abs(Z))
    return np.where(Z >= 0, 1, e) / (1 + e)


def softmax(Z: Any) -> Any:
    """Return e^z / sum of e^z."""
    e = np.exp(Z - Z.max(axis=0))
    return e / e.sum(axis=0)


ACTIVATIONS: dict[str, Any] = {
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda Z: np.maximum(Z, 0),
    "leaky_relu": lambda Z: np.where(Z > 0, Z, 0.01 * Z),
    "identity": lambda Z: Z,
}


def forward(X: Any, network: dict[str, Any]) -> Any:
    """Return Z2, (n_y, m), of one network; without hidden units X stands for A1."""
    g1 = ACTIVATIONS[network["activation"]]
    W1, b1, W2, b2 = (
        np.asarray(network[name], network["dtype"]).astype(float)
        for name in ("W1", "b1", "W2", "b2")
    )
    A1 = g1(W1 @ X + b1) if len(W1) else X
    return W2 @ A1 + b2


def of_network(X: Any, network: dict[str, Any], class_weights: Any) -> Any:
    """Return the probability that one network gives to each class, (K, m).

    The weights that the classes had in training are taken out: p / w is e^(z - log w).
    """
    Z2, logs = forward(X, network), np.log(class_weights)[:, None]
    if len(Z2) > 1:
        return softmax(Z2 - logs)
    A2 = sigmoid(Z2 - (logs[1] - logs[0]))  # stands for two classes, and is never certain
    A2 = A2.clip(np.finfo(float).tiny, 1 - np.finfo(float).epsneg)
    return np.concatenate([1 - A2, A2])


def cells_of(model: dict[str, Any], columns: Any) -> dict[str, list[Any]]:
    """Return the columns that the model reads, as lists, all of which must be of one length."""
    found = {}
    for name in (column["name"] for column in model["columns"]):
        if name not in columns:
            raise ValueError(f"there is no column {name!r}: add or rename it")
        found[name] = list(columns[name])
        first = next(iter(found))
        if len(found[name]) != len(found[first]):
            lengths = f"{len(found[name])} cells, but {first!r} has {len(found[first])}"
            raise ValueError(f"column {name!r} has {lengths}: give equally many")
    return found


def probabilities(model: dict[str, Any], columns: Any) -> Any:
    """Return the probability of each class, (m, K), from columns by name, of m cells each."""
    blocks = []
    cells = cells_of(model, columns)
    m = len(cells[model["columns"][0]["name"]])
    for start in range(0, max(m, 1), 10_000):
        features = []
        for column in model["columns"]:
            name = column["name"]
            try:
                features.append(encode(column, cells[name][start : start + 10_000]))
            except ValueError as error:
                raise ValueError(f"column {name!r}: {error}") from None
        x = np.concatenate(features, axis=1).T
        seen = [in_pieces(row, piece) for row, piece in zip(x, model["pieces"])]  # noqa: B905
        X = np.concatenate(seen, axis=1).T.astype(np.float32).astype(float)
        weights, networks = model["class_weights"], model["networks"]
        blocks.append(sum(of_network(X, network, weights) for network in networks) / len(networks))
    return np.concatenate(blocks, axis=1).T


def labels(model: dict[str, Any], P: Any) -> list[Any]:
    """Return the label that is said for probabilities, (m, K): the one of least expected cost."""
    decision = model["decision"]
    if decision["threshold"] is not None:
        said = (P[:, 1] >= decision["threshold"]).astype(int)
    else:
        said = (P @ np.array(decision["costs"])).argmin(axis=1)
    classes = model["target"]["classes"]
    if model["target"]["kind"] == "number":
        classes = [float(label) for label in classes]
        if all(label.is_integer() for label in classes):
            classes = [int(label) for label in classes]
    return [classes[k] for k in said]


def matrix(rows: int, columns: int, dtype: str, numbers: str) -> Any:
    """Return a matrix of numbers that are written as text, a line for each row."""
    return np.array(numbers.split(), dtype).reshape(rows, columns)

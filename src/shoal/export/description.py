"""Guarantee: a model as plain data: text, finite numbers, lists and dictionaries, nothing else.

Floor 6. The JSON and Python exports consist of this description, and ``docs/export.md`` says what
each entry means. Only columns that predictions need are described.
"""

import json
import textwrap
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.column_plans import (
    Boolean,
    Categories,
    ColumnPlan,
    Dates,
    OneHot,
    Scaled,
    TargetMeans,
)
from shoal.errors import InputError
from shoal.network import Network
from shoal.table_model import TableModel

FORMAT = "shoal export"
VERSION = 1
PARAMETERS = ("W1", "b1", "W2", "b2")


def describe(model: TableModel) -> dict[str, Any]:
    """Return a model as plain data, but for its networks.

    Raises
    ------
    InputError
        A number of the model is infinite or none.
    """
    decision = model.decision
    description = {
        "format": FORMAT,
        "version": VERSION,
        "names": list(model.schema.names),
        "header": model.schema.header,
        "target": {
            "name": model.target.name,
            "kind": model.target.kind,
            "classes": list(model.target.classes),
        },
        "columns": [_column(plan) for plan in used_plans(model)],
        "pieces": [
            {"feature": name, "centre": p.centre, "spread": p.spread, "edges": list(p.edges)}
            for name, p in zip(model.encoder.features, model.pieces.pieces, strict=True)
        ],
        "class_weights": model.ensemble.weights.astype(float).tolist(),
        "decision": {
            "goal": decision.goal,
            "threshold": decision.threshold,
            "costs": [list(row) for row in decision.costs],
        },
    }
    try:  # by way of text, which leaves nothing but plain data
        plain: dict[str, Any] = json.loads(json.dumps(description, allow_nan=False))
    except ValueError:
        raise _not_finite() from None
    return plain


def require_finite(model: TableModel) -> None:
    """Refuse a model that holds a number which is infinite or none, in whatever format."""
    describe(model)
    if not all(np.isfinite(network.theta).all() for network in model.ensemble.networks):
        raise _not_finite()


def _not_finite() -> InputError:
    return InputError("the model holds numbers that are not finite: train again")


def describe_networks(model: TableModel) -> list[dict[str, Any]]:
    """Return the networks of a model as plain data."""
    return [_network(network) for network in model.ensemble.networks]


def used_plans(model: TableModel) -> list[ColumnPlan]:
    """Return the plans of the columns that predictions need."""
    return [plan for plan in model.encoder.plans if plan.features]


def shortest_texts(array: Array) -> list[list[str]]:
    """Return a matrix as text, each number with as few digits as give it again."""
    return [row.tolist() for row in array.astype(str)]


def in_lines(rows: list[list[str]], between: str) -> str:
    """Return numbers as text, a line for each row; a column is wrapped, as one row would be."""
    if all(len(row) == 1 for row in rows):
        text = between.join(row[0] for row in rows)
        return textwrap.fill(text, 99, break_long_words=False, break_on_hyphens=False)
    return f"{between.rstrip()}\n".join(between.join(row) for row in rows)


def feature_names(model: TableModel) -> list[str]:
    """Return what the networks' features are, in their order."""
    names = []
    units = [unit for plan in used_plans(model) for unit in _units(plan)]
    for name, piece, unit in zip(model.encoder.features, model.pieces.pieces, units, strict=True):
        if piece.plain:
            names.append(name)
            continue
        names.append(f"{name}, clipped softly")
        for a, b in zip(piece.edges[:-1], piece.edges[1:], strict=True):
            scaled = f"from {a:.6g} to {b:.6g}"
            if unit:
                mean, scale = unit
                own = f"from {a * scale + mean:.6g} to {b * scale + mean:.6g}"
                scaled = f"{own} (scaled, {scaled})"
            names.append(f"{name}, {scaled}")
    return names


def _units(plan: ColumnPlan) -> list[tuple[float, float] | None]:
    """Return of each of a column's features what scaled it, mean and scale, if anything did."""
    units: list[tuple[float, float] | None] = []
    if isinstance(plan, Scaled):
        units = [(plan.mean, plan.scale)]
    if isinstance(plan, Dates):
        units = [(mean, scale) for _, mean, scale in plan.parts]
    return units + [None] * (len(plan.features) - len(units))


def _column(plan: ColumnPlan) -> dict[str, Any]:
    """Return how a column is encoded; the features come in the order of these entries."""
    data: dict[str, Any] = {"name": plan.name, "kind": plan.kind, "use": plan.use}
    data["gaps"] = bool(plan.missing)
    if isinstance(plan, Scaled):
        data |= {"mean": plan.mean, "scale": plan.scale}
    if isinstance(plan, Dates):
        data |= {"form": plan.form, "parts": [list(part) for part in plan.parts]}
    if isinstance(plan, Categories):
        data["categories"] = list(plan.categories)
    if isinstance(plan, OneHot):
        data["other"] = bool(plan.other)
    if isinstance(plan, Boolean):
        data["share"] = plan.share
    if isinstance(plan, TargetMeans):
        data |= {
            "frequent": plan.frequent,
            "classes": list(plan.classes),
            "means": [list(row) for row in plan.means],
        }
    return data


def _network(network: Network) -> dict[str, Any]:
    data: dict[str, Any] = {"activation": network.activation, "output": network.output}
    data["dtype"] = str(network.theta.dtype)
    for name, array in zip(PARAMETERS, network.parameters, strict=True):
        data[name] = [[float(text) for text in row] for row in shortest_texts(array)]
    return data

"""Guarantee: effects are shown in the columns' own values, in words as in JSON.

Floor 7.
"""

from dataclasses import asdict
from typing import Any

import numpy as np
from rich import box
from rich.table import Table as Grid

from shoal.cli.console import console, plain, say
from shoal.effects import Effect
from shoal.table_model import TableModel

STEPS = "▁▂▃▄▅▆▇█"
MOST_EFFECTS = 40


def effects_data(found: list[Effect], model: TableModel) -> list[dict[str, Any]]:
    """Return effects as plain data."""
    return [
        asdict(effect) | {"curve": [dict(zip(model.target.classes, point, strict=True))
                                    for point in effect.curve]}
        for effect in found
    ]  # fmt: skip


def show_effects(found: list[Effect], model: TableModel) -> None:
    """Print each column's importance and curve."""
    say(
        "Importance: how much the log loss rises when a column is shuffled.\n"
        "Curve: the mean probability if all rows had that value."
    )
    grid = Grid(box=box.SIMPLE_HEAD)
    grid.add_column("column", overflow="fold")
    grid.add_column("importance", justify="right")
    grid.add_column("ROC AUC lost", justify="right")
    grid.add_column("curve", overflow="fold")
    for effect in found[:MOST_EFFECTS]:
        lost = "-" if effect.roc_auc_lost is None else f"{effect.roc_auc_lost:.4f}"
        importance = f"{effect.importance:.4f} ± {effect.spread:.4f}"
        grid.add_row(plain(effect.name), importance, lost, plain(_curve(effect, model)))
    console().print(grid)
    if len(found) > MOST_EFFECTS:
        say(f"  … and {len(found) - MOST_EFFECTS} columns more (see --json)")


def _curve(effect: Effect, model: TableModel) -> str:
    if not effect.curve:
        return ""
    curve = np.array(effect.curve)
    k = 1 if model.target.positive else int(np.ptp(curve, axis=0).argmax())
    p = curve[:, k]
    if isinstance(effect.values[0], str) and not effect.ordered:
        order = np.argsort(-p)
        ends = [f"{effect.values[i]} {p[i]:.2f}" for i in (order[0], order[-1])]
        return f"{model.target.classes[k]}: {', … '.join(dict.fromkeys(ends))}"
    low, high = p.min(), p.max()
    heights = np.zeros(len(p)) if high == low else (p - low) / (high - low)
    line = "".join(STEPS[round(h * (len(STEPS) - 1))] for h in heights)
    first, last = effect.values[0], effect.values[-1]
    span = f"{first} to {last}" if effect.ordered else f"{first:g} to {last:g}"
    return f"{model.target.classes[k]}: {low:.2f} to {high:.2f} {line} at {span}"

"""Guarantee: what a column does to the predictions, in the column's own values.

Floor 6. The importance of a column is how much worse the whole model predicts when its values are
shuffled among the rows (Breiman, Random Forests, 2001); its curve, the mean probability if all
rows had the same value there (partial dependence: Friedman, Greedy Function Approximation, 2001).
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from shoal.activations import Array
from shoal.column_plans import (
    MISSING,
    OTHER,
    Categories,
    ColumnPlan,
    Dates,
    OneHot,
    Scaled,
)
from shoal.columns import Column, Table
from shoal.dates import to_days
from shoal.errors import InputError
from shoal.evaluation import Measures, measure
from shoal.splitting import Labels
from shoal.table_evaluation import Labelled, labelled
from shoal.table_model import TableModel

MOST_ROWS, ROWS_OF_A_CURVE = 4000, 500  # are enough
SHUFFLES = 5
POINTS, MOST_VALUES = 20, 10  # of a curve
NEW = "\0"  # a value that no table has


@dataclass(frozen=True)
class Effect:
    """What one column does to the predictions.

    Attributes
    ----------
    name : str
    importance, spread : float
        Rise of the log loss when the column is shuffled, its mean and deviation over shuffles.
    roc_auc_lost : float or None
        Mean fall of the ROC AUC.
    values : tuple of (float or str)
        At which the curve is known: numbers, dates, or categories, with gaps as one.
    ordered : bool
        Whether these are dates, in order.
    curve : tuple of tuple of float
        For each value the mean probability of each class.
    """

    name: str
    importance: float
    spread: float
    roc_auc_lost: float | None
    values: tuple[float | str, ...]
    ordered: bool
    curve: tuple[tuple[float, ...], ...]

    @property
    def moved(self) -> int:
        """The class whose curve is drawn: the positive one of two, or the one that moves most."""
        P = np.array(self.curve)
        return 1 if P.shape[1] == 2 else int(np.ptp(P, axis=0).argmax())


def column_effects(
    model: TableModel, table: Table, *, ignore_extra: bool = False, seed: int = 0
) -> list[Effect]:
    """Return the effects of the columns that a model reads, the most important first.

    Parameters
    ----------
    model : TableModel
    table : Table
        Rows with the target, best such as were not learned from; of many, some are used.
    ignore_extra : bool
        Allow columns that the model was not trained on.
    seed : int
        Of the choice of rows and the shuffles.
    """
    rows = labelled(table, model.target, model.encoder, ignore_extra)
    if len(np.unique(rows.labels)) < 2:
        raise InputError(
            f"{rows.source} has rows of one class alone: effects need rows of two classes or more"
        )
    return effects_of(model, table, rows, seed)


def effects_of(model: TableModel, table: Table, rows: Labelled, seed: int) -> list[Effect]:
    """Return the effects of the columns on rows that are encoded already."""
    random = np.random.default_rng(seed)
    some = random.permutation(len(rows.labels))[:MOST_ROWS]
    X, labels = rows.X[some], rows.labels[some]
    seen = model.pieces.transform(X)
    whole = measure(labels, model.ensemble.probabilities(seen))
    found = [
        _effect(model, plan, at, table[plan.name], seen, labels, whole, random)
        for plan, at in model.encoder.blocks()
    ]
    return sorted(found, key=lambda effect: -effect.importance)


def _effect(
    model: TableModel,
    plan: ColumnPlan,
    at: slice,
    column: Column,
    seen: Array,
    labels: Labels,
    whole: Measures,
    random: np.random.Generator,
) -> Effect:
    pieces, at = model.pieces.of(at)
    losses, areas = [], []
    shuffled = seen.copy()
    for _ in range(SHUFFLES):
        shuffled[:, at] = seen[random.permutation(len(seen)), at]
        found = measure(labels, model.ensemble.probabilities(shuffled))
        losses.append(found.log_loss - whole.log_loss)
        if whole.roc_auc is not None and found.roc_auc is not None:
            areas.append(whole.roc_auc - found.roc_auc)
    tried, values = _tried(plan, column)
    few = seen[:ROWS_OF_A_CURVE].copy()
    curve = []
    for features in pieces.transform(plan.transform(tried)):
        few[:, at] = features
        curve.append(tuple(model.ensemble.probabilities(few).mean(axis=0).tolist()))
    return Effect(
        column.name, float(np.mean(losses)), float(np.std(losses)),
        float(np.mean(areas)) if areas else None, tuple(values), isinstance(plan, Dates),
        tuple(curve),
    )  # fmt: skip


def _tried(plan: ColumnPlan, column: Column) -> tuple[Column, list[float | str]]:
    """Return a column of the values to try, and what they are called."""
    if isinstance(plan, Scaled):
        present = column.values[~column.absent]
        inner = np.linspace(0, 1, POINTS)
        if len(present):
            present = np.unique(np.quantile(present, inner, method="nearest"))
        return Column(column.name, "number", present), list(map(float, present))
    cells: list[str | None] = []
    common = dict(Counter(cell for cell in column.cells if cell is not None).most_common())
    if isinstance(plan, Dates):
        ordered = sorted(common, key=lambda cell: to_days([cell], plan.form)[0])
        at = {round(i) for i in np.linspace(0, len(ordered) - 1, POINTS)} if ordered else set()
        cells += [ordered[i] for i in sorted(at)]
    elif isinstance(plan, Categories):
        cells += [cell for cell in common if cell in set(plan.categories)][:MOST_VALUES]
    names: list[float | str] = [str(cell) for cell in cells]
    if isinstance(plan, OneHot) and plan.other:
        cells, names = [*cells, NEW], [*names, OTHER]
    if plan.missing and not isinstance(plan, Dates):
        cells, names = [*cells, None], [*names, MISSING]
    return Column(column.name, "text", np.array(cells, object)), names

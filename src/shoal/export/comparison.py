"""Guarantee: an export that differs from its model on real rows, gaps or new values is found.

Floor 6. The rows of a table are tried as they are, and once more with gaps and unseen values strewn
over their columns.
"""

from dataclasses import replace

import numpy as np

from shoal.activations import Array
from shoal.column_plans import Dates
from shoal.columns import Column, Table
from shoal.errors import InputError
from shoal.export.answers import Answers
from shoal.export.description import used_plans
from shoal.table_model import TableModel

MOST_ROWS = 2_000  # evenly over the table
MOST_STREWN = 300
SHARE = 0.2  # of the cells of a strewn row that are emptied or made new
UNSEEN, UNSEEN_NUMBER = "(a value that no table has)", -987_654.25
TOLERANCE = 1e-6  # of a probability; both sum in double precision


def trial_rows(model: TableModel, table: Table, ignore_extra: bool = False) -> Table:
    """Return rows to try: some of a table's, and again some with gaps and unseen values.

    Raises
    ------
    InputError
        The table is not one that the model reads.
    """
    features = table.without({model.target.name} & set(table.names))
    chosen = features.rows(_evenly(table.n_rows, MOST_ROWS))
    model.encoder.transform(chosen, ignore_extra)
    few = chosen.rows(_evenly(chosen.n_rows, MOST_STREWN))
    random = np.random.default_rng(0)
    columns = []
    for plan in used_plans(model):
        before, more = chosen[plan.name], few[plan.name].values.copy()
        at = np.flatnonzero(random.random(len(more)) < SHARE)
        more[at] = np.nan if before.kind == "number" else None
        if not isinstance(plan, Dates):  # of which only the gaps: another value is an error
            more[at[::2]] = UNSEEN_NUMBER if before.kind == "number" else UNSEEN
        columns.append(Column(plan.name, before.kind, np.concatenate([before.values, more])))
    return replace(table, columns=tuple(columns), lines=None, row_numbers=None)


def difference(model: TableModel, answers: Answers, rows: Table) -> float:
    """Hold an export against its model; return the greatest difference of a probability.

    Raises
    ------
    InputError
        A probability is another one than the model's, or a label, or not finite.
    """
    P = model.probabilities(model.encoder.features_of(rows))
    greatest = np.inf
    if answers.P.shape == P.shape and not np.isnan(answers.P).any():
        greatest = float(np.abs(answers.P - P).max())
    if not greatest <= TOLERANCE:
        raise InputError(
            f"the export differs from the model, by {greatest:.2g} in a probability, so nothing was"
            " written: choose another format, and report this"
        )
    if answers.labels is not None and not _labels_fit(model, answers.labels, P):
        raise InputError(
            "the export says another label than the model, so nothing was written: choose another"
            " format, and report this"
        )
    return greatest


def _labels_fit(model: TableModel, labels: list[object], P: Array) -> bool:
    """Whether each label is of least expected cost, within rounding of the probabilities."""
    classes = model.target.decode(np.arange(len(model.target.classes))).tolist()
    number = {label: k for k, label in enumerate(classes)}
    if len(labels) != len(P) or not set(labels) <= set(classes):
        return False
    said = np.array([number[label] for label in labels])
    costs = P @ np.array(model.decision.costs)
    more = costs[np.arange(len(P)), said] - costs.min(axis=1)
    allowed = 2 * len(classes) * TOLERANCE * np.max(model.decision.costs)
    return bool((more <= allowed).all())


def _evenly(n: int, most: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.intp))

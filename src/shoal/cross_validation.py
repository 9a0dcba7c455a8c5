"""Guarantee: a measure comes with how far off it may be, and with what others reach on those rows.

Floor 6. Each fold is measured by networks that learned from the other folds alone; everything, the
encoding too, is fitted anew. With an order, each fold is measured by what came before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from shoal.activations import Array
from shoal.callbacks import Callback
from shoal.columns import Table
from shoal.errors import InputError
from shoal.intervals import CONFIDENCE, Interval
from shoal.splitting import Labels
from shoal.table_evaluation import Evaluation
from shoal.table_model import TableModel
from shoal.table_preparation import Choices, Prepared, prepare
from shoal.table_training import check_seed, learn_and_measure


@dataclass(frozen=True)
class CrossValidation:
    """How good networks are on folds that they did not learn from.

    Attributes
    ----------
    evaluations : tuple of Evaluation
        One for each fold.
    metrics : dict of str to dict of str to Interval or None
        Of ``network``, ``logistic_regression`` and ``majority_guess``, by measure.
    gains : dict of str to Interval or None
        By measure, how much more the network has than logistic regression on the same fold.
    notes : tuple of str
    """

    evaluations: tuple[Evaluation, ...]
    metrics: dict[str, dict[str, Interval | None]]
    gains: dict[str, Interval | None]
    notes: tuple[str, ...]


def cross_validate(
    table: Table,
    target: str,
    *,
    folds: int = 5,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    **choices: Any,
) -> CrossValidation:
    """Train and measure on each fold of a table in turn.

    Parameters
    ----------
    table, target, seed, callbacks, **choices
        As for :func:`table_training.train_table`.
    folds : int
        With an order, the first fold is only learned from.

    Notes
    -----
    Folds share training rows, so their spread alone would make the intervals too short. The
    correction is that of Nadeau and Bengio, Inference for the Generalization Error, 2003.
    """
    if not folds >= 2:
        raise InputError(f"folds is {folds!r}, but must be 2 or more")
    check_seed(seed)
    prepared = prepare(table, target, Choices(**choices))
    splits = _splits(prepared, folds, seed)
    drifting = prepared.splitter.order is not None
    results = []
    for i, (rows, tested) in enumerate(splits, start=1):
        test = replace(table.rows(tested), source=f"fold {i}", notes=())
        model, evaluation = learn_and_measure(
            prepared, rows, test, drifting=drifting, seed=seed, callbacks=callbacks
        )
        results.append((model, evaluation))
    notes = list(prepared.notes)
    if drifting:
        notes.append(
            "the first rows are only learned from: each fold is measured by what came before"
        )
    test_share = float(np.mean([len(tested) / len(rows) for rows, tested in splits]))
    return summarised(results, notes, test_share)


def summarised(
    results: Sequence[tuple[TableModel, Evaluation]], notes: Sequence[str], test_share: float
) -> CrossValidation:
    """Return what the models of the folds, and how they were measured, say together.

    ``notes`` are those of the whole table, and ``test_share`` says how many rows there are to
    measure on for each to learn from.
    """
    evaluations, of_folds = [evaluation for _, evaluation in results], dict[str, list[int]]()
    for i, (model, evaluation) in enumerate(results, start=1):
        own = [note for note in model.record["notes"] if note not in notes]
        for note in (*own, *evaluation.notes):
            of_folds.setdefault(note, []).append(i)
    told = list(notes)
    for note, numbers in of_folds.items():
        told.append(f"fold{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}: {note}")
    names = evaluations[0].metrics
    metrics = {
        who: {name: _interval(_values(evaluations, who, name), test_share) for name in names[who]}
        for who in names
    }
    gains = {
        name: _interval(
            _values(evaluations, "network", name)
            - _values(evaluations, "logistic_regression", name),
            test_share,
        )
        for name in names["network"]
    }
    return CrossValidation(tuple(evaluations), metrics, gains, tuple(told))


def _splits(prepared: Prepared, folds: int, seed: int) -> list[tuple[Labels, Labels]]:
    """Return row numbers to learn from and to measure on, for each fold."""
    rows = np.flatnonzero(prepared.labels >= 0)
    splitter = prepared.splitter.take(rows)
    parts = splitter.folds(prepared.labels[rows], folds, seed)
    if splitter.order is None:
        splits = [(np.setdiff1d(np.arange(len(rows)), part), part) for part in parts]
    else:
        splits = [(np.sort(np.concatenate(parts[:i])), parts[i]) for i in range(1, len(parts))]
    return [(rows[learned], rows[part]) for learned, part in splits]


def _values(evaluations: Sequence[Evaluation], who: str, name: str) -> Array:
    return np.array([each.metrics[who][name] for each in evaluations], np.float64)  # None is NaN


def _interval(values: Array, test_share: float) -> Interval | None:
    values = values[~np.isnan(values)]
    if not len(values):
        return None
    mean, k = float(values.mean()), len(values)
    if k == 1:
        return Interval(mean, -np.inf, np.inf)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, k - 1) * values.std(ddof=1)
    half *= np.sqrt(1 / k + test_share)
    return Interval(mean, mean - float(half), mean + float(half))

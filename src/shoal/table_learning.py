"""Guarantee: rows of a table become a model that knows no other rows.

Floor 6. Encode, find what is suspicious, train by the recipe beside logistic regression, choose
which label is said, and name the networks that failed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from shoal import __version__
from shoal.activations import Array
from shoal.bins import fit_pieces
from shoal.callbacks import Callback
from shoal.checkpoint import Checkpoint
from shoal.column_plans import Dates
from shoal.columns import Schema, Table
from shoal.decisions import Decision, decide, weighted
from shoal.diagnosis import Watch
from shoal.drift import Profile
from shoal.encoding import TableEncoder
from shoal.engine import default_engine
from shoal.engine.lines import Features
from shoal.ensemble import Ensemble, Unseen
from shoal.ensemble_training import fit_ensemble
from shoal.errors import InputError
from shoal.evaluation import measure
from shoal.examples import Examples
from shoal.losses import class_outputs
from shoal.network import Network
from shoal.partitions import Partitions
from shoal.piecewise import PiecewiseLinear
from shoal.splitting import Labels
from shoal.suspicions import far_numbers, leaks
from shoal.table_evaluation import Labelled
from shoal.table_model import TableModel
from shoal.table_preparation import Prepared
from shoal.training import train


@dataclass(frozen=True)
class Beyond:
    """Rows to learn from that are not in memory, for which those that are encoded stand.

    Attributes
    ----------
    counts : ndarray of int, (K,)
        How many there are of each class.
    seen : callable
        Returns their parts as networks see them, with the pieces of the features.
    """

    counts: Labels
    seen: Callable[[PiecewiseLinear], Partitions]


@dataclass(frozen=True)
class Encoded:
    """Rows to learn from: their numbers, class numbers and features, and how these were made."""

    rows: Labels
    labels: Labels
    X: Array
    encoder: TableEncoder
    profiles: tuple[Profile, ...]


def encode(prepared: Prepared, rows: Labels) -> Encoded:
    """Encode some rows of a table, by number."""
    labels, choices = prepared.labels[rows], prepared.choices
    if len(np.unique(labels)) < 2:
        only = prepared.target.classes[labels[0]]
        raise InputError(
            f"{prepared.table.source}: the rows to learn from are all {only!r}, as they are split:"
            " give more rows, or split them otherwise (fewer folds, no order)"
        )
    learned = prepared.table.without([prepared.target.name]).rows(rows)
    encoder, X = TableEncoder.fit(
        learned, labels, prepared.target.classes, dropped=prepared.dropped, keep=choices.keep,
        uses=choices.uses, splitter=prepared.splitter.take(rows),
    )  # fmt: skip
    return Encoded(rows, labels, X, encoder, profiles_of(learned, encoder))


def profiles_of(table: Table, encoder: TableEncoder) -> tuple[Profile, ...]:
    """Describe how the columns that are used are spread in the rows of a table."""
    return tuple(
        Profile.fit(table[plan.name], plan.form if isinstance(plan, Dates) else "")
        for plan in encoder.plans
        if plan.features
    )


def learn(
    prepared: Prepared,
    encoded: Encoded,
    *,
    stopping: Labelled | None = None,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
    beyond: Beyond | None = None,
) -> TableModel:
    """Train on encoded rows; ``stopping`` are rows that stop all networks early.

    With rows ``beyond`` memory, the networks learn from these, and ``stopping`` must be given.
    """
    X, labels, encoder = encoded.X, encoded.labels, encoded.encoder
    classes = prepared.target.classes
    K = len(classes)
    counts = np.bincount(labels, minlength=K) if beyond is None else beyond.counts
    notes = [*prepared.notes, *far_numbers(encoder, X), *leaks(encoder, X, labels)]
    baseline = fit_baseline(X, labels, K, callbacks)
    if baseline.reached_max_epochs:
        notes.append("logistic regression had not quite converged")
    pieces = fit_pieces(X, labels)
    seen = pieces.lazy(X)  # in pieces they would take twenty times the memory
    strict = prepared.choices.strict
    w = prepared.choices.recipe.weights_of(classes, counts)[labels][None]
    Y = class_outputs(labels, K)
    watch = Watch(seen.T, Y, w, at_end=False, strict=strict, seed=seed)
    recipe = prepared.choices.recipe
    recipe = replace(recipe, hidden_units=recipe.units(int(counts.sum()), X.shape[1]))
    ensemble, unseen = fit_ensemble(
        seen, labels, classes, recipe,
        splitter=prepared.splitter.take(encoded.rows), seed=seed, callbacks=[*callbacks, watch],
        validation=None if stopping is None else (pieces.lazy(stopping.X), stopping.labels),
        checkpoint=checkpoint,
        in_parts=None if beyond is None else beyond.seen(pieces), counts=counts,
    )  # fmt: skip
    failures = _failures(ensemble, seen, labels)
    if failures and strict:
        raise InputError(f"{failures[0]} (strict)")
    notes += failures
    decision = _decision(prepared.choices.goal, classes, ensemble.weights, unseen)
    if prepared.choices.goal is not None and len(classes) == 2:
        notes.append(_what_it_gives(decision, classes[1], unseen))
    return TableModel(
        _without_demands_on_unused(prepared.schema, encoder),
        prepared.target,
        encoder,
        pieces,
        ensemble,
        decision,
        encoded.profiles,
        baseline.network,
        counts / counts.sum(),
        {
            "source": prepared.table.source,
            "rows": int(counts.sum()),
            "seed": seed,
            "choices": prepared.choices.to_data(),
            "from_file": Path(prepared.table.source).is_file(),
            "in_parts": beyond is not None,
            "networks": len(ensemble.networks) + ensemble.lost,
            "tables": {},
            "failures": failures,
            "notes": notes,
            "engine": default_engine().name,
            "shoal": __version__,
        },
    )


def _failures(ensemble: Ensemble, seen: Features, labels: Labels) -> list[str]:
    """Return a sentence on each way in which networks failed to learn."""
    said = []
    if ensemble.lost:
        is_left = "is left out" if ensemble.lost == 1 else "are left out"
        trained = len(ensemble.networks) + ensemble.lost
        said.append(f"{ensemble.lost} of {trained} networks left the finite numbers and {is_left}")
    said += [
        f"{found.name}, in {n} of {len(ensemble.networks)} networks: {found.sentence}; {found.cure}"
        for found, n in ensemble.findings(seen, labels)
        if found.kind == "failure"
    ]
    return said


def _what_it_gives(decision: Decision, positive: str, unseen: Unseen) -> str:
    said = decision.choose(unseen.P)
    found = measure(unseen.labels, unseen.P, said)
    precision, recall = found.precision or 0.0, found.recall or 0.0
    name, _, wanted = decision.goal.partition("=")
    reached = {"precision": precision, "recall": recall}.get(name, np.inf)
    met = (
        "" if name not in ("precision", "recall") or reached >= float(wanted) else " cannot be met"
    )
    return (
        f"goal {decision.goal}{met}: of {len(said):,} rows not learned from, {positive!r} is said"
        f" of {said.sum():,}, with a precision of {precision:.3f} and a recall of {recall:.3f}"
    )


def _decision(
    goal: str | None, classes: tuple[str, ...], weights: Array, unseen: Unseen
) -> Decision:
    if goal is None and (weights != weights[0]).any():
        return weighted(weights)
    return decide(goal or "accuracy", classes, unseen.labels, unseen.P)


def _without_demands_on_unused(schema: Schema, encoder: TableEncoder) -> Schema:
    """Let later tables hold anything in columns that prediction does not read."""
    unused = {plan.name for plan in encoder.plans if not plan.features} | {schema.target}
    return replace(
        schema,
        columns=tuple((name, "text" if name in unused else kind) for name, kind in schema.columns),
    )


@dataclass(frozen=True)
class Baseline:
    """Logistic regression, and whether it was given up before it had converged."""

    network: Network
    reached_max_epochs: bool


def fit_baseline(X: Array, labels: Labels, K: int, callbacks: Sequence[Callback] = ()) -> Baseline:
    """Fit logistic regression, penalised as scikit-learn's is by default."""
    Y = class_outputs(labels, K)
    network = Network(X.shape[1], 0, len(Y), output="sigmoid" if K == 2 else "softmax")
    history = train(
        network, Examples(X.T, Y), optimizer="lbfgs", l2=1.0, max_epochs=1000,
        callbacks=callbacks,
    )  # fmt: skip
    return Baseline(network, history.reached_max_epochs)

"""Guarantee: one call takes a table to networks whose quality is known on unseen rows.

Floor 6. Encode, hold rows out, train by the recipe, and measure beside logistic regression and the
majority guess.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from shoal import __version__
from shoal.activations import Array
from shoal.bins import fit_pieces
from shoal.callbacks import Callback
from shoal.checkpoint import Checkpoint, digest, digest_of
from shoal.column_plans import Dates
from shoal.columns import Schema, Table
from shoal.decisions import Decision, decide, weighted
from shoal.diagnosis import Watch
from shoal.drift import Profile, drift
from shoal.encoding import TableEncoder
from shoal.engine import default_engine
from shoal.ensemble import Ensemble, Unseen, fit_ensemble
from shoal.errors import InputError
from shoal.evaluation import measure
from shoal.examples import Examples
from shoal.losses import class_outputs
from shoal.network import Network
from shoal.recipe import Recipe
from shoal.splitting import Labels
from shoal.suspicions import leaks, repeated
from shoal.table_evaluation import Evaluation, Labelled, evaluate_rows, labelled
from shoal.table_model import TableModel
from shoal.table_preparation import Choices, Prepared, prepare
from shoal.training import train

HELD_OUT = 0.2  # share of the rows kept for measuring where no test table is given


def train_table(
    table: Table,
    target: str,
    *,
    test: Table | None = None,
    validation: Table | None = None,
    drop: Iterable[str] = (),
    keep: Iterable[str] = (),
    uses: Mapping[str, str] | None = None,
    group: str | None = None,
    order: str | None = None,
    goal: str | None = None,
    recipe: Recipe | None = None,
    strict: bool = False,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
) -> tuple[TableModel, Evaluation]:
    """Train networks on a table and measure them on rows that they have not seen.

    Parameters
    ----------
    table : Table
    target : str
        Name or position (-1 the last) of the target column.
    test : Table, optional
        Rows to measure on; without it a fifth of the table's rows, each class in proportion.
    validation : Table, optional
        Rows that stop the training early; without it each network has a fold of the table's.
    drop, keep : iterable of str
        Columns not to learn from, and to learn from even though they look like ids.
    uses : mapping of str to str, optional
        What columns are used as: ``number``, ``one-hot``, ``target-means``, ``boolean``, ``date``.
    group : str, optional
        A column whose equal values, as of one patient, are never apart where rows are held out.
        It is not learned from, unless it is kept.
    order : str, optional
        A column of dates or numbers by which the last rows are held out. It is not learned from,
        unless it is kept.
    goal : str, optional
        Which label is said for given probabilities; see :func:`decisions.decide`. Without it the
        likeliest, or with class weights the one whose mistakes cost least.
    recipe : Recipe, optional
        How the networks are trained.
    strict : bool
        Whether a network that failed (see :func:`diagnosis.diagnose`) is an error, not a note.
    seed : int
        Of everything random: the same seed gives the same model.
    callbacks : sequence of Callback
        Watch the training of the baseline, whose ``state.network.n_h`` is 0, and of each
        network.
    checkpoint : Checkpoint, optional
        Where the training is kept from time to time; resumed, it comes to the same networks, to
        the bit.

    Returns
    -------
    model : TableModel
    evaluation : Evaluation
        On the held-out rows or the test table.
    """
    check_seed(seed)
    choices = Choices(drop, keep, uses or {}, group, order, goal, recipe or Recipe(), strict)
    prepared = prepare(table, target, choices)
    rows = np.flatnonzero(prepared.labels >= 0)
    drifting = test is not None or order is not None
    if test is None:
        rows, test = _hold_out(prepared, rows, seed)
    return learn_and_measure(
        prepared, rows, test, validation=validation, drifting=drifting, seed=seed,
        callbacks=callbacks, checkpoint=checkpoint,
    )  # fmt: skip


def _what(prepared: Prepared, rows: Labels, validation: Table | None, seed: int) -> dict[str, str]:
    """Return what a training is of, for a checkpoint."""
    choices = prepared.choices.to_data()
    recipe = choices.pop("recipe", {})
    return {
        "table": _digest(prepared.table),
        "validation table": "none" if validation is None else _digest(validation),
        "rows": digest(rows),
        "target": prepared.target.name,
        "seed": str(seed),
        "version of Shoal": __version__,
        **{f"choice of {k}": json.dumps(v) for k, v in (choices | recipe).items()},
    }


def _digest(table: Table) -> str:
    """Return a checksum of a table's cells."""
    return digest_of(
        [
            (each.name, digest(each.values) if each.kind == "number" else list(each.values))
            for each in table.columns
        ]
    )


def check_seed(seed: int) -> None:
    """Refuse what is no seed."""
    if not 0 <= seed < 2**32:
        raise InputError(f"seed is {seed}, but must be a whole number from 0 to 2**32 - 1")


def learn_and_measure(
    prepared: Prepared,
    rows: Labels,
    test: Table,
    *,
    validation: Table | None = None,
    drifting: bool = False,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
) -> tuple[TableModel, Evaluation]:
    """Train on some rows of a table, by number, and measure on a test table.

    ``drifting`` says whether the test table may be spread otherwise, so that it is looked for.
    """
    encoded = encode(prepared, rows)
    # what is wrong with the other tables is said before training
    measured = labelled(test, prepared.target, encoded.encoder)
    stopping, learned = None, prepared.table.rows(rows)
    if validation is not None:
        stopping = labelled(validation, prepared.target, encoded.encoder)
        measured.notes.extend(repeated(learned, validation, "stop training by"))
        measured.notes.extend(repeated(validation, test, others="that stop training"))
    measured.notes.extend(repeated(learned, test))
    measured.notes.extend(drift(encoded.profiles, test) if drifting else [])
    if checkpoint is not None:
        checkpoint.what |= _what(prepared, rows, validation, seed)
    model = learn(
        prepared, encoded, stopping=stopping, seed=seed, callbacks=callbacks, checkpoint=checkpoint
    )
    tables = {"test": test, "validation": validation}
    model.record["tables"] = {name: each.source for name, each in tables.items() if each}
    evaluation = evaluate_rows(model, measured)
    model.record["measured"] = {
        "source": evaluation.source, "rows": evaluation.rows, "metrics": evaluation.metrics,
    }  # fmt: skip
    return model, evaluation


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
    profiles = tuple(
        Profile.fit(learned[plan.name], plan.form if isinstance(plan, Dates) else "")
        for plan in encoder.plans
        if plan.features
    )
    return Encoded(rows, labels, X, encoder, profiles)


def learn(
    prepared: Prepared,
    encoded: Encoded,
    *,
    stopping: Labelled | None = None,
    seed: int = 0,
    callbacks: Sequence[Callback] = (),
    checkpoint: Checkpoint | None = None,
) -> TableModel:
    """Train on encoded rows; ``stopping`` are rows that stop all networks early."""
    X, labels, encoder = encoded.X, encoded.labels, encoded.encoder
    classes = prepared.target.classes
    notes = [*prepared.notes, *leaks(encoder, X, labels)]
    baseline = _fit_baseline(X, labels, len(classes), callbacks)
    if baseline.reached_max_epochs:
        notes.append("logistic regression had not quite converged")
    pieces = fit_pieces(X, labels)
    seen = pieces.transform(X)
    strict = prepared.choices.strict
    w = prepared.choices.recipe.weights_of(classes, labels)[labels][None]
    Y = class_outputs(labels, len(classes))
    watch = Watch(seen.T, Y, w, at_end=False, strict=strict, seed=seed)
    ensemble, unseen = fit_ensemble(
        seen, labels, classes, prepared.choices.recipe,
        splitter=prepared.splitter.take(encoded.rows), seed=seed, callbacks=[*callbacks, watch],
        validation=None if stopping is None else (pieces.transform(stopping.X), stopping.labels),
        checkpoint=checkpoint,
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
        np.bincount(labels, minlength=len(classes)) / len(labels),
        {
            "source": prepared.table.source,
            "rows": len(labels),
            "seed": seed,
            "choices": prepared.choices.to_data(),
            "from_file": Path(prepared.table.source).is_file(),
            "networks": len(ensemble.networks) + ensemble.lost,
            "tables": {},
            "failures": failures,
            "notes": notes,
            "engine": default_engine().name,
            "shoal": __version__,
        },
    )


def _failures(ensemble: Ensemble, seen: Array, labels: Labels) -> list[str]:
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


def _hold_out(prepared: Prepared, rows: Labels, seed: int) -> tuple[Labels, Table]:
    """Return the rows to learn from, and the table of those to measure on."""
    table, splitter = prepared.table, prepared.splitter.take(rows)
    kept, held_out = splitter.holdout(prepared.labels[rows], HELD_OUT, seed)
    if not len(held_out):
        raise InputError(
            f"{table.source} has too few rows of each class to hold any out for measuring:"
            " give more rows, or a test table"
        )
    # its notes are those of the whole table, which are told already
    return rows[kept], replace(table.rows(rows[held_out]), source="held out", notes=())


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
class _Baseline:
    network: Network
    reached_max_epochs: bool


def _fit_baseline(X: Array, labels: Labels, K: int, callbacks: Sequence[Callback]) -> _Baseline:
    """Fit logistic regression, penalised as scikit-learn's is by default."""
    Y = class_outputs(labels, K)
    network = Network(X.shape[1], 0, len(Y), output="sigmoid" if K == 2 else "softmax")
    history = train(
        network, Examples(X.T, Y), optimizer="lbfgs", l2=1.0, max_epochs=1000,
        callbacks=callbacks,
    )  # fmt: skip
    return _Baseline(network, history.reached_max_epochs)

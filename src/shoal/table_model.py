"""Guarantee: a loaded model predicts what the trained one did, from the table as it stands.

Floor 6. A :class:`TableModel` is all that prediction takes (columns, target, encoding,
networks), and logistic regression to compare with; how it was trained is plain data.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.column_plans import Categories, Scaled, TargetMeans
from shoal.columns import Column, Schema, Table, require_table
from shoal.decisions import Decision
from shoal.drift import Profile, profiles_from_data, profiles_to_data
from shoal.encoding import TableEncoder
from shoal.ensemble import Ensemble
from shoal.errors import InputError
from shoal.history import History
from shoal.model_file import load_model, save_model
from shoal.model_upgrades import upgraded
from shoal.network import Network, parameter_shapes
from shoal.piecewise import PiecewiseLinear
from shoal.targets import Target

ROWS_AT_ONCE = 4_096  # what the networks see of them is some times as large as the table


@dataclass(frozen=True)
class TableModel:
    """Networks with all it takes to read tables like the one that they were trained on.

    Attributes
    ----------
    schema : Schema
        The columns of the training table, the target among them.
    target : Target
    encoder : TableEncoder
    pieces : PiecewiseLinear
        What the networks see of the encoder's features.
    ensemble : Ensemble
    decision : Decision
        Which label is said for given probabilities.
    profiles : tuple of Profile
        How each column that is used was spread among the training rows.
    baseline : Network
        Logistic regression on the encoder's features.
    prior : ndarray, (K,)
        Share of each class among the training rows.
    record : dict
        How it was trained: plain data for reports.
    """

    schema: Schema
    target: Target
    encoder: TableEncoder
    pieces: PiecewiseLinear
    ensemble: Ensemble
    decision: Decision
    profiles: tuple[Profile, ...]
    baseline: Network
    prior: Array
    record: dict[str, Any]

    def predict_proba(self, table: Table, ignore_extra: bool = False) -> Array:
        """Return the probability of each class in each row, (m, K)."""
        require_table(table)
        features = table.without({self.target.name} & set(table.names))
        return self.probabilities(self.encoder.transform(features, ignore_extra))

    def probabilities(self, X: Array) -> Array:
        """Return the probability of each class, (m, K), of the encoder's features, (m, n).

        Sums are made in double precision, so that those of hundreds of columns keep their digits.
        """
        exact = self.ensemble.in_double_precision()
        blocks = [X[k : k + ROWS_AT_ONCE] for k in range(0, max(len(X), 1), ROWS_AT_ONCE)]
        seen = (self.pieces.transform(block).astype(np.float64) for block in blocks)
        return np.concatenate([exact.probabilities(features) for features in seen])

    def predict(self, table: Table, ignore_extra: bool = False) -> Any:
        """Return the label that is said of each row: the likeliest, unless another goal was set."""
        return self.target.decode(self.decision.choose(self.predict_proba(table, ignore_extra)))

    def prediction_columns(self, table: Table, ignore_extra: bool = False) -> dict[str, Any]:
        """Return the columns of a prediction table: the label, then each class's probability."""
        return self.columns_of(self.predict_proba(table, ignore_extra))

    def columns_of(self, P: Array) -> dict[str, Any]:
        """Return the columns of a prediction table, of probabilities, (m, K)."""
        columns = {"prediction": self.target.decode(self.decision.choose(P))}
        for label, of_label in zip(self.target.classes, P.T, strict=True):
            columns[f"probability_{label}"] = of_label
        return columns

    def summary(self) -> list[tuple[str, str]]:
        """Return what was trained on what: names and values, for a person."""
        network, histories = self.ensemble.networks[0], self.ensemble.histories
        epochs = sorted(len(history) for history in histories)
        shares = (
            f"{label} ({share:.1%})"
            for label, share in zip(self.target.classes, self.prior, strict=True)
        )
        plans, goal = self.encoder.plans, self.decision.goal
        return [
            ("Target", self.target.name),
            ("Classes", ", ".join(shares)),
            ("Trained on", f"{self.record['rows']:,} rows of {self.record['source']}"),
            ("Columns", f"{sum(bool(plan.features) for plan in plans)} used of {len(plans)}"),
            (
                "Networks",
                f"{len(histories)}, averaged: {network.n_x} features, {network.n_h} hidden units"
                f" ({network.activation}), {network.n_y} output{'s' * (network.n_y > 1)}"
                f" ({network.output})",
            ),
            ("Epochs", f"{epochs[0]} to {epochs[-1]}"),
            ("Stopped", "; ".join(dict.fromkeys(history.stop_reason for history in histories))),
            ("Said", "the likeliest" if goal == "accuracy" else goal),
        ]

    def _repr_html_(self) -> str:
        """Return what a notebook shows of it."""
        rows = [*self.summary(), *((plan.name, plan.use) for plan in self.encoder.plans)]
        cells = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td style='text-align:left'>{escape(value)}</td></tr>"
            for name, value in rows
        )
        return f"<table><caption>TableModel</caption>{cells}</table>"

    @property
    def fingerprint(self) -> str:
        """A checksum of the parameters of all networks: the same training gives the same."""
        checksum = hashlib.sha256()
        for network in self.ensemble.networks:
            checksum.update(np.ascontiguousarray(network.theta).tobytes())
        return checksum.hexdigest()[:16]

    def save(self, path: str | Path) -> None:
        """Write the model to one file."""
        header = {
            "schema": asdict(self.schema),
            "target": asdict(self.target),
            "encoding": self.encoder.to_data(),
            "pieces": self.pieces.to_data(),
            "networks": [_shape(network) for network in self.ensemble.networks],
            "histories": [asdict(history) for history in self.ensemble.histories],
            "decision": asdict(self.decision),
            "profiles": profiles_to_data(self.profiles),
            "baseline": _shape(self.baseline),
            "record": self.record,
        }
        arrays = {
            "baseline": self.baseline.theta,
            "prior": self.prior,
            "class weights": self.ensemble.weights,
        }
        for i, network in enumerate(self.ensemble.networks):
            arrays[f"network {i}"] = network.theta
        save_model(path, header, arrays)

    @classmethod
    def load(cls, path: str | Path) -> TableModel:
        """Read a model that :meth:`save` wrote; nothing in the file is executed."""
        header, arrays = load_model(path)
        try:
            header, arrays = upgraded(header, arrays)
            schema, target = header["schema"], header["target"]
            model = cls(
                Schema(**schema | {"columns": tuple((n, k) for n, k in schema["columns"])}),
                Target(**target | {"classes": tuple(target["classes"])}),
                TableEncoder.from_data(header["encoding"]),
                PiecewiseLinear.from_data(header["pieces"]),
                Ensemble(
                    tuple(
                        _network(shape, arrays[f"network {i}"])
                        for i, shape in enumerate(header["networks"])
                    ),
                    tuple(History(**history) for history in header["histories"]),
                    arrays["class weights"],
                ),
                _decision(header["decision"]),
                profiles_from_data(header["profiles"]),
                _network(header["baseline"], arrays["baseline"]),
                arrays["prior"],
                header["record"],
            )
            _check_parts(model)
            widths = {network.n_x for network in model.ensemble.networks}
            if widths != {model.pieces.width} or len(model.encoder.features) != model.baseline.n_x:
                raise ValueError("the networks do not read what the pieces make")
            _try(model)
            return model
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, MemoryError):
            raise InputError(f"{path} holds another kind of model: train one for tables") from None


def what_was_chosen(model: TableModel) -> dict[str, Any] | None:
    """Return the keyword arguments of ``train_table`` that give the same model, as plain data.

    ``test`` and ``validation`` are the names of tables. A time is told as the number of networks
    that it came to. None if it cannot be told: the table was no file, the training was interrupted,
    or an older Shoal did not write it down.
    """
    record = model.record
    interrupted = any(history.interrupted for history in model.ensemble.histories)
    if interrupted or not record.get("from_file"):
        return None
    chosen = dict(record["choices"])
    recipe = dict(chosen.pop("recipe", {}))
    if recipe.pop("seconds", None) is not None:
        recipe["networks"] = record["networks"]
    tables = {name: source for name, source in record["tables"].items() if source != "held out"}
    return tables | chosen | ({"recipe": recipe} if recipe else {})


def _shape(network: Network) -> dict[str, Any]:
    return {
        "n_x": network.n_x,
        "n_h": network.n_h,
        "n_y": network.n_y,
        "activation": network.activation,
        "output": network.output,
        "dtype": str(network.theta.dtype),
    }


def _check_parts(model: TableModel) -> None:
    """Refuse numbers that no training gives."""
    K, costs = len(model.target.classes), np.array(model.decision.costs)
    weights, prior = model.ensemble.weights, model.prior
    for array, shape in ((costs, (K, K)), (weights, (K,)), (prior, (K,))):
        if array.shape != shape or not np.isfinite(array).all() or (array < 0).any():
            raise ValueError("a table of the classes is not one of theirs")
    if not ((weights > 0).all() and costs.sum() > 0):
        raise ValueError("a weight or all costs are 0")
    for plan in model.encoder.plans:
        if isinstance(plan, TargetMeans) and not 0 <= plan.frequent <= len(plan.categories):
            raise ValueError("more categories are frequent than there are")
        if isinstance(plan, Scaled) and not 0 < plan.scale < np.inf:
            raise ValueError("a scale is none")


def _try(model: TableModel) -> None:
    """Predict two rows, of a gap and a value in each column: what does not fit together fails."""
    columns = []
    for plan in model.encoder.plans:
        known = plan.categories[:1] if isinstance(plan, Categories) else ()
        values: Any = [None, *(known or ("?",))]
        if plan.kind == "number":
            values = np.array([np.nan, 0.0])
        columns.append(Column(plan.name, plan.kind, np.array(values)))
    table = Table(tuple(columns), (), "a model's trial", True)
    used = {plan.name for plan in model.encoder.plans if plan.features}
    with np.errstate(all="ignore"):
        X = model.encoder.features_of(table)
        P = model.probabilities(X)
        spread = {profile.name: profile.spread(table[profile.name]) for profile in model.profiles}
    right = P.shape == (2, len(model.target.classes)) and np.isfinite(P).all()
    if not right or spread.keys() - used:
        raise ValueError("the model does not predict")
    for profile in model.profiles:
        if len(profile.shares) != len(spread[profile.name]) or not profile.rows > 0:
            raise ValueError("a column's shares are not of its bins")


def _decision(data: dict[str, Any]) -> Decision:
    costs = np.array(data["costs"], np.float64)
    return Decision(data["goal"], tuple(tuple(row) for row in costs.tolist()))


def _network(shape: dict[str, Any], theta: Array) -> Network:
    shapes = parameter_shapes(shape["n_x"], shape["n_h"], shape["n_y"])
    if theta.size != sum(rows * columns for rows, columns in shapes):  # before it is made so large
        raise ValueError("the parameters are not those of the network")
    network = Network(**shape)
    network.theta[:] = theta
    return network

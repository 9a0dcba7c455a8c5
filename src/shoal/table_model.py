"""Guarantee: one call takes a table to a trained network whose quality is known on unseen rows.

Floor 6. A :class:`TableModel` is everything that prediction needs (columns, encoding, target,
network) and what was learned of its quality, beside logistic regression and the majority guess.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.encoding import TableEncoder
from shoal.engine import default_engine
from shoal.errors import InputError
from shoal.estimators import class_probabilities
from shoal.evaluation import Labels, confusion, measure
from shoal.history import History
from shoal.model_file import load_model, save_model
from shoal.network import Network
from shoal.tables import Layout, Table
from shoal.targets import Target


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth on some rows.

    Attributes
    ----------
    source : str
        Where the rows are from: a file's name, or ``held out``.
    rows : int
    classes : tuple of str
    metrics : dict of str to dict
        Measures by name, of ``network``, ``logistic_regression`` and ``majority_guess``.
    confusion : list of list of int
        Of the network: a row for each true class, a column for each predicted one.
    notes : list of str
    """

    source: str
    rows: int
    classes: tuple[str, ...]
    metrics: dict[str, dict[str, float | None]]
    confusion: list[list[int]]
    notes: list[str]


@dataclass(frozen=True)
class TableModel:
    """A network with all it takes to read tables like the one that it was trained on.

    Attributes
    ----------
    layout : Layout
        The columns of the training table, the target among them.
    target : Target
    encoder : TableEncoder
    network, baseline : Network
        The baseline is logistic regression on the same features.
    prior : ndarray, (K,)
        Share of each class among the training rows.
    history : History
    record : dict
        How it was trained: plain data for reports.
    """

    layout: Layout
    target: Target
    encoder: TableEncoder
    network: Network
    baseline: Network
    prior: Array
    history: History
    record: dict[str, Any]

    def predict_proba(self, table: Table, ignore_extra: bool = False) -> Array:
        """Return the probability of each class in each row, (m, K)."""
        features = table.without({self.target.name} & set(table.names))
        return _probabilities(self.network, self.encoder.transform(features, ignore_extra))

    def predict(self, table: Table, ignore_extra: bool = False) -> Any:
        """Return the likeliest label of each row."""
        return self.target.decode(self.predict_proba(table, ignore_extra).argmax(axis=1))

    def prediction_columns(self, table: Table, ignore_extra: bool = False) -> dict[str, Any]:
        """Return the columns of a prediction table: the label, then each class's probability."""
        probabilities = self.predict_proba(table, ignore_extra)
        columns = {"prediction": self.target.decode(probabilities.argmax(axis=1))}
        for label, of_label in zip(self.target.classes, probabilities.T, strict=True):
            columns[f"probability_{label}"] = of_label
        return columns

    def evaluate(self, table: Table, ignore_extra: bool = False) -> Evaluation:
        """Measure the model on a table that has the target column."""
        labels, X, notes = labelled(table, self.target, self.encoder, ignore_extra)
        absent = sorted(set(range(len(self.target.classes))) - set(labels))
        if absent:
            names = ", ".join(self.target.classes[k] for k in absent)
            notes.append(f"no row has the label {names}, which the ROC AUC leaves out")
        ours, line = (_probabilities(network, X) for network in (self.network, self.baseline))
        guess = np.tile(self.prior, (len(labels), 1))
        return Evaluation(
            table.source,
            len(labels),
            self.target.classes,
            {
                "network": measure(labels, ours).as_dict(),
                "logistic_regression": measure(labels, line).as_dict(),
                "majority_guess": measure(labels, guess).as_dict(),
            },
            confusion(labels, ours),
            notes,
        )

    def save(self, path: str | Path) -> None:
        """Write the model to one file."""
        header = {
            "layout": asdict(self.layout),
            "target": asdict(self.target),
            "encoding": self.encoder.to_data(),
            "network": _shape(self.network),
            "history": asdict(self.history),
            "record": self.record,
        }
        arrays = {
            "network": self.network.theta,
            "baseline": self.baseline.theta,
            "prior": self.prior,
        }
        save_model(path, header, arrays)

    @classmethod
    def load(cls, path: str | Path) -> TableModel:
        """Read a model that :meth:`save` wrote; nothing in the file is executed."""
        header, arrays = load_model(path)
        layout, target = header["layout"], header["target"]
        network = Network(**header["network"])
        network.theta[:] = arrays["network"]
        baseline = Network(**header["network"] | {"n_h": 0})
        baseline.theta[:] = arrays["baseline"]
        return cls(
            Layout(**layout | {"columns": tuple((n, k) for n, k in layout["columns"])}),
            Target(**target | {"classes": tuple(target["classes"])}),
            TableEncoder.from_data(header["encoding"]),
            network,
            baseline,
            arrays["prior"],
            History(**header["history"]),
            header["record"],
        )


def labelled(
    table: Table, target: Target, encoder: TableEncoder, ignore_extra: bool = False
) -> tuple[Labels, Array, list[str]]:
    """Return class numbers and features of the rows that have a label, and notes on them.

    Raises
    ------
    InputError
        The table lacks the target or another column, or has no label, or one that is no class.
    """
    if target.name not in table.names:
        raise InputError(
            f"{table.source} lacks the target column {target.name!r}: evaluation needs the true"
            " labels"
        )
    labels, notes = target.encode(table[target.name], table.source)
    known = np.flatnonzero(labels >= 0)
    if not len(known):
        raise InputError(
            f"the target {target.name!r} of {table.source} is missing in every row: evaluation"
            " needs the true labels"
        )
    if len(known) < len(labels):
        notes.append(f"{len(labels) - len(known):,} rows without a label were left out")
    X = encoder.transform(table.without([target.name]), ignore_extra)
    return labels[known], X[known], notes


def _probabilities(network: Network, X: Array) -> Array:
    return class_probabilities(default_engine().predict(network, X.T).T)


def _shape(network: Network) -> dict[str, Any]:
    return {
        "n_x": network.n_x,
        "n_h": network.n_h,
        "n_y": network.n_y,
        "activation": network.activation,
        "output": network.output,
        "dtype": str(network.theta.dtype),
    }

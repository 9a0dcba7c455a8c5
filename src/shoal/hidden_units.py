"""Guarantee: what a hidden unit looks at, and how much it adds, in the columns of the table.

Floor 6. A unit's z1 is a sum of one part for each column, and z2 one of a part for each unit; the
size of a part is its standard deviation over the rows, as what is the same everywhere tells
nothing apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from shoal.activations import Array
from shoal.column_plans import Scaled
from shoal.network import Network
from shoal.table_model import TableModel

FOLLOWS = 0.5  # correlation from which on a part is said to rise or fall with its column


@dataclass(frozen=True)
class HiddenUnit:
    """One hidden unit of one network, on some rows.

    Attributes
    ----------
    network, unit : int
        Counted from 1.
    adds : float
        Deviation of what it adds to z2; with several outputs, of that which it moves most.
    output : int
        Number of that output, from 0.
    rises : bool
        Whether it adds more, the greater its activation.
    active : float
        Share of the rows for which its activation is above 0.
    columns : dict of str to float
        Each column's part of z1: its share of the sum of all parts' deviations.
    directions : dict of str to str
        ``rising`` or ``falling`` for columns of numbers that z1 follows.
    """

    network: int
    unit: int
    adds: float
    output: int
    rises: bool
    active: float
    columns: dict[str, float]
    directions: dict[str, str]


def hidden_units(model: TableModel, X: Array) -> list[HiddenUnit]:
    """Return the units of all networks on the encoder's features X, (m, n), the greatest first."""
    seen = model.pieces.transform(X).astype(np.float64)
    found = [
        unit
        for i, network in enumerate(model.ensemble.networks, start=1)
        for unit in _of_network(model, i, network.in_double_precision(), X, seen)
    ]
    return sorted(found, key=lambda unit: -unit.adds)


def _of_network(
    model: TableModel, number: int, network: Network, X: Array, seen: Array
) -> Iterator[HiddenUnit]:
    W1, _, W2, _ = network.parameters
    A1 = network.forward(seen.T).A1
    added = np.abs(W2) * A1.std(axis=1)  # (n_y, n_h)
    outputs = added.argmax(axis=0)
    deviations, directions = {}, {}
    for name, feature, at in _columns(model):
        parts = W1[:, at] @ seen[:, at].T  # (n_h, m)
        deviations[name] = parts.std(axis=1)
        if feature is not None:
            directions[name] = _correlations(parts, X[:, feature])
    total = np.maximum(sum(deviations.values()), np.finfo(np.float64).tiny)
    for k, output in enumerate(outputs):
        yield HiddenUnit(
            number, k + 1, float(added[output, k]), int(output), bool(W2[output, k] > 0),
            float((A1[k] > 0).mean()),
            {name: float(each[k] / total[k]) for name, each in deviations.items()},
            {
                name: "rising" if r[k] > 0 else "falling"
                for name, r in directions.items()
                if abs(r[k]) > FOLLOWS
            },
        )  # fmt: skip


def _columns(model: TableModel) -> Iterator[tuple[str, int | None, slice]]:
    """Yield each column, which feature of the encoder is its number, and where networks see it."""
    for plan, at in model.encoder.blocks():
        feature = at.start if isinstance(plan, Scaled) else None
        yield plan.name, feature, model.pieces.of(at)[1]


def _correlations(parts: Array, x: Array) -> Array:
    """Return the correlation of each row of parts, (n, m), with x, (m,); 0 where one is still."""
    parts = parts - parts.mean(axis=1, keepdims=True)
    x = x - x.mean()
    size = np.linalg.norm(parts, axis=1) * np.linalg.norm(x)
    return np.asarray(np.divide(parts @ x, size, where=size > 0, out=np.zeros(len(parts))))

"""Guarantee: no name or label of a table can end a comment or a literal of the file it goes into.

Floor 6. What the exports of the bare networks, C and JavaScript, have in common.
"""

import json

import numpy as np

from shoal import __version__
from shoal.activations import Array
from shoal.columns import Table
from shoal.export.description import feature_names, in_lines, shortest_texts
from shoal.table_model import TableModel

LONGEST = 200  # characters of a name in a comment
FEATURES = """The features are those that the networks see, after the encoding: each column's, and
of each number, scaled as in training, one that rises from 0 to 1 within each piece of a line. In
Python they come from

    model.pieces.transform(model.encoder.transform(table))"""


def quoted(text: str) -> str:
    r"""Return a text in quotes and in ASCII, without ``*/``, ``/*``, ``</`` or line breaks.

    Examples
    --------
    >>> print(quoted("a */ /* b\n"))
    "a *\/ \/\u002a b\n"
    """
    written = json.dumps(text).replace("/*", "/\\u002a")
    return written.replace("/", "\\/").replace("<", "\\u003c")


def introduction(model: TableModel, purpose: str) -> str:
    """Return the comment at the head of a file: what it does, its classes, its features."""
    classes = ", ".join(map(_short, model.target.classes))
    lines = [
        f"Exported by Shoal {__version__}",
        "",
        *purpose.splitlines(),
        "",
        f"Target: {_short(model.target.name)}, with the classes {classes}.",
        _decision(model),
        "",
        *FEATURES.splitlines(),
        "",
        *(f"{i:6}  {_short(name)}" for i, name in enumerate(feature_names(model))),
    ]
    head, *rest = lines
    return "\n".join([f"/* {head}", *(f" * {line}".rstrip() for line in rest), " */"])


def network_features(model: TableModel, table: Table) -> Array:
    """Return what the networks see of a table, (m, n_x), in single precision."""
    return np.ascontiguousarray(model.pieces.transform(model.encoder.features_of(table)))


def numbers(array: Array, suffix: str = "") -> str:
    """Return a matrix as decimals, a line for each row; a column is wrapped."""
    rows = [[f"{number}{suffix}" for number in row] for row in shortest_texts(array)]
    return in_lines(rows, ", ")


def _short(name: str) -> str:
    return quoted(name if len(name) <= LONGEST else f"{name[:LONGEST]}…")


def _decision(model: TableModel) -> str:
    if model.decision.threshold is None:
        costs = [list(row) for row in model.decision.costs]
        return f"Said is the class of least expected cost: argmin of probabilities x {costs}."
    label, threshold = _short(model.target.classes[1]), model.decision.threshold
    return f"Said is {label} from the probability {threshold!r} on."

"""Guarantee: every number of one step of gradient descent, under the symbols of the course.

Floor 3, NumPy alone. A trace is data: forward propagation, the cost, back-propagation and the
update, each step with its equation, its value and its shape; ``trace_text`` and the like show it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shoal import equations
from shoal.activations import Array
from shoal.errors import InputError
from shoal.network import Network

PARTS = ("examples", "parameters", "forward", "cost", "hidden units", "backward", "update")
NAMES = ("W1", "b1", "W2", "b2")


@dataclass(frozen=True)
class Step:
    """One line of the computation.

    Attributes
    ----------
    part : str
        One of ``PARTS``.
    symbol, equation, latex : str
        What is computed, and from what, in plain text and in LaTeX.
    value : ndarray
        Of two dimensions; the cost is (1, 1).
    """

    part: str
    symbol: str
    equation: str
    latex: str
    value: Array


@dataclass(frozen=True)
class Trace:
    """All lines, in order, of m examples and a learning rate."""

    steps: tuple[Step, ...]
    m: int
    alpha: float

    def __getitem__(self, symbol: str) -> Array:
        """Return the value of a symbol: of a parameter, that before the update."""
        return next(step.value for step in self.steps if step.symbol == symbol)

    def to_data(self) -> dict[str, Any]:
        """Return the trace as plain data."""
        return {
            "m": self.m,
            "alpha": self.alpha,
            "steps": [
                {
                    "part": step.part, "symbol": step.symbol, "equation": step.equation,
                    "shape": list(step.value.shape), "value": step.value.tolist(),
                }
                for step in self.steps
            ],
        }  # fmt: skip


def trace(
    network: Network, X: Array, Y: Array, w: Array | None = None, alpha: float = 1.2
) -> Trace:
    """Follow one step of gradient descent; the network is not changed.

    Parameters
    ----------
    network : Network
        With a hidden layer.
    X, Y, w : ndarray, (n_x, m), (n_y, m), (1, m)
        With one example the lines are those for one example, else the vectorised ones.
    alpha : float
        The learning rate.
    """
    network.check_examples(X, Y, w, features=True)
    if not 0 < alpha < np.inf:
        raise InputError(f"alpha is {alpha!r}, but must be above 0")
    if not network.n_h:
        raise InputError("a trace follows a hidden layer, which this network has not (n_h = 0)")
    double = network.in_double_precision()
    X, Y = X.astype(np.float64), Y.astype(np.float64)
    m = X.shape[1]
    lines = _ONE if m == 1 and w is None else _MANY
    forward = double.forward(X)
    before = double.parameters
    gradients = equations.backward(X, Y, forward, before, double.g1, w)
    after = equations.update(before, gradients, alpha)
    weights, _ = equations.total_weight(Y, w, None)
    dZ2 = (forward.A2 - Y) * weights
    dZ1 = before.W2.T @ dZ2 * double.g1.g_prime(forward.Z1, forward.A1)
    J = np.array([[equations.cost(forward.Z2, Y, double.g2, w)]])
    values = {
        **dict(zip(NAMES, before, strict=True)), "X": X, "Y": Y, "Z1": forward.Z1, "A1": forward.A1,
        "Z2": forward.Z2, "A2": forward.A2, "J": J, "dZ2": dZ2, "dZ1": dZ1,
        "units": before.W2 * forward.A1.mean(axis=1),
        **{f"d{name}": value for name, value in zip(NAMES, gradients, strict=True)},
        **{f"{name}'": value for name, value in zip(NAMES, after, strict=True)},
    }  # fmt: skip
    names = {"g1": double.activation, "g2": double.output, "alpha": f"{alpha:g}", "m": m}
    steps = [
        Step(
            part,
            symbol,
            equation.format(**names),
            latex.replace("ALPHA", f"{alpha:g}"),
            values[key],
        )
        for part, key, symbol, equation, latex in lines
    ]
    return Trace(tuple(steps), m, alpha)


Line = tuple[str, str, str, str, str]  # part, key, symbol, equation, LaTeX

_PARAMETERS: Sequence[Line] = (
    ("parameters", "W1", "W1", "(n_h, n_x)", r"W^{[1]}"),
    ("parameters", "b1", "b1", "(n_h, 1)", r"b^{[1]}"),
    ("parameters", "W2", "W2", "(n_y, n_h)", r"W^{[2]}"),
    ("parameters", "b2", "b2", "(n_y, 1)", r"b^{[2]}"),
)
_UPDATE: Sequence[Line] = tuple(
    ("update", f"{name}'", f"{name} :=", f"{name} - {{alpha}} d{name}",
     rf"{name[0]}^{{[{name[1]}]}} - ALPHA \, d{name[0]}^{{[{name[1]}]}}")
    for name in NAMES
)  # fmt: skip
_ONE: Sequence[Line] = (
    ("examples", "X", "x", "the example", "x"),
    ("examples", "Y", "y", "its label", "y"),
    *_PARAMETERS,
    ("forward", "Z1", "z1", "W1 x + b1", r"W^{[1]} x + b^{[1]}"),
    ("forward", "A1", "a1", "{g1}(z1)", r"g^{[1]}(z^{[1]})"),
    ("forward", "Z2", "z2", "W2 a1 + b2", r"W^{[2]} a^{[1]} + b^{[2]}"),
    ("forward", "A2", "a2", "{g2}(z2)", r"g^{[2]}(z^{[2]})"),
    ("hidden units", "units", "W2 * a1^T", "these add up to z2 - b2", r"W^{[2]} \ast a^{[1]T}"),
    ("cost", "J", "L", "L(a2, y)", r"L(a^{[2]}, y)"),
    ("backward", "dZ2", "dz2", "a2 - y", r"a^{[2]} - y"),
    ("backward", "dW2", "dW2", "dz2 a1^T", r"dz^{[2]} a^{[1]T}"),
    ("backward", "db2", "db2", "dz2", r"dz^{[2]}"),
    (
        "backward",
        "dZ1",
        "dz1",
        "W2^T dz2 * g1'(z1)",
        r"W^{[2]T} dz^{[2]} \ast g^{[1]\prime}(z^{[1]})",
    ),
    ("backward", "dW1", "dW1", "dz1 x^T", r"dz^{[1]} x^T"),
    ("backward", "db1", "db1", "dz1", r"dz^{[1]}"),
    *_UPDATE,
)
_MANY: Sequence[Line] = (
    ("examples", "X", "X", "{m} examples, in columns", "X"),
    ("examples", "Y", "Y", "their labels", "Y"),
    *_PARAMETERS,
    ("forward", "Z1", "Z1", "W1 X + b1", r"W^{[1]} X + b^{[1]}"),
    ("forward", "A1", "A1", "{g1}(Z1)", r"g^{[1]}(Z^{[1]})"),
    ("forward", "Z2", "Z2", "W2 A1 + b2", r"W^{[2]} A^{[1]} + b^{[2]}"),
    ("forward", "A2", "A2", "{g2}(Z2)", r"g^{[2]}(Z^{[2]})"),
    (
        "hidden units",
        "units",
        "W2 * a1^T",
        "in the mean; these add up to the mean of Z2 - b2",
        r"W^{[2]} \ast \overline{A^{[1]}}^{T}",
    ),
    ("cost", "J", "J", "(1/m) sum L(A2, Y)", r"\frac{1}{m} \sum L(A^{[2]}, Y)"),
    ("backward", "dZ2", "dZ2", "A2 - Y", r"A^{[2]} - Y"),
    ("backward", "dW2", "dW2", "(1/m) dZ2 A1^T", r"\frac{1}{m} dZ^{[2]} A^{[1]T}"),
    ("backward", "db2", "db2", "(1/m) sum of columns of dZ2", r"\frac{1}{m} \sum dZ^{[2]}"),
    (
        "backward",
        "dZ1",
        "dZ1",
        "W2^T dZ2 * g1'(Z1)",
        r"W^{[2]T} dZ^{[2]} \ast g^{[1]\prime}(Z^{[1]})",
    ),
    ("backward", "dW1", "dW1", "(1/m) dZ1 X^T", r"\frac{1}{m} dZ^{[1]} X^T"),
    ("backward", "db1", "db1", "(1/m) sum of columns of dZ1", r"\frac{1}{m} \sum dZ^{[1]}"),
    *_UPDATE,
)

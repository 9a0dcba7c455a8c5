"""Guarantee: every number of one step of gradient descent, under the symbols of the course.

Floor 3, NumPy alone. A trace is data: forward propagation, the cost, back-propagation and the
update, each step with its equation, its value and its shape; ``trace_text`` and the like show it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shoal import equations
from shoal.activations import Array
from shoal.errors import InputError, positive
from shoal.network import Network

PARTS = ("examples", "parameters", "forward", "cost", "hidden units", "backward", "update")
AXES = {"feature": "x", "unit": "unit ", "output": "output ", "example": "example "}


@dataclass(frozen=True)
class Step:
    """One line of the computation.

    Attributes
    ----------
    part : str
        One of ``PARTS``.
    symbol, equation : str
        What is computed, and from what; no equation for what is given.
    note : str
        What it is, in words.
    axes : tuple of str
        What its rows and its columns are, of ``AXES``, or nothing.
    value : ndarray
        Of two dimensions; the cost is (1, 1).
    """

    part: str
    symbol: str
    equation: str
    note: str
    axes: tuple[str, str]
    value: Array


@dataclass(frozen=True)
class Trace:
    """All lines, in order.

    Attributes
    ----------
    steps : tuple of Step
    m : int
        How many examples.
    alpha : float
        The learning rate.
    names : dict of str to sequence of str
        Of the elements of each axis, in order.
    """

    steps: tuple[Step, ...]
    m: int
    alpha: float
    names: Mapping[str, Sequence[str]]

    def __getitem__(self, symbol: str) -> Array:
        """Return the value of a symbol: of a parameter, that before the update."""
        for step in self.steps:
            if step.symbol == symbol:
                return step.value
        known = ", ".join(step.symbol for step in self.steps)
        raise KeyError(f"{symbol} is not in this trace: it has {known}")

    def of_unit(self, unit: int) -> "Trace":
        """Return what one hidden unit, counted from 1, has to do with.

        Raises
        ------
        InputError
            There is no such unit.
        """
        n_h = len(self.names["unit"])
        if not 1 <= unit <= n_h:
            raise InputError(f"there is no hidden unit {unit}: the network has {n_h}")
        steps = []
        for step in self.steps:
            rows, columns = (
                slice(unit - 1, unit) if axis == "unit" else slice(None) for axis in step.axes
            )
            note = f"over all {n_h} hidden units" if step.symbol in ("z2", "Z2") else step.note
            steps.append(replace(step, note=note, value=step.value[rows, columns]))
        names = {**self.names, "unit": [self.names["unit"][unit - 1]]}
        return replace(self, steps=tuple(steps), names=names)

    def to_data(self) -> dict[str, Any]:
        """Return the trace as plain data."""
        return {
            "m": self.m,
            "alpha": self.alpha,
            "names": {axis: list(names) for axis, names in self.names.items()},
            "steps": [
                {
                    "part": step.part, "symbol": step.symbol, "equation": step.equation,
                    "note": step.note, "axes": list(step.axes), "shape": list(step.value.shape),
                    "value": step.value.tolist(),
                }
                for step in self.steps
            ],
        }  # fmt: skip


def trace(
    network: Network,
    X: Array,
    Y: Array,
    w: Array | None = None,
    alpha: float = 1.2,
    *,
    names: Mapping[str, Sequence[str]] | None = None,
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
    names : mapping of str to sequence of str, optional
        Of ``feature``, ``output`` or ``example``; they are numbered without.

    Raises
    ------
    InputError
        The examples do not fit the network, or hold NaN or infinity; it has no hidden layer.
    """
    network.check_examples(X, Y, w, features=True)
    alpha = positive("alpha", alpha)
    if not network.n_h:
        raise InputError("a trace follows a hidden layer, which this network has not (n_h = 0)")
    double = network.in_double_precision()
    X, Y = X.astype(np.float64), Y.astype(np.float64)
    values = _values(double, X, Y, w, alpha)
    lines = _ONE if X.shape[1] == 1 and w is None else _many(w is not None)
    of = {"g1": double.activation, "g2": double.output, "alpha": f"{alpha:g}",
          "m": f"{X.shape[1] if w is None else float(w.sum()):g}"}  # fmt: skip
    steps = tuple(
        Step(part, symbol, equation.format(**of), note.format(**of), _AXES[key], values[key])
        for part, key, symbol, equation, note in lines
    )
    sizes = (network.n_x, network.n_h, network.n_y, X.shape[1])
    numbered = {
        axis: [f"{word}{i}" for i in range(1, n + 1)]
        for (axis, word), n in zip(AXES.items(), sizes, strict=True)
    }
    return Trace(steps, X.shape[1], alpha, numbered | dict(names or {}))


def _values(network: Network, X: Array, Y: Array, w: Array | None, alpha: float) -> dict[str, Any]:
    forward, before = network.forward(X), network.parameters
    gradients = equations.backward(X, Y, forward, before, network.g1, w)
    after = equations.update(before, gradients, alpha)
    weights, _ = equations.total_weight(Y, w, None)
    dZ2 = (forward.A2 - Y) * weights
    return {
        **before._asdict(), **forward._asdict(), "X": X, "Y": Y, "w": weights,
        "J": np.array([[equations.cost(forward.Z2, Y, network.g2, w)]]),
        "parts of z1": before.W1 * X.mean(axis=1),
        "parts of z2": before.W2 * forward.A1.mean(axis=1),
        "dZ2": dZ2,
        "dZ1": before.W2.T @ dZ2 * network.g1.g_prime(forward.Z1, forward.A1),
        **{f"d{name}": value for name, value in gradients._asdict().items()},
        **{f"{name}'": value for name, value in after._asdict().items()},
    }  # fmt: skip


_AXES = {
    "X": ("feature", "example"), "Y": ("output", "example"), "w": ("", "example"), "J": ("", ""),
    "W1": ("unit", "feature"), "b1": ("unit", ""), "Z1": ("unit", "example"),
    "W2": ("output", "unit"), "b2": ("output", ""), "Z2": ("output", "example"),
}  # fmt: skip
_AXES |= {"A1": _AXES["Z1"], "A2": _AXES["Z2"], "dZ1": _AXES["Z1"], "dZ2": _AXES["Z2"],
          "parts of z1": _AXES["W1"], "parts of z2": _AXES["W2"]}  # fmt: skip
for _name in ("W1", "b1", "W2", "b2"):
    _AXES |= {f"d{_name}": _AXES[_name], f"{_name}'": _AXES[_name]}

Line = tuple[str, str, str, str, str]  # part, key, symbol, equation, note

_PARAMETERS: Sequence[Line] = (
    ("parameters", "W1", "W1", "", "weights of the hidden layer"),
    ("parameters", "b1", "b1", "", "its biases"),
    ("parameters", "W2", "W2", "", "weights of the output layer"),
    ("parameters", "b2", "b2", "", "its biases"),
)
_UPDATE: Sequence[Line] = tuple(
    ("update", f"{name}'", f"{name} :=", f"{name} - {{alpha}} d{name}", "")
    for name in ("W1", "b1", "W2", "b2")
)
_ONE: Sequence[Line] = (
    ("examples", "X", "x", "", "the example"),
    ("examples", "Y", "y", "", "its label"),
    *_PARAMETERS,
    ("forward", "Z1", "z1", "W1 x + b1", ""),
    ("forward", "A1", "a1", "{g1}(z1)", ""),
    ("forward", "Z2", "z2", "W2 a1 + b2", ""),
    ("forward", "A2", "a2", "{g2}(z2)", ""),
    ("cost", "J", "L", "L(a2, y)", ""),
    ("hidden units", "parts of z1", "W1 * x^T", "", "what each feature adds to z1 - b1"),
    ("hidden units", "parts of z2", "W2 * a1^T", "", "what each unit adds to z2 - b2"),
    ("backward", "dZ2", "dz2", "a2 - y", ""),
    ("backward", "dW2", "dW2", "dz2 a1^T", ""),
    ("backward", "db2", "db2", "dz2", ""),
    ("backward", "dZ1", "dz1", "W2^T dz2 * g1'(z1)", ""),
    ("backward", "dW1", "dW1", "dz1 x^T", ""),
    ("backward", "db1", "db1", "dz1", ""),
    *_UPDATE,
)


def _many(weighted: bool) -> Sequence[Line]:
    """Return the vectorised lines; with weights, m is their sum."""
    w, m = (" * w", ", m = {m} being the sum of w") if weighted else ("", "")
    given: Sequence[Line] = (("examples", "w", "w", "", "their weights"),) if weighted else ()
    return (
        ("examples", "X", "X", "", "the examples, in columns"),
        ("examples", "Y", "Y", "", "their labels"),
        *given,
        *_PARAMETERS,
        ("forward", "Z1", "Z1", "W1 X + b1", ""),
        ("forward", "A1", "A1", "{g1}(Z1)", ""),
        ("forward", "Z2", "Z2", "W2 A1 + b2", ""),
        ("forward", "A2", "A2", "{g2}(Z2)", ""),
        ("cost", "J", "J", f"(1/m) sum L(A2, Y){w}", f"over the examples{m}"),
        (
            "hidden units",
            "parts of z1",
            "W1 * mean(X)^T",
            "",
            "what each feature adds, in the mean",
        ),
        ("hidden units", "parts of z2", "W2 * mean(A1)^T", "", "what each unit adds, in the mean"),
        ("backward", "dZ2", "dZ2", f"(A2 - Y){w}" if weighted else "A2 - Y", ""),
        ("backward", "dW2", "dW2", "(1/m) dZ2 A1^T", ""),
        ("backward", "db2", "db2", "(1/m) sum dZ2", "over the columns"),
        ("backward", "dZ1", "dZ1", "W2^T dZ2 * g1'(Z1)", ""),
        ("backward", "dW1", "dW1", "(1/m) dZ1 X^T", ""),
        ("backward", "db1", "db1", "(1/m) sum dZ1", "over the columns"),
        *_UPDATE,
    )

"""Guarantee: an engine's gradient is held against derivatives that share no line with it.

Floor 3, with nothing beside NumPy but the engine. Two ways, in double precision: central
differences of the cost, and the complex step, Im J(theta + ih) / h, without rounding to speak of
(Squire and Trapp, 1998). The cost is computed here anew, by formulas for complex numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from shoal.activations import LEAK, Array
from shoal.engine import Engine, default_engine
from shoal.equations import total_weight
from shoal.network import Network

BLOCKS = ("W1", "b1", "W2", "b2")
MOST_ENTRIES, MOST_EXAMPLES = 64, 256  # of a block, and at all: enough in seconds
STEP, COMPLEX_STEP = 1e-5, 1e-30
TOLERANCE = 1e-6  # of the block's greatest derivative; differences are good to about 1e-8
ROUNDING = 1e-6  # of the sum of all examples' parts: what is left of them at a minimum is rounding
EPS = float(np.finfo(np.float64).eps)
KINK = 4 * STEP  # so near to it, a difference may see both sides of ReLU

Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class BlockCheck:
    """How far the derivatives of one block of parameters are off.

    Attributes
    ----------
    block : str
        ``W1``, ``b1``, ``W2`` or ``b2``.
    entries : int
        Derivatives that were compared; of many, some.
    complex_step, difference : float
        The greatest distance from each, as a share of the greatest derivative of the block, and of
        what rounding leaves where the parts of the examples cancel each other.
    worst : tuple of int
        Row and column of the entry that is farthest off by the complex step.
    analytic, numeric : float
        There, what the engine says, and what the complex step says.
    """

    block: str
    entries: int
    complex_step: float
    difference: float
    worst: tuple[int, int]
    analytic: float
    numeric: float

    @property
    def right(self) -> bool:
        """Whether the block's derivatives are those of the cost."""
        return max(self.complex_step, self.difference) <= TOLERANCE


@dataclass(frozen=True)
class GradientCheck:
    """What a check of a gradient found.

    Attributes
    ----------
    engine : str
    examples : int
    cost, own_cost : float
        J as the engine has it, and as it is computed here.
    blocks : tuple of BlockCheck
    """

    engine: str
    examples: int
    cost: float
    own_cost: float
    blocks: tuple[BlockCheck, ...]

    @property
    def right(self) -> bool:
        """Whether the cost is right, and all derivatives are those of it."""
        return self._cost_is_right and all(block.right for block in self.blocks)

    @property
    def _cost_is_right(self) -> bool:
        return abs(self.cost - self.own_cost) <= TOLERANCE * max(1e-3, abs(self.own_cost))

    @property
    def suspect(self) -> str:
        """The first equation that explains which blocks are wrong; empty if none is."""
        wrong = {block.block for block in self.blocks if not block.right}
        if not wrong:
            return "" if self._cost_is_right else "J"
        if wrong <= {"W1", "b1"}:
            return "dZ1" if len(wrong) == 2 else f"d{wrong.pop()}"
        if len(wrong) == 1:
            return f"d{wrong.pop()}"
        return "dZ2"


def gradient_check(
    network: Network,
    X: Array,
    Y: Array,
    w: Array | None = None,
    *,
    engine: Engine | None = None,
    seed: int = 0,
) -> GradientCheck:
    """Compare an engine's gradient at a network's parameters with two numerical ones.

    Parameters
    ----------
    network : Network
        It is not changed; the check is in double precision whatever its dtype.
    X, Y, w : ndarray, (n_x, m), (n_y, m), (1, m)
        Examples; of many, some are used.
    engine : Engine, optional
        That is checked; the one that runs by default unless given.
    seed : int
        Of the choice of entries and examples.
    """
    network.check_examples(X, Y, w, features=True)
    engine = engine or default_engine()
    double = network.in_double_precision()
    random = np.random.default_rng(seed)
    some = np.sort(random.permutation(X.shape[1])[:MOST_EXAMPLES])
    X, Y = X[:, some].astype(np.float64), Y[:, some].astype(np.float64)
    w = None if w is None else w[:, some].astype(np.float64)
    some = _far_from_kinks(double, X)
    X, Y, w = X[:, some], Y[:, some], None if w is None else w[:, some]
    J, gradient = engine.cost_and_gradient(double, X, Y, w)
    costs = _costs_of(double, X, Y, w)
    steps, rounding = _steps(double, X), _rounding(double, X, Y, w)
    blocks, start = [], 0
    for name, part in zip(BLOCKS, double.parameters, strict=True):
        if part.size:
            at = start + np.sort(random.permutation(part.size)[:MOST_ENTRIES])
            found = _check_block(name, part.shape, start, at, gradient, double, costs, steps,
                                 rounding.get(name, 0.0))  # fmt: skip
            blocks.append(found)
        start += part.size
    own = float(costs(double.theta.astype(np.complex128)).real.sum())
    return GradientCheck(engine.name, len(some), float(J), own, tuple(blocks))


def _far_from_kinks(network: Network, X: Array) -> NDArray[np.intp]:
    """Return the examples for which no difference carries a unit over the kink of ReLU."""
    everything = np.arange(X.shape[1])
    if network.activation not in ("relu", "leaky_relu") or not network.n_h:
        return everything
    far = (np.abs(network.forward(X).Z1) > KINK).all(axis=0)
    return np.flatnonzero(far) if far.any() else everything


def _steps(network: Network, X: Array) -> Array:
    """Return for each parameter a step that moves no z by more than STEP, (all,)."""
    steps = np.full(network.theta.size, STEP)
    W1, _, W2, _ = network.split(steps)
    W1 /= np.maximum(1, np.abs(X).max(axis=1))
    W2 /= np.maximum(1, np.abs(network.forward(X).A1).max(axis=1))
    return steps


def _rounding(network: Network, X: Array, Y: Array, w: Array | None) -> dict[str, float]:
    """Return by how much dW1 and db1 may be off as 1 - a1^2, say, has lost its digits near 0."""
    weights, m = total_weight(Y, w, None)
    dZ2 = np.abs((network.forward(X).A2 - Y) * weights / m)
    dA1 = np.abs(network.parameters.W2.T) @ dZ2
    if not network.n_h:
        return {}
    return {
        "W1": 4 * EPS * float((dA1 @ np.abs(X.T)).max()),
        "b1": 4 * EPS * float(dA1.sum(axis=1).max()),
    }


def _check_block(
    name: str, shape: tuple[int, ...], start: int, at: NDArray[np.intp], gradient: Array,
    network: Network, costs: Callable[[Complex], Complex], steps: Array, rounding: float,
) -> BlockCheck:  # fmt: skip
    theta = network.theta.astype(np.complex128)
    by_complex, by_difference, parts = (np.empty(len(at)) for _ in range(3))
    highest = 1.0
    for i, entry in enumerate(at):
        moved = [theta.copy() for _ in range(3)]
        moved[0][entry] += 1j * COMPLEX_STEP
        moved[1][entry] += steps[entry]
        moved[2][entry] -= steps[entry]
        slopes = costs(moved[0]).imag / COMPLEX_STEP
        by_complex[i], parts[i] = slopes.sum(), np.abs(slopes).sum()
        up, down = (float(costs(each).real.sum()) for each in moved[1:])
        by_difference[i] = (up - down) / (moved[1][entry] - moved[2][entry]).real
        highest = max(highest, abs(up), abs(down))
    size = float(np.abs(by_complex).max() + ROUNDING * parts.max() + rounding / TOLERANCE) or EPS
    off = np.abs(gradient[at] - by_complex)
    worst = int(np.where(np.isnan(off), np.inf, off).argmax())
    row, column = np.unravel_index(at[worst] - start, shape)
    # the difference of two costs is known to some of their last bits
    rounding_of_costs = 16 * EPS * highest / float(steps[at].min())
    return BlockCheck(
        name, len(at), _share(off, size),
        _share(np.abs(gradient[at] - by_difference), size + rounding_of_costs / TOLERANCE),
        (int(row), int(column)), float(gradient[at[worst]]), float(by_complex[worst]),
    )  # fmt: skip


def _share(off: Array, size: float) -> float:
    worst = float(off.max())
    return np.inf if np.isnan(worst) else worst / size if worst else 0.0


def _costs_of(
    network: Network, X: Array, Y: Array, w: Array | None
) -> Callable[[Complex], Complex]:
    """Return each example's part of J, which is their sum, as a function of complex parameters."""
    weights = np.ones((1, X.shape[1])) if w is None else w
    g1, L = _G1[network.activation], _L[network.output]

    def costs(theta: Complex) -> Complex:
        W1, b1, W2, b2 = network.split(cast(Array, theta))  # it only cuts
        A1: Any = g1(cast(Complex, W1 @ X + b1)) if network.n_h else X
        parts = L(cast(Complex, W2 @ A1 + b2), Y) * (weights / weights.sum())
        return np.asarray(parts.sum(axis=0))

    return costs


def _log_1_plus_exp(z: Complex) -> Complex:
    positive = z.real > 0
    return np.where(positive, z, 0) + np.log1p(np.exp(np.where(positive, -z, z)))


def _log_sum_exp(Z: Complex) -> Complex:
    greatest = Z.real.max(axis=0, keepdims=True)
    total: Complex = greatest + np.log(np.exp(Z - greatest).sum(axis=0, keepdims=True))
    return total


_G1: dict[str, Callable[[Complex], Complex]] = {
    "tanh": np.tanh,
    "sigmoid": lambda Z: np.exp(-_log_1_plus_exp(-Z)),
    "relu": lambda Z: np.where(Z.real > 0, Z, 0),
    "leaky_relu": lambda Z: np.where(Z.real > 0, Z, LEAK * Z),
    "identity": lambda Z: Z,
}
_L: dict[str, Callable[[Complex, Array], Complex]] = {
    "sigmoid": lambda Z, Y: _log_1_plus_exp(Z) - Y * Z,
    "softmax": lambda Z, Y: Y * (_log_sum_exp(Z) - Z),
    "identity": lambda Z, Y: (Z - Y) ** 2 / 2,
}

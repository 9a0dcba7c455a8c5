"""Guarantee: an engine's gradient is held against derivatives that share no line with it.

Floor 3, NumPy alone. Two ways, in double precision: central differences of the cost, and the
complex step, Im J(theta + ih) / h, without rounding to speak of (Squire and Trapp, 1998). The cost
is computed here anew, by formulas that hold for complex numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from shoal.activations import LEAK, Array
from shoal.engine import Engine, default_engine
from shoal.network import Network

BLOCKS = ("W1", "b1", "W2", "b2")
MOST_ENTRIES, MOST_EXAMPLES = 64, 256  # of a block, and at all: enough in seconds
STEP, COMPLEX_STEP = 1e-5, 1e-30
TOLERANCE = 1e-6  # of the block's greatest derivative; differences are good to about 1e-8
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
        The greatest distance from each, as a share of the greatest derivative of the block.
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
    cost : float
    blocks : tuple of BlockCheck
    """

    engine: str
    examples: int
    cost: float
    blocks: tuple[BlockCheck, ...]

    @property
    def right(self) -> bool:
        """Whether all derivatives are those of the cost."""
        return all(block.right for block in self.blocks)

    @property
    def suspect(self) -> str:
        """The first equation that explains which blocks are wrong; empty if none is."""
        wrong = {block.block for block in self.blocks if not block.right}
        if not wrong:
            return ""
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
    network.check(X, Y, w)
    engine = engine or default_engine()
    double = network.in_double_precision()
    random = np.random.default_rng(seed)
    some = np.sort(random.permutation(X.shape[1])[:MOST_EXAMPLES])
    X, Y = X[:, some].astype(np.float64), Y[:, some].astype(np.float64)
    w = None if w is None else w[:, some].astype(np.float64)
    some = _far_from_kinks(double, X)
    X, Y, w = X[:, some], Y[:, some], None if w is None else w[:, some]
    J, gradient = engine.cost_and_gradient(double, X, Y, w)
    cost = _cost_of(double, X, Y, w)
    blocks, start = [], 0
    for name, part in zip(BLOCKS, double.parameters, strict=True):
        if part.size:
            found = _check_block(name, part.shape, start, gradient, double.theta, cost, random)
            blocks.append(found)
        start += part.size
    return GradientCheck(engine.name, len(some), float(J), tuple(blocks))


def _far_from_kinks(network: Network, X: Array) -> NDArray[np.intp]:
    """Return the examples for which no difference carries a unit over the kink of ReLU."""
    everything = np.arange(X.shape[1])
    if network.activation not in ("relu", "leaky_relu") or not network.n_h:
        return everything
    reach = KINK * np.maximum(1, np.abs(X).max(axis=0))
    far = (np.abs(network.forward(X).Z1) > reach).all(axis=0)
    return np.flatnonzero(far) if far.any() else everything


def _check_block(
    name: str, shape: tuple[int, ...], start: int, gradient: Array, theta: Array,
    cost: Callable[[Complex], complex], random: np.random.Generator,
) -> BlockCheck:  # fmt: skip
    size = int(np.prod(shape))
    at = start + np.sort(random.permutation(size)[:MOST_ENTRIES])
    by_complex, by_difference = np.empty(len(at)), np.empty(len(at))
    for i, entry in enumerate(at):
        step = np.zeros(len(theta), np.complex128)
        step[entry] = 1j * COMPLEX_STEP
        by_complex[i] = cost(theta + step).imag / COMPLEX_STEP
        step[entry] = STEP * max(1.0, abs(theta[entry]))
        by_difference[i] = (cost(theta + step) - cost(theta - step)).real / (2 * step[entry].real)
    size_of_slope = max(float(np.abs(by_complex).max()), float(np.finfo(np.float64).tiny))
    off = np.abs(gradient[at] - by_complex)
    worst = int(np.where(np.isnan(off), np.inf, off).argmax())
    row, column = np.unravel_index(at[worst] - start, shape)
    floor = max(size_of_slope, 1e-3 * float(np.abs(gradient).max()))  # differences have rounding
    return BlockCheck(
        name, len(at), _share(off, size_of_slope),
        _share(np.abs(gradient[at] - by_difference), floor),
        (int(row), int(column)), float(gradient[at[worst]]), float(by_complex[worst]),
    )  # fmt: skip


def _share(off: Array, size: float) -> float:
    worst = float(off.max())
    return np.inf if np.isnan(worst) else worst / size if worst else 0.0


def _cost_of(network: Network, X: Array, Y: Array, w: Array | None) -> Callable[[Complex], complex]:
    """Return J as a function of complex parameters."""
    weights = np.ones((1, X.shape[1])) if w is None else w
    g1, L = _G1[network.activation], _L[network.output]

    def cost(theta: Complex) -> complex:
        W1, b1, W2, b2 = network.split(cast(Array, theta))  # it only cuts
        A1: Any = g1(cast(Complex, W1 @ X + b1)) if network.n_h else X
        return complex((L(cast(Complex, W2 @ A1 + b2), Y) * weights).sum() / weights.sum())

    return cost


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

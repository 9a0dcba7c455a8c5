"""Guarantee: the same sums as NumPy's to rounding, in one pass over X, the same bits every time.

Floor 2. The kernels are C++ without Python (``native/``); docs/engine.md tells how they work. What
they do not know (sparse X, no hidden layer, an optimiser of one's own) goes the way of NumPy.
"""

import os
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.engine import _native
from shoal.engine.dropout import Dropout
from shoal.engine.lines import LazyFeatures, Matrix
from shoal.engine.numpy_engine import NumpyEngine
from shoal.engine.order import check_size
from shoal.engine.protocol import CostAndGradient, Descent, Engine, Passes, Tick
from shoal.engine.threads import available_threads
from shoal.errors import InputError
from shoal.network import Network
from shoal.optimizers import Adam, GradientDescent, Momentum, Optimizer, ScaledAdam


class NativeEngine(Engine):
    """The fast engine.

    Parameters
    ----------
    threads : int or None
        At most so many; None takes SHOAL_THREADS, or else the cores this process may use. The
        results do not depend on it.
    reproducible : bool or None
        Give the same bits on every instruction set of this architecture, for up to twice the time;
        None is False unless SHOAL_REPRODUCIBLE=1.
    instructions : str or None
        One of :meth:`known_instructions`; None is the fastest that runs here.
    share_all : bool
        Share even work so little that to wake threads costs more than they gain, as tests do; the
        results do not depend on it.
    """

    name = "native"

    def __init__(
        self,
        threads: int | None = None,
        reproducible: bool | None = None,
        instructions: str | None = None,
        share_all: bool = False,
    ) -> None:
        if threads is not None and not (isinstance(threads, Integral) and threads >= 1):
            raise InputError(f"threads is {threads!r}, but must be a whole number, 1 or more")
        wished = available_threads() if threads is None else threads
        useful = 4 * max(2, os.cpu_count() or 1)  # more would only wait
        self.thread_count = min(int(wished), useful)
        if reproducible is None:
            wish = os.environ.get("SHOAL_REPRODUCIBLE", "").strip() or "0"
            if wish not in ("0", "1"):
                raise InputError(f"SHOAL_REPRODUCIBLE is {wish!r}, but must be 0 or 1")
            reproducible = wish == "1"
        elif not isinstance(reproducible, bool | np.bool_):
            raise InputError(f"reproducible is {reproducible!r}, but must be True, False or None")
        reproducible = bool(reproducible)  # not NumPy's
        reproducible = reproducible or all(exact for _, exact in _native.variants())
        known = self.known_instructions(reproducible)
        if instructions is None:
            instructions = known[0]
        elif instructions not in known:
            raise InputError(
                f"instructions is {instructions!r}, but must be one of {', '.join(known)}:"
                f" what runs here {'' if reproducible else 'without '}reproducible=True"
            )
        self.reproducible, self.instructions = reproducible, instructions
        self._numpy = NumpyEngine()
        self._how = instructions, reproducible, self.thread_count, share_all

    @staticmethod
    def known_instructions(reproducible: bool = False) -> list[str]:
        """Return the instruction sets that run here, the fastest first."""
        return [name for name, exact in _native.variants() if exact == reproducible]

    def facts(self) -> dict[str, str | int]:  # noqa: D102
        mode = "reproducible on every instruction set" if self.reproducible else "fast"
        return {
            "engine": self.name,
            "instructions": self.instructions,
            "mode": mode,
            "threads": self.thread_count,
        }

    def outputs(self, network: Network, X: Matrix) -> Array:  # noqa: D102
        if not _knows(network, X):
            return self._numpy.outputs(network, X)
        A2 = np.empty((network.n_y, X.shape[1]), network.theta.dtype)
        self._evaluate(network, X, None, None, 1.0, None, A2)
        return A2

    def cost_and_gradient(  # noqa: D102
        self, network: Network, X: Matrix, Y: Array, w: Array | None = None, m: float | None = None
    ) -> CostAndGradient:
        if not _knows(network, X):
            return self._numpy.cost_and_gradient(network, X, Y, w, m)
        gradient = np.empty_like(network.theta)
        m = _total_weight(Y, w) if m is None else m
        return CostAndGradient(self._evaluate(network, X, Y, w, m, gradient, None), gradient)

    def cost_and_predictions(  # noqa: D102
        self, network: Network, X: Matrix, Y: Array, w: Array | None = None
    ) -> tuple[float, Array]:
        if not _knows(network, X):
            return self._numpy.cost_and_predictions(network, X, Y, w)
        A2 = np.empty((network.n_y, X.shape[1]), network.theta.dtype)
        return self._evaluate(network, X, Y, w, _total_weight(Y, w), None, A2), A2

    def descend(  # noqa: D102
        self, descents: Sequence[Descent], X: Any, Y: Array, passes: Passes, tick: Tick
    ) -> None:
        own: list[Descent] = []  # an optimiser of one's own on this engine's sums
        native: list[Descent] = []
        other: list[Descent] = []  # for NumPy
        for each in descents:
            each.network.check(X, Y, each.w)
            known = own if not _rule(each.optimizer) else native
            (known if _knows(each.network, X) else other).append(each)
        if other:
            self._numpy.descend(other, X, Y, passes, tick)
        if own:
            super().descend(own, X, Y, passes, tick)
        if native:
            self._descend(native, X, Y, passes, tick)

    def made(self, X: LazyFeatures) -> Array:  # noqa: D102
        features = np.empty(X.shape[::-1], X.dtype)
        _pieces(X).write(features)
        return features.T

    def _descend(
        self, descents: Sequence[Descent], X: Matrix, Y: Array, passes: Passes, tick: Tick
    ) -> None:
        dtype = descents[0].network.theta.dtype
        (source, pieces), Y = _source(X, dtype), _array(Y, dtype)
        if passes.shuffle and passes.batch_size < X.shape[1]:
            check_size(X.shape[1])
        costs = np.zeros((len(descents), passes.count))
        weights = [None if each.w is None else _array(each.w, dtype) for each in descents]
        members = [
            _member(each, w, row, X.shape[1])
            for each, w, row in zip(descents, weights, costs, strict=True)
        ]
        try:
            _native.descend(
                members, source, pieces, Y, passes.first, passes.count, passes.batch_size,
                passes.shuffle, passes.seed % 2**64, *self._how, tick,
            )  # fmt: skip
        finally:
            for descent, member, row in zip(descents, members, costs, strict=True):
                descent.optimizer.t = member.t
                descent.costs.extend(row[: member.passes].tolist())

    def _evaluate(
        self,
        network: Network,
        X: Matrix,
        Y: Array | None,
        w: Array | None,
        m: float,
        gradient: Array | None,
        A2: Array | None,
    ) -> float:
        network.check(X, Y, w)  # the kernels do not look where an array ends
        dtype = network.theta.dtype
        source, pieces = _source(X, dtype)
        return _native.evaluate(
            _sizes(network), network.theta, source, pieces, Y if Y is None else _array(Y, dtype),
            w if w is None else _array(w, dtype), m, gradient, A2, *self._how, lambda: False,
        )  # fmt: skip


def _knows(network: Network, X: object) -> bool:
    return isinstance(X, np.ndarray | LazyFeatures) and network.n_h > 0


def _total_weight(Y: Array, w: Array | None) -> float:
    """Return m as the equations do, without making a weight for each example."""
    return float(Y.shape[1]) if w is None else float(w.sum(dtype=np.float64))


def _array(X: Matrix, dtype: np.dtype[Any]) -> Array:
    """Return the array itself wherever the kernels can read it as it lies."""
    array = np.asarray(X, dtype)
    whole = all(stride % array.itemsize == 0 for stride in array.strides) and array.flags.aligned
    return array if whole else array.copy()


def _source(X: Matrix, dtype: np.dtype[Any]) -> tuple[Array | None, Any]:
    """Return X, or else what its pieces are made of."""
    if isinstance(X, LazyFeatures) and dtype == X.dtype:
        return None, _pieces(X)
    return _array(X, dtype), None


def _pieces(of: LazyFeatures) -> Any:
    lines, X = of.lines, _array(of.numbers, of.numbers.dtype)
    return _native.Pieces(X, lines.centre, lines.spread, lines.edges, lines.first)


def _sizes(network: Network) -> tuple[int, int, int, str, str]:
    return network.n_x, network.n_h, network.n_y, network.activation, network.output


def _rule(optimizer: Optimizer) -> str:
    """Return the kernels' name of an optimiser, or nothing for one of the user's own."""
    rules = {
        GradientDescent: "descent", Momentum: "momentum", Adam: "adam", ScaledAdam: "adam",
    }  # fmt: skip
    return rules.get(type(optimizer), "")


def _member(descent: Descent, w: Array | None, costs: Array, m: int) -> Any:
    """Describe a descent to the kernels, which keep pointers into its arrays."""
    network, optimizer, mean_weight = descent.network, descent.optimizer, descent.mean_weight
    beta1 = beta2 = epsilon = 0.0
    mean = square = None
    scaling: tuple[Any, ...] = (None, None, None, None, 0.0)
    match optimizer:
        case Momentum():
            optimizer.begin(network.theta)
            beta1, mean = optimizer.beta, optimizer.velocity
        case Adam():
            optimizer.begin(network.theta)
            beta1, beta2, epsilon = optimizer.beta1, optimizer.beta2, optimizer.epsilon
            mean, square = optimizer.mean, optimizer.square
    if isinstance(optimizer, ScaledAdam):
        scaling = (
            optimizer.V, optimizer.s, optimizer.s_mean, optimizer.s_square,
            optimizer.alpha * optimizer.factor,
        )  # fmt: skip
    dropout = descent.dropout or Dropout(0.0)
    single = network.theta.dtype == np.float32
    make = _native.Member32 if single else _native.Member64
    return make(
        _sizes(network), network.theta, w, mean_weight, descent.l2 / (m * mean_weight),
        _rule(optimizer), optimizer.alpha, beta1, beta2, epsilon, optimizer.t, mean, square, costs,
        dropout.below, dropout.seed % 2**64, *scaling,
    )  # fmt: skip

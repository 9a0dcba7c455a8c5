"""Guarantee: the equations of the course over any number of examples, in bounded memory.

Floor 2. Examples are taken in chunks of a fixed size and in a fixed order; each chunk goes through
``equations`` unchanged, and the chunks' sums are added.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController, threadpool_info

from shoal import equations
from shoal.activations import Array
from shoal.engine.lines import Matrix, made
from shoal.engine.protocol import CostAndGradient, Engine
from shoal.network import Network

# Of one step. In smaller ones BLAS threads gain little, and lose tenfold when another program takes
# one of their cores, for they wait by spinning.
FLOPS_FOR_THREADS = 1_000_000_000
BLAS = ("internal_api", "version", "architecture")
CHUNK = 8192  # examples: Z1 of 100 units then takes 6.5 MB


class _SingleThread:
    """One BLAS thread for the process while anybody inside wants it, and then as before."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._pools: ThreadpoolController | None = None
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._pools = self._pools or ThreadpoolController()  # looks at all libraries, once
                self._limit = self._pools.limit(limits=1, user_api="blas")

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.restore_original_limits()


_SINGLE_THREAD = _SingleThread()


class NumpyEngine(Engine):
    """The reference engine: complete, and everywhere."""

    name = "numpy"

    @property
    def instructions(self) -> str:
        """What the bits of its sums depend on: NumPy, its BLAS, and what both use of the CPU."""
        return _instructions()

    @contextmanager
    def threads(self, network: Network, m: int) -> Iterator[None]:  # noqa: D102
        flops = 6 * m * len(network.theta)  # a multiply-add forward, two backward
        if flops > FLOPS_FOR_THREADS:
            yield
            return
        _SINGLE_THREAD.enter()
        try:
            yield
        finally:
            _SINGLE_THREAD.leave()

    def outputs(self, network: Network, X: Matrix) -> Array:  # noqa: D102
        parts = [network.forward(own).A2 for _, own in _chunks(X)]
        return np.concatenate(parts, axis=1)

    def cost_and_gradient(  # noqa: D102
        self, network: Network, X: Matrix, Y: Array, w: Array | None = None, m: float | None = None
    ) -> CostAndGradient:
        w, m = equations.total_weight(Y, w, m)
        J, gradient = 0.0, np.zeros_like(network.theta)
        for part, own in _chunks(X):
            forward = network.forward(own)
            J += equations.cost(forward.Z2, Y[:, part], network.g2, w[:, part], m)
            gradients = equations.backward(
                own, Y[:, part], forward, network.parameters, network.g1, w[:, part], m
            )
            gradient += np.concatenate([d.ravel() for d in gradients])
        return CostAndGradient(J, gradient)

    def cost_and_predictions(  # noqa: D102
        self, network: Network, X: Matrix, Y: Array, w: Array | None = None
    ) -> tuple[float, Array]:
        w, m = equations.total_weight(Y, w, None)
        J, parts = 0.0, []
        for part, own in _chunks(X):
            forward = network.forward(own)
            J += equations.cost(forward.Z2, Y[:, part], network.g2, w[:, part], m)
            parts.append(forward.A2)
        return J, np.concatenate(parts, axis=1)


@cache
def _instructions() -> str:
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    own = [pool for pool in pools if "numpy" in pool["filepath"]] or pools  # others are SciPy's
    kernels = {" ".join(str(pool.get(key, "")) for key in BLAS) for pool in own}
    extensions = np.show_config(mode="dicts").get("SIMD Extensions", {})
    found = [*extensions.get("baseline", ()), *extensions.get("found", ())]
    return ", ".join([f"NumPy {np.__version__}", *sorted(kernels), " ".join(found)])


def _chunks(X: Matrix) -> Iterator[tuple[slice, Array]]:
    m = X.shape[1]
    for start in range(0, max(m, 1), CHUNK):
        part = slice(start, min(start + CHUNK, m))
        yield part, made(X[:, part])

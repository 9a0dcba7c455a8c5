"""Guarantee: every peer gets the same examples, the same starts and the same settings.

Random examples with a rule to learn. They lie in one file that all processes map, so that even
1.5 GB are in memory once. Rows are examples, as the peers want them; Shoal reads the transpose.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Work:
    """One training: gradient descent, tanh, sigmoid and cross-entropy, in float32.

    Attributes
    ----------
    m, n_x, n_h : int
        Examples, features and hidden units; there is one output.
    alpha : float
        The learning rate.
    batch_size : int or None
        Examples in an update; None takes them all.
    shuffle : bool
        Draw the order of mini-batches anew in each pass.
    networks : int
        So many networks, from starts of their own.
    """

    m: int
    n_x: int
    n_h: int
    alpha: float = 0.1
    batch_size: int | None = None
    shuffle: bool = True
    networks: int = 1

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of the matrix products in a pass: Z1 and dW1, Z2 and dW2.

        W2^T dZ2 is left out: with one output W2 could multiply sums over the examples.
        """
        return (2 * self.n_x + 2) * self.m * self.n_h * self.networks

    def starts(self) -> list[Array]:
        """Return theta (W1, b1, W2, b2) of each network before training."""
        n_x, n_h = self.n_x, self.n_h
        starts = []
        for seed in range(self.networks):
            generator = np.random.default_rng(seed)
            W1 = generator.standard_normal(n_h * n_x) / np.sqrt(n_x)
            W2 = generator.standard_normal(n_h) / np.sqrt(n_h)
            parts = W1, np.zeros(n_h), W2, np.zeros(1)
            starts.append(np.concatenate(parts).astype(np.float32))
        return starts

    def split(self, theta: Array) -> tuple[Array, Array, Array, Array]:
        """Return copies of W1 (n_x, n_h), b1, W2 (n_h, 1) and b2, as the peers want them."""
        n = self.n_h * self.n_x
        W1 = theta[:n].reshape(self.n_h, self.n_x).T.copy()
        b1, W2, b2 = np.split(theta[n:].copy(), [self.n_h, 2 * self.n_h])
        return W1, b1, W2.reshape(-1, 1), b2


@contextmanager
def examples(m: int, n_x: int) -> Iterator[str]:
    """Write X, (m, n_x), and Y, (m, 1), to a file while entered; give its path."""
    shared = Path("/dev/shm")
    with TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        path = Path(folder) / "examples"
        table = np.memmap(path, np.float32, "w+", shape=(m * (n_x + 1),))
        X, Y = table[: m * n_x].reshape(m, n_x), table[m * n_x :]
        generator = np.random.default_rng(1)
        rule = generator.standard_normal(n_x, np.float32) / np.sqrt(np.float32(n_x))
        rows = max(1, 4_000_000 // n_x)
        for start in range(0, m, rows):
            part = X[start : start + rows]
            part[:] = generator.standard_normal(part.shape, np.float32)
            Y[start : start + rows] = np.sin(2 * (part @ rule)) > 0.2
        del table, X, Y, part
        yield str(path)


def read_examples(path: str, m: int, n_x: int) -> tuple[Array, Array]:
    """Return X, (m, n_x), and Y, (m, 1); what is written into them stays in this process.

    Below 256 MB they are copied, so that they lie in ordinary memory, as a user's would.
    """
    table = np.asarray(np.memmap(path, np.float32, "c"))
    if table.nbytes < 2**28:
        table = table.copy()
    return table[: m * n_x].reshape(m, n_x), table[m * n_x :].reshape(m, 1)


def has_avx512() -> bool:
    """Return whether the CPU says that it has AVX-512."""
    return "avx512f" in _cpu_info()


def machine() -> str:
    """Return the CPU's name, its cores and its instruction set."""
    lines = [line for line in _cpu_info().splitlines() if line.startswith("model name")]
    name = lines[0].partition(":")[2].strip() if lines else sys.platform
    flags = _cpu_info().split()
    known = [flag for flag in ("avx512f", "avx2", "asimd") if flag in flags]
    return f"{name}, {cores()} cores for this process, {known[0] if known else 'no known vectors'}"


def cores() -> int:
    """Return the cores this process may use, as Shoal counts them."""
    from shoal.engine.threads import available_threads  # noqa: PLC0415

    return available_threads()


def _cpu_info() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""

"""Claim: no CPU program does the work in less than its multiply-adds and its tanh take.

A pass makes 4 m n_x n_h floating-point operations, at best at the rate of a large sgemm, and m n_h
tanh (and about two more for each example's output and cost). The multiply-add is measured as the
best of NumPy's and PyTorch's product of large squares. The tanh is measured in the native engine
itself, by what it takes longer with tanh than with the identity in the same network: its own
multiplications cancel, and what is left is the tanh and its slope.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from work import Work, has_avx512


@dataclass(frozen=True)
class Bound:
    """What this machine can do with a number of threads.

    Attributes
    ----------
    multiply_add, tanh : float
        Seconds for one.
    """

    threads: int
    multiply_add: float
    tanh: float

    def seconds(self, work: Work, passes: int) -> float:
        """Return the least seconds that a training can take."""
        tanh = work.m * (work.n_h + 2) * work.networks
        return passes * (work.multiply_adds * self.multiply_add + tanh * self.tanh)

    def __str__(self) -> str:
        return (
            f"{self.threads} threads: {2e-9 / self.multiply_add:.0f} GFLOP/s in sgemm,"
            f" {1e12 * self.tanh:.1f} ps a tanh"
        )


def bound(threads: int) -> Bound:
    """Measure in a fresh process, where OpenBLAS is told this CPU's vectors."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    environment |= {"OPENBLAS_NUM_THREADS": str(threads)}
    if has_avx512():
        environment |= {"OPENBLAS_CORETYPE": "SkylakeX"}
    command = [sys.executable, __file__, "--threads", str(threads), "--json"]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return Bound(**json.loads(done.stdout))


def multiply_add_seconds(threads: int, n: int = 2048) -> float:
    """Return the seconds of a multiply-add in the product of two squares."""
    A = np.random.default_rng(0).standard_normal((n, n), np.float32)
    seconds = _least(lambda: A @ A)
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        return seconds / n**3
    torch.set_num_threads(threads)
    B = torch.from_numpy(A)
    return min(seconds, _least(lambda: B @ B)) / n**3


def tanh_seconds(threads: int, m: int = 20_000, n_h: int = 256, passes: int = 20) -> float:
    """Return the seconds of a tanh and its slope in the native engine."""
    from shoal import Examples, Network, train  # noqa: PLC0415
    from shoal.engine.native_engine import NativeEngine  # noqa: PLC0415
    from shoal.optimizers import GradientDescent  # noqa: PLC0415

    X = np.random.default_rng(0).standard_normal((1, m)).astype(np.float32)
    data, engine = Examples(X, (X > 0).astype(np.float32)), NativeEngine(threads)

    def seconds(activation: str) -> float:
        network = Network(1, n_h, 1, activation, dtype=np.float32).initialise()
        return _least(
            lambda: train(network, data, optimizer=GradientDescent(0.01), max_epochs=passes,
                          engine=engine)
        )  # fmt: skip

    return max(0.0, seconds("tanh") - seconds("identity")) / (m * n_h * passes)


def _least(f: Callable[[], object], times: int = 9) -> float:
    seconds = []
    for _ in range(times + 1):  # the first warms up
        begin = time.perf_counter()
        f()
        seconds.append(time.perf_counter() - begin)
    return min(seconds[1:])


def main() -> None:
    """Print the bound of this machine."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.json:
        threads = arguments.threads
        print(
            json.dumps(asdict(Bound(threads, multiply_add_seconds(threads), tanh_seconds(threads))))
        )
    else:
        print(bound(arguments.threads))


if __name__ == "__main__":
    main()

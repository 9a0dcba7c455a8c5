"""Claim: no CPU program does the work in less than its multiply-adds and its tanh take.

A pass makes (2 n_x + 2) m n_h multiply-adds in its matrix products (Z1 and dW1, Z2 and dW2), at
best at the rate of a large sgemm, and m n_h tanh (and about two more for each example's output and
cost). The multiply-add is measured as the best of NumPy's and PyTorch's product of large squares.
The tanh is the engine's own, by itself (``tanh.cpp``, with the machine's best instructions): what
the engine hides of it behind a product counts in its favour. Both are measured in turns with the
trainings, as a peer of ``workloads.py``; several cores make several tanh in the time of one, as if
their clocks did not fall.
"""

import subprocess
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from peers import Peer

# What the build compiles for each: flags, bytes of a register, fused multiply-adds.
INSTRUCTIONS = {
    "AVX-512": ("-mavx512f -mavx512dq -mavx512bw -mavx512vl -mprefer-vector-width=512", 64, 1),
    "AVX2": ("-mavx2 -mfma", 32, 1),
    "NEON": ("", 16, 1),
}
SIDE = 2048  # of the squares
TRIALS = 3


class Bound(Peer):
    """Takes as long as the multiply-adds and the tanh of a work."""

    def prepare(self) -> None:  # noqa: D102
        self.folder = TemporaryDirectory()
        self.tanh = compiled_tanh(Path(self.folder.name))
        A = np.random.default_rng(0).standard_normal((SIDE, SIDE), np.float32)
        self.squares = [A]
        try:
            import torch  # noqa: PLC0415
        except ImportError:
            return
        torch.set_num_threads(self.threads)
        self.squares.append(torch.from_numpy(A))

    def run(self, passes: int) -> tuple[float, list[float]]:  # noqa: D102
        work = self.work
        tanh = work.m * (work.n_h + 2) * work.networks * self.tanh_seconds()
        return passes * (work.multiply_adds * self.multiply_add_seconds() + tanh), []

    def multiply_add_seconds(self) -> float:
        """Return the seconds of a multiply-add in the product of two squares."""
        seconds = {id(A): [_seconds_of_square(A) for _ in range(TRIALS)] for A in self.squares}
        return min(map(median, seconds.values())) / SIDE**3

    def tanh_seconds(self) -> float:
        """Return the seconds of a tanh where each core makes its own."""
        done = subprocess.run([self.tanh], check=True, capture_output=True, text=True)
        return float(done.stdout) / self.threads


def compiled_tanh(folder: Path) -> Path:
    """Return a program that measures a tanh as the engine makes it here."""
    from shoal.engine.native_engine import NativeEngine  # noqa: PLC0415

    here, program = Path(__file__).parent, folder / "tanh"
    flags, width, fused = INSTRUCTIONS.get(NativeEngine().instructions, ("", 16, 0))
    subprocess.run(
        [
            *("c++", "-std=c++17", "-O3", "-ffp-contract=off", "-fno-math-errno"),
            *("-fno-trapping-math", *flags.split()),
            *("-DSHOAL_VARIANT=here", f"-DSHOAL_REGISTER={width}", f"-DSHOAL_FUSED={fused}"),
            *(f"-I{here.parent}/src/shoal/engine/native", here / "tanh.cpp", "-o", program),
        ],
        check=True,
    )
    return program


def _seconds_of_square(A: object) -> float:
    begin = time.perf_counter()
    A @ A  # type: ignore[operator]
    return time.perf_counter() - begin

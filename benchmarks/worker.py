"""Guarantee: every peer runs in a process of its own, with its own environment.

A worker reads one JSON object a line and answers with one. How many threads a library uses, and
which CPU OpenBLAS takes this one for, is read from the environment once, at the start.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from work import Work, has_avx512, read_examples

PEERS = {
    "shoal": "peers.Shoal",
    "shoal, population": "peers.ShoalPopulation",
    "shoal on NumPy": "peers.ShoalNumpy",
    "scikit-learn": "peers.ScikitLearn",
    "torch": "torch_peers.Torch",
    "torch.compile": "torch_peers.TorchCompile",
    "torch, batched": "torch_peers.TorchPopulation",
    "jax": "jax_peers.Jax",
    "jax, batched": "jax_peers.JaxPopulation",
    "bound": "bound.Bound",
    "bound of one thread": "bound.Bound",
}
NEEDS = {"peers": "sklearn", "torch_peers": "torch", "jax_peers": "jax", "bound": "numpy"}
ON_OPENBLAS = ("shoal on NumPy", "scikit-learn", "bound", "bound of one thread")
BLAS_WISHES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


def installed(peer: str) -> bool:
    """Return whether a peer's library is installed here."""
    return find_spec(NEEDS[PEERS[peer].partition(".")[0]]) is not None


@dataclass(frozen=True)
class Variant:
    """A peer with a number of threads, and perhaps a CPU named to OpenBLAS."""

    peer: str
    threads: int
    coretype: str = ""

    def __str__(self) -> str:
        coretype = f", OpenBLAS for {self.coretype}" if self.coretype else ""
        return f"{self.threads} thread{'s' if self.threads > 1 else ''}{coretype}"

    def environment(self) -> dict[str, str]:
        """Return the environment of its process."""
        kept = {name: value for name, value in os.environ.items() if name not in BLAS_WISHES}
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")
        kept |= dict.fromkeys(names, str(self.threads)) | {"JAX_PLATFORMS": "cpu"}
        if self.threads == 1:
            kept["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
        return kept | ({"OPENBLAS_CORETYPE": self.coretype} if self.coretype else {})


def variants(peer: str, threads: int) -> list[Variant]:
    """Return the ways to run a peer, of which the best will count."""
    counts = (1,) if threads == 1 or peer == "bound of one thread" else (threads, 1)
    coretypes = ("", "SkylakeX") if peer in ON_OPENBLAS and has_avx512() else ("",)
    return [Variant(peer, count, coretype) for count in counts for coretype in coretypes]


class Worker:
    """The parent's side of a process that runs one variant; it starts when it is first asked."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.extra: dict[str, str] = {}  # for its environment

    @cached_property
    def process(self) -> "subprocess.Popen[str]":
        """The process."""
        return subprocess.Popen(
            [sys.executable, str(Path(__file__)), self.variant.peer, str(self.variant.threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env=self.variant.environment() | self.extra,
        )  # fmt: skip

    def ask(self, **question: Any) -> dict[str, Any]:
        """Send a question; return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(question), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker of {self.variant.peer} ended at {question}")
        return dict(json.loads(line))

    def prepare(self, work: Work, path: str) -> float:
        """Set the peer up for a work; return the seconds that took."""
        return float(self.ask(work=asdict(work), path=path)["seconds"])

    def run(self, passes: int, turn: float = 0.0) -> tuple[float, list[float]]:
        """Return the seconds of a training, and the last cost of each network.

        With a turn, a pass beforehand is not counted, and the training is repeated until so many
        seconds have gone, if it takes less; the median counts.
        """
        answer = self.ask(passes=passes, turn=turn)
        return answer["seconds"], answer["costs"]

    def close(self) -> None:
        """End the process, if it was started."""
        if "process" in self.__dict__:
            self.process.communicate()
            del self.process


def trained(peer: Any, passes: int, turn: float) -> dict[str, Any]:
    """Return what :meth:`Worker.run` does."""
    if turn:
        peer.run(1)
    end, seconds = time.monotonic() + turn, []
    while not seconds or time.monotonic() < end:
        taken, costs = peer.run(passes)
        seconds.append(taken)
    return {"seconds": median(seconds), "costs": costs}


def main() -> None:
    """Answer questions until there are no more."""
    peer_name, threads = sys.argv[1], int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints is no answer
    peer: Any = None
    for line in sys.stdin:
        question = json.loads(line)
        if "work" in question:
            peer, begin = None, time.perf_counter()
            work = Work(**question["work"])
            module, _, name = PEERS[peer_name].partition(".")
            X, Y = read_examples(question["path"], work.m, work.n_x)
            peer = getattr(import_module(module), name)(work, X, Y, threads)
            answer: dict[str, Any] = {"seconds": time.perf_counter() - begin}
        else:
            answer = trained(peer, question["passes"], question["turn"])
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()

"""Claim: a full-batch round over Dask costs some 50 ms more than the engine's own work.

A round takes the gradient of all examples, in 16 parts that lie on 1, 2, 4 or 8 workers, processes
of this machine with one thread each. It is compared with the engine's round over the same parts in
one process, with as many threads as the workers can use of its cores; and with PyTorch over gloo,
where each of as many processes takes the gradient of its rows and all add up. All in turns.
"""

import argparse
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

from distributed import Client, LocalCluster
from parts import PARTS, part, pieces_of
from work import cores, machine
from worker import installed

from shoal.distributed.parts import Block, OnWorkers, facts_of
from shoal.distributed.sending import Kept, itself, send
from shoal.distributed.waiting import Cluster
from shoal.engine import NumpyEngine, default_engine
from shoal.examples import Examples
from shoal.network import Network
from shoal.partitions import InParts, Partitions
from shoal.piecewise import PiecewiseLinear
from shoal.shards.encoding import MOST_BLOCKS
from shoal.shards.place import InPieces

WORKERS = (1, 2, 4, 8)
SIZES = ((50_000, 30, 32), (400_000, 20, 128))  # rows, numbers, units
HOPS = 2  # of what travels between the client and a worker, by way of the scheduler


def block(i: int, m: int, n_x: int) -> Block:
    """Return the examples of a worker's block, of one part."""
    X, Y = part(i, m, n_x)
    return Block.of([(i * MOST_BLOCKS, Examples(X, Y))])


def gloo(m: int, n_x: int, n_h: int, number: int, stack: ExitStack) -> Callable[[], float]:
    """Start PyTorch's processes; return what makes a round and returns its seconds."""
    meeting = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "meeting"
    command = [sys.executable, Path(__file__).parent / "gloo.py"]
    processes = [
        subprocess.Popen(
            [*command, *map(str, (rank, number, m, n_x, n_h)), meeting], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for rank in range(number)
    ]  # fmt: skip
    for each in processes:
        stack.callback(each.wait)
        stack.callback(each.stdin.close)

    def rounds() -> float:
        for each in processes:
            each.stdin.write("1\n")
        return float(processes[0].stdout.readline())

    return rounds


def on_workers(client: Client, m: int, n_x: int, pieces: PiecewiseLinear) -> OnWorkers:
    """Return the examples, on a cluster's workers."""
    cluster = Cluster(client)
    blocks = [Kept(partial(send, client, block, i, m, n_x)) for i in range(PARTS)]
    facts = cluster.results([partial(send, client, facts_of, each) for each in blocks], "facts")
    return OnWorkers(cluster, blocks, facts, 1, pieces, Kept(partial(send, client, itself, pieces)))


def a_round(parts: Partitions, network: Network, threads: int) -> Callable[[], float]:
    """Return what takes the gradient of all examples once, and returns its seconds."""
    engine = NumpyEngine() if default_engine().name == "numpy" else default_engine(threads)

    def seconds() -> float:
        begin = time.perf_counter()
        parts.gradients(engine, [network], range(PARTS), parts.weight, lambda: False)
        return time.perf_counter() - begin

    return seconds


def compare(m: int, n_x: int, n_h: int, number: int, rounds: int) -> str:
    """Return a line on so many workers."""
    pieces = pieces_of(m, n_x)
    network = Network(pieces.width, n_h, 1, dtype="float32").initialise("scaled")
    blocks = [block(i, m, n_x).parts[0] for i in range(PARTS)]
    here = InPieces(InParts([each for _, each in blocks]), pieces, [key for key, _ in blocks])
    with ExitStack() as stack:
        local = stack.enter_context(
            LocalCluster(
                n_workers=number,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=50,
                worker_dashboard_address=None,
            )
        )
        client = stack.enter_context(Client(local, set_as_default=False))
        ways = {
            "engine": a_round(here, network, min(number, cores())),
            "dask": a_round(on_workers(client, m, n_x, pieces), network, 1),
        }
        if installed("torch"):
            ways["gloo"] = gloo(m, n_x, n_h, number, stack)
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for i in range(rounds + 3):  # the first are slow, whoever makes them
            for name, way in ways.items():
                once = way()
                if i >= 3:
                    seconds[name].append(once)
    middle = {name: 1000 * median(each) for name, each in seconds.items()}
    engine = middle["engine"]
    # the networks to each worker's thread, and a sum back, if it has neighbouring parts
    sent = HOPS * number * (len(pickle.dumps(network)) + network.theta.nbytes)
    line = f"{number:7}{middle['dask'] / engine:10.2f}"
    line += f"{middle['gloo'] / engine:8.2f}" if "gloo" in middle else f"{'-':>8}"
    line += f"{middle['dask'] - engine:12.1f}{engine:10.1f}{middle['dask']:10.1f}"
    line += f"{middle['gloo']:8.1f}" if "gloo" in middle else f"{'-':>8}"
    return f"{line}{sent / 1e6:8.2f}"


def main() -> None:
    """Print a table for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--workers", type=int, nargs="*", default=WORKERS)
    chosen = parser.parse_args()
    print(machine())
    for m, n_x, n_h in SIZES:
        print(f"\n{m:,} x {n_x}, {n_h} units: times the engine, ms beyond it, ms, MB a round")
        print(f"{'workers':>7}{'Dask':>10}{'gloo':>8}{'beyond':>12}{'engine':>10}{'Dask':>10}{'gloo':>8}"
              f"{'MB':>8}")  # fmt: skip
        for number in chosen.workers:
            print(compare(m, n_x, n_h, number, chosen.rounds), flush=True)


if __name__ == "__main__":
    main()

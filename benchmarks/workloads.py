"""Claim: Shoal trains faster than every peer on the works its engine was designed for.

Each table gives, for every peer, its time as a multiple of Shoal's (above 1: Shoal is faster), the
milliseconds of a whole training, and the multiple of the machine's bound (``bound.py``). All peers
must reach the same cost; one that does not is marked.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan
from statistics import fmean

from comparison import Comparison, Trial, cold_seconds
from work import Work, cores, machine
from worker import PEERS, installed

SINGLE = ("shoal", "shoal on NumPy", "scikit-learn", "torch", "torch.compile", "jax")
MANY = ("shoal, population", *SINGLE, "torch, batched", "jax, batched")
SAME_COST = 1e-3
COLD_PASSES = 1000


@dataclass(frozen=True)
class Workload:
    """A work with a name, its passes, and who takes part; the first is what others compare to.

    All are held against a bound: that of one thread where an update is too short to share.
    """

    name: str
    work: Work
    passes: int
    peers: Sequence[str] = SINGLE
    bound: str = "bound"


TINY, SECOND = Work(400, 2, 4, alpha=1.2), Work(50_000, 30, 64)
WORKLOADS = (
    Workload("400 x 2, 4 units", TINY, 10_000, bound="bound of one thread"),
    Workload("50,000 x 30, 64 units", SECOND, 50),
    Workload("1,000,000 x 28, 128 units", Work(1_000_000, 28, 128), 3),
    Workload("60,000 x 784, 256 units", Work(60_000, 784, 256), 3),
    Workload(
        "50,000 x 30, 64 units, batches of 32", replace(SECOND, batch_size=32), 5,
        bound="bound of one thread",
    ),
    Workload("64 networks of 50,000 x 30, 64 units", replace(SECOND, networks=64), 2, MANY),
    Workload(
        "64 networks of 400 x 2, 4 units", replace(TINY, networks=64), 1000,
        ("shoal, population", "shoal", "jax", "jax, batched"),
    ),
)  # fmt: skip


def smaller(workload: Workload) -> Workload:
    """Return a workload of the same kind, only to see that all runs."""
    work = workload.work
    work = replace(work, m=min(work.m, 2000), networks=min(work.networks, 4))
    return replace(workload, work=work, passes=min(workload.passes, 200))


def table(trials: dict[str, Trial], bound: Trial | None) -> str:
    """Return the comparison as text; there is a bound where there is a compiler to measure it."""
    lines = [f"{'':20}{'ratio':>8}{'ms':>12}{'x bound':>9}  {'cost':9} best with"]
    first = next(iter(trials.values()))
    for peer, trial in trials.items():
        cost, wanted = fmean(trial.costs), fmean(first.costs)
        note = "" if abs(cost - wanted) <= SAME_COST * abs(wanted) else "  ANOTHER COST"
        lines.append(
            f"{peer:20}{trial.times(first):8.2f}{1000 * trial.middle:12.2f}"
            f"{trial.times(bound) if bound else nan:9.2f}  {cost:<9.6f} {trial.variant}{note}"
        )
    return "\n".join(lines)


def same_order(comparison: Comparison, workload: Workload) -> str:
    """Return whether all reach one cost when batches are not shuffled (orders are each's own)."""
    work = replace(workload.work, shuffle=False)
    trials = comparison.run(workload.peers, work, workload.passes)
    costs = {peer: fmean(trial.costs) for peer, trial in trials.items()}
    wanted = costs[workload.peers[0]]
    others = [peer for peer in costs if abs(costs[peer] - wanted) > SAME_COST * wanted]
    verdict = f"another cost: {', '.join(others)}" if others else "all reach the same cost"
    return f"without shuffling, {verdict} ({wanted:.6f})"


def main() -> None:
    """Print the comparison on each work."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="small works, one round")
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    threads, rounds = arguments.threads, 1 if arguments.quick else arguments.rounds
    print(machine())
    for peer in PEERS:
        if not installed(peer):
            print(f"{peer} is not installed here, and left out")
    comparison = Comparison(threads, rounds)
    for each in WORKLOADS:
        workload = smaller(each) if arguments.quick else each
        name = f"{workload.name}, {workload.passes} passes"
        print(f"\n{name}{' (smaller: quick)' if arguments.quick else ''}", flush=True)
        peers = (*workload.peers, workload.bound)
        trials = comparison.run(peers, workload.work, workload.passes)
        bound = trials.pop(workload.bound, None)
        print(table(trials, bound), flush=True)
        if workload.work.batch_size:
            print(same_order(comparison, workload), flush=True)
    comparison.close()
    print(f"\ncold start: a fresh process, {COLD_PASSES} passes of 400 x 2, 4 units, in seconds")
    for peer in filter(installed, SINGLE):
        seconds = cold_seconds(peer, TINY, COLD_PASSES, threads, min(rounds, 3))
        print(f"{peer:20}{seconds:8.2f}", flush=True)


if __name__ == "__main__":
    main()

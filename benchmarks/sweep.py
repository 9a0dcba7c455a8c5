"""Claim: Shoal wins at every width, and where it does not, this script says so.

Full batch, from 1 to 2,048 features and hidden units and from 100 to 10 million examples. A cell
gives the time of the best peer as a multiple of Shoal's: below 1 Shoal loses, and the cell is
marked. Cells that do not fit into memory or into the time are left out. Results go to a JSON file
and a picture under build/benchmarks/.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from comparison import Comparison
from heat_map import draw
from work import Work, cores, examples, machine

WIDTHS = (1, 4, 16, 64, 256, 1024, 2048)
EXAMPLES = (100, 1000, 10_000, 100_000, 1_000_000, 10_000_000)
QUICK_WIDTHS, QUICK_EXAMPLES = (1, 16, 256), (100, 1000, 10_000)
BYTES_OF_X, BYTES_OF_A1 = 1_500_000_000, 1_500_000_000  # peers keep several arrays like A1
MOST_MULTIPLY_ADDS = 100_000_000_000  # of a pass: seconds, and the peers take several times that
MOST_PASSES = 1000
SEVERAL, LONG = 10, 0.3  # passes, and seconds
PEERS = ("shoal", "shoal on NumPy", "scikit-learn", "torch", "torch.compile", "jax")
FOLDER = Path(__file__).parent.parent / "build" / "benchmarks"


@dataclass(frozen=True)
class Cell:
    """The measured milliseconds of each peer on one work, and the best variant's description."""

    m: int
    n_x: int
    n_h: int
    passes: int
    milliseconds: dict[str, float]
    variants: dict[str, str]

    @property
    def best(self) -> str:
        """The fastest of the peers that are not Shoal."""
        return min((peer for peer in self.milliseconds if peer != PEERS[0]), key=self._time)

    @property
    def ratio(self) -> float:
        """The best peer's time as a multiple of Shoal's; below 1 is a loss."""
        return self._time(self.best) / self._time(PEERS[0])

    def _time(self, peer: str) -> float:
        return self.milliseconds[peer]

    def __str__(self) -> str:
        loss = "  LOSS" if self.ratio < 1 else ""
        return (
            f"{self.m:>11,} x {self.n_x:>5,}, {self.n_h:>5,} units:{self.ratio:7.2f}"
            f"  {self.best} ({self.variants[self.best]}),"
            f" Shoal {self._time(PEERS[0]):.2f} ms for {self.passes} passes{loss}"
        )


def fits(m: int, n_x: int, n_h: int, most: float) -> bool:
    """Return whether a cell fits into memory and into the time."""
    return (
        4 * m * n_x <= BYTES_OF_X
        and 4 * m * n_h <= BYTES_OF_A1
        and Work(m, n_x, n_h).multiply_adds <= most
    )


def sweep(
    comparison: Comparison, arguments: argparse.Namespace, peers: list[str]
) -> Iterator[Cell]:
    """Measure every cell that fits; the examples of equal m and n_x are made once."""
    begin = time.monotonic()
    for m in QUICK_EXAMPLES if arguments.quick else EXAMPLES:
        for n_x in arguments.widths:
            cells = [n_h for n_h in arguments.widths if fits(m, n_x, n_h, arguments.most)]
            if not cells:
                continue
            with examples(m, n_x) as path:
                for n_h in cells:
                    if time.monotonic() - begin > 60 * arguments.minutes:
                        print("the time is up: the rest is left out")
                        return
                    yield measure(comparison, Work(m, n_x, n_h), path, arguments.seconds, peers)


def measure(
    comparison: Comparison, work: Work, path: str, seconds: float, peers: list[str]
) -> Cell:
    """Measure one cell, with as many passes as Shoal makes in some seconds.

    A training of few passes would measure its start: there are several, unless they take long.
    """
    passes = comparison.passes_in(seconds, MOST_PASSES, PEERS[0], work, path)
    if passes < SEVERAL:
        passes = comparison.passes_in(LONG, SEVERAL, PEERS[0], work, path)
    trials = comparison.run_on(peers, work, passes, path)
    return Cell(
        work.m, work.n_x, work.n_h, passes,
        {peer: 1000 * trial.middle for peer, trial in trials.items()},
        {peer: str(trial.variant) for peer, trial in trials.items()},
    )  # fmt: skip


def main() -> None:
    """Print the ratio of the best peer to Shoal for all widths; draw the heat map."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--quick", action="store_true", help="few widths, one round")
    parser.add_argument("--threads", type=int, default=cores())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.02, help="of a training by Shoal")
    parser.add_argument("--minutes", type=float, default=240, help="for all cells")
    parser.add_argument("--most", type=float, default=MOST_MULTIPLY_ADDS, help="multiply-adds")
    parser.add_argument("--widths", type=int, nargs="+", help="features and hidden units")
    parser.add_argument("--without", nargs="*", default=[], choices=PEERS[1:], metavar="PEER")
    arguments = parser.parse_args()
    arguments.widths = arguments.widths or (QUICK_WIDTHS if arguments.quick else WIDTHS)
    peers = [peer for peer in PEERS if peer not in arguments.without]
    print(machine())
    comparison = Comparison(arguments.threads, 1 if arguments.quick else arguments.rounds)
    FOLDER.mkdir(parents=True, exist_ok=True)
    cells: list[Cell] = []
    for cell in sweep(comparison, arguments, peers):
        cells.append(cell)
        print(cell, flush=True)
        record = {"machine": machine(), "cells": [asdict(each) for each in cells]}
        (FOLDER / "sweep.json").write_text(json.dumps(record, indent=1))
    comparison.close()
    ratios = {(cell.m, cell.n_x, cell.n_h): cell.ratio for cell in cells}
    draw(ratios, machine(), FOLDER / "sweep.png")
    losses = sum(cell.ratio < 1 for cell in cells)
    print(f"Shoal loses in {losses} of {len(cells)} cells; see {FOLDER.name}/sweep.png")


if __name__ == "__main__":
    main()

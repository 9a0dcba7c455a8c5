"""How much memory and time predicting a table larger than memory takes.

A table of so many rows is made, a model trained on its first ones, and all of them predicted by the
command line. Run: python benchmarks/streaming.py --rows 10000000
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

BLOCK = 100_000


def write(path: Path, rows: int) -> None:
    """Write a table with two numbers, a text and a target."""
    random = np.random.default_rng(0)
    with path.open("w") as file:
        file.write("a,b,word,y\n")
        for start in range(0, rows, BLOCK):
            m = min(BLOCK, rows - start)
            a, b = random.normal(size=(2, m))
            word, y = random.integers(20, size=m), a * b + random.normal(size=m) > 0
            cells = zip(a, b, word, y, strict=True)
            file.writelines(
                f"{p:.4f},{q:.4f},w{w},{'yes' if t else 'no'}\n" for p, q, w, t in cells
            )


def main() -> None:
    """Print rows a second and the peak of memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write(place / "small.csv", 20_000)
        write(place / "large.csv", rows)
        shoal = [sys.executable, "-m", "shoal"]
        train = [*shoal, "train", "small.csv", "-t", "y", "-o", "m.shoal", "-q"]
        subprocess.run(train, cwd=place, check=True)
        start = time.perf_counter()
        predict = [*shoal, "predict", "m.shoal", "large.csv", "-o", "p.csv", "-q"]
        process = subprocess.Popen(predict, cwd=place)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        size = (place / "large.csv").stat().st_size / 1e6
        print(
            f"{rows:,} rows ({size:,.0f} MB): {seconds:.0f} s, {rows / seconds:,.0f} rows a second,"
            f" peak {usage.ru_maxrss / 1024:,.0f} MB, exit code {os.waitstatus_to_exitcode(status)}"
        )


if __name__ == "__main__":
    main()

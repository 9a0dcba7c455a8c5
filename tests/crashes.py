"""Kill -9 at random times, during training and during writing: nothing is lost, nothing is torn.

The tests run a short form; the long one is ``python tests/crashes.py --points 300``.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from shoal.atomic import TEMPORARY
from shoal.checkpoint import NAME

DRIVER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have it ignored in the background
from shoal.checkpoint import Checkpoint
from shoal.cli import main
Checkpoint.__init__.__kwdefaults__["seconds"] = 0.02  # crashes come faster than in life
sys.argv = ["shoal", *sys.argv[1:]]
main()
"""


def make_table(path: Path, rows: int = 600) -> None:
    """Write a table whose training takes about a second."""
    r = np.random.default_rng(0)
    X = r.normal(size=(rows, 6))
    y = (X[:, 0] * X[:, 1] + 0.5 * r.normal(size=rows) > 0).astype(int)
    lines = [",".join([*(f"{v:.4f}" for v in row), str(label)]) for row, label in zip(X, y)]  # noqa: B905
    path.write_text("a,b,c,d,e,f,y\n" + "\n".join(lines) + "\n")


def run(arguments: list[str], folder: Path, after: float | None = None) -> int | None:
    """Run a command of Shoal, killed after some seconds; return its exit code, None if killed."""
    command = [sys.executable, "-c", DRIVER, *arguments]
    environment = os.environ | {"SHOAL_THREADS": "1"}
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            _, error = process.communicate(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return None
    if process.returncode:
        raise AssertionError(f"{arguments}: {process.returncode} {error.decode()}")
    return 0


def digest(path: Path) -> str:
    """Return a checksum of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Crashes:
    """A training and a prediction, and what they come to when nobody disturbs them."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.random = folder, random.Random(seed)
        make_table(folder / "t.csv")
        start = time.monotonic()
        run(["train", "t.csv", "-t", "y", "-o", "whole.shoal"], folder)
        self.seconds = time.monotonic() - start
        start = time.monotonic()
        run(["predict", "whole.shoal", "t.csv", "-o", "whole.csv"], folder)
        self.seconds_of_prediction = time.monotonic() - start
        self.kills = self.kept = 0

    def training(self, points: int) -> None:
        """Kill a training so many times, going on each time; compare when it comes to its end."""
        train = ["train", "t.csv", "-t", "y", "-o", "m.shoal", "--checkpoint", "kept", "--resume"]
        done = 0
        while done < points:
            after = self.random.uniform(0.3, 1.1) * self.seconds
            if run(train, self.folder, after) is None:
                done += 1
                self.kept += (self.folder / "kept" / NAME).exists()
                self.check("m.shoal", "whole.shoal")
            else:
                self.finish()
        run(train, self.folder)
        self.finish()
        self.kills += done

    def finish(self) -> None:
        """Compare a training that came to its end, and begin anew."""
        self.check("m.shoal", "whole.shoal", must_exist=True)
        if list((self.folder / "kept").iterdir()):
            raise AssertionError("a checkpoint was left behind")
        if list(self.folder.glob(TEMPORARY)):
            raise AssertionError("what killed writers left was not removed by the next one")
        (self.folder / "m.shoal").unlink()

    def prediction(self, points: int) -> None:
        """Kill a prediction so many times: its output is whole, or is not there."""
        done = 0
        while done < points:
            after = self.random.uniform(0.7, 1.1) * self.seconds_of_prediction
            code = run(["predict", "whole.shoal", "t.csv", "-o", "p.csv"], self.folder, after)
            done += code is None
            self.check("p.csv", "whole.csv")
            (self.folder / "p.csv").unlink(missing_ok=True)
        self.kills += done

    def check(self, name: str, whole: str, must_exist: bool = False) -> None:
        """Compare a file, if it is there, with that of the undisturbed run."""
        path = self.folder / name
        if (path.exists() or must_exist) and digest(path) != digest(self.folder / whole):
            raise AssertionError(f"{name} is not what it would have been")


def main() -> None:
    """Run the long form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        crashes = Crashes(Path(folder), chosen.seed)
        crashes.prediction(chosen.points // 3)
        crashes.training(chosen.points - chosen.points // 3)
        print(
            f"killed {crashes.kills} times, {crashes.kept} of them with something kept; everything"
            " came out as if undisturbed"
        )


if __name__ == "__main__":
    main()

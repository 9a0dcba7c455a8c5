"""What watching a training for failures costs: each work with and without, side by side.

Rounds are interleaved and the median of the ratios is printed. Run: python benchmarks/watch.py
"""

import argparse
import statistics
import time

import numpy as np

from shoal import Examples, Network, Watch, train

WORKS = {  # m, n_x, n_h, passes
    "400 x 2, 4 units": (400, 2, 4, 300_000),
    "5,000 x 10, 16 units": (5_000, 10, 16, 5_000),
    "50,000 x 30, 64 units": (50_000, 30, 64, 500),
    "20,000 x 200, 128 units": (20_000, 200, 128, 100),
}


def seconds(work: tuple[int, int, int, int], watched: bool) -> float:
    """Return how long a training takes."""
    m, n_x, n_h, passes = work
    random = np.random.default_rng(0)
    X = random.normal(size=(n_x, m)).astype(np.float32)
    Y = (X[:1] + random.normal(size=(1, m)) > 0).astype(np.float32)
    network = Network(n_x, n_h, 1, dtype=np.float32).initialise("scaled", random_state=0)
    start = time.perf_counter()
    callbacks = [Watch(X, Y)] if watched else []
    train(network, Examples(X, Y), max_epochs=passes, callbacks=callbacks)
    return time.perf_counter() - start


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for name, work in WORKS.items():
        ratios = [seconds(work, True) / seconds(work, False) for _ in range(rounds)]
        print(f"{name:26} watched / not: {statistics.median(ratios):.3f}", flush=True)


if __name__ == "__main__":
    main()

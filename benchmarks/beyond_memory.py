"""Claim: a table larger than memory trains in constant memory, nearly as fast as one within.

A table of 20 million rows is made (about 3 GB of Parquet; kept in build/benchmarks). ``shoal
train`` learns from it in a process of its own, whose peak memory is measured. Rows a second of a
pass over parts on disk are compared with those of the same parts in memory, and with what
scikit-learn's ``partial_fit`` and a PyTorch loader make of the same files, interleaved.
"""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

OUT = Path("build/benchmarks")
GROUP = 131_072  # rows of a row group
NUMBERS, WORDS = 18, ("red", "green", "blue", "cyan", "pink", "grey", "teal", "gold")


def make(path: Path, rows: int) -> None:
    """Write a table of numbers, texts, gaps and a target of two classes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = pa.schema(
        [(f"x{k}", pa.float64()) for k in range(NUMBERS)]
        + [("colour", pa.string()), ("shop", pa.string()), ("y", pa.string())]
    )
    partial = path.with_suffix(".part")
    with pq.ParquetWriter(partial, schema) as writer:
        for start in range(0, rows, GROUP):
            writer.write_table(pa.table(block(start, min(GROUP, rows - start)), schema))
    partial.rename(path)


def block(start: int, m: int) -> dict[str, pa.Array]:
    """Return some rows of the table."""
    random = np.random.default_rng(start)
    X = random.normal(size=(m, NUMBERS))
    colour, shop = random.integers(0, len(WORDS), m), random.integers(0, 500, m)
    z = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.5 * X[:, 3] + (colour == 2) + shop / 500 - 0.8
    y = random.uniform(size=m) < 1 / (1 + np.exp(-2 * z))
    X[random.uniform(size=X.shape) < 0.02] = np.nan
    columns = {f"x{k}": pa.array(x, from_pandas=True) for k, x in enumerate(X.T)}
    columns["colour"] = pa.array(np.array(WORDS)[colour])
    columns["shop"] = pa.array(np.char.add("shop ", shop.astype(str)))
    columns["y"] = pa.array(np.where(y, "yes", "no"))
    return columns


if __name__ == "__main__":
    make(OUT / f"rows-{int(sys.argv[1])}.parquet", int(sys.argv[1]))

"""Claim: a table larger than memory trains in constant memory, nearly as fast as one within.

A table of 20 million rows is made (about 3 GB of Parquet; kept in build/benchmarks). ``shoal
train`` learns from it in a process of its own, whose peak memory is measured. Rows a second of a
pass over parts on disk are compared with those of the same parts in memory, and with what
scikit-learn's ``partial_fit`` and a PyTorch loader make of the same files, interleaved.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.neural_network import MLPClassifier

from shoal import Examples, Member, Network, train_population
from shoal.bins import fit_pieces
from shoal.engine.dropout import Dropout
from shoal.optimizers import ScaledAdam
from shoal.partitions import Partitions
from shoal.shards import Here, find_shards
from shoal.shards.planning import plan_shards
from shoal.shards.roles import Roles
from shoal.shards.training import choices_of

OUT = Path("build/benchmarks")
GROUP = 131_072  # rows of a row group
UNITS, BATCH = 128, 256
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


def peak(path: Path, passes: int) -> dict[str, float]:
    """Train on a table in a process of its own; return its peak memory and its seconds."""
    code = (
        "import sys; from shoal import Recipe, train_shards; recipe = Recipe(networks=1,"
        f" max_epochs={passes}); m, e = train_shards(sys.argv[1], 'y', recipe=recipe);"
        " print(e.metrics['network']['roc_auc'])"
    )
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True
    )
    seconds = time.perf_counter() - begin
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "megabytes": kilobytes / 1024, "seconds": seconds, "AUC": float(done.stdout.split()[-1])
    }  # fmt: skip


def parts_of(path: Path, shards: int, place: Here) -> Partitions:
    """Return the parts of some shards, in files, as networks see them."""
    table = find_shards(path)
    table = replace(table, shards=table.shards[:shards])
    roles = Roles(0, (0.0, 0.0), 0.0)
    plan = plan_shards(table, "y", roles, choices_of(table), place)
    seen = place.encode(plan.encoder, table.shards)
    return seen(fit_pieces(plan.sample.X, plan.sample.labels))


def made(part: Examples) -> Examples:
    """Return examples with their features in memory."""
    return replace(part, X=np.asarray(part.X))


def shoal(parts: Partitions) -> None:
    """Make a pass in batches of 256."""
    n_x = parts.load(0).X.shape[0]
    network = Network(n_x, UNITS, 1, "relu", dtype=np.float32).initialise("scaled", random_state=0)
    member = Member(network, ScaledAdam(n_x, UNITS, 0.002), 1.0, dropout=Dropout(0.25, 0))
    train_population([member], parts, max_epochs=1, batch_size=BATCH)


def scikit_learn(parts: Partitions) -> None:
    """Make the same pass with ``partial_fit``, part by part."""
    model = MLPClassifier(UNITS, batch_size=BATCH, learning_rate_init=0.002)
    for i in range(len(parts.sizes)):
        part = made(parts.load(i))
        model.partial_fit(part.X.T, part.Y[0].astype(int), classes=[0, 1])


def pytorch(parts: Partitions) -> None:
    """Make the same pass with PyTorch: a data set of parts, each shuffled, in a loader."""
    import torch  # noqa: PLC0415

    n_x = parts.load(0).X.shape[0]
    net = torch.nn.Sequential(
        torch.nn.Linear(n_x, UNITS), torch.nn.ReLU(), torch.nn.Dropout(0.25),
        torch.nn.Linear(UNITS, 1),
    )  # fmt: skip
    optimizer = torch.optim.Adam(net.parameters(), 0.002)
    loss = torch.nn.BCEWithLogitsLoss()

    class Parts(torch.utils.data.IterableDataset):
        def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
            for i in range(len(parts.sizes)):
                part = made(parts.load(i))
                X, Y = torch.from_numpy(part.X.T), torch.from_numpy(part.Y.T)
                for rows in torch.randperm(len(X)).split(BATCH):
                    yield X[rows], Y[rows]

    for X, Y in torch.utils.data.DataLoader(Parts(), batch_size=None):
        optimizer.zero_grad()
        loss(net(X), Y).backward()
        optimizer.step()


def rates(path: Path, shards: int, rounds: int) -> dict[str, float]:
    """Return rows a second of a pass over parts, for each contestant."""
    OUT.mkdir(parents=True, exist_ok=True)
    with Here(OUT, in_memory=False) as place:
        on_disk = parts_of(path, shards, place)
        in_memory = parts_of(path, shards, Here(in_memory=True))
        ways: dict[str, Callable[[], None]] = {
            "Shoal, parts in memory": lambda: shoal(in_memory),
            "Shoal, parts on disk": lambda: shoal(on_disk),
            "PyTorch's loader": lambda: pytorch(on_disk),
            "scikit-learn's partial_fit": lambda: scikit_learn(on_disk),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, run in ways.items():
                begin = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - begin)
    return {name: on_disk.m / median(each) for name, each in seconds.items()}


def main() -> None:
    """Measure memory and rates, and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--passes", type=int, default=2, help="of the networks over all rows")
    parser.add_argument("--shards", type=int, default=4, help="of which the rates are measured")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    path = OUT / f"rows-{arguments.rows}.parquet"
    if not path.exists():
        make(path, arguments.rows)
    # first: what this process takes would count as the other's
    found: dict[str, dict[str, float]] = {"training": peak(path, arguments.passes)}
    print(
        f"{arguments.rows:,} rows ({path.stat().st_size / 1e9:.1f} GB), {arguments.passes} passes:"
        f" {found['training']['megabytes']:,.0f} MB at the most,"
        f" {found['training']['seconds']:,.0f} s, AUC {found['training']['AUC']:.4f}",
        flush=True,
    )
    found["rows a second"] = rates(path, arguments.shards, arguments.rounds)
    ours = found["rows a second"]["Shoal, parts on disk"]
    for name, rate in found["rows a second"].items():
        print(f"{name:28} {rate:12,.0f} rows a second {ours / rate:8.2f}", flush=True)
    print("(the last column: how many times as fast parts on disk are)")
    (OUT / "beyond_memory.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()

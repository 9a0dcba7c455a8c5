"""Claim: each part of the recipe for tables earns its place, and what was left out would not.

Each variant changes one thing; shown is by how much its log loss and ROC AUC differ from the
recipe's in the mean over real tables, on how many tables its log loss is better and worse by more
than .003, and how many times as long it takes. Results go to build/benchmarks/ablations.json.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from real_tables import FOLDER, TABLES, load
from sklearn.model_selection import StratifiedKFold
from table_peers import shoal
from tables import OUT, scores

from shoal import (
    Examples,
    History,
    Member,
    Recipe,
    bins,
    ensemble_training,
    planning,
    table_learning,
    target_means,
    train,
)
from shoal.piecewise import Pieces, PiecewiseLinear

BEYOND_NOISE = 0.003


def scaled_alone(X: np.ndarray, labels: np.ndarray) -> PiecewiseLinear:
    """Return the encoding without pieces: numbers scaled and clipped smoothly."""
    pieces = bins.fit_pieces(X, labels).pieces
    return PiecewiseLinear(
        [
            each if each.plain else Pieces(each.centre, each.spread, each.edges[:1])
            for each in pieces
        ]
    )


def by_lbfgs(members: Sequence[Member], examples: Examples, **_: Any) -> list[History]:
    """Train each network by L-BFGS, stopped by its fold; there are no batches, and no dropout."""
    return [
        train(
            each.network, Examples(examples.X, examples.Y, each.w), optimizer="lbfgs", l2=each.l2,
            validation=each.validation, callbacks=each.callbacks, tol=0.0,
        )
        for each in members
    ]  # fmt: skip


VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # of the recipe, and of the encoding
    "the recipe": ({}, {}),
    "no dropout": ({"dropout": 0.0}, {}),
    "half dropped": ({"dropout": 0.5}, {}),
    "features not scaled in learning": ({"scale_rate": 0.0}, {}),
    "neither of these two": ({"dropout": 0.0, "scale_rate": 0.0}, {}),
    "one network": ({"networks": 1}, {}),
    "ten networks": ({"networks": 10}, {}),
    "no L2 penalty": ({"l2": 0.0}, {}),
    "L2 penalty of 4": ({"l2": 4.0}, {}),
    "64 hidden units": ({"hidden_units": 64}, {}),
    "128 hidden units": ({"hidden_units": 128}, {}),
    "256 hidden units": ({"hidden_units": 256}, {}),
    "ten networks of 256 hidden units": ({"networks": 10, "hidden_units": 256}, {}),
    "not averaged over passes": ({"averaging": 0.0}, {}),
    "not averaged, alpha = .002": ({"averaging": 0.0, "alpha": 0.002}, {}),
    "averaged with .8": ({"averaging": 0.8}, {}),
    "alpha = .002": ({"alpha": 0.002}, {}),
    "alpha = .006": ({"alpha": 0.006}, {}),
    "batches of 256 for small tables too": ({"batch_size": 256}, {}),
    "batches of 512": ({"batch_size": 512}, {}),
    "patience of 8": ({"patience": 8}, {}),
    "stopped by the ROC AUC": ({"metric": "roc-auc"}, {}),
    "L-BFGS": ({}, {"ensemble_training.train_population": by_lbfgs}),
    "L-BFGS, L2 penalty of 10": ({"l2": 10.0}, {"ensemble_training.train_population": by_lbfgs}),
    "no pieces": ({}, {"table_learning.fit_pieces": scaled_alone}),
    "pieces at quantiles alone": ({}, {"bins.LEAVES": 2}),
    "pieces of the tree alone": ({}, {"bins.QUANTILES": 1}),
    "32 leaves": ({}, {"bins.LEAVES": 32}),
    "one-hot, however many": ({}, {"planning.MANY_CATEGORIES": 10**9}),
    "a feature for text in five rows, not three": (
        {},
        {"planning.MIN_COUNT": 5, "target_means.MIN_COUNT": 5},
    ),
    "target means from 20 values on": ({}, {"planning.MANY_CATEGORIES": 20}),
}
MODULES = {
    "table_learning": table_learning, "bins": bins, "planning": planning,
    "ensemble_training": ensemble_training, "target_means": target_means,
}  # fmt: skip


@contextmanager
def encoding(changes: dict[str, Any]) -> Iterator[None]:
    """Change what the encoding is made with."""
    patches = []
    for name, value in changes.items():
        module, constant = name.split(".")
        patches.append(patch.object(MODULES[module], constant, value))
    try:
        for each in patches:
            each.start()
        yield
    finally:
        for each in patches:
            each.stop()


def fitter(name: str) -> Callable[..., np.ndarray]:
    """Return the contestant that a variant is."""
    recipe, changes = VARIANTS[name]

    def fit(X: Any, y: np.ndarray, new: Any) -> np.ndarray:
        with encoding(changes):
            return shoal(X, y, new, Recipe(**recipe))

    return fit


def measure(table: str, folder: Path, chosen: list[str], folds: int) -> dict[str, dict[str, float]]:
    """Return the mean measures of the variants on one table."""
    X, y, _ = load(table, folder)
    splits = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))[:folds]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    for learned, measured in splits:
        for name in chosen:
            begin = time.perf_counter()
            P = fitter(name)(X.iloc[learned], y[learned], X.iloc[measured])
            seconds = time.perf_counter() - begin
            found[name].append(scores(y[measured], P) | {"seconds": seconds})
    return {
        name: {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
        for name, rows in found.items()
    }


def show(results: dict[str, dict[str, dict[str, float]]], chosen: list[str]) -> None:
    """Print the variants beside the recipe."""
    print(f"\n{len(results)} tables{'':32}log loss     AUC  better  worse   time")
    for name in chosen:
        loss, area, seconds = (
            np.array(
                [[found[who][key] for who in (name, "the recipe")] for found in results.values()]
            )
            for key in ("log loss", "AUC", "seconds")
        )
        gain = loss[:, 0] - loss[:, 1]
        print(
            f"{name:40}{gain.mean():+8.4f}{(area[:, 0] - area[:, 1]).mean():+8.4f}"
            f"{(gain < -BEYOND_NOISE).sum():8}{(gain > BEYOND_NOISE).sum():7}"
            f"{np.median(seconds[:, 0] / seconds[:, 1]):7.2f}"
        )


def main() -> None:
    """Compare the variants on all tables."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the tables")
    known = [name for name in TABLES if not TABLES[name].published]
    parser.add_argument("--tables", nargs="+", choices=known, default=known, metavar="TABLE")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--folds", type=int, default=5, help="of the five, so many are measured")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"there is no folder {arguments.data}: give that of the tables with --data")
    OUT.mkdir(parents=True, exist_ok=True)
    chosen = list(dict.fromkeys(["the recipe", *arguments.variants]))
    results = {}
    for table in arguments.tables:
        results[table] = measure(table, arguments.data, chosen, arguments.folds)
        (OUT / "ablations.json").write_text(json.dumps(results, indent=1))
        print(f"{table}: measured", flush=True)
    show(results, chosen)


if __name__ == "__main__":
    main()

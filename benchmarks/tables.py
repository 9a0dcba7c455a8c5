"""Claim: at its defaults Shoal is as good on real tables as the best, and better than an MLP.

Each table in five stratified folds (seed 0), or as it was published, with every contestant at its
defaults on the same rows: ROC AUC (of several classes the mean of each against the rest), log loss,
accuracy, seconds of a fit; then mean ranks, wins, ties and losses, and a picture of the critical
difference. The tables are not part of the project: give their folder. Results go to
build/benchmarks/.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from real_tables import FOLDER, TABLES, load
from sklearn.model_selection import StratifiedKFold
from table_peers import contestants

from shoal import evaluation

OUT = Path(__file__).parent.parent / "build" / "benchmarks"
TIE = {"AUC": 0.001, "log loss": 0.003, "accuracy": 0.002}


def scores(y: np.ndarray, P: np.ndarray) -> dict[str, float]:
    """Return the measures of some rows."""
    P = P.astype(float).clip(1e-15, 1)
    P /= P.sum(axis=1, keepdims=True)
    found = evaluation.measure(y, P)
    return {"AUC": found.roc_auc, "log loss": found.log_loss, "accuracy": found.accuracy}


def measure(name: str, folder: Path, chosen: list[str], folds: int) -> dict[str, dict[str, float]]:
    """Return the mean measures of each contestant on one table."""
    X, y, published = load(name, folder)
    cut = len(y) - published
    splits = [(np.arange(cut), np.arange(cut, len(y)))]
    if not published:
        splits = list(StratifiedKFold(5, shuffle=True, random_state=0).split(X, y))[:folds]
    known = contestants()
    rows: dict[str, list[dict[str, float]]] = {who: [] for who in chosen}
    for train, test in splits:
        for who in chosen:
            begin = time.perf_counter()
            P = known[who](X.iloc[train], y[train], X.iloc[test])
            seconds = time.perf_counter() - begin
            rows[who].append(scores(y[test], P) | {"seconds": seconds})
    return {who: pd.DataFrame(each).mean().to_dict() for who, each in rows.items()}


def show(name: str, found: dict[str, dict[str, float]]) -> None:
    """Print a table's results."""
    print(f"\n{name:24}{'AUC':>8}{'log loss':>10}{'accuracy':>10}{'seconds':>9}")
    for who, row in found.items():
        print(
            f"{who:24}{row['AUC']:8.4f}{row['log loss']:10.4f}{row['accuracy']:10.4f}"
            f"{row['seconds']:9.2f}",
            flush=True,
        )


def summary(results: dict[str, dict[str, dict[str, float]]]) -> None:
    """Print mean ranks, and how often Shoal wins, ties and loses."""
    for measure_name, tie in TIE.items():
        table = pd.DataFrame(
            {
                name: {who: row[measure_name] for who, row in found.items()}
                for name, found in results.items()
            }
        ).T
        sign = 1 if measure_name == "log loss" else -1
        ranks = (sign * table).rank(axis=1)
        print(f"\n{measure_name}: mean rank on {len(table)} tables; Shoal wins, ties, loses")
        for who, rank in ranks.mean().sort_values().items():
            gain = sign * (table[who] - table["shoal"])
            record = (
                f"{(gain > tie).sum():>4}{(gain.abs() <= tie).sum():>4}{(gain < -tie).sum():>4}"
            )
            print(f"{who:24}{rank:6.2f}{'' if who == 'shoal' else record}")
        draw(ranks, measure_name)


def draw(ranks: pd.DataFrame, measure_name: str) -> None:
    """Draw mean ranks, with bars over those that Nemenyi's test does not tell apart."""
    try:
        import scikit_posthocs  # noqa: PLC0415
    except ImportError:
        return
    import matplotlib.pyplot as plt  # noqa: PLC0415

    p = scikit_posthocs.posthoc_nemenyi_friedman(ranks.to_numpy())
    p.index = p.columns = ranks.columns
    plt.figure(figsize=(9, 2.6))
    plt.title(f"mean rank by {measure_name}, {len(ranks)} tables")
    scikit_posthocs.critical_difference_diagram(ranks.mean(), p)
    path = OUT / f"tables-{measure_name.replace(' ', '-')}.png"
    plt.savefig(path, dpi=120, bbox_inches="tight")
    plt.close()


def main() -> None:
    """Compare on all tables."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the tables")
    parser.add_argument(
        "--tables", nargs="+", choices=TABLES, default=list(TABLES), metavar="TABLE"
    )
    others = list(contestants())[1:]
    parser.add_argument("--without", nargs="*", default=[], choices=others, metavar="CONTESTANT")
    parser.add_argument("--folds", type=int, default=5, help="of the five, so many are measured")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        parser.error(f"there is no folder {arguments.data}: give that of the tables with --data")
    OUT.mkdir(parents=True, exist_ok=True)
    chosen = [who for who in contestants() if who not in arguments.without]
    results = {}
    for name in arguments.tables:
        results[name] = measure(name, arguments.data, chosen, arguments.folds)
        show(name, results[name])
        (OUT / "tables.json").write_text(json.dumps(results, indent=1))
    summary(results)


if __name__ == "__main__":
    main()

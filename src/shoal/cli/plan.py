"""``shoal plan``. Floor 7."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from shoal.cli import options
from shoal.cli.console import console, output, plain, say

if TYPE_CHECKING:
    from shoal.shards import Costs, Estimate


@click.command()
@click.argument("table")
@click.option(
    "--target", "-t", required=True, metavar="COLUMN",
    help="What is to be predicted: a column's name, or its position.",
)  # fmt: skip
@click.option(
    "--workers", default=8, show_default=True, type=click.IntRange(1),
    help="Of a cluster, with one thread each.",
)  # fmt: skip
@click.option("--networks", type=click.IntRange(1), help="How many to average.  [default: 5]")
@options.header
@options.threads
@options.as_json
def plan(
    table: str, target: str, workers: int, networks: int | None, header: bool | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Say what training on TABLE part by part will take, here and on a cluster; train nothing.

    It is estimated from a measurement of some rows, which takes a few seconds.
    """
    from shoal.recipe import FOLDS, Recipe
    from shoal.shards import estimate, find_shards

    found = estimate(
        find_shards(table, header=header), target, recipe=Recipe(networks=networks or FOLDS)
    )
    if as_json:
        costs = {"here": asdict(found.here), "cluster": asdict(found.on(workers))}
        output(asdict(found) | costs | {"workers": workers})
        return
    about = "" if found.exact else "about "
    say(
        f"{plain(table)}: {about}{found.rows:,} rows in {found.shards:,} shards"
        f" ({_bytes(found.size)}), {found.columns} columns; {found.features} features,"
        f" {found.inputs} as the networks see them (measured on {found.measured:,} rows)"
    )
    _show(found, workers)


def _show(found: "Estimate", workers: int) -> None:
    from rich import box
    from rich.table import Table as Grid

    here, there = found.here, found.on(workers)
    least, most = found.passes
    grid = Grid(box=box.SIMPLE_HEAD)
    grid.add_column("")
    grid.add_column("this machine", justify="right")
    grid.add_column(f"{workers} workers", justify="right")
    rows: list[tuple[str, Any]] = [
        (f"reading ({found.readings} passes over the files)", lambda c: _time(c.reading_seconds)),
        ("a pass of the networks", lambda c: _time(c.pass_seconds)),
        (f"in all, with {least} passes", lambda c: _time(_all(c, least))),
        (f"in all, with {most} passes", lambda c: _time(_all(c, most))),
        ("memory (of each)", lambda c: _bytes(c.memory)),
        ("file of what is encoded", lambda c: _bytes(c.disk) if c.disk else "-"),
        ("updates in a pass", lambda c: f"{c.updates:,}" if c.updates else "in small batches"),
        ("over the network, an update", lambda c: _bytes(c.update_bytes) if c.updates else "-"),
    ]
    for name, value in rows:
        grid.add_row(name, value(here), value(there))
    console().print(grid)


def _all(costs: "Costs", passes: int) -> float:
    return costs.reading_seconds + passes * costs.pass_seconds


def _time(seconds: float) -> str:
    for size, unit in ((86_400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {unit}"
    return f"{seconds:.1f} s"


def _bytes(number: float) -> str:
    for size, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB")):
        if number >= size:
            return f"{number / size:,.1f} {unit}"
    return f"{number / 1e3:,.1f} kB"

"""Guarantee: a table in shards is read and learned from here or on a cluster, its progress shown.

Floor 7.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click
from rich.progress import Progress

from shoal.errors import InputError

if TYPE_CHECKING:
    from shoal.recipe import Recipe
    from shoal.shards import Place, ShardedTable

dask = click.option(
    "--dask", "address", metavar="ADDRESS",
    help="Do the work on the Dask cluster whose scheduler is there, as tcp://host:8786.",
)  # fmt: skip
in_parts = click.option(
    "--in-parts/--in-memory", "in_parts", default=None,
    help="Whether to learn from TABLE part by part; decided by its size if not given.",
)  # fmt: skip
large_batches = click.option(
    "--large-batches", is_flag=True,
    help="Learn from batches of whole parts, as on a cluster: the same networks, to the bit.",
)  # fmt: skip


@contextmanager
def place_of(
    table: "ShardedTable", address: str | None, progress: Progress
) -> "Iterator[tuple[ShardedTable, Place]]":
    """Yield a table to be read with its progress shown, and the place where it is."""
    from shoal.cli.reading_bar import ReadingBar
    from shoal.shards import Here

    if address is not None:
        with connected(address) as place:
            yield table, place
        return
    bar = ReadingBar(progress, table)
    try:
        yield replace(table, on_block=bar.read), Here(on_part=bar.learned)
    finally:
        bar.end()


@contextmanager
def connected(address: str) -> "Iterator[Place]":
    """Connect to a cluster."""
    try:
        from distributed import Client

        from shoal.distributed import OnCluster
    except ImportError:
        raise InputError("--dask needs Dask: install shoal[dask]") from None
    if ":" not in address:
        raise InputError(f"{address!r} is no address: give that of a scheduler, tcp://host:8786")
    # what matters to a user is told in a sentence
    for name in ("asyncio", "distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout="10s", set_as_default=False
        )
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(
            f"no scheduler answers at {address}: start one with dask scheduler, and workers with"
            f" dask worker {address}"
        ) from error
    with client:
        place = OnCluster(client)
        if not place.cluster.threads:
            click.echo(
                f"Note: {address} has no worker yet, which is waited for: start some with dask"
                f" worker {address}",
                err=True,
            )
        yield place


def recipe_of(recipe: "Recipe", table: "ShardedTable", large: bool) -> "Recipe":
    """Return the recipe to learn from a table in shards."""
    from shoal.shards import in_large_batches

    return in_large_batches(recipe, table.rows) if large else recipe


def decided(in_parts: bool | None, large: bool) -> bool | None:
    """Return whether a table is to be learned from part by part, if that was said."""
    if large and in_parts is False:
        raise InputError("--dask and --large-batches learn part by part: leave out --in-memory")
    return True if large else in_parts


def refuse_order(order: str | None) -> None:
    """Say that rows of a table in shards are not in order."""
    if order is not None:
        raise InputError(
            "--order holds the last rows out, which is not done where a table is learned from part"
            " by part: give later rows as --test and --validation in its place"
        )

"""``shoal cross-validate``. Floor 7."""

from typing import Any

import click

from shoal.cli import cluster, options
from shoal.cli.choices import choices, training_choices
from shoal.cli.console import ProgressBar, output, progress_bar


@click.command("cross-validate")
@click.argument("table")
@training_choices
@click.option(
    "--folds", default=5, show_default=True, type=click.IntRange(2, 100),
    help="So many times, measure on one part what was learned from the others.",
)  # fmt: skip
@cluster.in_parts
@cluster.large_batches
@cluster.dask
@options.header
@options.seed
@options.threads
@options.as_json
def cross_validate(
    table: str, target: str, folds: int, in_parts: bool | None, large_batches: bool,
    address: str | None, header: bool | None, seed: int, as_json: bool, **chosen: Any,
) -> None:  # fmt: skip
    """Say how good networks trained on TABLE are, with how far off that may be; write nothing."""
    from shoal.cli.show import show_notes
    from shoal.cli.show_measures import cross_validation_data, show_cross_validation
    from shoal.cross_validation import cross_validate as validate
    from shoal.shards import ShardedTable, cross_validate_shards, read_or_find

    asked, large = choices(**chosen), large_batches or address is not None
    rows = read_or_find(table, header=header, in_parts=cluster.decided(in_parts, large))
    with progress_bar(shown=not as_json) as bar:
        ways = {"folds": folds, "seed": seed, "callbacks": [ProgressBar(bar)], **asked}
        if isinstance(rows, ShardedTable):
            cluster.refuse_order(ways.pop("order"))
            ways["recipe"] = cluster.recipe_of(asked["recipe"], rows, large)
            with cluster.place_of(rows, address, bar) as (shown, place):
                found = cross_validate_shards(shown, target, place=place, **ways)
        else:
            found = validate(rows, target, **ways)
    if as_json:
        output(cross_validation_data(found))
        return
    show_notes(list(found.notes))
    show_cross_validation(found)

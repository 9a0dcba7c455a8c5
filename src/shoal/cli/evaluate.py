"""``shoal evaluate``. Floor 7."""

from pathlib import Path

import click
from rich.markup import escape

from shoal.cli import cluster, options
from shoal.cli.console import output, say


@click.command()
@click.argument("model")
@click.argument("table")
@options.written("PICTURE", "A PNG to draw into how reliable the probabilities are.")
@cluster.dask
@options.header
@options.ignore_extra
@options.as_json
def evaluate(
    model: str, table: str, path: Path | None, address: str | None, header: bool | None,
    ignore_extra: bool, as_json: bool,
) -> None:  # fmt: skip
    """Measure MODEL on TABLE, which has the target column too."""
    from shoal.cli.show import show_notes
    from shoal.cli.show_measures import evaluation_data, show_evaluation
    from shoal.shards import blocks_of, evaluate_blocks, evaluate_shards, find_shards
    from shoal.table_model import TableModel

    if path is not None:
        from shoal.pictures import check_picture_path, plot_reliability

        check_picture_path(path)
    fitted = TableModel.load(model)
    if address is None:
        blocks = blocks_of(table, fitted.schema, header=header)
        evaluation = evaluate_blocks(fitted, blocks, table, ignore_extra)
    else:
        found = find_shards(table, header=header, schema=fitted.schema)
        with cluster.connected(address) as place:
            evaluation = evaluate_shards(fitted, found, place=place, ignore_extra=ignore_extra)
    if path is not None:
        plot_reliability(evaluation.reliability, fitted.target.positive, path)
    if as_json:
        output(evaluation_data(evaluation))
        return
    show_notes(evaluation.notes)
    show_evaluation(evaluation)
    if path is not None:
        say(f"Wrote [bold]{escape(str(path))}[/].")

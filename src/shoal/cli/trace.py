"""``shoal trace``. Floor 7."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from shoal.cli import options
from shoal.cli.console import output, say
from shoal.errors import InputError

if TYPE_CHECKING:
    from shoal.columns import Table

MOST_ROWS = 1000
ENDINGS = {".txt": "text", ".tex": "latex", ".html": "html", ".json": "json"}


@click.command()
@click.argument("model")
@click.argument("table")
@click.option("--row", type=click.IntRange(1), help="The row of TABLE to follow.  [default: all]")
@click.option("--unit", type=click.IntRange(1), help="Show one hidden unit alone.")
@click.option(
    "--alpha", default=1.2, show_default=True, type=click.FloatRange(0, min_open=True),
    help="The learning rate of the update.",
)  # fmt: skip
@options.written("FILE", "A file to write; .txt, .tex, .html or .json says how.")
@options.network
@options.header
@options.ignore_extra
@options.as_json
def trace(
    model: str, table: str, row: int | None, unit: int | None, alpha: float, path: Path | None,
    network: int, header: bool | None, ignore_extra: bool, as_json: bool,
) -> None:  # fmt: skip
    """Follow one step of gradient descent of a network of MODEL through every equation.

    TABLE has the target column too. The features are those that the network sees: encoded, and
    numbers in pieces.
    """
    import json

    from shoal.atomic import check_writable, write_atomically
    from shoal.shards import read_like
    from shoal.table_evaluation import network_examples
    from shoal.table_model import TableModel
    from shoal.trace_formats import trace_html, trace_latex, trace_text
    from shoal.traces import Trace
    from shoal.traces import trace as follow

    if path is not None:
        if path.suffix.lower() not in ENDINGS:
            raise InputError(f"{path} must end in .txt, .tex, .html or .json: choose one")
        options.must_differ(str(path), table, model)
        check_writable(path)
    fitted = TableModel.load(model)
    rows = read_like(table, fitted.schema, header=header)
    chosen = options.chosen_network(fitted, network)
    examples = network_examples(fitted, _followed(rows, row), ignore_extra)
    features, classes = fitted.pieces.names(fitted.encoder.features), fitted.target.classes
    names = {"feature": features, "output": classes[1:] if chosen.n_y == 1 else classes}
    found = follow(chosen, examples.X, examples.Y, alpha=alpha, names=names)
    if unit is not None:
        found = found.of_unit(unit)
    if path is None:
        if as_json:
            output(found.to_data())
        else:
            click.echo(trace_text(found), nl=False)
        return
    formats: dict[str, Callable[[Trace], str]] = {
        "text": trace_text, "latex": trace_latex, "html": trace_html,
        "json": lambda found: json.dumps(found.to_data(), indent=1) + "\n",
    }  # fmt: skip
    write_atomically(path, formats[ENDINGS[path.suffix.lower()]](found).encode())
    if as_json:
        output({"trace": str(path)})
    else:
        say(f"Wrote [bold]{escape(str(path))}[/].")


def _followed(rows: "Table", row: int | None) -> "Table":
    """Return the row that is asked for, or all of a few."""
    if row is None:
        if rows.n_rows > MOST_ROWS:
            raise InputError(
                f"{rows.source} has {rows.n_rows:,} rows, and {MOST_ROWS:,} at most can be followed"
                " at once: choose one with --row"
            )
        return rows
    if row > rows.n_rows:
        raise InputError(f"there is no row {row}: {rows.source} has {rows.n_rows}")
    return replace(rows.rows([row - 1]), source=f"row {row}")

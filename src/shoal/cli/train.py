"""``shoal train``. Floor 7."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from shoal.cli import cluster, options
from shoal.cli.choices import choices, training_choices
from shoal.cli.console import ProgressBar, output, progress_bar, say
from shoal.cli.interrupt import STOPPED, StopOnCtrlC
from shoal.errors import InputError

if TYPE_CHECKING:
    from rich.progress import Progress

    from shoal.checkpoint import Checkpoint
    from shoal.columns import Table
    from shoal.shards import ShardedTable
    from shoal.table_evaluation import Evaluation
    from shoal.table_model import TableModel


@click.command()
@click.argument("table")
@training_choices
@click.option(
    "--test",
    metavar="TABLE",
    help="Measure on these rows; without it on a fifth of TABLE, held out.",
)
@click.option(
    "--validation",
    metavar="TABLE",
    help="Stop training by these rows; without it each network has a fold of TABLE.",
)
@options.written(
    "MODEL", "The model file to write.  [default: TABLE's name, of a pattern model, with .shoal]"
)
@click.option(
    "--checkpoint",
    "folder",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Keep the training here every few seconds, so that it can go on after a crash.",
)
@click.option("--resume", is_flag=True, help="Go on with the training that --checkpoint kept.")
@cluster.in_parts
@cluster.large_batches
@cluster.dask
@options.header
@options.seed
@options.threads
@options.as_json
@options.quiet
def train(
    table: str, target: str, test: str | None, validation: str | None, path: Path | None,
    folder: Path | None, resume: bool, in_parts: bool | None, large_batches: bool,
    address: str | None, header: bool | None, seed: int,
    as_json: bool, quiet: bool, **chosen: Any,
) -> None:  # fmt: skip
    """Train networks on TABLE to predict COLUMN, measure them, and write one model file.

    TABLE is a file, a folder of files, a quoted pattern as 'part-*.parquet', or a URL. What is
    larger than memory is learned from part by part.

    Ctrl-C ends training early and keeps the best networks so far; twice, it stops at once.
    """
    from shoal.checkpoint import Checkpoint
    from shoal.cli.show import show_training, training_data
    from shoal.model_file import check_model_path
    from shoal.shards import read_or_find

    if resume and folder is None:
        raise InputError("--resume goes on with what --checkpoint FOLDER kept: name the folder too")
    path = path or _path_of(table)
    check_model_path(path)
    asked, large = choices(**chosen), large_batches or address is not None
    checkpoint = None if folder is None else Checkpoint(folder, resume=resume)
    if checkpoint is not None and resume and not checkpoint.path.exists() and not quiet:
        click.echo(f"Note: {folder} keeps no training, so this one begins anew.", err=True)
    rows = read_or_find(table, header=header, in_parts=cluster.decided(in_parts, large))
    asked |= _others(rows, target, {"test": test, "validation": validation}) | {"seed": seed}
    with progress_bar(shown=not (quiet or as_json)) as bar, StopOnCtrlC() as stop:
        asked |= {"callbacks": [stop, ProgressBar(bar)], "checkpoint": checkpoint}
        model, evaluation = _trained(rows, target, large, address, bar, asked)
        model.save(path)
    stopped = any(history.stop_reason == STOPPED for history in model.ensemble.histories)
    if checkpoint is not None and not stopped:
        checkpoint.remove()
    if as_json:
        output(training_data(model, evaluation) | {"model": str(path)})
    elif not quiet:
        show_training(model, evaluation)
        say(
            f"Wrote [bold]{escape(str(path))}[/]."
            f" Next: shoal predict {escape(shlex.quote(str(path)))} TABLE -o predictions.csv"
        )
    if stopped:
        _say_stopped(model, path, checkpoint)
        sys.exit(130)


def _path_of(table: str) -> Path:
    """Return where the model is written, unless that is said."""
    stem = Path(table).stem
    pattern = any(mark in stem for mark in "*?[") and not Path(table).exists()
    named = stem and table != "-" and not pattern
    return Path(f"{stem}.shoal" if named else "model.shoal")


def _others(
    rows: "Table | ShardedTable", target: str, named: dict[str, str | None]
) -> dict[str, Any]:
    """Return other tables, read as a whole one was; what shards hold is not known yet."""
    from shoal.columns import Table
    from shoal.shards import read_like
    from shoal.table_preparation import training_schema

    if not isinstance(rows, Table):
        return dict(named)
    schema = training_schema(rows, target)
    return {role: None if name is None else read_like(name, schema) for role, name in named.items()}


def _trained(
    rows: "Table | ShardedTable", target: str, large: bool, address: str | None, bar: "Progress",
    asked: dict[str, Any],
) -> "tuple[TableModel, Evaluation]":  # fmt: skip
    """Train on a table as it was read: whole, or in shards, here or on a cluster."""
    from shoal.shards import ShardedTable, train_shards
    from shoal.table_training import train_table

    if isinstance(rows, ShardedTable):
        cluster.refuse_order(asked.pop("order"))
        asked["recipe"] = cluster.recipe_of(asked["recipe"], rows, large)
        with cluster.place_of(rows, address, bar) as (shown, place):
            return train_shards(shown, target, place=place, **asked)
    return train_table(rows, target, **asked)


def _say_stopped(model: "TableModel", path: Path, checkpoint: "Checkpoint | None") -> None:
    """Say what was kept of a training that was stopped."""
    epochs = max(len(history) for history in model.ensemble.histories)
    kept = checkpoint is not None and checkpoint.path.exists()
    click.echo(
        f"Stopped by Ctrl-C after {epochs} epochs; the best networks so far were kept in"
        f" {path}.{' Go on with --resume.' if kept else ''}",
        err=True,
    )

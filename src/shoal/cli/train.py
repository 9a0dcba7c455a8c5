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
@options.written("MODEL", "The model file to write.  [default: TABLE's name with .shoal]")
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

    if resume and folder is None:
        raise InputError("--resume goes on with what --checkpoint FOLDER kept: name the folder too")
    path = path or _path_of(table)
    check_model_path(path)
    checkpoint = None if folder is None else Checkpoint(folder, resume=resume)
    if checkpoint is not None and resume and not checkpoint.path.exists() and not quiet:
        click.echo(f"Note: {folder} keeps no training, so this one begins anew.", err=True)
    asked = choices(**chosen) | {"test": test, "validation": validation, "seed": seed}
    shown = not (quiet or as_json)
    large = large_batches or address is not None
    parts = cluster.decided(in_parts, large)
    with progress_bar(shown=shown) as bar, StopOnCtrlC() as stop:
        asked |= {"callbacks": [stop, ProgressBar(bar)], "checkpoint": checkpoint}
        model, evaluation = _trained(table, target, header, parts, large, address, bar, asked)
        model.save(path)
    if as_json:
        output(training_data(model, evaluation) | {"model": str(path)})
    elif not quiet:
        show_training(model, evaluation)
        say(
            f"Wrote [bold]{escape(str(path))}[/]."
            f" Next: shoal predict {escape(shlex.quote(str(path)))} TABLE -o predictions.csv"
        )
    _end(model, path, checkpoint)


def _path_of(table: str) -> Path:
    """Return where the model is written, unless that is said."""
    stem = Path(table).stem
    pattern = any(mark in stem for mark in "*?[") and not Path(table).exists()
    named = stem and table != "-" and not pattern
    return Path(f"{stem}.shoal" if named else "model.shoal")


def _trained(
    source: str, target: str, header: bool | None, in_parts: bool | None, large: bool,
    address: str | None, bar: "Progress", asked: dict[str, Any],
) -> "tuple[TableModel, Evaluation]":  # fmt: skip
    """Train on a table as it is to be learned from: whole, or in shards, here or on a cluster."""
    from shoal.shards import ShardedTable, read_like, read_or_find, train_shards
    from shoal.table_preparation import training_schema
    from shoal.table_training import train_table

    rows = read_or_find(source, header=header, in_parts=in_parts)
    if isinstance(rows, ShardedTable):
        cluster.refuse_order(asked.pop("order"))
        asked["recipe"] = cluster.recipe_of(asked["recipe"], rows, large)
        with cluster.place_of(rows, address, bar) as (shown, place):
            return train_shards(shown, target, place=place, **asked)
    schema = training_schema(rows, target)
    for role in ("test", "validation"):
        asked[role] = None if asked[role] is None else read_like(asked[role], schema)
    return train_table(rows, target, **asked)


def _end(model: "TableModel", path: Path, checkpoint: "Checkpoint | None") -> None:
    """Remove the checkpoint of a whole training; of one that was stopped, say what was kept."""
    if all(history.stop_reason != STOPPED for history in model.ensemble.histories):
        if checkpoint is not None:
            checkpoint.remove()
        return
    epochs = max(len(history) for history in model.ensemble.histories)
    kept = checkpoint is not None and checkpoint.path.exists()
    click.echo(
        f"Stopped by Ctrl-C after {epochs} epochs; the best networks so far were kept in"
        f" {path}.{' Go on with --resume.' if kept else ''}",
        err=True,
    )
    sys.exit(130)

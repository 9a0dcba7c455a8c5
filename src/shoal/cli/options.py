"""Guarantee: an option has the same name and meaning in every command.

Floor 7.
"""

import os
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from shoal.errors import InputError

if TYPE_CHECKING:
    from shoal.network import Network
    from shoal.table_model import TableModel

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
quiet = click.option("--quiet", "-q", is_flag=True, help="Print errors only.")
seed = click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0, 2**32 - 1),
    help="The same seed gives the same result.",
)  # fmt: skip
header = click.option(
    "--header/--no-header", default=None,
    help="Whether the first row holds names; found out if not given.",
)  # fmt: skip
ignore_extra = click.option(
    "--ignore-extra", is_flag=True, help="Allow columns that the model was not trained on."
)


def written(
    metavar: str, what: str, required: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option for a file to write."""
    return click.option(
        "--output", "-o", "path", type=click.Path(path_type=Path), metavar=metavar, help=what,
        required=required,
    )  # fmt: skip


def _use_threads(context: click.Context, parameter: click.Parameter, threads: int | None) -> None:
    if threads is not None:  # the process is this one command's
        os.environ["SHOAL_THREADS"] = str(threads)


threads = click.option(
    "--threads", type=click.IntRange(1), expose_value=False, callback=_use_threads,
    help="At most so many, with the same result.  [default: SHOAL_THREADS, or all cores]",
)  # fmt: skip


network = click.option(
    "--network", default=1, show_default=True, type=click.IntRange(1),
    help="Which of MODEL's networks.",
)  # fmt: skip


def chosen_network(model: "TableModel", number: int) -> "Network":
    """Return a network of a model by its number, from 1."""
    networks = model.ensemble.networks
    if number > len(networks):
        raise InputError(f"there is no network {number}: the model has {len(networks)}")
    return networks[number - 1]


def must_differ(path: str, *inputs: str) -> None:
    """Refuse to write over what is read, or where it would be read too."""
    written = Path(path).resolve()
    for name in inputs:
        read = Path(name.removeprefix("file://")).resolve()
        if read.exists() and written.exists() and read.samefile(written):
            raise InputError(f"{path} is an input of this command: write to another file")
        if (read.is_dir() and read in written.parents) or fnmatchcase(str(written), str(read)):
            raise InputError(
                f"{path} would be one of the files of {name}, which this command reads: write into"
                " another folder"
            )

"""Guarantee: results go to standard output, everything about the way there to standard error.

Floor 7.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from shoal.callbacks import Callback, TrainingState

LONGEST = 300  # characters of one text


def console() -> Console:
    """Return the console of standard output; 100 columns wide where it is not a terminal."""
    plain = Console(highlight=False, emoji=False)
    return plain if plain.is_terminal else Console(highlight=False, emoji=False, width=100)


def say(text: str) -> None:
    """Print a line, with rich's marks for bold and colour."""
    console().print(text, soft_wrap=True)


def plain(text: str) -> str:
    """Return text of a table as it can be printed: on one line, not too long, marks undone."""
    visible = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return escape(visible if len(visible) <= LONGEST else f"{visible[: LONGEST - 1]}…")


def output(data: dict[str, Any]) -> None:
    """Print JSON."""
    click.echo(json.dumps(data, indent=2, allow_nan=False))


@contextmanager
def progress_bar(shown: bool) -> Iterator[Progress]:
    """Open a progress display on standard error, where that is a terminal."""
    error = Console(stderr=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        console=error,
        transient=True,
    )
    if not (shown and error.is_terminal):
        yield progress  # never started, it shows nothing
        return
    with progress:
        yield progress


class ProgressBar(Callback):
    """Shows the epochs, the cost and the time left."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.tasks: dict[int, TaskID] = {}  # of each network in training

    def on_train_begin(self, state: TrainingState) -> None:  # noqa: D102
        n_h = state.network.n_h
        what = f"network, {n_h} hidden units" if n_h else "logistic regression"
        task = self.progress.add_task(what, total=state.max_epochs, told="")
        self.tasks[id(state.network)] = task

    def on_epoch_end(self, state: TrainingState) -> None:  # noqa: D102
        name = "validation_cost" if "validation_cost" in state.history else "cost"
        cost = f"{name.replace('_', ' ')} {state.history[name][-1]:.4f}"
        told = f"epoch {len(state.history)}, {cost}, at most"
        self.progress.update(self.tasks[id(state.network)], advance=1, told=told)

    def on_train_end(self, state: TrainingState) -> None:  # noqa: D102
        self.progress.remove_task(self.tasks.pop(id(state.network)))

"""Guarantee: a table in shards is trained on with its progress shown.

Floor 7.
"""

from dataclasses import replace
from typing import Any

from rich.progress import Progress

from shoal.cli.reading_bar import ReadingBar
from shoal.errors import InputError
from shoal.shards import Here, ShardedTable, train_shards
from shoal.table_evaluation import Evaluation
from shoal.table_model import TableModel


def train_found(
    table: ShardedTable, target: str, progress: Progress, *, order: str | None, **ways: Any
) -> tuple[TableModel, Evaluation]:
    """Train on a table in shards, as the options of ``shoal train`` ask for."""
    if order is not None:
        raise InputError(
            "--order holds the last rows out, which a table that is learned from part by part"
            " cannot: give later rows as --test and --validation in its place"
        )
    bar = ReadingBar(progress, table)
    place = Here(on_part=bar.learned)
    try:
        return train_shards(replace(table, on_block=bar.read), target, place=place, **ways)
    finally:
        bar.end()

"""Guarantee: what can be done with a table can be done with one on a Dask cluster.

Floor 7. A table is a Dask frame or array, or Parquet or delimited text by path or URL, which then
all workers can read.
"""

from typing import Any

import numpy as np
import pandas as pd
from distributed import Client

from shoal.columns import Schema
from shoal.cross_validation import CrossValidation
from shoal.distributed.frames import is_dask, sharded
from shoal.distributed.place import OnCluster
from shoal.recipe import Recipe
from shoal.shards import (
    ShardedTable,
    cross_validate_shards,
    evaluate_shards,
    find_shards,
    in_large_batches,
    train_shards,
)
from shoal.table_evaluation import Evaluation
from shoal.table_model import TableModel
from shoal.tables import table_from_frame


def train(
    table: Any, target: Any, *, client: Client, recipe: Recipe | None = None, **choices: Any
) -> tuple[TableModel, Evaluation]:
    """Train networks where the data is; see :func:`shoal.shards.train_shards`.

    Parameters
    ----------
    table : dask DataFrame or Array, ShardedTable, str or Path
    target : str, or dask Array (m,)
        A column's name or position; the labels, where the table is an array.
    client : distributed.Client
    recipe : Recipe, optional
        Adjusted to batches of whole parts, unless it has such.
    **choices
        As for :func:`shoal.shards.train_shards`.

    Returns
    -------
    model : TableModel
    evaluation : Evaluation
    """
    found, name, place = _found(table, target, client)
    return train_shards(found, name, recipe=_large(recipe, found), place=place, **choices)


def cross_validate(
    table: Any, target: Any, *, client: Client, recipe: Recipe | None = None, **choices: Any
) -> CrossValidation:
    """Train and measure on each fold; see :func:`shoal.shards.cross_validate_shards`."""
    found, name, place = _found(table, target, client)
    recipe = _large(recipe, found)
    return cross_validate_shards(found, name, recipe=recipe, place=place, **choices)


def evaluate(model: TableModel, table: Any, *, client: Client) -> Evaluation:
    """Measure a model on a table that has the target column too."""
    found, _, place = _found(table, model.target.name, client, model.schema)
    return evaluate_shards(model, found, place=place)


def predict(model: TableModel, frame: Any) -> Any:
    """Return the labels and probabilities of a Dask frame's rows, as such a frame.

    Parameters
    ----------
    model : TableModel
    frame : dask DataFrame
        With the columns of training; it is read when the result is.
    """
    like = _predicted(frame._meta_nonempty, model).iloc[:0]
    return frame.map_partitions(_predicted, model, meta=like)


def _predicted(frame: Any, model: TableModel) -> Any:
    if not len(frame):  # an empty partition has the columns of any other
        names = [f"probability_{label}" for label in model.target.classes]
        nothing = pd.DataFrame({"prediction": model.target.decode(np.empty(0, np.intp))})
        return nothing.assign(**dict.fromkeys(names, np.empty(0)))
    table = table_from_frame(frame, "the Dask frame", schema=model.schema)
    return pd.DataFrame(model.prediction_columns(table, ignore_extra=True), index=frame.index)


def _found(
    table: Any, target: Any, client: Client, schema: Schema | None = None
) -> tuple[ShardedTable, str, OnCluster]:
    place = OnCluster(client)
    if is_dask(table):
        found, name, place.frames = sharded(table, target, place.cluster)
        return found, name, place
    found = table if isinstance(table, ShardedTable) else find_shards(table, schema=schema)
    return found, target, place


def _large(recipe: Recipe | None, table: ShardedTable) -> Recipe:
    recipe = recipe or Recipe()
    return recipe if not recipe.dropout else in_large_batches(recipe, table.rows)

"""Guarantee: what can be done with a table can be done with one on a Dask cluster.

Floor 7. A table is a Dask frame or array, or Parquet or delimited text by path or URL, which then
all workers can read.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from distributed import Client

from shoal.cross_validation import CrossValidation
from shoal.distributed.frames import SOURCE, frame_of, is_dask, sharded
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
        What it leaves to the defaults is adjusted to batches of whole parts, in which there is no
        dropout; a ``batch_size`` chosen with ``dropout=0`` stays as it is, with all the rest.
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


def evaluate(model: TableModel, table: Any, target: Any = None, *, client: Client) -> Evaluation:
    """Measure a model on a table that has the target column too.

    Parameters
    ----------
    model : TableModel
    table : dask DataFrame or Array, ShardedTable, str or Path
        The columns of an array are those of training, in their order.
    target : dask Array (m,), optional
        The labels, where the table is an array.
    client : distributed.Client
    """
    target = model.target.name if target is None else target
    found, _, place = _found(table, target, client, model)
    return evaluate_shards(model, found, place=place)


def predict(model: TableModel, table: Any) -> Any:
    """Return the labels and probabilities of a Dask frame's or array's rows, as a Dask frame.

    Parameters
    ----------
    model : TableModel
    table : dask DataFrame or Array
        With the columns of training, those of an array in their order; it is read when the result
        is.
    """
    frame = frame_of(table, model)
    return frame.map_partitions(_predicted, model, meta=_predicted(frame._meta, model))


def _predicted(frame: Any, model: TableModel) -> Any:
    if len(frame):
        table = table_from_frame(frame, SOURCE, schema=model.schema)
        columns = model.prediction_columns(table, ignore_extra=True)
    else:  # no table has no rows, but a partition may
        columns = model.columns_of(np.empty((0, len(model.target.classes))))
    return pd.DataFrame(columns, index=frame.index)


def _found(
    table: Any, target: Any, client: Client, model: TableModel | None = None
) -> tuple[ShardedTable, str, OnCluster]:
    place = OnCluster(client)
    if is_dask(table):
        found, name, place.frames = sharded(table, target, place.cluster, model)
        return found, name, place
    found = (
        table
        if isinstance(table, ShardedTable)
        else find_shards(table, schema=None if model is None else model.schema)
    )
    return found, target, place


def _large(recipe: Recipe | None, table: ShardedTable) -> Recipe:
    """Return a recipe for batches of whole parts; what was chosen stays as it is."""
    recipe, usual = recipe or Recipe(), Recipe()
    if recipe.batch_size != usual.batch_size and not recipe.dropout:
        return recipe
    large = in_large_batches(recipe, table.rows)
    chosen = {
        name: getattr(recipe, name)
        for name in ("batch_size", "alpha")
        if getattr(recipe, name) != getattr(usual, name)
    }
    return replace(large, **chosen)

"""Guarantee: Dask's data frames and arrays are tables in shards, one for each of their partitions.

Floor 7. The partitions stay where they are.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from shoal.cells import nameless
from shoal.columns import Kind
from shoal.distributed.sending import Kept, send
from shoal.distributed.waiting import Cluster, Work
from shoal.errors import InputError
from shoal.shards.sources import Shard, ShardedTable
from shoal.table_model import TableModel
from shoal.tables import frame_kinds

SOURCE, TARGET = "the Dask frame", "target"
Facts = tuple[int, int, dict[str, Kind | None]]


def is_dask(data: object) -> bool:
    """Whether something is a collection of Dask."""
    return hasattr(data, "__dask_graph__")


def sharded(
    data: Any, target: Any, cluster: Cluster, model: TableModel | None = None
) -> tuple[ShardedTable, str, list[Kept]]:
    """Return a collection as a table in shards, its target's name, and its partitions.

    Parameters
    ----------
    data : dask DataFrame, or dask Array (m, n)
    target : str, or dask Array (m,)
        The name of a column; or labels, where the data is an array.
    cluster : Cluster
    model : TableModel, optional
        Whose columns and target those of an array are.
    """
    frame, name = _labelled(data, target, model)
    client, parts = cluster.client, frame.to_delayed()
    sent = cluster.asked(client.compute, parts)
    frames = [Kept(partial(client.compute, a), b) for a, b in zip(parts, sent, strict=True)]
    works = [partial(send, client, _facts, each) for each in frames]
    facts = _computed(cluster, works, frames)
    kept = {i: own for i, own in enumerate(facts) if own[0]}
    if not kept:
        raise InputError(f"{SOURCE} has no rows: give a table with at least one row")
    shards = tuple(
        Shard(number, f"partition {i} of {SOURCE}", None, rows, size)
        for number, (i, (rows, size, _)) in enumerate(kept.items())
    )
    columns = _kinds({i: kinds for i, (_, _, kinds) in kept.items()})
    return ShardedTable(SOURCE, shards, columns, True), name, [frames[i] for i in kept]


def _computed(cluster: Cluster, works: Sequence[Work], frames: Sequence[Kept]) -> list[Facts]:
    """Return what is found of the partitions, whose own code may fail."""
    try:
        return cluster.results(works, f"the partitions of {SOURCE}")
    except InputError:
        raise
    except Exception as error:
        failed = [i for i, each in enumerate(frames) if each.future.status == "error"]
        if not failed:
            raise
        raise InputError(
            f"partition {failed[0]} of {SOURCE} cannot be computed ({type(error).__name__}:"
            f" {error}): mend what it is made of"
        ) from error


def frame_of(data: Any, model: TableModel | None = None) -> Any:
    """Return a collection as a frame: the columns of an array are a model's, or have numbers."""
    if _is_frame(data):
        return data
    import dask.dataframe as dd  # noqa: PLC0415  (slow)

    if getattr(data, "ndim", 0) != 2:
        raise InputError("a Dask array has rows and columns: give such, or a Dask frame")
    n = data.shape[1]
    names = nameless(n) if model is None else model.schema.feature_names
    if len(names) != n:
        raise InputError(
            f"the Dask array has {n} columns, but the model was trained on {len(names)}: give those"
        )
    return dd.from_dask_array(data.rechunk({1: -1}), columns=list(names))


def _is_frame(data: object) -> bool:
    return hasattr(data, "map_partitions") and hasattr(data, "columns")


def _labelled(data: Any, target: Any, model: TableModel | None) -> tuple[Any, str]:
    if _is_frame(data):
        target = str(target) if isinstance(target, int) else target
        if not isinstance(target, str):
            raise InputError("the target of a Dask frame is the name of one of its columns")
        return data, target
    import dask.dataframe as dd  # noqa: PLC0415  (slow)

    if getattr(data, "ndim", 0) != 2 or getattr(target, "ndim", 0) != 1:
        raise InputError(
            "a Dask array has rows and columns, and its target is a Dask array of a label for each"
            " row: give both so, or a Dask frame and a column's name"
        )
    name = TARGET if model is None else model.target.name
    labels = dd.from_dask_array(target.rechunk((data.chunks[0],)), columns=name)
    return frame_of(data, model).assign(**{name: labels}), name


def _facts(frame: Any) -> Facts:
    size = int(frame.memory_usage(index=False, deep=False).sum())
    return len(frame), size, frame_kinds(frame)


def _kinds(of_parts: Mapping[int, dict[str, Kind | None]]) -> tuple[tuple[str, Kind], ...]:
    """Return names and kinds of the columns: text, if any partition holds text."""
    found: list[tuple[str, Kind]] = []
    first = min(of_parts)
    for i, kinds in of_parts.items():
        if differing := set(kinds) ^ set(of_parts[first]):
            raise InputError(
                f"partition {i} of {SOURCE} differs from partition {first} in the column"
                f" {min(differing)!r}: all partitions have the same columns"
            )
    for name in of_parts[first]:
        of_name = {kinds.get(name) for kinds in of_parts.values()}
        found.append((name, "text" if "text" in of_name else "number"))
    return tuple(found)

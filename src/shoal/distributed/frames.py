"""Guarantee: Dask's data frames and arrays are tables in shards, one for each of their partitions.

Floor 7. The partitions stay where they are.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from shoal.columns import Kind
from shoal.distributed.sending import Kept, send
from shoal.distributed.waiting import Cluster
from shoal.errors import InputError
from shoal.shards.sources import Shard, ShardedTable
from shoal.tables import frame_kinds

SOURCE, TARGET = "the Dask frame", "target"
Facts = tuple[int, int, dict[str, Kind | None]]


def is_dask(data: object) -> bool:
    """Whether something is a collection of Dask."""
    return hasattr(data, "__dask_graph__")


def sharded(data: Any, target: Any, cluster: Cluster) -> tuple[ShardedTable, str, list[Kept]]:
    """Return a collection as a table in shards, its target's name, and its partitions.

    Parameters
    ----------
    data : dask DataFrame, or dask Array (m, n)
    target : str, or dask Array (m,)
        The name of a column; or labels, where the data is an array.
    cluster : Cluster
    """
    frame, name = _frame(data, target)
    client, parts = cluster.client, frame.to_delayed()
    sent = client.compute(parts)  # type: ignore[no-untyped-call]
    frames = [Kept(partial(client.compute, a), b) for a, b in zip(parts, sent, strict=True)]
    works = [partial(send, client, _facts, each) for each in frames]
    facts: list[Facts] = cluster.results(works, "the partitions of the Dask frame")
    kept = [(each, own) for each, own in zip(frames, facts, strict=True) if own[0]]
    if not kept:
        raise InputError(f"{SOURCE} has no rows: give a table with at least one row")
    shards = tuple(
        Shard(i, f"partition {i} of {SOURCE}", None, rows, size)
        for i, (_, (rows, size, _)) in enumerate(kept)
    )
    columns = _kinds([kinds for _, (_, _, kinds) in kept])
    return ShardedTable(SOURCE, shards, columns, True), name, [part for part, _ in kept]


def _frame(data: Any, target: Any) -> tuple[Any, str]:
    if hasattr(data, "map_partitions") and hasattr(data, "columns"):
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
    data = data.rechunk({1: -1})
    frame = dd.from_dask_array(data, columns=[f"column_{k + 1}" for k in range(data.shape[1])])
    labels = dd.from_dask_array(target.rechunk((data.chunks[0],)), columns=TARGET)
    return frame.assign(**{TARGET: labels}), TARGET


def _facts(frame: Any) -> Facts:
    size = int(frame.memory_usage(index=False, deep=False).sum())
    return len(frame), size, frame_kinds(frame)


def _kinds(of_parts: Sequence[dict[str, Kind | None]]) -> tuple[tuple[str, Kind], ...]:
    """Return names and kinds of the columns: text, if any partition holds text."""
    found: list[tuple[str, Kind]] = []
    for i, kinds in enumerate(of_parts):
        if differing := set(kinds) ^ set(of_parts[0]):
            raise InputError(
                f"partition {i} of {SOURCE} differs from the first in the column"
                f" {min(differing)!r}: all partitions have the same columns"
            )
    for name in of_parts[0]:
        of_name = {kinds.get(name) for kinds in of_parts}
        found.append((name, "text" if "text" in of_name else "number"))
    return tuple(found)

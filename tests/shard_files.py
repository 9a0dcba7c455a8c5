"""Tables in files, and what several tests read and learn from them."""

import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from shoal import Recipe
from shoal.shards import survey

QUICK = Recipe(networks=2, max_epochs=3, hidden_units=8)


def frame(m=600, seed=0, sort=False):
    random = np.random.default_rng(seed)
    x = random.normal(size=(m, 3))
    y = np.where(x[:, 0] + x[:, 1] * x[:, 2] + 0.3 * random.normal(size=m) > 0, "yes", "no")
    table = pd.DataFrame(x, columns=["a", "b", "c"])
    table.loc[::7, "b"] = np.nan
    table["colour"] = random.choice(["red", "green", "blue", None], m)
    table["shop"] = random.integers(0, 120, m).astype(str)
    table["shop"] = "shop " + table["shop"]
    table["y"] = y
    return table.sort_values("y", ignore_index=True) if sort else table


def parquet(folder, table, files=3, rows=70):
    folder.mkdir(exist_ok=True)
    for i, part in enumerate(np.array_split(np.arange(len(table)), files)):
        arrow = pa.Table.from_pandas(table.iloc[part], preserve_index=False)
        pq.write_table(arrow, folder / f"part-{i}.parquet", row_group_size=rows)
    return folder


def delimited(folder, table, files=2, zipped=False):
    folder.mkdir(exist_ok=True)
    for i, part in enumerate(np.array_split(np.arange(len(table)), files)):
        text = table.iloc[part].to_csv(index=False).encode()
        name = f"part-{i}.csv" + ".gz" * zipped
        (folder / name).write_bytes(gzip.compress(text) if zipped else text)
    return folder


def rows_of(table):
    blocks = [block for shard in table.shards for block in table.blocks(shard)]
    return survey.joined(blocks)


def same(one, other):
    assert one.names == other.names
    for first, second in zip(one.columns, other.columns, strict=True):
        assert first.kind == second.kind
        assert list(first.cells) == list(second.cells)

import datetime
import io
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.columns import Schema
from shoal.errors import InputError
from shoal.table_writing import write_table
from shoal.tables import read_table, table_from_frame


def fails(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def values(table):
    return {c.name: [None if pd.isna(v) else v for v in c.values.tolist()] for c in table.columns}


def parquet(table):
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def test_parquet_is_known_by_its_content_and_keeps_its_types(read):
    day = datetime.date(2020, 1, 2)
    table = read(
        parquet(
            pa.table(
                {
                    "int": [1, None],
                    "float": [0.5, None],
                    "bool": [True, None],
                    "text": ["1", " NA "],
                    "day": [day, None],
                    "time": [datetime.datetime(2020, 1, 2, 3, 4), None],
                    "decimal": [Decimal("1.50"), None],
                    "category": pa.array(["x", None]).dictionary_encode(),
                    "list": [[1, 2], None],
                    "null": pa.nulls(2),
                }
            )
        )
    )
    first = [column.values[0] for column in table.columns[:-2]]
    assert first == [1.0, 0.5, "True", "1", "2020-01-02", "2020-01-02T03:04:00", 1.5, "x"]
    assert table["list"].kind == "text"
    assert np.isnan(table["null"].values).all()
    assert all(pd.isna(column.values[1]) for column in table.columns)
    assert table.place(1) == "row 2"


def test_the_layout_imposes_its_kinds_on_parquet_in_a_canonical_spelling(read):
    schema = Schema((("a", "text"), ("b", "number")), True, "a")
    table = read(
        parquet(pa.table({"a": [1.0, 2.5, None, -0.0], "b": ["1", "2", "3", None]})), schema=schema
    )
    assert values(table) == {"a": ["1", "2.5", None, "0"], "b": [1.0, 2.0, 3.0, None]}
    message = fails(read, parquet(pa.table({"b": ["1", "x"]})), schema=schema)
    assert "row 2 of" in message
    assert "'x'" in message


def test_an_infinite_number_in_parquet_is_refused(read):
    assert "in row 2:" in fails(read, parquet(pa.table({"a": [1.0, float("inf")]})))


def test_damaged_and_empty_parquet_is_refused(read):
    whole = parquet(pa.table({"a": [1.0]}))
    assert "damaged or incomplete Parquet" in fails(read, whole[:-20])
    assert "damaged or incomplete Parquet" in fails(read, b"PAR1")
    assert "has no rows" in fails(read, parquet(pa.table({"a": pa.array([], pa.int64())})))
    assert "has no columns" in fails(read, parquet(pa.table({})))


def test_the_row_numbers_that_pandas_stores_are_no_column(read):
    buffer = io.BytesIO()
    pd.DataFrame({"a": [1, 2, 3]}).iloc[[2, 0]].to_parquet(buffer)
    assert values(read(buffer.getvalue())) == {"a": [3.0, 1.0]}


def test_a_data_frame_becomes_the_same_table_as_its_file(tmp_path):
    frame = pd.DataFrame({"a": [1.5, np.nan], "b": ["x", None], "c": [1, 2]}, index=[7, 7])
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet")
    expected = values(table_from_frame(frame))
    assert values(read_table(tmp_path / "t.csv")) == expected
    assert values(read_table(tmp_path / "t.parquet")) == expected


def test_a_data_frame_of_every_dtype_is_read():
    frame = pd.DataFrame(
        {
            0: pd.array([1, None], "Int64"),
            "bool": [True, False],
            "boolean": pd.array([True, None], "boolean"),
            "category": pd.Categorical([3, 4]),
            "objects": np.array([1, Decimal("2.5")], object),
            "mixed": np.array([1, "a"], object),
            "complex": [1j, 2j],
        }
    )
    table = table_from_frame(frame)
    assert values(table) == {
        "0": [1.0, None],
        "bool": ["True", "False"],
        "boolean": ["True", None],
        "category": ["3", "4"],
        "objects": [1.0, 2.5],
        "mixed": ["1", "a"],
        "complex": ["1j", "2j"],
    }
    assert table.source == "the data frame"
    schema = Schema((("category", "number"),), True, "category")
    assert table_from_frame(frame, schema=schema)["category"].values.tolist() == [3.0, 4.0]


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.parquet", "out.pq"])
def test_what_is_written_is_read_back(tmp_path, name):
    columns = {
        "id": np.array([1.0, 2.0, np.nan]),
        "p": [0.1, 1 / 3, 1e-300],
        "label": np.array(["a,b", 'say "x"\tnow', None], object),
    }
    write_table(columns, tmp_path / name)
    table = read_table(tmp_path / name)
    assert values(table) == {
        "id": [1.0, 2.0, None],
        "p": [0.1, 1 / 3, 1e-300],
        "label": ["a,b", 'say "x"\tnow', None],
    }


def test_written_csv_is_plain(tmp_path):
    write_table(
        {"a": [1.0, 0.5, None], "b": ["x", "y", "é"], "c": [True, False, True]}, tmp_path / "t"
    )
    assert (tmp_path / "t").read_bytes().decode() == "a,b,c\n1,x,True\n0.5,y,False\n,é,True\n"


def test_a_dash_writes_to_standard_output(capsys):
    write_table({"a": [1]}, "-")
    assert capsys.readouterr().out == "a\n1\n"


def test_a_table_that_cannot_be_written_is_refused(tmp_path):
    assert "create it first" in fails(write_table, {"a": [1]}, tmp_path / "no" / "t.csv")


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_any_number_survives_a_file_unchanged(tmp_path_factory, numbers):
    path = tmp_path_factory.mktemp("numbers") / "t.csv"
    write_table({"a": numbers}, path)
    assert read_table(path, header=True)["a"].values.tolist() == numbers

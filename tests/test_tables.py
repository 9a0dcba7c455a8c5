import gzip
import io
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.columns import Column, Schema, Table
from shoal.errors import InputError
from shoal.tables import read_table, table_from_frame

AGES = Schema((("Age", "number"), ("Code", "text"), ("Died", "text")), header=True, target="Died")
BARE = Schema(
    (("column_1", "number"), ("column_2", "text"), ("column_3", "text")), False, "column_3"
)


def fails(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def kinds(table):
    return {column.name: column.kind for column in table.columns}


def values(table):
    return {c.name: [None if pd.isna(v) else v for v in c.values.tolist()] for c in table.columns}


def test_a_plain_file_becomes_numbers_and_text(read):
    table = read("Age,Name\n30,Ada\n,Alan\n4e1,?\n")
    assert kinds(table) == {"Age": "number", "Name": "text"}
    assert values(table) == {"Age": [30.0, None, 40.0], "Name": ["Ada", "Alan", None]}
    assert table["Age"].values.dtype == np.float64
    assert table["Name"].values.dtype == object
    assert (table.names, table.n_rows, table.header) == (("Age", "Name"), 3, True)
    assert table.place(0) == "row 1 (line 2)"
    assert table.notes == ()


@pytest.mark.parametrize(
    "mark", ["", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "#N/A", "<NA>"]
)
def test_every_missing_mark_is_missing_in_both_kinds(read, mark):
    table = read(f"a,b\n1,x\n {mark} , {mark} \n")
    assert values(table) == {"a": [1.0, None], "b": ["x", None]}


@pytest.mark.parametrize(
    "cell", ["None", "-", "NAN", "+nan", "1_000", "0x1F", "1,000", "٣", "1 2", "e5", "."]
)
def test_what_is_neither_a_missing_mark_nor_a_number_is_text(read, cell):
    assert kinds(read(f'a,b\n"{cell}",1\n2,2\n'))["a"] == "text"


@pytest.mark.parametrize(
    "cell", ["1", "-1", "+1", "1.", ".5", "1e5", "1E-5", "9007199254740993", "007"]
)
def test_numbers_are_read_as_python_reads_them(read, cell):
    assert read(f"a,b\n{cell},x\n", header=True)["a"].values.tolist() == [float(cell)]


def test_a_column_without_any_value_is_a_number(read):
    table = read("a,b,c\n1,?,\n2,,\n")
    assert kinds(table)["b"] == kinds(table)["c"] == "number"
    assert np.isnan(table["b"].values).all()


def test_decimal_commas_are_numbers_if_the_whole_column_has_them(read):
    table = read("a;b;c\n1,5;1,5;x\n-2;2.5;y\n")
    assert values(table) == {"a": [1.5, -2.0], "b": ["1,5", "2.5"], "c": ["x", "y"]}
    assert kinds(read('a,b\n"1,5",1\n"2,5",2\n'))["a"] == "text"


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999"])
def test_an_infinite_number_is_refused_with_its_place(read, cell):
    message = fails(read, f"a,b\n1,2\n{cell},3\n")
    assert "column 'a' of" in message
    assert "in row 2 (line 3): correct the cell or leave it empty" in message


def test_a_few_strange_cells_among_numbers_are_noted(read):
    rows = [str(k) for k in range(27)]
    table = read("a\n" + "\n".join([*rows, "n.a.", "none"]) + "\n")
    assert kinds(table) == {"a": "text"}
    assert table.notes == (
        "column 'a' is read as text, as 2 of its 29 cells are not a number (first: 'n.a.' in row "
        "28 (line 29))",
    )
    assert read("a\n" + "\n".join([*rows[:18], "x"]) + "\n", header=True).notes == ()


def test_names_are_stripped_and_made_distinct_with_a_note(read):
    table = read(" x ,x,,x_2\n1,2,3,4\n")
    assert table.names == ("x", "x_3", "column_3", "x_2")
    assert table.notes == ("the column name 'x' occurs again, and is read as 'x_3'",)


def test_a_file_without_a_header_gets_numbered_names(read):
    table = read("1,a\n2,a\n")
    assert table.names == ("column_1", "column_2")
    assert (table.header, table.place(0), table.n_rows) == (False, "row 1 (line 1)", 2)


def test_the_caller_may_say_whether_there_is_a_header(read):
    assert read("2019,2020\n1,2\n", header=True).names == ("2019", "2020")
    assert read("a,b\n1,2\n", header=False).n_rows == 2


@pytest.mark.parametrize("text", ["a,b\n", "a,b"])
def test_a_header_alone_is_refused(read, text):
    assert "table.csv has a header but no rows" in fails(read, text)


def test_places_name_row_and_line_and_survive_a_choice_of_rows(read):
    table = read('a,b\n1,"x\ny"\n\n2,z\n3,w\n')
    assert [table.place(row) for row in range(3)] == [
        "row 1 (line 2)",
        "row 2 (line 5)",
        "row 3 (line 6)",
    ]
    chosen = table.rows(np.array([2, 1]))
    assert values(chosen) == {"a": [3.0, 2.0], "b": ["w", "z"]}
    assert chosen.place(0) == "row 3 (line 6)"
    assert chosen.rows(np.array([False, True])).place(0) == "row 2 (line 5)"


def test_columns_are_found_and_left_out_by_name(read):
    table = read("Age,Fare\n1,2\n")
    assert table.without(["Age"]).names == ("Fare",)
    assert fails(table.__getitem__, "age").endswith("has no column 'age': did you mean 'Age'?")
    assert fails(table.without, ["Zip"]).endswith("has no column 'Zip': its columns are Age, Fare")


def test_the_layout_imposes_its_kinds(read):
    table = read("Code,Age,Other\n01,?,5\n2.0,?,6\n", schema=AGES)
    assert kinds(table) == {"Code": "text", "Age": "number", "Other": "number"}
    assert table["Code"].values.tolist() == ["01", "2.0"]


def test_text_where_the_layout_has_numbers_is_refused_with_its_place(read, tmp_path):
    message = fails(read, "Age,Code\n1,x\n2,y\nabc,z\n", schema=AGES)
    assert message == (
        "column 'Age' held numbers when the model was trained, but row 3 (line 4) of "
        f"{tmp_path / 'table.csv'} holds 'abc': correct the cell or leave it empty"
    )


def test_the_layout_allows_decimal_commas_and_names_the_cell_that_is_no_number(read):
    assert read("Age;Code\n1,5;x\n", schema=AGES)["Age"].values.tolist() == [1.5]
    assert "holds 'n.a.'" in fails(read, "Age;Code\n1,5;x\nn.a.;y\n", schema=AGES)


def test_a_header_is_known_by_any_name_of_the_layout(read):
    table = read("Code,2019\nx,1\n", schema=AGES)
    assert (table.names, table.header) == (("Code", "2019"), True)


def test_columns_without_a_header_are_named_in_the_order_of_the_layout(read):
    assert read("1,x,no\n2,x,no\n", schema=AGES).names == ("Age", "Code", "Died")
    assert read("1,x\n2,x\n", schema=AGES).names == ("Age", "Code")
    assert "has no header and 4 columns, where the model" in fails(read, "1,2,3,4\n", schema=AGES)


def test_no_header_is_expected_where_the_training_table_had_none(read):
    table = read("1,x\n", schema=BARE)
    assert (table.names, table.n_rows, table.header) == (("column_1", "column_2"), 1, False)
    assert fails(read, "some,name\n1,x\n", schema=BARE).endswith(
        "correct the cell or leave it empty"
    )
    table = read("column_1,column_2\n1,x\n", schema=BARE)
    assert (table.n_rows, table.header) == (1, True)


def test_a_single_row_of_text_is_data_where_the_training_table_had_no_header(read):
    schema = Schema((("column_1", "text"), ("column_2", "text")), False, "column_2")
    assert values(read("x,y\n", schema=schema)) == {"column_1": ["x"], "column_2": ["y"]}


def test_compressed_text_is_read(read):
    assert values(read(gzip.compress(b"a,b\n1,2\n"), "t.csv.gz")) == {"a": [1.0], "b": [2.0]}


def test_standard_input_is_read_and_named(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n")))
    table = read_table("-")
    assert (table.source, table.n_rows) == ("standard input", 1)


def test_files_that_cannot_be_read_are_refused_with_a_remedy(tmp_path):
    (tmp_path / "titanic.csv").write_text("a,b\n1,2\n")
    assert "did you mean" in fails(read_table, tmp_path / "titanik.csv")
    assert fails(read_table, tmp_path / "xyz").endswith("xyz: check the name")
    assert "folder" in fails(read_table, tmp_path / "no" / "titanic.csv")
    assert fails(read_table, tmp_path).endswith("is a folder: name a file inside it")
    assert "cannot read" in fails(read_table, tmp_path / "titanic.csv" / "x")


def test_tables_can_be_made_by_hand():
    table = Table((Column("a", "number", np.array([1.0, 2.0])),), (), "FILE", True)
    assert table.place(1) == "row 2"
    assert table.rows([1]).place(0) == "row 2"


@given(st.binary(max_size=60) | st.text('ab1,; "\n\t.?', max_size=40).map(str.encode))
def test_any_bytes_give_a_table_or_one_sentence(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "t.csv"
    path.write_bytes(data)
    try:
        table = read_table(path)
    except InputError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:
        assert table.n_rows > 0


@pytest.mark.parametrize(
    ("name", "header", "rows", "columns", "texts"),
    [
        ("adult/adult-train.csv", False, 32561, 15, 9),
        ("adult/adult-test.csv", False, 16281, 15, 9),
        ("airlines-44k/allyears2k_headers.csv", True, 43978, 31, 7),
        ("bank-marketing/bank-full.csv", True, 45211, 17, 10),
        ("covertype-20k/covtype.20k.data", False, 20000, 55, 0),
        ("credit-default/Credit_Card_Defaulter_Prediction.csv", True, 30000, 25, 4),
        ("credit-default/default_of_credit_card_clients.csv", True, 30000, 25, 0),
        ("german-credit/german.csv", False, 1000, 21, 13),
        ("heart-cleveland/processed.cleveland.data", False, 303, 14, 0),
        ("hypothyroid/hypothyroid.csv", True, 3772, 30, 23),
        ("ionosphere/ionosphere.csv", False, 351, 35, 1),
        ("magic-telescope/magic04.data", True, 19020, 11, 1),
        ("mushroom/Mushroom.ssv", False, 8124, 23, 23),
        ("phoneme/phoneme.csv", False, 5404, 6, 0),
        ("sonar/sonar.csv", False, 208, 61, 1),
        ("spambase/spambase.data", False, 4601, 58, 0),
        ("students-dropout/students_test.csv", True, 884, 37, 1),
        ("students-dropout/students_train.csv", True, 3540, 37, 1),
        ("titanic/titanic.csv", True, 891, 12, 5),
    ],
)
def test_real_files_are_read_as_their_descriptions_say(
    real_data, name, header, rows, columns, texts
):
    table = read_table(real_data / name)
    assert table.header is header
    assert (table.n_rows, len(table.columns)) == (rows, columns)
    assert sum(column.kind == "text" for column in table.columns) == texts
    assert bool(table.notes) is name.startswith("airlines")


@pytest.mark.parametrize(
    ("name", "separator"), [("titanic/titanic.csv", ","), ("bank-marketing/bank-full.csv", ";")]
)
def test_real_files_hold_what_pandas_reads(real_data, name, separator):
    table = read_table(real_data / name)
    expected = table_from_frame(pd.read_csv(real_data / name, sep=separator))
    assert values(table) == values(expected)


def test_decimal_commas_are_noted_since_they_might_be_thousands(read):
    (note,) = read("a;b\n1,047;x\n534;y\n").notes
    assert "'1,047' was read as 1.047" in note

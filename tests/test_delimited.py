import codecs
import csv
import gzip
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.delimited import ONE_COLUMN, decode, find_separator, is_header, split_rows
from shoal.errors import InputError

ACCENTED = "ä,é\n1,2\n"


def cells(text, separator=","):
    return split_rows(text, separator, "FILE").cells


def fails(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    message = str(caught.value)
    assert "FILE" in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "data",
    [
        ACCENTED.encode(),
        codecs.BOM_UTF8 + ACCENTED.encode(),
        ACCENTED.encode("utf-16"),
        codecs.BOM_UTF16_BE + ACCENTED.encode("utf-16-be"),
        gzip.compress(ACCENTED.encode(), mtime=0),
        ACCENTED.replace("\n", "\r\n").encode(),
        ACCENTED.replace("\n", "\r").encode(),
        ACCENTED.replace("\n", "\r\n").encode("utf-16"),
    ],
)
def test_every_usual_encoding_gives_the_same_text_without_notes(data):
    assert decode(data, "FILE") == (ACCENTED, ())


def test_lines_that_are_not_utf8_alone_are_read_as_windows_1252():
    text, notes = decode("é€\n".encode() + b"\x80uro\n" + "ü\n".encode(), "FILE")
    assert text == "é€\n€uro\nü\n"
    assert notes == ("what is not valid UTF-8 was read as Windows-1252: line 2 of FILE",)


def test_the_first_three_of_many_undecodable_lines_are_noted():
    _, notes = decode(b"x\n" * 27_987 + b"\xe6\n" * 3_998, "FILE")
    assert notes == (
        "what is not valid UTF-8 was read as Windows-1252: 3,998 lines of FILE (the first: 27,988,"
        " 27,989, 27,990 ...)",
    )


def test_no_byte_is_confused_with_another():
    lines = [bytes([code, 0xFF]) for code in range(0x80, 0x100)]
    text, _ = decode(b"\n".join(lines), "FILE")
    assert len(set(text.split("\n"))) == 128


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"PK\x03\x04 the beginning of a spreadsheet",
        b"BZh91AY&SY\xe0\x01\x02\x03\x04\x05\x06\x07\x08",
        gzip.compress(b"\x00\x00\x08\x03", mtime=0),
        "a,b\n".encode("utf-32"),
        codecs.BOM_UTF16_LE + b"a\x00b",
    ],
)
def test_what_is_not_text_is_refused(data):
    assert "neither text nor Parquet" in fails(decode, data, "FILE")


def test_an_incomplete_gzip_file_is_refused():
    whole = gzip.compress(b"a,b\n" * 1000, mtime=0)
    assert "incomplete gzip" in fails(decode, whole[:-10], "FILE")


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1;2\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ("a b\n1   2\n", " "),
        ("1,5;2,5\n3,5;4,5\n", ";"),
        ("x;y\n1,5;2,5\n", ";"),
        ("1,5 2,5\n3,5 4,5\n", " "),
        ("39, State-gov, 5\n50, Self-emp, 6\n", ","),
        ('"a;b;c","d;e;f"\n"a;b;c","d;e;f"\n', ","),
        ('"1, x";2\n"2, y";3\n', ";"),
        ('"Braund, Mr. Owen","x"\n"Cumings, Mrs. John","y"\n', ","),
        ("2020-01-01 10:00,5,a\n2020-01-01 11:00,6,b\n2020-01-01 12:00,7\n", ","),
        ("name\nAda Lovelace\nAlan Mathison Turing\n", ONE_COLUMN),
        ("1\n2\n3\n", ONE_COLUMN),
        ("word\none, two\nthree\nfour\n", ONE_COLUMN),
        ("a,b,c\n1,2\n", ","),
        ("", ONE_COLUMN),
    ],
)
def test_the_separator_is_the_one_that_cuts_lines_alike(text, separator):
    assert find_separator(text) == separator


def test_spaces_around_cells_and_quotes_do_no_harm():
    assert cells('a, "b, c" ,d\n1 ,"2"  , 3\n') == [["a", "b, c", "d"], ["1 ", "2", "3"]]
    assert cells('"a"" ,""b" , c\n') == [['a" ,"b', "c"]]


def test_runs_of_spaces_separate_and_quotes_protect_them():
    text = '  a   "b  c" d  \n1 2\t3\n'
    assert cells(text, " ") == [["a", "b  c", "d"], ["1", "2", "3"]]


def test_lines_are_counted_across_empty_lines_and_newlines_in_quotes():
    rows = split_rows('a,b\n\n"x\ny",1\n   \nz,2', ",", "FILE")
    assert rows.cells == [["a", "b"], ["x\ny", "1"], ["z", "2"]]
    assert rows.lines.tolist() == [1, 3, 6]


def test_an_empty_quoted_cell_is_a_row_where_there_is_one_column():
    rows = split_rows('a\n""\n\nb\n', ONE_COLUMN, "FILE")
    assert rows.cells == [["a"], [""], ["b"]]
    assert rows.lines.tolist() == [1, 2, 4]


def test_rows_with_too_few_fields_are_named_by_line():
    message = fails(cells, "\na,b,c\n1,2,3\n4,5\n")
    assert message.startswith("line 4 of FILE has 2 fields where 3 are expected, as on line 2: add")


def test_rows_with_too_many_fields_are_named_by_line():
    assert "line 2 of FILE has 3 fields where 1 are expected" in fails(cells, "title\n1,2,3\n")
    assert "line 3 of FILE has 1 field where 2 are" in fails(cells, "a b\nc d\ne\n", " ")


def test_a_row_over_several_lines_is_named_by_both():
    assert "the row from line 2 to line 4 of FILE has 1 f" in fails(cells, 'a,b\n"1,2\n3,4\n5,6"\n')


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1,2\n"3,4\n5,6\n', 3),
        ('a,b\n1,"x\ny"\n"3,4\n"5",6\n', 4),
        ('a,b\n"x\ny","5" pipe\n', 3),
        ('a,b\n"x\ny", "5\n6,7\n', 3),
        ('a,b\n1,"' + "long\n" * 50_000, 2),
    ],
)
def test_a_quote_that_does_not_close_is_named_by_the_line_where_it_opens(text, line):
    assert f"line {line} of FILE has a quote that never closes" in fails(cells, text)


def test_a_cell_beyond_the_limit_of_the_reader_is_named_by_line():
    message = fails(cells, "a,b\n1,2\n3," + "x" * 200_000)
    assert "line 3 of FILE has a cell of more than 131,072 characters" in message


def test_quotes_inside_unquoted_text_are_text():
    assert cells('size,n\n5" pipe,1\n2 x 4",2\n') == [
        ["size", "n"],
        ['5" pipe', "1"],
        ['2 x 4"', "2"],
    ]


@pytest.mark.parametrize("text", ["", "\n\n", "   \n \n"])
def test_a_file_of_nothing_is_empty(text):
    assert "FILE is empty" in fails(cells, text)


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        (True, [["age", "sex"], ["1", "m"], ["2", "f"]]),
        (True, [["age", "age"], ["1", "m"], ["2", "f"]]),
        (True, [["", "age"], ["m", "1"], ["f", "2"]]),
        (True, [["age", "sex"], ["1,5", "m"], ["2,5", "f"]]),
        (True, [["name", "city"], ["Ada", "London"]]),
        (True, [["name", "city"]]),
        (False, [["Ada", "London"], ["Alan", "London"]]),
        (False, [["p", "?"], ["x", "y"]]),
        (False, [["m", "1,5"], ["f", "2,5"]]),
        (False, [["", ""], ["1", "2"]]),
        (False, [["name", "2019"], ["x", "1"]]),
        (False, [["x", "x"], ["y", "z"]]),
    ],
)
def test_a_first_row_is_a_header_if_it_differs_from_the_rest(header, rows):
    assert is_header(rows) is header


LETTERS = st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])
# The csv module leaves a newline unquoted where lines end otherwise.
PLAIN = st.characters(exclude_characters="\0\r\n,;|\t ", exclude_categories=["Cs"])


@st.composite
def written_tables(draw):
    """Rows of text, and what csv.writer makes of them under some dialect."""
    quote_all = draw(st.booleans())
    separator = draw(st.sampled_from(",;|\t " if quote_all else ",;|\t"))
    cell = st.text(LETTERS if quote_all else PLAIN, max_size=6)
    width = draw(st.integers(2, 4))
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=6))
    text = io.StringIO()
    ends = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=separator, lineterminator=ends, quoting=quoting)
    writer.writerows([[f"name{k}" for k in range(width)], *rows])
    return rows, separator, text.getvalue()


@given(written_tables(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_the_csv_module_writes_is_read_back(table, encoding):
    rows, separator, written = table
    text, _ = decode(written.encode(encoding), "FILE")
    assert find_separator(text) == separator
    read = split_rows(text, separator, "FILE")
    stripped = [[cell.strip() for cell in row] for row in read.cells[1:]]
    assert stripped == [[cell.strip() for cell in row] for row in rows]
    heights = [1 + "".join(row).count("\n") for row in read.cells[:-1]]
    assert np.diff(read.lines).tolist() == heights


@given(st.lists(st.text(LETTERS, max_size=6), min_size=1).filter(lambda c: "".join(c).strip()))
def test_one_column_is_read_back(column):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([[c] for c in column])
    assert find_separator(text.getvalue()) == ONE_COLUMN
    read = cells(text.getvalue(), ONE_COLUMN)
    assert [row[0].strip() for row in read] == [cell.strip() for cell in column]

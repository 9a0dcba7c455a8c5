"""Bad input: one sentence that names the culprit and the remedy, exit code 2, nothing written."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from conftest import contents, shop, write_rows

from shoal.errors import InputError
from shoal.table_blocks import read_blocks
from shoal.table_model import TableModel
from shoal.tables import read_table


def names(message, *words):
    for word in words:
        assert word.lower() in message.lower(), (word, message)


def changed(row, column, value):
    """Return the small table with another value in one cell; row 0 is the header."""
    rows = shop()
    rows[row][column] = value
    return rows


def without(column):
    return [row[:column] + row[column + 1 :] for row in shop()]


def test_a_table_that_is_not_there_is_refused_with_the_nearest_name(refused, table):
    for command in (["train", "shp.csv", "-t", "bought"], ["train", "a/shop.csv", "-t", "x"]):
        names(refused(*command), command[1])
    names(refused("train", "shp.csv", "-t", "bought"), "shop.csv")


@pytest.mark.parametrize("content", ["", "\n\n", " \n"])
def test_an_empty_table_is_refused(refused, write, content):
    write("none.csv", content)
    names(refused("train", "none.csv", "-t", "bought"), "none.csv", "empty", "row")


def test_empty_standard_input_is_refused(refused, model):
    names(refused("train", "-", "-t", "bought"), "standard input", "empty")
    names(refused("predict", model, "-"), "standard input", "empty")


def test_closed_standard_input_is_refused(model, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)  # as `<&-` leaves it
    schema = TableModel.load(model).schema
    for read in (lambda: read_table("-"), lambda: list(read_blocks("-", schema))):
        with pytest.raises(InputError, match="standard input is closed"):
            read()


def test_a_header_alone_is_refused(refused, write, model):
    write("head.csv", "age,city,income,bought\n")
    names(refused("train", "head.csv", "-t", "bought"), "head.csv", "row", "add")
    names(refused("predict", model, "head.csv"), "head.csv", "row", "add")


@pytest.mark.parametrize("folder_name", [".", "/", "some"])
def test_a_folder_is_no_table(refused, folder, folder_name):
    (folder / "some").mkdir()
    names(refused("train", folder_name, "-t", "bought"), "folder", "file")


def test_a_picture_is_no_table(refused, write):
    write("p.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0")
    names(refused("train", "p.png", "-t", "bought"), "p.png", "csv")


def test_a_target_that_is_not_there_is_refused_with_the_nearest_name(refused, table):
    names(refused("train", table, "-t", "Bougth"), "shop.csv", "'Bougth'", "'bought'")
    names(refused("train", table, "-t", "9"), "shop.csv", "9", "1 to 4")


def test_a_sentence_stays_one_line_whatever_the_names_hold(refused, write):
    write("t.csv", '"a\nb",y\n1,u\n2,v\n')
    names(refused("train", "t.csv", "-t", "qqq"), "t.csv", "qqq")


def test_one_class_only_is_refused(refused, write):
    write("one.csv", "a,y\n" + "1,yes\n2,yes\n" * 20)
    names(refused("train", "one.csv", "-t", "y"), "one.csv", "'y'", "'yes'", "two")


def test_a_target_that_is_all_missing_is_refused(refused, write):
    write("gone.csv", "a,y\n" + "1,\n2,NA\n" * 20)
    names(refused("train", "gone.csv", "-t", "y"), "gone.csv", "'y'", "missing", "choose")


def test_a_target_of_ten_thousand_texts_is_refused(refused, write):
    write("many.csv", "a,y\n" + "".join(f"{i % 7},text {i}\n" for i in range(10_000)))
    names(refused("train", "many.csv", "-t", "y"), "many.csv", "'y'", "10,000", "choose")


def test_infinities_are_refused_with_their_row(refused, folder, model):
    for value in ("inf", "-Infinity", "1e999"):
        write_rows(folder / "t.csv", changed(5, 0, value))
        for command in (["train", "t.csv", "-t", "bought"], ["predict", model, "t.csv"]):
            names(refused(*command), "t.csv", "'age'", "infinite", "row 5", "line 6", "correct")


def test_too_few_rows_are_refused(refused, folder):
    write_rows(folder / "few.csv", shop(8))
    names(refused("train", "few.csv", "-t", "bought"), "few.csv", "8 rows", "10")


def test_nothing_to_learn_from_is_refused(refused, write):
    write("dull.csv", "a,y\n" + "1,yes\n1,no\n" * 20)
    names(refused("train", "dull.csv", "-t", "y"), "dull.csv", "a: always 1", "add")


def test_columns_to_drop_or_keep_must_be_there(refused, table):
    for option in ("--drop", "--keep"):
        names(refused("train", table, "-t", "bought", option, "agee"), "'agee'", "'age'")


def test_ragged_rows_and_open_quotes_are_refused_with_their_line(refused, write, model):
    write("ragged.csv", "age,city,income\n30,Oslo,2000\n31,Rome\n32,Rome,2100\n")
    write("quote.csv", 'age,city,income\n30,"Oslo,2000\n31,Rome,3\n')
    for command in (["train", "{}", "-t", "age"], ["predict", model, "{}"]):
        for name, words in (("ragged.csv", ["line 3"]), ("quote.csv", ["line 2", "quote"])):
            names(refused(*(part.format(name) for part in command)), name, *words)


def test_a_table_cut_at_the_wrong_separator_is_refused(refused, write, model):
    write("semi.csv", "age:city:income\n30:Oslo:2000\n31:Rome:2000\n")
    names(refused("predict", model, "semi.csv"), "semi.csv", "'age'")


def test_a_missing_column_is_refused_with_the_nearest_name(refused, folder, model):
    write_rows(folder / "t.csv", without(0))
    names(refused("predict", model, "t.csv"), "t.csv", "'age'", "add")
    write_rows(folder / "t.csv", changed(0, 0, "Age"))
    names(refused("predict", model, "t.csv"), "t.csv", "'age'", "'Age'", "rename")


def test_an_extra_column_is_refused_with_the_option_that_allows_it(refused, folder, model):
    write_rows(folder / "t.csv", [[*row, "9" if i else "more"] for i, row in enumerate(shop())])
    for command in ("predict", "evaluate"):
        names(refused(command, model, "t.csv"), "t.csv", "'more'", "--ignore-extra")


def test_a_column_of_another_type_is_refused_with_its_row(refused, folder, model):
    write_rows(folder / "t.csv", changed(5, 0, "old"))
    names(refused("predict", model, "t.csv"), "t.csv", "'age'", "'old'", "row 5", "correct")
    rows = shop()
    write_rows(
        folder / "t.csv", [rows[0], *([r[0], str(i), *r[2:]] for i, r in enumerate(rows[1:]))]
    )
    names(refused("predict", model, "t.csv"), "t.csv", "'city'", "numbers", "text")


def test_a_parquet_column_of_another_type_is_refused(refused, folder, model):
    frame = pd.DataFrame({"age": ["old", "young"], "city": ["Oslo"] * 2, "income": [1.0, 2.0]})
    frame.to_parquet(folder / "t.parquet")
    names(refused("predict", model, "t.parquet"), "t.parquet", "'age'", "'old'")


def test_left_out_columns_and_the_target_may_hold_anything_in_later_tables(cli, folder):
    rows = [["none", *row] if i == 0 else ["", *row] for i, row in enumerate(shop())]
    rows = [[*row[:-1], {"yes": "1", "no": "0"}.get(row[-1], row[-1])] for row in rows]
    write_rows(folder / "t.csv", rows)
    assert cli("train", "t.csv", "-t", "bought", "--drop", "income", "-q").code == 0
    later = [rows[0], *([f"word {i}", *r[1:3], "much", "unknown"] for i, r in enumerate(rows[1:]))]
    write_rows(folder / "later.csv", later)
    assert cli("predict", "t.shoal", "later.csv", "-q").code == 0


def test_evaluation_without_true_labels_is_refused(refused, folder, model):
    write_rows(folder / "t.csv", without(3))
    names(refused("evaluate", model, "t.csv"), "t.csv", "'bought'", "label")
    write_rows(folder / "t.csv", changed(5, 3, "perhaps"))
    names(refused("evaluate", model, "t.csv"), "t.csv", "'bought'", "'perhaps'", "no, yes")
    write_rows(folder / "t.csv", [[*r[:3], r[3] if i == 0 else ""] for i, r in enumerate(shop())])
    names(refused("evaluate", model, "t.csv"), "t.csv", "bought", "missing")


def test_a_test_table_that_does_not_fit_is_refused(refused, folder, table):
    wrong_tables = {
        "'age'": without(0),
        "'bought'": without(3),
        "'perhaps'": changed(9, 3, "perhaps"),
        "'old'": changed(9, 0, "old"),
    }
    for culprit, rows in wrong_tables.items():
        write_rows(folder / "test.csv", rows)
        message = refused("train", table, "-t", "bought", "--test", "test.csv")
        names(message, "test.csv", culprit)
    names(refused("train", table, "-t", "bought", "--test", "no.csv"), "no.csv")


@pytest.mark.parametrize("end", [0, 4, 100, 2000, -1])
def test_a_truncated_model_is_refused(refused, write, model_bytes, table, end):
    write("cut.shoal", model_bytes[:end])
    for command in (["predict", "cut.shoal", table], ["inspect", "cut.shoal"]):
        names(refused(*command), "cut.shoal", "Shoal", "again")


def test_what_is_no_model_is_refused(refused, table):
    for command in (["predict", table, table], ["evaluate", table, table], ["inspect", table]):
        names(refused(*command), "shop.csv", "no model file")
    names(refused("inspect", "none.shoal"), "none.shoal", "check")
    names(refused("inspect", "."), "folder")
    names(refused("inspect", "/dev/null"), "/dev/null", "Shoal")


OUTPUTS = {"missing/out": "does not exist", "some": "folder", "table.csv/out": "not a folder"}


@pytest.mark.parametrize(("path", "words"), OUTPUTS.items())
def test_an_output_that_cannot_be_written_is_found_before_anything_is_read(
    refused, folder, write, path, words
):
    write("table.csv", "")
    (folder / "some").mkdir()
    for command in (["train", "no such table", "-t", "y"], ["predict", "no model", "no table"],
                    ["demo"]):  # fmt: skip
        names(refused(*command, "-o", path), path, words)


def test_a_file_that_is_no_picture_is_not_painted_over(refused, table):
    names(refused("demo", "-o", table), "shop.csv", "choose")


def test_an_input_is_never_written_over(refused, table, model, folder):
    names(refused("train", table, "-t", "bought", "-o", table), "shop.csv", "choose")
    (folder / "link").symlink_to(table)
    for path in (table, "./shop.csv", "link", model):
        names(refused("predict", model, table, "-o", path), "input", "another")


def test_training_does_not_replace_a_file_that_is_no_model(refused, table, write):
    write("notes.txt", "precious")
    write("shop.shoal", "precious")
    for options in (["-o", "notes.txt"], []):
        names(refused("train", table, "-t", "bought", *options), "choose")


@pytest.mark.parametrize(
    ("command", "culprit"),
    [(["train", "shop.csv", "--targett", "y"], "--targett"), (["train", "shop.csv"], "--target"),
     (["learn"], "learn"), (["predict", "m"], "TABLE"), (["inspect", "m", "--seed", "1"], "--seed"),
     (["train", "shop.csv", "-t", "y", "--seed", "-1"], "--seed")],
)  # fmt: skip
def test_a_mistyped_command_is_refused_by_name(cli, table, command, culprit):
    done = cli(*command)
    assert (done.code, done.out) == (2, "")
    names(done.err, culprit, "--help")
    assert "Traceback" not in done.err


def test_an_error_reaches_the_shell_as_one_line_and_exit_code_2(table, folder):
    before = contents(folder)
    command = [sys.executable, "-m", "shoal", "train", table, "-t", "bougt", "-o", "m"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("shoal: ")
    assert done.stderr.count("\n") == 1
    names(done.stderr, "bougt", "bought")
    assert contents(folder) == before


def test_a_table_of_the_target_alone_is_refused(refused, write):
    write("one.csv", "y\n" + "a\nb\n" * 20)
    names(refused("train", "one.csv", "-t", "y"), "one.csv", "columns to learn from")


def test_a_name_in_another_case_is_suggested(refused, table):
    names(refused("train", table, "-t", "BOUGHT"), "BOUGHT", "did you mean 'bought'")


def test_names_in_numbers_that_were_read_as_data_are_mentioned(refused, write):
    write("years.csv", "2019,2020,y\n" + "1,2,a\n3,4,b\n" * 20)
    names(refused("train", "years.csv", "-t", "y"), "'y'", "--header")


@pytest.mark.parametrize("name", ["p.xlsx", "p.json", "p.csv.gz"])
def test_a_format_that_is_not_written_is_refused(refused, table, model, name):
    names(refused("predict", model, table, "-o", name), name, ".parquet")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("command", [["predict", "m", "t.csv"], ["inspect", "m"], ["--help"]])
def test_a_full_output_is_named(model_bytes, write, command):
    write("m", model_bytes)
    write_rows(write("t.csv", ""), shop())
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "shoal", *command],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1

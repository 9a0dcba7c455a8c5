"""What the commands do when all is well."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import NATIVE, shop, write_rows

from shoal import __version__

SHOAL = [sys.executable, "-m", "shoal"]
COSTS = [0.693048, 0.288083, 0.254385, 0.233864, 0.226792, 0.222644, 0.219731, 0.217504]
COLUMNS = ["prediction", "probability_no", "probability_yes"]


def run(*arguments, **options):
    """Run a command as a process of its own."""
    command = [*SHOAL, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **options)


def read(text, separator=","):
    return pd.read_csv(
        io.StringIO(text), sep=separator, converters=dict.fromkeys(COLUMNS[1:], float)
    )


def test_the_demo_prints_the_published_costs_and_draws_the_flower(cli, folder):
    done = cli("demo", "-o", "flower.png")
    assert done.code == 0
    assert done.err == ""
    for i, cost in enumerate(COSTS):
        assert f"{1000 * i}: {cost:.6f}" in done.out
    assert "flower.png" in done.out
    assert (folder / "flower.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_the_demo_gives_its_numbers_as_json(cli, folder):
    found = json.loads(cli("demo", "--json").out)
    costs = [found["cost"][str(1000 * i)] for i in range(8)]
    assert costs == pytest.approx(COSTS, abs=5.1e-7)
    assert found["accuracy"] > 0.9 > found["accuracy_of_logistic_regression"]
    assert (folder / found["picture"]).is_file()


def test_training_prints_what_it_made_of_the_table_and_how_good_it_is(cli, table, folder):
    done = cli("train", table, "--target", "bought")
    assert done.code == 0
    assert done.err == ""
    for words in ("bought", "yes", "positive", "hidden units", "shop.csv", "one-hot", "scaled",
                  "accuracy", "balanced accuracy", "ROC AUC", "log loss", "Brier",
                  "logistic regression", "majority guess", "predicted", "shop.shoal"):  # fmt: skip
        assert words in done.out
    assert (folder / "shop.shoal").is_file()


def test_training_as_json_holds_the_same_data(cli, table, folder):
    done = cli("train", table, "-t", "-1", "-o", "m", "--json")
    found = json.loads(done.out)
    assert found["target"] == "bought"
    assert found["classes"] == ["no", "yes"]
    assert found["positive_class"] == "yes"
    assert [plan["name"] for plan in found["columns"]] == ["age", "city", "income"]
    assert set(found["evaluation"]["metrics"]["network"]) == {
        "accuracy", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "log_loss",
        "brier",
    }  # fmt: skip
    assert found["rows"] + found["evaluation"]["rows"] == 120
    assert found["model"] == "m"
    assert (folder / "m").is_file()


def test_quiet_commands_print_nothing(cli, table, model, folder):
    write_rows(folder / "odd.csv", [*shop(), ["40", "Oslo", "", ""]])
    for command in (
        ["train", "odd.csv", "-t", "bought", "-q"],
        ["predict", model, table, "-o", "p.csv", "--quiet"],
        ["demo", "--quiet"],
    ):
        assert cli(*command) == (0, "", ""), command


def test_the_seed_decides_what_is_learned(cli, table, folder):
    def weights(name, seed):
        assert cli("train", table, "-t", "bought", "-q", "-o", name, "--seed", seed).code == 0
        return json.loads(cli("inspect", name, "--json").out)["networks"]

    assert weights("a", 3) == weights("b", 3) != weights("c", 4)


def test_a_test_table_is_measured(cli, table, folder):
    write_rows(folder / "test.csv", shop(40, seed=1))
    done = cli("train", table, "-t", "bought", "--test", "test.csv", "--json")
    found = json.loads(done.out)
    assert (found["rows"], found["evaluation"]["rows"]) == (120, 40)
    assert found["evaluation"]["source"] == "test.csv"


def test_columns_are_dropped_and_kept_as_asked(cli, folder):
    rows = [["id", *row] if i == 0 else [str(100 + i), *row] for i, row in enumerate(shop())]
    write_rows(folder / "t.csv", rows)

    def uses(*options):
        done = cli("train", "t.csv", "-t", "bought", "--json", *options)
        return {plan["name"]: plan["use"] for plan in json.loads(done.out)["columns"]}

    assert uses()["id"] == "left out"
    assert uses("--keep", "id")["id"] == "scaled"
    asked = uses("--drop", "age", "--drop", "city")
    assert (asked["age"], asked["city"], asked["income"]) == ("left out", "left out", "scaled")


def test_a_table_without_a_header_is_known_or_said_to_be(cli, folder):
    write_rows(folder / "bare.csv", shop()[1:])
    write_rows(folder / "named.csv", shop())
    found = json.loads(cli("train", "bare.csv", "-t", "-1", "--json").out)
    assert found["target"] == "column_4"
    assert found["rows"] + found["evaluation"]["rows"] == 120
    done = cli("train", "named.csv", "-t", "column_4", "--no-header", "--json")
    assert "bought" in json.loads(done.out)["classes"]
    found = json.loads(cli("train", "bare.csv", "-t", "-1", "--header", "--json").out)
    assert found["rows"] + found["evaluation"]["rows"] == 119
    assert cli("predict", "bare.shoal", "named.csv", "-q").code == 2


def test_predictions_are_written_row_by_row_in_every_format(cli, table, model, folder):
    printed = read(cli("predict", model, table).out)
    assert list(printed) == COLUMNS
    assert len(printed) == 120
    for name in ("p.csv", "p.tsv", "p.parquet"):
        done = cli("predict", model, table, "-o", name)
        assert (done.code, done.out) == (0, "")
        assert "120 rows" in done.err
        assert name in done.err
    pd.testing.assert_frame_equal(read((folder / "p.csv").read_text()), printed)
    pd.testing.assert_frame_equal(read((folder / "p.tsv").read_text(), "\t"), printed)
    stored = pd.read_parquet(folder / "p.parquet")
    assert stored["prediction"].tolist() == printed["prediction"].tolist()
    np.testing.assert_array_equal(stored["probability_yes"], printed["probability_yes"])


def test_predictions_keep_the_order_of_the_rows(cli, model, folder):
    names, *body = shop()
    write_rows(folder / "a.csv", [names, *body])
    write_rows(folder / "b.csv", [names, *reversed(body)])
    a, b = (read(cli("predict", model, name).out) for name in ("a.csv", "b.csv"))
    assert a["prediction"].tolist() == b["prediction"].tolist()[::-1]
    np.testing.assert_allclose(a["probability_yes"], b["probability_yes"][::-1], rtol=1e-12)


def test_predictions_as_json(cli, table, model):
    found = json.loads(cli("predict", model, table, "--json").out)
    assert list(found) == COLUMNS
    assert len(found["prediction"]) == 120
    found = json.loads(cli("predict", model, table, "--json", "-o", "p.csv").out)
    assert (found["rows"], found["output"]) == (120, "p.csv")


def test_predictions_of_a_table_with_its_columns_in_another_order_are_equal(cli, model, folder):
    write_rows(folder / "a.csv", shop())
    write_rows(folder / "b.csv", [[row[2], row[0], row[1]] for row in shop()])
    assert cli("predict", model, "a.csv").out == cli("predict", model, "b.csv").out


def test_extra_columns_are_allowed_where_asked(cli, table, model, folder):
    rows = [[*row, "more" if i == 0 else str(i)] for i, row in enumerate(shop())]
    write_rows(folder / "wide.csv", rows)
    assert cli("predict", model, "wide.csv").code == 2
    done = cli("predict", model, "wide.csv", "--ignore-extra")
    assert done.out == cli("predict", model, table).out
    assert cli("evaluate", model, "wide.csv", "--ignore-extra").code == 0


def test_evaluation_prints_the_measures_of_a_table(cli, model, folder):
    write_rows(folder / "new.csv", shop(50, seed=2))
    done = cli("evaluate", model, "new.csv")
    assert done.code == 0
    for words in ("50 rows", "new.csv", "accuracy", "ROC AUC", "majority guess", "predicted"):
        assert words in done.out
    found = json.loads(cli("evaluate", model, "new.csv", "--json").out)
    assert found["rows"] == 50
    assert np.sum(found["confusion"]) == 50
    assert f"{found['metrics']['network']['accuracy']:.4f}" in done.out


def test_inspection_shows_the_model_in_words_and_all_its_numbers_as_json(cli, model):
    done = cli("inspect", model)
    assert done.code == 0
    for words in (
        "bought",
        "5 networks",
        "128 hidden units",
        "relu",
        "sigmoid",
        "income",
        "pieces",
        "gaps marked",
    ):
        assert words in done.out
    found = json.loads(cli("inspect", model, "--json").out)
    n_x = found["n_features"]
    assert len(found["features"]) == len(found["pieces"]) < n_x
    assert len(found["networks"]) == found["n_networks"] == 5
    for network, epochs in zip(found["networks"], found["epochs"], strict=True):
        assert [np.shape(network[p]) for p in ("W1", "b1", "W2", "b2")] == [
            (128, n_x), (128, 1), (1, 128), (1, 1),
        ]  # fmt: skip
        assert len(network["history"]["cost"]) == epochs


def test_names_with_brackets_are_shown_as_they_are(cli, folder):
    names, *body = shop()
    write_rows(folder / "t[a].csv", [["[red]age", *names[1:]], *body])
    done = cli("train", "t[a].csv", "-t", "bought")
    assert "t[a].shoal" in done.out
    assert "[red]age" in done.out
    assert "[red]age" in cli("inspect", "t[a].shoal").out


def test_tables_come_through_pipes(table, folder):
    text = (folder / table).read_bytes()
    done = run("train", "-", "-t", "bought", "--json", input=text)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["model"] == "model.shoal"
    piped = run("predict", "model.shoal", "-", input=text)
    assert piped.stdout == run("predict", "model.shoal", table).stdout
    evaluated = run("evaluate", "model.shoal", "-", "--json", input=text)
    assert json.loads(evaluated.stdout)["rows"] == 120


def test_a_reader_that_has_seen_enough_is_no_error(model, folder):
    write_rows(folder / "long.csv", shop(50_000))
    shell = f'{sys.executable} -m shoal predict {model} long.csv | head -1; exit "$PIPESTATUS"'
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.stdout == ",".join(COLUMNS) + "\n"
    assert done.stderr == ""
    assert done.returncode == 0


def test_output_that_is_not_in_unicode_is_no_error(table, folder):
    done = run("train", table, "-t", "bought", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr


def test_help_comes_at_once_and_names_every_command():
    listing = "import sys, shoal.cli; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", listing], capture_output=True, check=True).stdout
    assert not {b"pandas", b"sklearn", b"scipy", b"matplotlib"} & set(loaded.split())
    done = run("--help")
    for command in (b"demo", b"train", b"predict", b"evaluate", b"inspect"):
        assert command in done.stdout
    assert __version__.encode() in run("--version").stdout


def test_the_command_alone_shows_its_help(cli):
    done = cli()
    assert (done.code, done.err) == (0, "")
    assert "Commands:" in done.out


def test_a_header_that_only_the_reader_of_a_model_can_know_is_skipped(cli, write):
    rows = "r,x,p\ns,y,q\n" * 30
    write("t.txt", rows)
    write("new.txt", "one,two\n" + "r,x\ns,y\n")
    assert cli("train", "t.txt", "-t", "-1", "-o", "m", "--no-header").code == 0
    assert len(read(cli("predict", "m", "new.txt", "--header").out)) == 2
    assert len(read(cli("predict", "m", "new.txt", "--no-header").out)) == 3


def test_columns_without_names_are_said_to_be_taken_in_order(cli, model, folder):
    write_rows(folder / "bare.csv", [row[:3] for row in shop()[1:]])
    assert "order of training" in cli("predict", model, "bare.csv", "-o", "p.csv").err


def test_doctor_tells_which_engine_runs(cli, monkeypatch):
    monkeypatch.setenv("SHOAL_ENGINE", "numpy")
    assert json.loads(cli("doctor", "--json").out)["engine"] == "numpy"
    monkeypatch.delenv("SHOAL_ENGINE")
    monkeypatch.setenv("SHOAL_THREADS", "3")
    facts = json.loads(cli("doctor", "--json").out) if NATIVE else {"threads": 3}
    assert facts["threads"] == 3
    assert "engine" in cli("doctor").out


def test_an_engine_that_is_not_known_is_refused_in_one_sentence(refused, table, monkeypatch):
    monkeypatch.setenv("SHOAL_ENGINE", "gpu")
    assert "native, numpy" in refused("train", table, "-t", "bought")

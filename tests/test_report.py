"""A report is one page that says what is so, to everybody."""

import re
import shlex
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from browser import Seen, look, needs_browser
from conftest import contents, shop, write_rows

from shoal.recipe import Recipe
from shoal.report import report_html
from shoal.table_evaluation import evaluate
from shoal.table_model import TableModel
from shoal.table_training import train_table
from shoal.tables import read_table, table_from_frame

SMALL = Recipe(networks=2, hidden_units=8, max_epochs=20)


class Page(HTMLParser):
    """The elements of a page and its text."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.texts = [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.texts.append(data)

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def odd_frame(K=2, m=150):
    """Return a table with names and labels that are dangerous in a page."""
    random = np.random.default_rng(0)
    x = random.normal(size=m)
    names = ["<script>alert(1)</script>", '$a_b$ & "quoted"', "'third'"][:K]
    at = np.digitize(x + 0.3 * random.normal(size=m), np.linspace(-0.5, 0.5, K - 1))
    return pd.DataFrame(
        {
            "<b>x</b>": x,
            "gaps": np.where(random.random(m) < 0.2, np.nan, random.normal(size=m)),
            "word": random.choice(["<i>", "b", "{{ 7 * 7 }}"], m),
            "when": [
                str(np.datetime64("2024-01-01") + int(d)) for d in random.integers(99, size=m)
            ],
            "y & z": [names[k] for k in at],
        }
    )


@pytest.fixture(scope="module", params=[2, 3])
def odd(request):
    table = table_from_frame(odd_frame(request.param), "odd <table>.csv")
    return train_table(table, "y & z", recipe=SMALL)[0], table


def test_names_of_the_table_are_text_never_markup(odd):
    page = Page(report_html(*odd))
    assert {tag for tag, _ in page.elements}.isdisjoint({"script", "b", "i", "link", "iframe"})
    text = "".join(page.texts)
    assert "<script>alert(1)</script>" in text
    assert "<b>x</b>" in text


def test_a_page_fetches_nothing_and_runs_nothing(odd):
    html = report_html(*odd)
    page = Page(html)
    assert all(each["src"].startswith("data:image/svg+xml;base64,") for each in page.of("img"))
    assert all(each["href"].startswith("#") for each in page.of("a"))
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", html)
    assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes)


def test_each_picture_says_in_words_what_it_shows(odd):
    pictures = Page(report_html(*odd)).of("img")
    assert len(pictures) >= 9
    assert len({each["alt"] for each in pictures}) == len(pictures)
    assert all(re.search(r"\d", each["alt"]) for each in pictures)


def test_the_same_model_and_table_give_the_same_page(odd):
    assert report_html(*odd) == report_html(*odd)


def test_the_measures_are_those_of_evaluate(odd):
    model, table = odd
    html = unescape(report_html(model, table))
    found = evaluate(model, table)
    for value in (v for v in found.metrics["network"].values() if v is not None):
        assert f"<td>{value:.3f} (" in html
    for row in found.confusion:
        assert all(f"<td>{n}</td>" in html for n in row)


@pytest.fixture
def shop_table(folder):
    return write_rows(folder / "shop.csv", shop())


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--drop", "income", "--goal", "f1", "--class-weight", "no=1,yes=2.5", "--seed", "7"],
        ["--no-header", "--target", "4"],
        ["--validation", "more.csv", "--class-weight", "no=0.00001,yes=1"],
        ["--test", "more.csv", "--networks", "1"],
        ["--use", "age=one-hot", "--networks", "2", "--metric", "roc-auc", "--order", "age"],
    ],
)
def test_what_the_page_says_gives_the_same_networks_again(options, shop_table, cli, folder):
    write_rows(folder / "more.csv", shop(seed=9))
    if "--no-header" in options:
        write_rows(folder / "shop.csv", shop()[1:])
    else:
        options = ["-t", "bought", *options]
    assert cli("train", "shop.csv", "-o", "m.shoal", *options).code == 0
    assert cli("report", "m.shoal", "shop.csv").code == 0
    html = (folder / "m.html").read_text(encoding="utf-8")
    command, python = map(unescape, re.findall(r"<pre.*?><code>(.*?)</code>", html, re.DOTALL))
    said = re.search(r"checksum <code>(\w+)<", html)[1]
    namespace = {}
    exec(python, namespace)
    assert namespace["model"].fingerprint == said
    assert cli(*shlex.split(command)[1:]).code == 0
    assert TableModel.load("again.shoal").fingerprint == said


def test_what_the_command_line_cannot_say_is_said_in_python_alone(shop_table, cli, folder):
    recipe = Recipe(networks=1, hidden_units=4, max_epochs=3)
    model, _ = train_table(read_table("shop.csv"), "bought", recipe=recipe)
    model.save("m.shoal")
    assert cli("report", "m.shoal", "shop.csv", "-o", "r.html").code == 0
    html = (folder / "r.html").read_text(encoding="utf-8")
    (python,) = re.findall(r"<pre.*?><code>(.*?)</code>", html, re.DOTALL)
    assert "recipe=Recipe(hidden_units=4, max_epochs=3, networks=1)" in python


def test_a_table_that_was_learned_from_is_named(model, table, cli, folder):
    assert "too good" in cli("evaluate", model, table).out
    write_rows(folder / "new.csv", shop(seed=5))
    assert "too good" not in cli("evaluate", model, "new.csv").out


def test_a_report_needs_rows_of_two_classes(refused, model, write):
    write("one.csv", "age,city,income,bought\n30,Oslo,1,no\n40,Rome,2,no\n")
    assert "one class alone" in refused("report", model, "one.csv")


def test_a_file_that_is_no_page_is_not_written_over(refused, model, table, write):
    write("notes.html", "mine")
    assert "is not a page" in refused("report", model, table, "-o", "notes.html")
    assert "must end in .html" in refused("report", model, table, "-o", "report.pdf")


def test_a_page_is_written_again(model, table, cli, folder):
    assert cli("report", model, table).code == 0
    before = contents(folder)
    assert cli("report", model, table).code == 0
    assert contents(folder) == before


@needs_browser
@pytest.mark.parametrize("width", [1200, 360])
def test_the_page_can_be_read_with_any_tool_and_asks_nobody(odd, width, browser, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(report_html(*odd), encoding="utf-8")
    seen = look(browser, path.as_uri(), width)
    assert seen == Seen([], [path.as_uri()], [], [], False, 0)


def again_of(model, table):
    html = report_html(model, table)
    return re.findall(r"<pre.*?><code>", html), "How to train it again is not known" in html


def test_what_cannot_be_trained_again_is_not_claimed_to_be(model, table, shop_table):
    fitted, rows = TableModel.load(model), read_table(table)
    assert again_of(fitted, rows)[1] is False
    for record in ({}, {"from_file": True, "choices": {}, "tables": {}, "networks": 5}):
        changed = replace(fitted, record=fitted.record | {"from_file": False} | record)
        assert again_of(changed, rows)[1] == (not record)
    fitted.record["from_file"] = True
    first = fitted.ensemble.histories[0]
    first.stopped_early = first.reached_max_epochs = False
    fitted.ensemble.histories[0].stop_reason = "stopped by Ctrl-C"
    assert again_of(fitted, rows) == ([], True)


def test_control_characters_do_not_reach_the_page(folder):
    made = odd_frame().rename(columns={"gaps": "bell\x07 and\x01"})
    table = table_from_frame(made, "odd")
    html = report_html(train_table(table, "y & z", recipe=SMALL)[0], table)
    assert not re.search("[\x00-\x08\x0b-\x1f]", html)

"""Tables and points by hand are learned from on the lab's page."""

import numpy as np
import pytest
from browser import needs_browser
from conftest import shop, write_rows
from lab_page import ALPHA, at, choose, cost, drop, go, opened, scenario, set_number, until

pytestmark = needs_browser


def test_a_table_is_learned_from(page, tmp_path):
    drop(page, write_rows(tmp_path / "shop.csv", shop()))
    page.get_by_role("combobox", name="Target", exact=True).wait_for()
    at(page, 0)
    until(lambda: scenario(page)["data"].get("target") == "bought")
    set_number(page, "Held out, share", 0.2)
    set_number(page, ALPHA, 0.5)
    go(page, 300)
    assert cost(page, part="held_out") < 0.6
    page.get_by_role("combobox", name="Plane").select_option("pair")
    page.get_by_role("combobox", name="Feature along y").select_option("1")
    choose(page, "Target", "city")
    go(page, 20)
    until(lambda: scenario(page)["data"]["target"] == "city")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "bad.csv"),
        (b"name\na\nb\n", "bad.csv"),
        (b'a,b\n"1,2\n', "bad.csv"),
        (bytes(99), "bad.csv"),
    ],
)
def test_a_bad_table_is_told_and_what_was_there_stays(browser, link, tmp_path, content, said):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with opened(browser, link, expected=["400 (Bad Request)"]) as page:
        go(page, 12)
        before = cost(page)
        drop(page, path)
        page.get_by_role("alert").filter(has_text=said).first.wait_for()
        go(page, 13)
        go(page, 12)
        assert cost(page) == before


def test_a_hundred_thousand_rows_are_learned_from(page, tmp_path):
    random = np.random.default_rng(0)
    x = random.normal(size=(100_000, 3))
    rows = [f"{a:.4f},{b:.4f},{c:.4f},{int(a * b > 0)}" for a, b, c in x]
    path = tmp_path / "large.csv"
    path.write_text("a,b,c,y\n" + "\n".join(rows))
    drop(page, path)
    page.get_by_role("combobox", name="Target", exact=True).wait_for()
    go(page, 5)
    page.get_by_text("80,000 examples").first.wait_for()  # a fifth is held out


def test_a_dropped_file_is_taken_by_the_whole_page(page, tmp_path):
    path = write_rows(tmp_path / "shop.csv", shop())
    page.evaluate(
        """text => {
          const data = new DataTransfer();
          data.items.add(new File([text], "shop.csv"));
          for (const kind of ["dragenter", "dragover", "drop"])
            document.body.dispatchEvent(new DragEvent(kind, {dataTransfer: data, bubbles: true}));
        }""",
        path.read_text(),
    )
    page.get_by_role("combobox", name="Target", exact=True).wait_for()


def test_of_two_files_none_is_taken_and_that_is_said(page):
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          for (const name of ["a.csv", "b.csv"]) data.items.add(new File(["x,y"], name));
          document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true}));
        }"""
    )
    page.get_by_role("alert").filter(has_text="These are 2 files: drop one table.").wait_for()
    assert scenario(page)["data"]["name"] == "flower"


def test_points_are_drawn_by_mouse_and_by_keys(page):
    choose(page, "Examples", "points")
    page.get_by_role("button", name="Put point").wait_for()
    until(lambda: "points" in scenario(page)["data"])
    n = len(scenario(page)["data"]["points"])
    page.get_by_label("x1", exact=True).fill("0.25")
    page.get_by_label("x2", exact=True).fill("-0.5")
    page.get_by_role("combobox", name="class", exact=True).select_option("1")
    page.get_by_role("button", name="Put point").click()
    plane = page.locator("[data-picture=plane]").first
    plane.click(position={"x": 60, "y": 80})
    until(lambda: len(scenario(page)["data"]["points"]) == n + 2)
    assert [0.25, -0.5, 1] in scenario(page)["data"]["points"]

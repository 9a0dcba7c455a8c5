"""The lab's page finds its way: by links, in two tabs, after an end, in a notebook."""

import re

import pytest
from browser import needs_browser
from conftest import shop, write_rows
from lab_page import (
    ALPHA,
    at,
    choose,
    cost,
    drop,
    everything,
    go,
    opened,
    scenario,
    set_number,
    shown,
    trained,
    until,
)
from lab_process import running, wait_for

from shoal import trace

pytestmark = needs_browser


def test_a_link_opens_the_same_view_elsewhere(browser, link, page):
    go(page, 25)
    set_number(page, ALPHA, 0.7)
    go(page, 55)
    until(lambda: scenario(page)["changes"])
    page.wait_for_timeout(500)  # the address follows
    hash_ = page.evaluate("location.hash")
    with opened(browser, link) as other:
        other.goto(re.sub(r"\?.*", "", link) + hash_)
        other.reload()
        at(other, 55)
        assert everything(other) == everything(page)
        other.reload()
        at(other, 55)


def test_a_damaged_link_is_refused_with_a_sentence(browser, link):
    with opened(browser, link) as page:
        go(page, 5)
        page.goto(re.sub(r"\?.*", "", link) + "#AAAA")  # of the same page: nothing is loaded
        page.get_by_text("The link is damaged").first.wait_for()
        at(page, 5)


def test_two_tabs_do_not_disturb_each_other(browser, link, page):
    with opened(browser, link) as other:
        choose(other, "Activation", "sigmoid")
        go(page, 30)
        go(other, 50)
        go(page, 31)
        go(other, 20)
        assert cost(page) != cost(other)
        network, X, Y = trained(31)
        assert cost(page) == pytest.approx(float(trace(network, X, Y)["J"][0, 0]), rel=1e-14)


def test_a_lab_that_ends_is_told_and_one_that_comes_back_goes_on(browser, tmp_path):
    table = write_rows(tmp_path / "shop.csv", shop())
    with running(port := "--port", 0) as (process, client):
        wait_for(client)
        lost = ["ERR_CONNECTION", "Failed to load resource", "403 (Forbidden)", "400 (Bad"]
        with opened(browser, client.link, expected=lost) as page:
            drop(page, table)
            page.get_by_role("combobox", name="Target", exact=True).wait_for()
            go(page, 30)
            before = everything(page)
            process.kill()
            process.wait()
            page.keyboard.press("ArrowRight")
            page.locator(".banner").wait_for()
            with running(port, client.port) as (_, again):
                assert again.port == client.port
                wait_for(again)
                other = page.context.new_page()
                other.goto(again.link)
                page.locator(".banner").wait_for(state="detached")
                at(page, 31)
                page.keyboard.press("ArrowLeft")
                at(page, 30)
                assert everything(page) == before


WIDGETS = """async count => {
  const places = Array.from({length: count}, () => document.createElement("div"));
  document.body.replaceChildren(...places);
  const {default: widget} = await import("/app.js?widget");
  for (const place of places) {
    const heard = new Set();
    const send = async ({id, kind, question}) => {
      const answer = await fetch(`api/${kind}`, {
        method: "POST", body: JSON.stringify(question),
        headers: {"Content-Type": "application/json"},
      });
      const reply = await answer.json();
      for (const each of heard) each({id, reply});
    };
    const model = {send, on: (_, hear) => heard.add(hear), off: (_, hear) => heard.delete(hear)};
    await widget.render({model, el: place});
  }
}"""


def test_the_same_page_runs_in_a_notebook(browser, link):
    """The bundle is given a model as anywidget does, whose messages a lab answers."""
    with opened(browser, link) as page:
        page.evaluate(WIDGETS, 1)
        at(page, 0)
        go(page, 20)
        network, X, Y = trained(20)
        assert cost(page) == pytest.approx(float(trace(network, X, Y)["J"][0, 0]), rel=1e-14)


def test_keys_of_a_lab_are_not_those_of_its_notebook(browser, link):
    with opened(browser, link) as page:
        page.evaluate(WIDGETS, 1)
        at(page, 0)
        page.evaluate(
            """() => {
              window.heard = [];
              document.addEventListener("keydown", event => window.heard.push(event.key));
            }"""
        )
        page.locator("[data-lm-suppress-shortcuts] .lab").wait_for()  # as JupyterLab wants it
        page.get_by_role("button", name="1 Forward").focus()
        page.keyboard.press("2")
        page.keyboard.press("ArrowRight")
        at(page, 1)
        page.locator("summary", has_text="Compare").click()
        page.keyboard.press("Escape")
        assert page.locator("details.menu[open]").count() == 0
        page.keyboard.press("Control+s")
        assert page.evaluate("window.heard") == ["Control", "s"]


def test_two_labs_in_a_notebook_have_nothing_in_common(browser, link):
    with opened(browser, link) as page:
        page.evaluate(WIDGETS, 2)
        first, second = (page.locator(".lab").nth(at) for at in range(2))
        for lab in (first, second):
            choose(lab, "Examples", "points")
            lab.get_by_role("button", name="Put point").wait_for()
            lab.get_by_text("(2, 12)").first.wait_for()
        before = everything(second)
        go(first, 20)
        first.get_by_role("button", name="2 Backward").click()
        first.get_by_role("radio", name="Erase").check()
        first.locator("[data-symbol=dW1]").first.focus()
        first.get_by_role("button", name="Clear").click()
        first.get_by_text("0 points: put some more").wait_for()
        assert shown(second) == 0
        assert everything(second) == before
        pressed = second.get_by_role("button", name="1 Forward")
        assert pressed.get_attribute("aria-pressed") == "true"
        assert second.get_by_role("radio", name="Class 0").is_checked()
        assert second.locator(".lit, .stale").count() == 0
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))

"""The lab's page shows the numbers of the Python API, wherever in time."""

import pytest
from browser import needs_browser
from lab_page import (
    ALPHA,
    at,
    cost,
    everything,
    go,
    in_words,
    numbers,
    set_number,
    shown,
    trained,
    until,
)

from shoal import Examples, trace, train
from shoal.optimizers import GradientDescent

pytestmark = needs_browser


def test_the_numbers_on_the_page_are_those_of_the_python_api(page):
    go(page, 40)
    page.get_by_role("button", name="All", exact=True).click()
    network, X, Y = trained(40)
    seen = trace(network, X, Y)
    for symbol in ("W1", "b1", "W2", "b2", "Z1", "A2", "dZ2", "dW1", "db1", "dW2", "db2", "W1 :="):
        page.locator(f"[data-step='{symbol}']").scroll_into_view_if_needed()
        assert numbers(page, symbol) == seen[symbol][:24, :12].tolist(), symbol
    assert cost(page) == pytest.approx(float(seen["J"][0, 0]), rel=1e-14)
    page.get_by_role("button", name="One example", exact=True).click()
    page.locator("[data-step=dz1]").wait_for()
    one = trace(network, X[:, :1], Y[:, :1])
    for symbol in ("x", "z1", "a1", "a2", "dz1", "dW1"):
        assert numbers(page, symbol) == one[symbol].tolist(), symbol


def test_back_and_forth_in_time_shows_equal_numbers(page):
    page.get_by_role("button", name="All", exact=True).click()
    seen = {}
    for iteration in (0, 1, 2, 300, 299):
        go(page, iteration)
        seen[iteration] = everything(page)
    assert len({tuple(each) for each in seen.values()}) == 5
    page.keyboard.press("ArrowRight")
    at(page, 300)
    assert everything(page) == seen[300]
    page.get_by_role("button", name="One iteration back").click()
    at(page, 299)
    assert everything(page) == seen[299]
    for iteration in (1, 300, 0, 2):
        go(page, iteration)
        assert everything(page) == seen[iteration]


def test_it_plays_pauses_and_goes_back_to_where_it_was(page):
    page.keyboard.press("Space")
    page.get_by_role("button", name="Pause").wait_for()
    until(lambda: shown(page) > 30)
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play").wait_for()
    page.keyboard.press("Home")
    at(page, 0)
    page.keyboard.press("End")
    until(lambda: shown(page) > 30)


def test_after_playing_each_figure_is_that_of_the_iteration_shown(page):
    page.keyboard.press("Space")
    until(lambda: shown(page) > 40)
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play").wait_for()
    stopped = shown(page)
    at(page, stopped)
    page.wait_for_timeout(500)  # the fine picture comes last
    seen = everything(page), in_words(page)
    go(page, 0)
    go(page, stopped)
    until(lambda: (everything(page), in_words(page)) == seen)


def test_the_slider_scrubs(page):
    page.get_by_label("Iteration, to scrub").fill("700")
    at(page, 700)


def test_a_branch_changes_what_comes_and_leaves_what_was(page):
    go(page, 60)
    late = cost(page)
    go(page, 40)
    before = cost(page)
    set_number(page, ALPHA, 0.05)
    page.get_by_text("at 40", exact=False).first.wait_for()
    go(page, 60)
    assert cost(page) > late
    go(page, 40)
    assert cost(page) == before
    network, X, Y = trained(40)
    train(network, Examples(X, Y), optimizer=GradientDescent(0.05), max_epochs=20, first_epoch=40)
    go(page, 60)
    assert cost(page) == pytest.approx(float(trace(network, X, Y)["J"][0, 0]), rel=1e-14)


def test_memory_of_the_page_does_not_grow_while_it_plays(page):
    devtools = page.context.new_cdp_session(page)

    def used():
        devtools.send("HeapProfiler.collectGarbage")
        return devtools.send("Runtime.getHeapUsage")["usedSize"]

    page.keyboard.press("Space")
    page.wait_for_timeout(4000)
    before = used()
    page.wait_for_timeout(8000)
    assert used() - before < 3e6

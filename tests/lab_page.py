"""The lab's page in a browser: what a person does with it, and reads on it."""

import re
import time
from contextlib import contextmanager

from shoal import Examples, Network, train
from shoal.datasets import planar_flower
from shoal.optimizers import GradientDescent

ALPHA = "Learning rate \N{GREEK SMALL LETTER ALPHA}"
LONG = 60_000  # milliseconds; on any machine it takes far less


@contextmanager
def opened(browser, link, expected=(), **options):
    """Open a page of its own, and hold it to making no error and asking nobody else."""
    options = {"viewport": {"width": 1280, "height": 900}} | options
    context = browser.new_context(accept_downloads=True, **options)
    page = context.new_page()
    page.set_default_timeout(LONG)
    errors, asked = [], []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto(link)
        at(page, 0)
        yield page
    finally:
        context.close()
    host = re.match(r"http://[^/]+/", link)[0]
    assert [e for e in errors if not any(each in e for each in expected)] == []
    assert [url for url in asked if not url.startswith((host, "blob:", "data:"))] == []


def at(page, iteration):
    """Wait until the page shows an iteration."""
    page.locator(f"[data-part=time] input[data-value='{iteration}']").wait_for()
    page.locator(f"text=at iteration {iteration}.").first.wait_for()


def until(true):
    """Wait for what must come."""
    end = time.monotonic() + LONG / 1000
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def shown(page):
    """Return the iteration that the page shows."""
    field = page.locator("[data-part=time] input[data-value]")
    return int(field.get_attribute("data-value"))


def go(page, iteration):
    field = page.get_by_label("Iteration", exact=True)
    field.fill(str(iteration))
    field.press("Enter")
    at(page, iteration)
    field.blur()


def cost(page, run=0, part="learned"):
    row = page.locator(f"[data-part=metrics] tr[data-measures={part}]").nth(run)
    return float(row.locator("data").first.get_attribute("data-value"))


def costs(page):
    rows = page.locator("[data-part=metrics] tr[data-measures=learned]").count()
    return [cost(page, run) for run in range(rows)]


def numbers(page, symbol):
    """Return the numbers of a symbol, as they stand in the equations."""
    rows = page.locator(f"[data-part=equations] [data-step='{symbol}'] tbody tr")
    return [
        [float(each.get_attribute("data-value")) for each in row.locator("data").all()]
        for row in rows.all()
    ]


def everything(page):
    """Return each number that a page, or a part of one, shows in full, in its place."""
    shown = page.locator("main data")
    return shown.evaluate_all("all => all.map(e => e.getAttribute('data-value'))")


def choose(page, label, option):
    page.get_by_role("combobox", name=label, exact=True).select_option(option)


def set_number(page, label, value):
    field = page.get_by_role("spinbutton", name=label, exact=True)
    field.fill(str(value))
    field.press("Enter")
    field.blur()


def trained(iterations):
    X, Y = planar_flower()
    network = Network(2, 4, 1).initialise("gaussian", 0.01, 2)
    train(network, Examples(X, Y), optimizer=GradientDescent(1.2), max_epochs=iterations)
    return network, X, Y


def in_words(page):
    """Return what the page says of its distributions, meters and edges."""
    return page.evaluate(
        """() => {
          const all = document.querySelectorAll(".histograms svg, [role=meter], .edges title");
          const names = ["aria-label", "aria-valuetext"];
          return [...all].map(e => [...names.map(name => e.getAttribute(name)), e.textContent]);
        }"""
    )


def scenario(page, run=0):
    """Return what the link says of a run; the page writes it soon after it has begun."""
    until(lambda: page.evaluate("location.hash.length > 1"))
    return page.evaluate(
        """run => {
          const text = location.hash.slice(1).replaceAll("-", "+").replaceAll("_", "/");
          const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
          return JSON.parse(new TextDecoder().decode(bytes)).runs[run];
        }""",
        run,
    )


def drop(page, path):
    page.get_by_label("Choose a file").set_input_files(str(path))

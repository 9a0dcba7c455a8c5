"""The lab's page shows the numbers of the Python API, wherever in time, and all can use it."""

import re
import time
from contextlib import contextmanager

import numpy as np
import pytest
from browser import needs_browser
from conftest import shop, write_rows
from test_lab_server import running, wait_for

from shoal import Examples, Network, diagnose, trace, train
from shoal.datasets import planar_flower
from shoal.optimizers import GradientDescent

pytestmark = needs_browser

ALPHA = "Learning rate \N{GREEK SMALL LETTER ALPHA}"
LONG = 60_000  # milliseconds; on any machine it takes far less


@pytest.fixture(scope="module")
def link():
    with running("--port", 0) as (_, client):
        wait_for(client)
        yield client.link


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


@pytest.fixture
def page(browser, link):
    with opened(browser, link) as page:
        yield page


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
    """Return each number that the page shows in full, with the place where it stands."""
    return page.evaluate(
        "[...document.querySelectorAll('main data')].map(e => e.getAttribute('data-value'))"
    )


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


def in_words(page):
    """Return what the page says of its distributions, meters and edges."""
    return page.evaluate(
        """() => {
          const all = document.querySelectorAll(".histograms svg, [role=meter], .edges title");
          const names = ["aria-label", "aria-valuetext"];
          return [...all].map(e => [...names.map(name => e.getAttribute(name)), e.textContent]);
        }"""
    )


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


def test_a_weight_is_set_by_hand(page):
    go(page, 10)
    choose(page, "Weight", "W1[1, 1]")
    field = page.get_by_label("Value of W1[1, 1]")
    network, _X, _Y = trained(10)
    assert float(field.get_attribute("data-value")) == network.parameters.W1[0, 0]
    field.fill("2.5")
    page.get_by_role("button", name="Set from 10 on").click()
    page.get_by_role("button", name="All", exact=True).click()
    network.theta[0] = 2.5
    until(lambda: numbers(page, "W1")[0][0] == 2.5)
    assert numbers(page, "W1") == network.parameters.W1.tolist()


CONTROLS = [
    ("Examples", "moons", "data", {"kind": "built-in", "name": "moons", "seed": 1}),
    ("Activation", "relu", "activation", "relu"),
    ("Initialisation", "zeros", "init", "zeros"),
    ("Optimiser", "adam", "optimizer", "adam"),
    ("Batch", "32", "batch_size", 32),
    ("Drawn with seed", 5, "data", {"kind": "built-in", "name": "flower", "seed": 5}),
    ("Held out, share", 0.25, "held_out", 0.25),
    ("Hidden units", 7, "n_h", 7),
    ("Scale", 0.5, "scale", 0.5),
    ("Seed", 9, "seed", 9),
    (ALPHA, 0.3, "alpha", 0.3),
    ("L2 penalty", 2, "l2", 2),
]


def scenario(page, run=0):
    """Return what the link says of a run."""
    return page.evaluate(
        """run => {
          const text = location.hash.slice(1).replaceAll("-", "+").replaceAll("_", "/");
          const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
          return JSON.parse(new TextDecoder().decode(bytes)).runs[run];
        }""",
        run,
    )


@pytest.mark.parametrize(("label", "value", "name", "held"), CONTROLS, ids=[c[0] for c in CONTROLS])
def test_every_control_does_what_it_says(page, label, value, name, held):
    before = cost(page)
    if isinstance(value, str):
        choose(page, label, value)
    else:
        set_number(page, label, value)

    def says():
        now = scenario(page)
        return ({name: now[name]} | (now["changes"][-1] if now["changes"] else {}))[name]

    until(lambda: says() == held)
    go(page, 8)
    assert cost(page) != before
    assert page.get_by_role("alert").filter(has_text=re.compile(r"\w")).count() == 0


def test_two_runs_stand_side_by_side(page):
    page.locator("summary", has_text="Compare").click()
    page.get_by_role("button", name="Zeros against random").click()
    page.get_by_role("heading", name="Run 2").first.wait_for()
    go(page, 500)
    assert cost(page, 0) == pytest.approx(np.log(2), abs=1e-3)
    assert cost(page, 1) < 0.6
    page.get_by_text("dead").first.wait_for()
    until(lambda: scenario(page, 0)["init"] == "zeros")
    assert scenario(page, 1)["seed"] == scenario(page, 0)["seed"]


def test_what_is_found_is_what_diagnose_finds(page):
    choose(page, "Initialisation", "zeros")
    go(page, 3)
    X, Y = planar_flower()
    found = diagnose(Network(2, 4, 1), X, Y)
    findings = page.locator("[data-part=findings]")
    findings.get_by_text(found[0].sentence[1:40]).first.wait_for()


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


def drop(page, path):
    page.get_by_label("Choose a file").set_input_files(str(path))


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


def test_what_is_pointed_at_lights_up_in_both_places(page):
    page.locator("[data-part=equations] [data-step=W1]").scroll_into_view_if_needed()
    page.locator("[data-part=equations] [data-step=W1] button").first.focus()
    page.locator("[data-part=network] .edges .lit").first.wait_for()
    page.locator("[data-part=network] .units [role=radio]").first.hover()
    page.locator("[data-part=equations] .line.lit").first.wait_for()


def test_the_gradient_is_checked_beside_the_equations(page):
    go(page, 20)
    page.get_by_role("button", name="Check at iteration 20").click()
    page.get_by_text("agree with the complex step").first.wait_for()


@pytest.mark.parametrize("what", ["script", "notebook", "model"])
def test_the_run_is_taken_away(page, what):
    go(page, 15)
    page.locator("summary", has_text="Take away").click()
    with page.expect_download() as download:
        page.locator(".menu").get_by_role("button", name=re.compile(what, re.IGNORECASE)).click()
    assert download.value.suggested_filename.startswith("shoal_run.")
    assert download.value.path().stat().st_size > 300


def test_pictures_are_taken_away(page):
    go(page, 15)
    page.locator("summary", has_text="Take away").click()
    for button in page.locator(".menu ul.pictures button").all():
        with page.expect_download() as download:
            button.click()
        content = download.value.path().read_bytes()
        assert content.startswith((b"\x89PNG", b"<svg", b"<?xml"))


def test_the_whole_lesson_is_done_by_keys_and_its_figures_come_out(page):
    press(page, "Lesson")
    lesson = page.locator("[data-part=lesson]")
    steps = page.get_by_role("combobox", name="Step", exact=True).locator("option").count()
    assert steps >= 10
    for step in range(1, steps + 1):
        page.locator(f"[data-part=lesson][data-step='{step}']").wait_for()
        page.wait_for_timeout(300)
        for task in range(lesson.locator("ol button").count()):
            lesson.locator("ol button").nth(task).focus()
            page.keyboard.press("Enter")
            page.wait_for_timeout(200)
            for promised in re.findall(
                r"J is (\d\.\d+)", lesson.locator("ol li").nth(task).inner_text()
            ):
                until(lambda J=float(promised): min(abs(each - J) for each in costs(page)) < 0.006)
        last = step == steps
        lesson.get_by_role("button", name="End the lesson" if last else "Next step").focus()
        page.keyboard.press("Enter")
    lesson.wait_for(state="detached")


def press(page, name):
    """Go to a button by the Tab key alone, and press it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == name:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{name} cannot be reached")


VIEWS = {
    "the desk": lambda page: None,
    "a lesson": lambda page: page.get_by_role("button", name="Lesson").click(),
    "two runs": lambda page: (
        page.locator("summary", has_text="Compare").click(),
        page.get_by_role("button", name="Zeros against random").click(),
        page.get_by_role("heading", name="Run 2").first.wait_for(),
    ),
    "all equations": lambda page: page.get_by_role("button", name="All", exact=True).click(),
    "what to take": lambda page: page.locator("summary", has_text="Take away").click(),
    "points by hand": lambda page: choose(page, "Examples", "points"),
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "options",
    [
        {"color_scheme": "light"},
        {"color_scheme": "dark"},
        {"viewport": {"width": 360, "height": 740}},
    ],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing_and_nothing_is_too_wide(browser, link, view, options):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser, link, **options) as page:
        VIEWS[view](page)
        page.wait_for_timeout(400)
        found = axe.run(page).response["violations"]
        assert [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found] == []
        width = page.viewport_size["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width


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


def test_the_same_page_runs_in_a_notebook(browser, link):
    """The bundle is given a model as anywidget does, whose messages a lab answers."""
    with opened(browser, link) as page:
        page.evaluate(
            """async () => {
              const place = document.createElement("div");
              document.body.replaceChildren(place);
              const {default: widget} = await import("/app.js?widget");
              const heard = new Set();
              const model = {
                send: async ({id, kind, question}) => {
                  const answer = await fetch(`api/${kind}`, {
                    method: "POST", body: JSON.stringify(question),
                    headers: {"Content-Type": "application/json"},
                  });
                  const reply = await answer.json();
                  for (const each of heard) each({id, reply});
                },
                on: (_, hear) => heard.add(hear),
                off: (_, hear) => heard.delete(hear),
              };
              window.cleanUp = await widget.render({model, el: place});
            }"""
        )
        at(page, 0)
        go(page, 20)
        network, X, Y = trained(20)
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

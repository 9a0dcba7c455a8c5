"""Every control of the lab's page does what it says."""

import re

import numpy as np
import pytest
from browser import needs_browser
from lab_page import (
    ALPHA,
    choose,
    cost,
    go,
    numbers,
    scenario,
    set_number,
    shown,
    trained,
    until,
)

from shoal import Network, diagnose
from shoal.datasets import planar_flower

pytestmark = needs_browser


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


REFUSED = [
    ("Hidden units", "900", "Hidden units: 900 is not a whole number from 1 to 500. It stays 4."),
    ("Hidden units", "2.5", "2.5 is not a whole number"),
    ("Held out, share", "0.7", "0.7 is not a number from 0 to 0.5. It stays 0."),
    (ALPHA, "", "what was typed is not a number"),
    ("Iteration", "-3", "-3 is not a whole number from 0"),
    ("Example", "401", "401 is not a whole number from 1 to 400. It stays empty."),
]


@pytest.mark.parametrize(("label", "typed", "said"), REFUSED)
def test_an_entry_that_is_refused_is_told_beside_its_field(page, label, typed, said):
    field = page.get_by_role("spinbutton", name=label, exact=True)
    before = field.input_value()
    field.fill(typed)
    field.press("Enter")
    page.get_by_role("alert").filter(has_text=said).wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    assert field.input_value() == before
    field.fill("0.5" if "share" in label else "3")
    field.press("Enter")
    page.get_by_role("alert").filter(has_text=said).wait_for(state="detached")
    assert field.get_attribute("aria-invalid") == "false"


@pytest.mark.parametrize("label", [ALPHA, "Iteration", "Example"])
def test_what_is_being_typed_stays_while_it_plays(page, label):
    page.keyboard.press("Space")
    until(lambda: shown(page) > 5)
    field = page.get_by_role("spinbutton", name=label, exact=True)
    field.press("Control+a")
    field.press_sequentially("12", delay=400)
    before = shown(page)
    until(lambda: shown(page) > before + 5)
    assert field.input_value() == "12"


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

"""All can use the lab's page, by keys alone too, on a phone and in the dark."""

import re

import pytest
from browser import needs_browser, violations
from lab_page import (
    choose,
    costs,
    opened,
    until,
)

pytestmark = needs_browser


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
    with opened(browser, link, **options) as page:
        VIEWS[view](page)
        page.wait_for_timeout(400)
        assert violations(page) == {}
        width = page.viewport_size["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width

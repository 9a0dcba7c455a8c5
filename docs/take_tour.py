"""Take the pictures of the lab that the docs show; this needs Chromium and Playwright."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


def go(page: Page, iteration: int) -> None:
    """Go to an iteration, and wait until all of it is there."""
    field = page.get_by_role("spinbutton", name="Iteration", exact=True)
    field.fill(str(iteration))
    field.press("Enter")
    field.blur()
    page.locator(f"text=at iteration {iteration}.").first.wait_for()
    page.wait_for_timeout(1500)


def desk(page: Page) -> None:
    """Show the whole page, when the network has learned."""
    go(page, 1000)


def equations(page: Page) -> None:
    """Show back-propagation of one example."""
    go(page, 60)
    page.get_by_role("button", name="One example", exact=True).click()
    page.get_by_role("button", name="2 Backward", exact=True).click()
    page.locator("[data-step=dW1]").wait_for()
    page.evaluate("document.querySelector('[data-part=equations]').scrollIntoView()")
    page.wait_for_timeout(500)


def two_runs(page: Page) -> None:
    """Show zeros against random."""
    page.locator("summary", has_text="Compare").click()
    page.get_by_role("button", name="Zeros against random").click()
    go(page, 1000)


def lesson(page: Page) -> None:
    """Show a step of the lesson."""
    page.get_by_role("button", name="Lesson").click()
    page.get_by_role("combobox", name="Step", exact=True).select_option("8")
    page.wait_for_timeout(1500)
    page.locator("[data-part=lesson] ol button").first.click()
    page.wait_for_timeout(2000)


PICTURES = {
    "lab": (desk, DESK), "lab-equations": (equations, DESK), "lab-two-runs": (two_runs, DESK),
    "lab-lesson": (lesson, DESK), "lab-phone": (desk, PHONE),
}  # fmt: skip


def main() -> None:
    """Start a lab, and take all pictures."""
    command = [sys.executable, "-m", "shoal", "lab", "--no-browser", "--port", "0"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
        sync_playwright() as browsers,
    ):
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        time.sleep(2)
        browser = browsers.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for name, (show, size) in PICTURES.items():
            page = browser.new_page(viewport=size)  # type: ignore[arg-type]
            page.goto(found[0])
            page.locator("text=at iteration 0.").first.wait_for()
            show(page)
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        browser.close()
        process.terminate()


if __name__ == "__main__":
    main()

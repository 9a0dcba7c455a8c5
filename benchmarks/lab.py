"""The lab: pictures a second while it plays, and what memory does meanwhile.

Claim: 30 pictures a second with 200 hidden units on a plain laptop, and an hour of play that does
not grow memory. It needs Chromium and Playwright (``pip install "shoal[test]"``); with
``--seconds 3600 --units 200`` it plays an hour, and tells every ten minutes.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

UNITS = (4, 50, 200)
STRETCH = 600.0  # seconds at the most that one line tells of
COUNT = """() => {
  const field = document.querySelector("[data-part=time] input[data-value]");
  if (window.pictures !== undefined) return;
  window.pictures = 0;
  const observer = new MutationObserver(() => { window.pictures += 1; });
  observer.observe(field, {attributes: true, attributeFilter: ["data-value"]});
}"""


@contextmanager
def running() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a lab, and end it."""
    command = [sys.executable, "-m", "shoal", "lab", "--no-browser", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found
        time.sleep(2)
        try:
            yield process, found[0]
        finally:
            process.kill()


def resident(process: subprocess.Popen[str]) -> float:
    """Return the MiB of memory that a process has."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return float("nan")
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
    return int(found[1]) / 1024 if found else float("nan")


def heap(page: Page) -> float:
    """Return the MiB of what the page's script holds, after its rubbish is gone."""
    devtools: Any = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.collectGarbage")
    used = float(devtools.send("Runtime.getHeapUsage")["usedSize"])
    devtools.detach()
    return used / 2**20


def play(page: Page, process: subprocess.Popen[str], units: int, seconds: float) -> None:
    """Play for so long, and print the pictures a second and both memories, stretch by stretch."""
    field = page.get_by_label("Hidden units", exact=True)
    field.fill(str(units))
    field.press("Enter")
    field.blur()
    page.wait_for_timeout(1000)
    page.evaluate(COUNT)
    page.keyboard.press("Space")
    page.wait_for_timeout(2000)
    left = seconds
    while left > 0:
        tell(page, process, units, min(left, STRETCH))
        left -= STRETCH
    page.keyboard.press("Space")


def tell(page: Page, process: subprocess.Popen[str], units: int, seconds: float) -> None:
    """Print what happens in a stretch of play."""
    before = page.evaluate("window.pictures"), resident(process), heap(page)
    start = time.perf_counter()
    page.wait_for_timeout(1000 * seconds)
    rate = (page.evaluate("window.pictures") - before[0]) / (time.perf_counter() - start)
    print(
        f"{units:5} units  {rate:5.1f} pictures a second; the lab {before[1]:.0f} -> "
        f"{resident(process):.0f} MiB, the page {before[2]:.1f} -> {heap(page):.1f} MiB",
        flush=True,
    )


def main() -> None:
    """Print pictures a second by hidden units."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="to play, for each size")
    parser.add_argument("--units", type=int, nargs="+", default=UNITS)
    arguments = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        sys.exit("there is no Chromium on this machine: install it")
    with running() as (process, link), sync_playwright() as browsers:
        options = ["--no-sandbox", "--disable-background-networking"]
        browser = browsers.chromium.launch(executable_path=chromium, args=options)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(link)
        page.get_by_label("Hidden units", exact=True).wait_for()
        for units in arguments.units:
            play(page, process, units, arguments.seconds)
        browser.close()


if __name__ == "__main__":
    main()

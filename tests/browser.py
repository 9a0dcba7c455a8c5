"""A real browser for tests: Chromium, if there is one, driven by Playwright, and axe-core in it."""

import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


class Seen(NamedTuple):
    """What a page did when it was opened.

    ``errors`` of its console and scripts; ``requests``, but for data in it; ``violations`` of what
    axe-core checks, and the ``serious`` ones; whether it is wider than the window; ``images`` that
    did not load.
    """

    errors: list[str]
    requests: list[str]
    violations: list[str]
    serious: list[str]
    too_wide: bool
    lost_images: int


@contextmanager
def opened_browser() -> Iterator[Any]:
    """Open Chromium without a window."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser
        browser.close()


def violations(page: Any) -> dict[str, str]:
    """Return what axe-core finds on a page, each with its impact."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return {f"{each['id']}: {each['nodes'][0]['html'][:200]}": each["impact"] for each in found}


def look(browser: Any, address: str, width: int = 1200) -> Seen:
    """Open a page, and tell what it did."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    errors: list[str] = []
    requests: list[str] = []
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    found = violations(page)
    seen = Seen(
        errors,
        [url for url in requests if not url.startswith(("data:", "blob:"))],
        list(found),
        [told for told, impact in found.items() if impact in ("serious", "critical")],
        page.evaluate("document.documentElement.scrollWidth") > width,
        page.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length"),
    )  # fmt: skip
    page.close()
    return seen


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; yield its address."""
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()

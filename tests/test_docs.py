"""The documentation builds, each example runs, and each finding is explained."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from browser import look, needs_browser, served

import shoal
from shoal.diagnosis import NAMES

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))
HEADLESS = os.environ | {"MPLBACKEND": "Agg", "NO_MKDOCS_2_WARNING": "1"}


def run(*command, folder):
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=HEADLESS, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_runs_without_warnings_and_draws(script, tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    assert run("-W", "error", f"examples/{script.name}", folder=tmp_path)
    assert (tmp_path / f"{script.stem}.png").read_bytes().startswith(b"\x89PNG")


def test_every_example_is_listed_and_in_the_gallery():
    listed = re.findall(r"^\| `(\w+)\.py`", (ROOT / "examples/README.md").read_text(), re.MULTILINE)
    shown = re.findall(r"gallery/(\w+)\.md", (ROOT / "mkdocs.yml").read_text())
    names = [script.stem for script in SCRIPTS]
    assert sorted(listed) == names
    assert sorted({*shown} - {"index"}) == names


def test_every_finding_has_a_section_whose_anchor_is_its_name():
    page = (ROOT / "docs/findings.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert sorted(heading.lower() for heading in headings) == sorted(NAMES)


def test_the_reference_lists_every_public_name():
    listed = (ROOT / "docs/reference/index.md").read_text(encoding="utf-8")
    assert [name for name in shoal.__all__ if f"[`{name}`]" not in listed] == []


def test_every_block_of_python_is_one_that_runs():
    for page in (ROOT / "docs").rglob("*.md"):
        for fence in re.findall(
            r"^ *(?:```|~~~) *python.*$", page.read_text("utf-8"), re.MULTILINE
        ):
            assert re.fullmatch(r'```python(?: picture="[^"]+")?', fence), (page, fence)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built; SHOAL_SITE names one that was just built."""
    if given := os.environ.get("SHOAL_SITE"):
        return ROOT / given
    for module in ("mkdocs", "material", "mkdocstrings", "markdown_exec", "math_core"):
        pytest.importorskip(module, reason="the extra 'docs' is not installed")
    folder = tmp_path_factory.mktemp("site")
    run("-m", "mkdocs", "build", "--strict", "--site-dir", str(folder), folder=ROOT)
    return folder


def test_the_site_builds_and_shows_what_its_code_did(site):
    findings = (site / "findings.html").read_text(encoding="utf-8")
    assert all(f'id="{name}"' in findings for name in ("dead", "dead-units", "alpha-too-large"))
    for page in site.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        assert "arithmatex" not in html, page  # a formula that was not typeset
        fetched = re.findall(
            r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"?(https?:[^\" >]+)", html
        )
        assert not fetched, page  # a reader needs no network


@needs_browser
def test_every_page_can_be_read_with_any_tool_and_asks_nobody_for_anything(site, browser):
    pages = sorted(page for page in site.rglob("*.html") if page.name != "404.html")
    assert len(pages) > 30
    with served(site) as address:
        for page in pages:
            seen = look(browser, f"{address}/{page.relative_to(site)}")
            assert seen.errors == [], page
            assert [each for each in seen.requests if not each.startswith(address)] == [], page
            assert seen.serious == [], page

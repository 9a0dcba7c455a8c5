"""What the site's build does beyond its plugins: code that runs, pictures, formulas, the gallery.

- Every ``python`` block of a page runs, in one session a page, and what it prints follows it. A
  block that fails, or warns, fails the build.
- ``python picture="what is seen"`` also shows the current figure, with that text as its
  description.
- ``console run``: its commands run too, and their output stands in the block.
- Formulas become MathML here, so that no script has to be fetched to show them.
- All of that happens in an empty folder with a link to ``examples/``, as in a reader's clone.
- The theme's search gets the name that a screen reader says of it.
- Each script in ``examples/`` is run and becomes a page of the gallery.
"""

import ast
import io
import os
import re
import runpy
import shlex
import subprocess
import sys
import tempfile
import warnings
from base64 import b64encode
from contextlib import chdir, redirect_stdout
from html import escape, unescape
from pathlib import Path
from typing import Any

import matplotlib as mpl
from math_core import LatexToMathML
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
BLOCK = re.compile(r'^```python(?: picture="(?P<picture>[^"]+)")?\n(?P<code>.*?)^```$', re.M | re.S)
COMMANDS = re.compile(r"^```console run\n(?P<lines>.*?)^```$", re.M | re.S)
FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([([])(.*?)\\[)\]]</\1>', re.S)
OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+(?:src|examples|benchmarks)[^)]*\)")
NOTHING_PRINTED = re.compile(
    r'<div class="language-text highlight"><pre><span></span><code>\s*</code></pre></div>'
)
NOTHING_SAID = re.compile(r'\N{EN DASH}(?=\s*<div class="doc-md-description">\s*</div>)')
ROLE = re.compile(r":(?:class|meth|func):(?=<code)")
HIDDEN = "# markdown-exec: hide"

FOLDER = tempfile.TemporaryDirectory(prefix="shoal-docs-")
sys.modules["site_hooks"] = sys.modules[__name__]  # by this name blocks of code find it


def on_startup(**_: Any) -> None:
    """Draw without a screen, and let what a page's code warns of fail the build."""
    link = Path(FOLDER.name, "examples")
    if not link.exists():
        link.symlink_to(ROOT / "examples")
    mpl.use("agg")
    mpl.rcParams.update({"figure.constrained_layout.use": True, "svg.hashsalt": "shoal"})
    for category in (UserWarning, RuntimeWarning, FutureWarning):
        warnings.filterwarnings("error", category=category)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the gallery."""
    parts = ["# Gallery\n\nEach picture is drawn by a short script, which its page shows.\n"]
    in_order = re.findall(r"gallery/(\w+)\.md", Path(config.config_file_path).read_text("utf-8"))
    for script in sorted(EXAMPLES, key=lambda script: in_order.index(script.stem)):
        page, picture = _gallery_page(script)
        name = f"gallery/{script.stem}"
        files.append(File.generated(config, f"{name}.md", content=page))
        files.append(File.generated(config, f"{name}.png", content=picture))
        title = page.partition("\n")[0].removeprefix("# ")
        parts.append(f"\n## [{title}]({script.stem}.md)\n\n![{title}]({script.stem}.png)\n")
    files.append(File.generated(config, "gallery/index.md", content="".join(parts)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Let every block of Python run; links that lead out of the site become plain words."""
    options = f'exec="1" session="{page.file.src_uri}" workdir="{FOLDER.name}"'

    def running(match: re.Match[str]) -> str:
        code, seen = match["code"], match["picture"]
        if not seen:
            return f'```python {options} source="above" result="text"\n{code}```'
        show = f"print(__import__('site_hooks').figure({seen!r}))  {HIDDEN}\n"
        return f'```python {options} source="above" html="1"\n{code}{show}```'

    def in_order(match: re.Match[str]) -> str:
        call = f"__import__('site_hooks').commands({match['lines']!r})"
        return f'```python {options} result="console"\nprint({call})\n```'

    return OUTSIDE.sub(r"\1", COMMANDS.sub(in_order, BLOCK.sub(running, markdown)))


def on_post_page(output: str, **_: Any) -> str:
    """Name the search, which the theme leaves without a name."""
    nameless = 'data-md-component="search" role="dialog"'
    return output.replace(nameless, f'{nameless} aria-label="Search"')


def on_page_content(html: str, **_: Any) -> str:
    """Typeset the formulas; leave out the roles that docstrings name other objects with."""
    converter = LatexToMathML()

    def typeset(match: re.Match[str]) -> str:
        displayed = match[2] == "["
        latex = unescape(match[3]).strip()
        formula = converter.convert_with_local_state(latex, displaystyle=displayed)
        return f'<div class="formula">{formula}</div>' if displayed else str(formula)

    html = FORMULA.sub(typeset, html)
    for pattern in (ROLE, NOTHING_PRINTED, NOTHING_SAID):
        html = pattern.sub("", html)
    return html.replace("array - like", "array-like")  # of numpydoc's types, read as a difference


def figure(seen: str) -> str:
    """Return the current figure of Matplotlib as HTML, and close it."""
    from matplotlib import pyplot  # noqa: PLC0415  (after the choice of a backend)

    svg = io.BytesIO()
    pyplot.gcf().savefig(svg, format="svg", metadata={"Date": None})
    pyplot.close("all")
    data = b64encode(svg.getvalue()).decode()
    return f'<p><img alt="{escape(seen)}" src="data:image/svg+xml;base64,{data}"></p>'


def commands(lines: str) -> str:
    """Run commands, one a line; return them with their output."""
    shown = []
    for line in lines.splitlines():
        command = [sys.executable, "-m", *shlex.split(line.removeprefix("$ "))]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False,
            env=os.environ | {"COLUMNS": "88"},
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{line!r} failed: {done.stderr}")
        output = (row.rstrip() for row in done.stdout.splitlines())
        shown += [line, *(row for row in output if row), ""]
    return "\n".join(shown).rstrip()


def _gallery_page(script: Path) -> tuple[str, bytes]:
    """Run a script as its reader would; return its page and its picture."""
    printed = io.StringIO()
    with (
        chdir(FOLDER.name), redirect_stdout(printed),
        warnings.catch_warnings(action="error"), mpl.rc_context(),
    ):  # fmt: skip
        doc = runpy.run_path(str(script), run_name="__main__")["__doc__"]
        picture = Path(f"{script.stem}.png").read_bytes()
    title, _, text = doc.strip().partition("\n")
    source = script.read_text(encoding="utf-8")
    after_docstring = ast.parse(source).body[0].end_lineno
    code = "\n".join(source.splitlines()[after_docstring:]).strip()
    page = (
        f"# {title.rstrip('.')}\n\n{text.strip()}\n\n![{title}]({script.stem}.png)\n\n"
        f'```text title="It prints"\n{printed.getvalue()}```\n\n'
        f'```python title="examples/{script.name}"\n{code}\n```\n'
    )
    return page, picture

"""Guarantee: a trace reads the same as text, LaTeX and HTML, with shapes; long arrays are cut.

Floor 3. The HTML is one page that fetches nothing and runs nothing; the LaTeX needs amsmath.
"""

import re
from html import escape
from itertools import groupby

import numpy as np

from shoal.traces import Step, Trace

TEXT = LATEX = (8, 6)  # rows and columns of an array that are shown
HTML = (40, 20)
DIGITS, LONGEST_NAME = 6, 28
TITLES = {
    "examples": "Examples",
    "parameters": "Parameters",
    "forward": "Forward propagation",
    "cost": "Cost",
    "hidden units": "What adds up to z1 and z2",
    "backward": "Back-propagation",
    "update": "Update",
}
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: .3rem 0 1rem; overflow-wrap: normal; }
td, th { border: 1px solid #767676; padding: .1rem .5rem; text-align: right;
  font-variant-numeric: tabular-nums; }
th { font-weight: normal; font-style: italic; text-align: left; white-space: nowrap;
  border-color: transparent; }
td.corner { border-color: transparent; }
.numbers { overflow-x: auto; }
h3 { margin: 1.2rem 0 0; font-size: 1rem; }
p { margin: 0; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #111; } }
@media print { h3 { break-after: avoid; } }
"""

Cut = list[int | None]


def trace_text(trace: Trace) -> str:
    """Return a trace as plain text."""
    lines = [_headline(trace)]
    for part, steps in groupby(trace.steps, key=lambda step: step.part):
        lines += ["", TITLES[part]]
        for step in steps:
            left, sign = _left(step)
            right = f" {sign} {step.equation}" if step.equation else ""
            note = f"   {step.note}" if step.note else ""
            lines.append(f"  {left:9}{right}   {_shape(step)}{note}")
            rows, columns = _cut(step, TEXT)
            of_rows, of_columns = (
                _names(trace, step, 0, rows),
                _names(trace, step, 1, columns),
            )
            width = max((len(name) for name in of_rows), default=0)
            if of_columns:
                named = "  ".join(f"{_narrow(name):>12}" for name in of_columns)
                lines.append(f"      {'':{width}}  {named}")
            for i, cells in enumerate(_cells(step, rows, columns)):
                name = of_rows[i] if of_rows else ""
                numbers = "  ".join(f"{cell:>12}" for cell in cells)
                lines.append(f"      {name:{width}}  {numbers}")
    return "\n".join(lines) + "\n"


def trace_latex(trace: Trace) -> str:
    """Return a trace as a LaTeX fragment of aligned equations; it needs amsmath."""
    lines = [f"% {_headline(trace)}; needs \\usepackage{{amsmath}}", r"\allowdisplaybreaks"]
    made = []
    for step in trace.steps:
        rows, columns = _cut(step, LATEX)
        cells = [
            " & ".join(_number_in_tex(cell, vertical=row is None) for cell in of_row)
            for row, of_row in zip(rows, _cells(step, rows, columns), strict=True)
        ]
        left, sign = _left(step)
        right = f" {sign} {_in_tex(step.equation)}" if step.equation else ""
        matrix = r" \\ ".join(cells)
        matrix = rf"\begin{{bmatrix}} {matrix} \end{{bmatrix}}"
        made.append(f"  {_in_tex(left)} &{right} = {matrix}")
    return "\n".join([*lines, r"\begin{align*}", " \\\\\n".join(made), r"\end{align*}", ""])


def trace_html(trace: Trace) -> str:
    """Return a trace as an HTML page."""
    body = []
    for part, steps in groupby(trace.steps, key=lambda step: step.part):
        body.append(f"<h2>{TITLES[part]}</h2>")
        for step in steps:
            left, sign = _left(step)
            equation = f"{left} {sign} {step.equation}" if step.equation else left
            body.append(
                f"<h3>{escape(equation)} {_shape(step)}</h3><p>{escape(step.note)}</p>"
                f'<div class="numbers" tabindex="0" role="group" aria-label="{escape(left)}">'
                f"<table>{_html_rows(trace, step)}</table></div>"
            )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>One step of gradient descent</title><style>{STYLE}</style></head><body><main>"
        f"<h1>One step of gradient descent</h1><p>{escape(_headline(trace))}</p>"
        f"{''.join(body)}</main></body></html>\n"
    )


def _html_rows(trace: Trace, step: Step) -> str:
    rows, columns = _cut(step, HTML)
    of_rows, of_columns = _names(trace, step, 0, rows), _names(trace, step, 1, columns)
    corner = '<td class="corner"></td>' if of_rows else ""
    made = []
    if of_columns:
        heads = "".join(f'<th scope="col">{escape(name)}</th>' for name in of_columns)
        made.append(f"<tr>{corner}{heads}</tr>")
    for i, cells in enumerate(_cells(step, rows, columns)):
        head = f'<th scope="row">{escape(of_rows[i])}</th>' if of_rows else ""
        made.append(f"<tr>{head}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    return "".join(made)


def _headline(trace: Trace) -> str:
    examples = "one example" if trace.m == 1 else f"{trace.m:,} examples"
    units = trace.names["unit"]
    unit = f", hidden {units[0]}" if len(units) == 1 else ""
    return f"One step of gradient descent on {examples}, alpha = {trace.alpha:g}{unit}"


def _left(step: Step) -> tuple[str, str]:
    """Return a step's symbol, and the sign between it and its equation."""
    symbol = step.symbol.removesuffix(" :=")
    return symbol, "=" if symbol == step.symbol else ":="


def _shape(step: Step) -> str:
    return f"({step.value.shape[0]}, {step.value.shape[1]})"


def _cut(step: Step, most: tuple[int, int]) -> tuple[Cut, Cut]:
    """Return which rows and columns are shown: of many the first ones, None for a gap, the last."""
    rows, columns = (_shown(n, limit) for n, limit in zip(step.value.shape, most, strict=True))
    return rows, columns


def _shown(n: int, most: int) -> Cut:
    everything = list(range(n))
    return [*everything] if n <= most else [*everything[: most - 2], None, everything[-1]]


def _names(trace: Trace, step: Step, axis: int, shown: Cut) -> list[str]:
    """Return the names of an axis, unless there is but one to tell."""
    kind = step.axes[axis]
    if not kind or step.value.shape[axis] == 1:
        return []
    return ["…" if i is None else _short(trace.names[kind][i]) for i in shown]


def _short(name: str) -> str:
    visible = "".join(c if c.isprintable() else "?" for c in name)
    return visible if len(visible) <= LONGEST_NAME else f"{visible[: LONGEST_NAME - 1]}…"


def _narrow(name: str) -> str:
    """Cut a name in its middle: pieces differ at the end."""
    return name if len(name) <= 12 else f"{name[:4]}…{name[-7:]}"


def _cells(step: Step, rows: Cut, columns: Cut) -> list[list[str]]:
    # adding 0 makes a zero of -0
    return [
        ["…" if i is None or j is None else f"{step.value[i, j] + 0.0:.{DIGITS}g}" for j in columns]
        for i in rows
    ]


def _in_tex(formula: str) -> str:
    """Return a formula of the plain text in LaTeX."""

    def indexed(match: re.Match[str]) -> str:
        prime, transposed = r"\prime" if match[3] else "", "T" if match[4] else ""
        return f"{match[1]}^{{[{match[2]}]{prime}{transposed}}}"

    tex = re.sub(r"\b(d?[A-Za-z])([12])('?)(\^T)?", indexed, formula)
    tex = tex.replace("(1/m)", r"\frac{1}{m}").replace("sum", r"\sum").replace(" * ", r" \ast ")
    return re.sub(r"\b(tanh|sigmoid|relu|leaky_relu|identity|softmax|mean)\(", _function, tex)


def _function(match: re.Match[str]) -> str:
    name = match[1].replace("_", r"\_")
    return rf"\operatorname{{{name}}}("


def _number_in_tex(cell: str, vertical: bool) -> str:
    dots = r"\vdots" if vertical else r"\cdots"
    number, e, exponent = cell.replace("…", dots).partition("e")
    return rf"{number} \cdot 10^{{{int(exponent)}}}" if e and np.isfinite(float(cell)) else number

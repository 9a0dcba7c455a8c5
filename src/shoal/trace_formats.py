"""Guarantee: a trace reads the same as text, LaTeX and HTML, with shapes; long arrays are cut.

Floor 4. The HTML is one page that fetches nothing and runs nothing.
"""

from html import escape
from itertools import groupby

import numpy as np

from shoal.activations import Array
from shoal.trace import Step, Trace

MOST_ROWS, MOST_COLUMNS = 8, 6  # of an array that are shown
DIGITS = 6
TITLES = {
    "examples": "Examples",
    "parameters": "Parameters",
    "forward": "Forward propagation",
    "cost": "Cost",
    "hidden units": "What each hidden unit adds to z2",
    "backward": "Back-propagation",
    "update": "Update",
}
STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
table { border-collapse: collapse; margin: .3rem 0 1rem; }
td { border: 1px solid #767676; padding: .1rem .5rem; text-align: right;
  font-variant-numeric: tabular-nums; }
.numbers { overflow-x: auto; }
h3 { margin-bottom: 0; font-size: 1rem; }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #111; } }
@media print { h3 { break-after: avoid; } }
"""


def trace_text(trace: Trace) -> str:
    """Return a trace as plain text."""
    lines = [_headline(trace)]
    for part, steps in groupby(trace.steps, key=lambda step: step.part):
        lines += ["", TITLES[part]]
        for step in steps:
            lines.append(f"  {step.symbol:9} = {step.equation}   {_shape(step)}")
            lines += [
                f"      {' '.join(f'{cell:>12}' for cell in row)}" for row in _cells(step.value)
            ]
    return "\n".join(lines) + "\n"


def trace_latex(trace: Trace) -> str:
    """Return a trace as a LaTeX fragment of aligned equations."""
    lines = [f"% {_headline(trace)}", r"\begin{align*}"]
    for step in trace.steps:
        rows = r" \\ ".join(" & ".join(_tex(cell) for cell in row) for row in _cells(step.value))
        symbol = step.symbol if step.symbol in ("x", "y", "X", "Y", "L", "J") else ""
        equal = f"{symbol} &= " if symbol and step.latex == symbol else f"{step.latex} &= "
        lines.append(rf"  {equal}\begin{{bmatrix}} {rows} \end{{bmatrix}} \\")
    return "\n".join([*lines, r"\end{align*}", ""])


def trace_html(trace: Trace) -> str:
    """Return a trace as an HTML page."""
    body = []
    for part, steps in groupby(trace.steps, key=lambda step: step.part):
        body.append(f"<h2>{TITLES[part]}</h2>")
        for step in steps:
            rows = "".join(
                f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"
                for row in _cells(step.value)
            )
            body.append(
                f"<h3>{escape(step.symbol)} = {escape(step.equation)} {_shape(step)}</h3>"
                '<div class="numbers" tabindex="0" role="group"'
                f' aria-label="{escape(step.symbol)}">'
                f"<table>{rows}</table></div>"
            )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>One step of gradient descent</title><style>{STYLE}</style></head><body><main>"
        f"<h1>One step of gradient descent</h1><p>{escape(_headline(trace))}</p>"
        f"{''.join(body)}</main></body></html>\n"
    )


def _headline(trace: Trace) -> str:
    examples = "one example" if trace.m == 1 else f"{trace.m:,} examples"
    return f"One step of gradient descent on {examples}, alpha = {trace.alpha:g}"


def _shape(step: Step) -> str:
    return f"({step.value.shape[0]}, {step.value.shape[1]})"


def _cells(value: Array) -> list[list[str]]:
    """Return the numbers as text; of many rows and columns the first ones, and the last."""
    rows, columns = _shown(value.shape[0], MOST_ROWS), _shown(value.shape[1], MOST_COLUMNS)
    return [
        ["…" if i is None or j is None else f"{value[i, j]:.{DIGITS}g}" for j in columns]
        for i in rows
    ]


def _shown(n: int, most: int) -> list[int | None]:
    everything = list(range(n))
    return [*everything] if n <= most else [*everything[: most - 2], None, everything[-1]]


def _tex(cell: str) -> str:
    number, e, exponent = cell.replace("…", r"\cdots").partition("e")
    return rf"{number} \cdot 10^{{{int(exponent)}}}" if e and np.isfinite(float(cell)) else number

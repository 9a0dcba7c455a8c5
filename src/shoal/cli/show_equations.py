"""Guarantee: a check of the gradient is shown in words as in JSON.

Floor 7.
"""

import math
from dataclasses import asdict
from typing import Any

from rich import box
from rich.table import Table as Grid

from shoal.cli.console import console, plain, say
from shoal.diagnosis import Finding
from shoal.gradient_checks import GradientCheck


def check_data(found: GradientCheck) -> dict[str, Any]:
    """Return a check as plain data."""
    return {
        "right": found.right,
        "suspect": found.suspect or None,
        "engine": found.engine,
        "examples": found.examples,
        "cost": _finite(found.cost),
        "own_cost": _finite(found.own_cost),
        "blocks": [
            {name: _finite(value) for name, value in asdict(block).items()} | {"right": block.right}
            for block in found.blocks
        ],
    }


def _finite(value: Any) -> Any:
    """Return None for a number that JSON has not."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def show_check(found: GradientCheck) -> None:
    """Print how far each block's derivatives are off."""
    say(
        f"Engine {found.engine}, {found.examples:,} example{'s' * (found.examples > 1)}, J ="
        f" {found.cost:.6f}; distances are shares of a block's greatest derivative:"
    )
    grid = Grid(box=box.SIMPLE_HEAD)
    for name in (
        "",
        "entries",
        "complex step",
        "differences",
        "worst entry",
        "analytic",
        "numeric",
    ):
        grid.add_column(name, justify="right" if name else "left")
    for block in found.blocks:
        row, column = block.worst
        grid.add_row(
            f"d{block.block}", f"{block.entries:,}", f"{block.complex_step:.1e}",
            f"{block.difference:.1e}", f"[{row + 1}, {column + 1}]".replace("[", r"\["),
            f"{block.analytic:.9g}", f"{block.numeric:.9g}",
        )  # fmt: skip
    console().print(grid)
    if found.right:
        say("[green]The gradient is right.[/]")
    else:
        say(f"[red]The gradient is wrong:[/] look at {found.suspect}.")


def show_findings(findings: list[Finding]) -> None:
    """Print what keeps a network from learning."""
    if not findings:
        say("[green]Its hidden units are distinct and learn.[/]")
    for finding in findings:
        colour = "red" if finding.kind == "failure" else "yellow"
        say(
            f"[{colour}]{finding.name}:[/] {plain(finding.sentence)}. Cure: {plain(finding.cure)}"
            f" (see {finding.page})."
        )

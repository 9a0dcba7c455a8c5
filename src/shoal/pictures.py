"""Guarantee: a picture shows the numbers that the table beside it holds.

Floor 6. With ``report_pictures`` the only module that knows the plotting library.
"""

import base64
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from shoal.activations import Array
from shoal.atomic import check_replaceable, write_atomically
from shoal.boundary import BLUE, ORANGE, probability_map
from shoal.effects import Effect
from shoal.evaluation import Reliability
from shoal.history import History
from shoal.network import Network

MOST_BARS, MOST_CURVES, CURVES_IN_A_ROW, LONGEST_NAME = 20, 9, 3, 18


def check_picture_path(path: Path) -> None:
    """Find out early whether a picture can be written to a path.

    Raises
    ------
    InputError
        The path cannot be written, or holds a file that is no PNG and would be lost.
    """
    check_replaceable(path, b"\x89PNG", "a PNG picture")


def plot_boundary(network: Network, X: Array, Y: Array, history: History, path: Path) -> None:
    """Draw what a network of two inputs has learned beside how it got there, as a PNG.

    Parameters
    ----------
    X, Y : ndarray, (2, m) and (1, m)
        The examples; labels are 0 and 1.
    """
    P, bounds = probability_map(network, X, 400, 400)
    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    colours = LinearSegmentedColormap.from_list("classes", [BLUE, "white", ORANGE])
    shades = left.imshow(
        P, extent=bounds.ravel().tolist(), cmap=colours, vmin=0, vmax=1, alpha=0.6, aspect="auto"
    )
    left.contour(P[::-1], [0.5], extent=bounds.ravel().tolist(), colors="black", linewidths=1.5)
    for label, colour, marker in ((0, BLUE, "o"), (1, ORANGE, "^")):
        points = X[:, Y[0] == label]
        left.scatter(*points, c=colour, marker=marker, s=16, edgecolors="white", linewidths=0.4,
                     label=f"y = {label}")  # fmt: skip
    left.set(xlabel="x1", ylabel="x2", title=f"{network.n_h} hidden units: where a2 crosses 0.5")
    left.legend(loc="upper right")
    figure.colorbar(shades, ax=left, label="a2, the probability of y = 1")
    right.plot(history["epoch"], history["cost"], color=BLUE)
    right.set(xlabel="iteration", ylabel="cost J", title="gradient descent")
    right.grid(alpha=0.3)
    _write(figure, path)


def plot_reliability(found: Reliability, positive: str | None, path: Path) -> None:
    """Draw how often what was given a probability came true, as a PNG."""
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    draw_reliability(axes, found, positive)
    axes.set(title=f"Calibration error {found.error:.3f}")
    axes.grid(alpha=0.3)
    _write(figure, path)


def draw_reliability(axes: Axes, found: Reliability, positive: str | None) -> None:
    """Draw how often what was given a probability came true."""
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", label="as often as said")
    axes.plot(found.probability, found.share, color=BLUE, marker="o", label="tenths of the rows")
    what = f"of {short(positive)}" if positive else "of the likeliest class"
    axes.set(xlabel=f"mean probability {what}", ylabel="share of rows of which it was true")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.legend(loc="upper left")


def plot_effects(found: Sequence[Effect], classes: Sequence[str], path: Path) -> None:
    """Draw the importance of columns, and the curves of the most important, as a PNG."""
    shown, curves = found[:MOST_BARS], [each for each in found if each.curve][:MOST_CURVES]
    figure = Figure(figsize=(14, max(5.0, 0.35 * len(shown) + 1)), layout="constrained")
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(2, 3)).ravel()
    draw_importance(left.subplots(), shown)
    rows = -(-len(curves) // CURVES_IN_A_ROW)
    panels = right.subplots(rows, CURVES_IN_A_ROW, squeeze=False).ravel()
    for panel in panels[len(curves) :]:
        panel.set_visible(False)
    for panel, effect in zip(panels, curves, strict=False):
        draw_effect(panel, effect, classes)
    _write(figure, path)


def draw_importance(bars: Axes, found: Sequence[Effect]) -> None:
    """Draw the importance of columns as bars, the first at the top."""
    at = range(len(found))[::-1]
    bars.barh(at, [e.importance for e in found], xerr=[e.spread for e in found], color=BLUE)
    bars.set_yticks(at, [short(e.name) for e in found])
    bars.set(xlabel="rise of the log loss when shuffled", title="Importance")


def draw_effect(panel: Axes, effect: Effect, classes: Sequence[str]) -> None:
    """Draw one curve; of more than two classes the one that moves most."""
    P, k = np.array(effect.curve), effect.moved
    panel.set_title(short(effect.name), fontsize=9)
    panel.set_ylabel(f"p({short(classes[k])})", fontsize=8)
    panel.tick_params(labelsize=7)
    if effect.ordered:
        panel.plot(range(len(P)), P[:, k], color=ORANGE, marker=".")
        at = sorted({0, len(P) // 2, len(P) - 1})
        panel.set_xticks(at, [short(str(effect.values[i])) for i in at])
    elif isinstance(effect.values[0], str):
        panel.bar(range(len(P)), P[:, k], color=ORANGE)
        labels = [short(str(value)) for value in effect.values]
        panel.set_xticks(range(len(P)), labels, rotation=60, ha="right")
    else:
        panel.plot(effect.values, P[:, k], color=ORANGE, marker=".")
    panel.grid(alpha=0.3)


def short(name: str) -> str:
    """Return a name as it is drawn: cut in its middle, and without being read as a formula."""
    end = LONGEST_NAME // 2 - 1
    cut = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - end - 1]}…{name[-end:]}"
    return cut.replace("$", r"\$")


def data_uri(figure: Figure) -> str:
    """Return a picture as the address of an image that holds it; the same picture, the same text.

    As an image of its own, its parts' names cannot be confused with those of another one.
    """
    with rc_context({"svg.hashsalt": "shoal"}):
        svg = _saved(figure, format="svg", metadata={"Date": None, "Creator": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"


def _write(figure: Figure, path: Path) -> None:
    write_atomically(path, _saved(figure, format="png", dpi=120))


def _saved(figure: Figure, **how: Any) -> bytes:
    to = BytesIO()
    with warnings.catch_warnings():  # a letter that the font lacks is drawn as a box
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(to, **how)
    return to.getvalue()

"""Guarantee: the picture of a sweep shows every cell's ratio, and frames the losses."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle

Ratios = dict[tuple[int, int, int], float]  # by m, n_x, n_h
FARTHEST = 16.0  # colours end at this ratio and at its inverse


def draw(ratios: Ratios, title: str, path: Path) -> None:
    """Write a picture: a panel for each m, n_x upwards and n_h to the right."""
    every_m = sorted({m for m, _, _ in ratios})
    widths = sorted({width for _, *pair in ratios for width in pair})
    columns = min(3, len(every_m))
    rows = -(-len(every_m) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(1.5 + 4.5 * columns, 1 + 4.2 * rows),
        squeeze=False, layout="constrained",
    )  # fmt: skip
    image = None
    for m, panel in zip(every_m, axes.flat, strict=False):
        image = _panel(panel, {key[1:]: r for key, r in ratios.items() if key[0] == m}, widths)
        panel.set_title(f"{m:,} examples")
    for panel in axes.flat[len(every_m) :]:
        panel.set_axis_off()
    if image is not None:
        figure.colorbar(image, ax=axes, label="best peer's time / Shoal's", extend="both")
    figure.suptitle(f"{title}\nabove 1 Shoal is faster; losses are framed")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _panel(panel: Axes, ratios: dict[tuple[int, int], float], widths: list[int]) -> object:
    table = np.full((len(widths), len(widths)), np.nan)
    for (n_x, n_h), ratio in ratios.items():
        i, j = widths.index(n_x), widths.index(n_h)
        table[i, j] = ratio
        extreme = not 1 / 5 < ratio < 5
        colour = "white" if extreme else "black"
        panel.text(j, i, f"{ratio:.2g}", ha="center", va="center", color=colour, fontsize=9)
        if ratio < 1:
            frame = Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, edgecolor="black", lw=2)
            panel.add_patch(frame)
    image = panel.imshow(table, cmap="RdBu", norm=LogNorm(1 / FARTHEST, FARTHEST), origin="lower")
    panel.set_xticks(range(len(widths)), [f"{n:,}" for n in widths])
    panel.set_yticks(range(len(widths)), [f"{n:,}" for n in widths])
    panel.set_xlabel("hidden units")
    panel.set_ylabel("features")
    return image

"""Guarantee: the picture in the terminal can be read with and without colour.

Floor 7.
"""

import numpy as np
from rich.style import Style
from rich.text import Text

from shoal.activations import Array
from shoal.boundary import BLUE, ORANGE, probability_map
from shoal.network import Network

WIDEST, ROWS = 72, 26
GROUND = (" ", "░")  # where the network says 0, and where it says 1
POINTS = ("o", "+")
STYLES = (Style(color=BLUE, bold=True), Style(color=ORANGE, bold=True))


def draw_boundary(network: Network, X: Array, Y: Array, width: int) -> Text:
    """Draw what a network of two inputs says over the plane, and the examples on top."""
    columns = max(10, min(WIDEST, width - 3))
    P, bounds = probability_map(network, X, columns, ROWS)
    low, high = bounds[:, :1], bounds[:, 1:]
    size = np.array([[columns], [ROWS]])
    across, up = ((X - low) / (high - low) * size).astype(int)
    labels = np.full((ROWS, columns), -1)
    labels[ROWS - 1 - up, across] = Y[0]
    text = Text()
    for row in range(ROWS):
        text.append("  ")
        for column in range(columns):
            label, says = labels[row, column], int(P[row, column] > 0.5)
            if label < 0:
                text.append(GROUND[says], Style(color=(BLUE, ORANGE)[says]))
            else:
                text.append(POINTS[label], STYLES[label])
        text.append("\n")
    legend = [f"{POINTS[k]} y = {k}" for k in (0, 1)]
    return text.append(f"  {'   '.join(legend)}   {GROUND[1]} where a2 > 0.5")

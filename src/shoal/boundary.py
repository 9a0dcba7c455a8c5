"""Guarantee: every picture of a boundary, on paper or in a terminal, shows the same numbers.

Floor 2, NumPy alone.
"""

import numpy as np

from shoal.activations import Array
from shoal.network import Network

BLUE, ORANGE = "#0072b2", "#d55e00"  # told apart with any colour vision (Okabe and Ito, 2008)


def probability_map(network: Network, X: Array, columns: int, rows: int) -> tuple[Array, Array]:
    """Evaluate a network of two inputs on a grid that covers the points X, (2, m).

    Returns
    -------
    P : ndarray, (rows, columns)
        A2 of the first output, the first row at the top.
    bounds : ndarray, (2, 2)
        Least and greatest value of each input.
    """
    low, high = X.min(axis=1), X.max(axis=1)
    margin = 0.05 * (high - low)
    bounds = np.stack([low - margin, high + margin], axis=1)
    across = np.linspace(bounds[0, 0], bounds[0, 1], columns)
    down = np.linspace(bounds[1, 1], bounds[1, 0], rows)
    grid = np.stack([np.tile(across, rows), np.repeat(down, columns)])
    return network.forward(grid).A2[0].reshape(rows, columns), bounds

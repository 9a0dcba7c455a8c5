"""Guarantee: whoever asks for a part, in whatever process, gets the same rows and pieces."""

import numpy as np
from work import Array

from shoal.bins import fit_pieces
from shoal.piecewise import PiecewiseLinear

PARTS = 16


def part(i: int, m: int, n_x: int) -> tuple[Array, Array]:
    """Return X (n_x, m / 16) and Y (1, m / 16) of a part of m examples."""
    random = np.random.default_rng(i)
    X = random.standard_normal((m // PARTS, n_x), np.float32)
    Y = (X[:, :1] * X[:, 1:2] > 0).astype(np.float32)
    return X.T, Y.T


def pieces_of(m: int, n_x: int) -> PiecewiseLinear:
    """Return the pieces of the numbers, as of a table that has the rows of the first part."""
    X, Y = part(0, m, n_x)
    return fit_pieces(X.T, Y[0].astype(int))

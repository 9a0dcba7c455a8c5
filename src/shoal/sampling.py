"""Guarantee: of many rows some are drawn, the same for the same seed.

Floor 1, NumPy alone.
"""

import numpy as np
from numpy.typing import NDArray


def some_of(m: int, most: int, seed: int) -> NDArray[np.intp]:
    """Return the numbers of at most so many of m rows, ascending."""
    return np.sort(np.random.default_rng(seed).permutation(m)[:most])

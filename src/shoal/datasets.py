"""Guarantee: data sets that a formula makes, the same numbers on every machine.

Floor 1, NumPy alone. X is (n_x, m) and Y is (1, m), as in the equations.
"""

import numpy as np

from shoal.activations import Array


def planar_flower(seed: int = 1) -> tuple[Array, Array]:
    """Return the flower of the course's exercise: 400 points in the plane, two classes.

    The petals alternate between the classes, so no straight line separates them. The legacy
    generator is used because the course's published figures come from its stream.

    Returns
    -------
    X : ndarray, (2, 400)
    Y : ndarray, (1, 400)
        0 for the first 200 columns, 1 for the rest.
    """
    random = np.random.RandomState(seed)
    N = 200  # points in a class
    points = []
    for j in (0, 1):
        t = np.linspace(j * 3.12, (j + 1) * 3.12, N) + random.standard_normal(N) * 0.2
        r = 4 * np.sin(4 * t) + random.standard_normal(N) * 0.2
        points.append(np.stack([r * np.sin(t), r * np.cos(t)]))
    return np.concatenate(points, axis=1), np.repeat([[0.0, 1.0]], N, axis=1)

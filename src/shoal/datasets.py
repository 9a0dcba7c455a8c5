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


def moons(seed: int = 1) -> tuple[Array, Array]:
    """Return two half circles that reach into each other, (2, 400) and (1, 400)."""
    random, half = np.random.RandomState(seed), M // 2
    t = np.linspace(0, np.pi, half)
    upper, lower = np.stack([np.cos(t), np.sin(t)]), np.stack([1 - np.cos(t), 0.5 - np.sin(t)])
    return _noisy(random, [upper, lower], 0.1)


def circles(seed: int = 1) -> tuple[Array, Array]:
    """Return a disc within a ring, (2, 400) and (1, 400)."""
    random, half = np.random.RandomState(seed), M // 2
    t = random.uniform(0, 2 * np.pi, (2, half))
    r = np.stack([np.sqrt(random.uniform(0, 1, half)), random.uniform(1.6, 2.2, half)])
    return _noisy(random, [each * _direction(at) for each, at in zip(r, t, strict=True)], 0.1)


def xor(seed: int = 1) -> tuple[Array, Array]:
    """Return points of a square, the class being whether x1 and x2 differ in sign: (2, 400)."""
    X = np.random.RandomState(seed).uniform(-1, 1, (2, M))
    return X, (X[:1] * X[1:] < 0).astype(np.float64)


def spirals(seed: int = 1) -> tuple[Array, Array]:
    """Return two spirals, each one and a half turns long, (2, 400) and (1, 400)."""
    random, half = np.random.RandomState(seed), M // 2
    t = np.linspace(0.25, 3 * np.pi, half)
    arm = t / np.pi * _direction(t)
    return _noisy(random, [arm, -arm], 0.06)


def blobs(seed: int = 1) -> tuple[Array, Array]:
    """Return two clouds that a straight line nearly separates, (2, 400) and (1, 400)."""
    random = np.random.RandomState(seed)
    centres = [np.full((2, M // 2), centre) for centre in (-1.0, 1.0)]
    return _noisy(random, centres, 0.7)


def noise(seed: int = 1) -> tuple[Array, Array]:
    """Return points whose class has nothing to do with where they lie, (2, 400) and (1, 400)."""
    random = np.random.RandomState(seed)
    return random.uniform(-1, 1, (2, M)), random.randint(0, 2, (1, M)).astype(np.float64)


def imbalance(seed: int = 1) -> tuple[Array, Array]:
    """Return a wide cloud with 20 of 400 points of the other class in it, (2, 400)."""
    random, rare = np.random.RandomState(seed), M // 20
    X = random.standard_normal((2, M))
    X[:, M - rare :] = 0.35 * X[:, M - rare :] + 1.0
    return X, (np.arange(M) >= M - rare).astype(np.float64)[None]


M = 400  # examples of each
DATA_SETS = {
    "flower": planar_flower, "moons": moons, "circles": circles, "xor": xor, "spirals": spirals,
    "blobs": blobs, "noise": noise, "imbalance": imbalance,
}  # fmt: skip


def _direction(t: Array) -> Array:
    return np.stack([np.cos(t), np.sin(t)])


def _noisy(random: np.random.RandomState, classes: list[Array], size: float) -> tuple[Array, Array]:
    """Shift all points a little, and label them 0 and 1 by their class."""
    X = np.concatenate(classes, axis=1)
    Y = np.repeat([[0.0, 1.0]], [part.shape[1] for part in classes], axis=1)
    return X + size * random.standard_normal(X.shape), Y

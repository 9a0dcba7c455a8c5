"""Guarantee: every picture of a run shows the same plane of its features.

A plane is two of the features, the others standing at their means, or the two principal axes.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.errors import InputError
from shoal.lab.material import Material
from shoal.lab.scenario import whole

MARGIN = 0.06  # beyond the points, on each side
MOST_FOR_AXES = 2000  # examples, of which the principal axes are taken


@dataclass(frozen=True)
class Plane:
    """A plane through the features.

    Attributes
    ----------
    names : (str, str)
        What stands along x and y.
    centre : ndarray, (n_x,)
    axes : ndarray, (n_x, 2)
        Of length 1, at right angles.
    bounds : ndarray, (2, 2)
        Least and greatest of x, of y, of all examples and a margin.
    """

    names: tuple[str, str]
    centre: Array
    axes: Array
    bounds: Array

    def place(self, X: Array) -> Array:
        """Return where examples, (n_x, m), lie in the plane, (2, m)."""
        return self.axes.T @ (X - self.centre[:, None])

    def grid(self, size: int) -> Array:
        """Return the features, (n_x, size * size), of a grid over the plane, the top row first."""
        (left, right), (bottom, top) = self.bounds
        across, down = np.linspace(left, right, size), np.linspace(top, bottom, size)
        points = np.stack([np.tile(across, size), np.repeat(down, size)])
        features: Array = self.centre[:, None] + self.axes @ points
        return features


def plane_of(view: Any, material: Material) -> Plane:
    """Return the plane of a view, as the page asks for it.

    Raises
    ------
    InputError
        There is no such view.
    """
    X, features = material.learned.X, material.features
    n_x = len(features)
    kind = view.get("kind") if isinstance(view, dict) else view
    if kind == "pair":
        x, y = (whole(f"view.{name}", view.get(name), 0, n_x - 1) for name in ("x", "y"))
        axes, centre = np.eye(n_x)[:, [x, y]], X.mean(axis=1)
        centre[[x, y]] = 0.0  # so that a place is the feature itself
        if x == y:  # a single feature: y stands still
            axes[:, 1] = 0.0
        names = features[x], features[y] if x != y else ""
    elif kind == "projection":
        some = X[:, :: max(1, X.shape[1] // MOST_FOR_AXES)]
        centre = X.mean(axis=1)
        left, _, _ = np.linalg.svd(some - centre[:, None], full_matrices=False)
        axes = np.zeros((n_x, 2))
        axes[:, : left.shape[1]] = left[:, :2]
        signs = np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])  # the same every time
        axes *= np.where(signs < 0, -1.0, 1.0)
        names = "1st principal axis", "2nd principal axis"
    else:
        raise InputError("view must be a pair of features, or a projection")
    plane = Plane(names, centre, axes, np.zeros((2, 2)))
    return Plane(names, centre, axes, _bounds(plane, material))


def _bounds(plane: Plane, material: Material) -> Array:
    parts = [plane.place(part.X) for part in (material.learned, material.held_out)]
    places = np.concatenate(parts, axis=1)
    low, high = places.min(axis=1), places.max(axis=1)
    margin = np.where(high > low, MARGIN * (high - low), 1.0)
    low, high = low - margin, high + margin
    if material.room:
        low, high = np.minimum(low, -material.room), np.maximum(high, material.room)
    return np.stack([low, high], axis=1)

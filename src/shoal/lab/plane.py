"""Guarantee: every picture of a run shows the same plane of its features.

A plane is two of the features, the others standing at their means, or the two principal axes.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.errors import InputError
from shoal.lab.material import Material
from shoal.lab.scenario import whole

View = tuple[int, int] | None  # two features by number, or the principal axes

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


def view_from_data(given: Any) -> View:
    """Read a view, as the page asks for it.

    Raises
    ------
    InputError
        There is no such view.
    """
    kind = given.get("kind") if isinstance(given, dict) else None
    if kind == "pair":
        x, y = (whole(f"view.{name}", given.get(name)) for name in ("x", "y"))
        return x, y
    if kind != "projection":
        raise InputError("view must be a pair of features, or a projection")
    return None


def plane_of(view: View, material: Material) -> Plane:
    """Return the plane of a view.

    Raises
    ------
    InputError
        There is no such feature.
    """
    axes, centre = np.zeros((len(material.features), 2)), material.learned.X.mean(axis=1)
    if view is None:
        _take_principal(axes, material.learned.X - centre[:, None])
        names = "1st principal axis", "2nd principal axis"
    else:
        names = _take_pair(view, axes, centre, material.features)
    plane = Plane(names, centre, axes, np.zeros((2, 2)))
    return replace(plane, bounds=_bounds(plane, material))


def _take_pair(
    view: tuple[int, int], axes: Array, centre: Array, features: list[str]
) -> tuple[str, str]:
    for name, feature in zip("xy", view, strict=True):
        whole(f"view.{name}", feature, 0, len(features) - 1)
    x, y = view
    centre[[x, y]] = 0.0  # so that a place is the feature itself
    axes[x, 0] = 1.0
    if x == y:  # a single feature: nothing stands along y
        return features[x], ""
    axes[y, 1] = 1.0
    return features[x], features[y]


def _take_principal(axes: Array, centred: Array) -> None:
    some = centred[:, :: -(-centred.shape[1] // MOST_FOR_AXES)]
    left, _, _ = np.linalg.svd(some, full_matrices=False)
    axes[:, : left.shape[1]] = left[:, :2]
    signs = np.sign(axes[np.abs(axes).argmax(axis=0), [0, 1]])  # the same every time
    axes *= np.where(signs < 0, -1.0, 1.0)


def _bounds(plane: Plane, material: Material) -> Array:
    parts = [plane.place(part.X) for part in (material.learned, material.held_out)]
    places = np.concatenate(parts, axis=1)
    low, high = places.min(axis=1), places.max(axis=1)
    margin = np.where(high > low, MARGIN * (high - low), 1.0)
    low, high = low - margin, high + margin
    if material.room:
        low, high = np.minimum(low, -material.room), np.maximum(high, material.room)
    return np.stack([low, high], axis=1)

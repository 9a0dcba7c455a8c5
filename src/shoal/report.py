"""Guarantee: a picture shows the numbers that the table beside it holds.

Floor 6, and the only module that knows the plotting library.
"""

from io import BytesIO
from pathlib import Path

from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from shoal.activations import Array
from shoal.atomic import check_writable, write_atomically
from shoal.boundary import BLUE, ORANGE, probability_map
from shoal.errors import InputError
from shoal.history import History
from shoal.network import Network


def check_picture_path(path: Path) -> None:
    """Find out early whether a picture can be written to a path.

    Raises
    ------
    InputError
        The path cannot be written, or holds a file that is no PNG and would be lost.
    """
    check_writable(path)
    if path.is_file() and path.stat().st_size and not path.read_bytes().startswith(b"\x89PNG"):
        raise InputError(f"{path} exists and is not a PNG picture: choose another name")


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
    png = BytesIO()
    figure.savefig(png, format="png", dpi=120)
    write_atomically(path, png.getvalue())

"""Guarantee: W1, b1, W2, b2 are views of one flat vector theta; change one and you change both.

Floor 1, NumPy alone. Optimisers, sums over workers, the gradient check and files work on theta;
the equations work on the four views.
"""

from numbers import Integral
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import DTypeLike

from shoal import equations
from shoal.activations import ACTIVATIONS, Activation, Array
from shoal.equations import Forward, Parameters
from shoal.errors import InputError
from shoal.losses import LOSSES, Loss

Initialisation = Literal["scaled", "gaussian", "zeros", "constant"]
INITIALISATIONS: tuple[str, ...] = get_args(Initialisation)
# 1 / m in single precision, and what it multiplies, are normal numbers from this to its inverse.
LEAST_MEAN_WEIGHT = 1e-20


def parameter_shapes(n_x: int, n_h: int, n_y: int) -> tuple[tuple[int, int], ...]:
    """Return the shapes of W1, b1, W2 and b2, which follow each other in theta."""
    n_in = n_h or n_x  # what the output layer sees
    return (n_h, n_x), (n_h, 1), (n_y, n_in), (n_y, 1)


class Network:
    """A network with one hidden layer, or none (n_h = 0: logistic or linear regression).

    Parameters
    ----------
    n_x, n_h, n_y : int
        Number of input features, hidden units and output units.
    activation : str
        g1, a name in ``shoal.activations.ACTIVATIONS``.
    output : str
        g2 and its loss, a name in ``shoal.losses.LOSSES``.
    dtype : dtype
        float64 or float32.

    Attributes
    ----------
    theta : ndarray, (n_h * n_x + n_h + n_y * n_h + n_y,)
        All parameters; zero until :meth:`initialise` or an assignment ``theta[:] = ...``.
    parameters : Parameters
        W1, b1, W2 and b2, views of theta.
    """

    def __init__(
        self,
        n_x: int,
        n_h: int,
        n_y: int,
        activation: str = "tanh",
        output: str = "sigmoid",
        dtype: DTypeLike = np.float64,
    ) -> None:
        for name, n, least in (("n_x", n_x, 1), ("n_h", n_h, 0), ("n_y", n_y, 1)):
            if not isinstance(n, Integral) or n < least:
                raise InputError(f"{name} is {n!r}, but must be a whole number, {least} or more")
        if np.dtype(dtype) not in (np.float64, np.float32):
            raise InputError(f"dtype is {np.dtype(dtype)}, but must be float64 or float32")
        self.n_x, self.n_h, self.n_y = int(n_x), int(n_h), int(n_y)
        self.activation = _known("activation", activation, tuple(ACTIVATIONS))
        self.output = _known("output", output, tuple(LOSSES))
        self._shapes = parameter_shapes(self.n_x, self.n_h, self.n_y)
        self._theta: Array = np.zeros(sum(rows * columns for rows, columns in self._shapes), dtype)
        self.parameters = self.split(self.theta)

    @property
    def theta(self) -> Array:
        """All parameters. To change them, assign to its elements: the views then change too."""
        return self._theta

    @property
    def g1(self) -> Activation:
        """The hidden activation."""
        return ACTIVATIONS[self.activation]

    @property
    def g2(self) -> Loss:
        """The output activation and its loss."""
        return LOSSES[self.output]

    def __getstate__(self) -> dict[str, Any]:
        # a copy made attribute by attribute would tear the views from theta
        names = ("n_x", "n_h", "n_y", "activation", "output", "theta")
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state: dict[str, Any]) -> None:
        shape = {name: value for name, value in state.items() if name != "theta"}
        theta = state["theta"]
        Network.__init__(self, **shape, dtype=theta.dtype)
        self.theta[:] = theta

    def split(self, flat: Array) -> Parameters:
        """Return the views W1, b1, W2, b2 of a vector laid out as theta."""
        views, start = [], 0
        for rows, columns in self._shapes:
            views.append(flat[start : start + rows * columns].reshape(rows, columns))
            start += rows * columns
        return Parameters(*views)

    def initialise(
        self,
        scheme: Initialisation = "gaussian",
        scale: float = 0.01,
        random_state: np.random.RandomState | int = 0,
    ) -> "Network":
        """Set theta to a starting point, and return the network.

        Parameters
        ----------
        scheme : {"gaussian", "scaled", "zeros", "constant"}
            ``gaussian``: weights are ``scale`` times a standard normal draw, W1 first (the
            course's way). ``scaled``: as gaussian, with a standard deviation that keeps the
            variance of the signal from layer to layer (Glorot and Bengio, 2010, and for the
            ReLUs He et al., 2015); without a hidden layer, zero. ``zeros`` and ``constant``
            (every weight is ``scale``): to see how they fail. Biases start at zero in all.
        scale : float
            Used by ``gaussian`` and ``constant``.
        random_state : RandomState or int
            The generator, or its seed. The legacy generator is used because its stream is
            frozen and the course's published figures come from it.
        """
        _known("initialisation", scheme, INITIALISATIONS)
        if not isinstance(random_state, np.random.RandomState):
            random_state = np.random.RandomState(random_state)
        self.theta[:] = 0
        W1, _, W2, _ = self.parameters
        scales = self._scales() if scheme == "scaled" else (scale, scale)
        for W, W_scale in zip((W1, W2), scales, strict=True):
            if scheme == "constant":
                W[:] = scale
            elif scheme != "zeros":
                W[:] = random_state.standard_normal(W.shape) * W_scale
        return self

    def check(self, X: Any, Y: Array | None = None, w: Array | None = None) -> None:
        """Check that examples are numbers in the shapes that the network takes, in columns.

        Raises
        ------
        InputError
            It names the array, and what is wrong with it.
        """
        if getattr(X, "ndim", None) != 2:
            raise InputError(f"X must be an array of two dimensions, ({self.n_x}, m)")
        m = X.shape[-1]
        for name, array, rows in (("X", X, self.n_x), ("Y", Y, self.n_y), ("w", w, 1)):
            if array is not None:
                _check_array(name, array, (rows, m))

    def check_features(self, X: Any) -> None:
        """Check that the network can predict from X: as :meth:`check`, and without NaN or infinity.

        Raises
        ------
        InputError
            It says what is wrong with X.
        """
        self.check(X)
        _check_finite("X", X, self.theta.dtype)

    def check_parameters(self) -> None:
        """Check that no parameter is NaN or infinity, of which a saturated unit makes a number.

        Raises
        ------
        InputError
            It says so, and how that comes.
        """
        if not _finite(self.theta):
            raise InputError(
                "the network's parameters hold NaN or infinity, as after a divergence:"
                " train it anew, with a lower learning rate"
            )

    def check_examples(self, X: Any, Y: Array, w: Array | None, *, features: bool = False) -> None:
        """Check that the network can learn from examples; with ``features``, look for NaN in X too.

        Raises
        ------
        InputError
            It names the array, and what is wrong with it.
        """
        self.check(X, Y, w)
        if features:
            _check_finite("X", X, self.theta.dtype)
        _check_finite("Y", Y)
        if w is not None:
            _check_finite("w", w)
        if w is not None and (w < 0).any():
            raise InputError("w holds negative weights: weights must be 0 or more")
        if self.output != "identity" and not ((Y >= 0) & (Y <= 1)).all():
            raise InputError(
                f"Y has values outside 0 to 1, which the output {self.output!r} cannot give:"
                " give 0 and 1, or use the output 'identity'"
            )
        if not X.shape[1] or (w is not None and not (w > 0).any()):
            raise InputError("there is no example with a weight above 0: give at least one")
        mean = 1.0 if w is None else float(w.mean(dtype=np.float64))
        if not LEAST_MEAN_WEIGHT <= mean <= 1 / LEAST_MEAN_WEIGHT:
            raise InputError(
                f"w averages {mean:.1g}, and weights so far from 1 are rounded to nothing:"
                " divide them by their mean"
            )

    def in_double_precision(self) -> "Network":
        """Return a copy in float64."""
        copy = Network(self.n_x, self.n_h, self.n_y, self.activation, self.output)
        copy.theta[:] = self.theta
        return copy

    def forward(self, X: Array) -> Forward:
        """Forward propagation of X, (n_x, m)."""
        return equations.forward(X, self.parameters, self.g1, self.g2)

    def _scales(self) -> tuple[float, float]:
        """Return the width-aware standard deviations of W1 and W2."""
        if not self.n_h:
            return 0.0, 0.0
        glorot = (
            float(np.sqrt(2 / (self.n_x + self.n_h))),
            float(np.sqrt(2 / (self.n_h + self.n_y))),
        )
        if self.activation in ("relu", "leaky_relu"):  # half of the units are at rest
            return float(np.sqrt(2 / self.n_x)), glorot[1]
        return glorot


def _check_array(name: str, array: Any, shape: tuple[int, int]) -> None:
    if getattr(array, "shape", None) != shape:
        found = getattr(array, "shape", "of no array")
        raise InputError(
            f"{name} has the shape {found}, but must have {shape}: columns are examples"
        )
    kind = getattr(getattr(array, "dtype", None), "kind", None)
    if kind is None or (name != "X" and not isinstance(array, np.ndarray)):
        raise InputError(f"{name} is a {type(array).__name__}: make a NumPy array of it")
    if kind not in "biuf":
        raise InputError(f"{name} holds {array.dtype}: make real numbers of it, as astype does")
    if isinstance(array, np.ma.MaskedArray):
        raise InputError(f"{name} is a masked array: fill it, or leave the masked examples out")


def _check_finite(name: str, array: Any, dtype: Any = None) -> None:
    """Check what an array, sparse matrix or lazy features are made of, as numbers of a dtype."""
    if isinstance(array, np.ndarray):
        values = array
    else:
        values = array.tocoo().data if hasattr(array, "tocoo") else array.numbers
        dtype = dtype if hasattr(array, "tocoo") else None  # lazy features are soft limits of them
    if values.dtype.kind != "f":
        return
    narrow = dtype is not None and np.dtype(dtype).itemsize < values.itemsize
    if _finite(values, dtype if narrow else None):
        return
    beyond = f", or numbers beyond {np.dtype(dtype)}" if narrow else ""
    raise InputError(f"{name} holds NaN or infinity{beyond}: leave those examples out")


def _finite(values: Array, dtype: Any = None) -> bool:
    """Return whether all are finite, as numbers of a dtype if one is given."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = values.sum(dtype=dtype)  # finite only if all are; no memory
        return bool(
            np.isfinite(total)
            or np.isfinite(values if dtype is None else values.astype(dtype)).all()
        )


def _known(what: str, name: str, names: tuple[str, ...]) -> str:
    if name not in names:
        raise InputError(f"{what} {name!r} is not known: choose one of {', '.join(names)}")
    return name

"""Guarantee: an optimiser sees theta and its gradient, two flat vectors, and nothing else.

Floor 2, in rising complexity: gradient descent (the course), momentum, Adam. What an optimiser
remembers are plain arrays laid out as theta, so that an engine can make its steps natively.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np

from shoal.activations import Array
from shoal.errors import InputError, positive, share


class Optimizer(ABC):
    """Changes theta in place, one gradient at a time.

    Attributes
    ----------
    alpha : float
        The learning rate.
    t : int
        Steps made.
    """

    def __init__(self, alpha: float) -> None:
        self.alpha = positive("the learning rate", alpha)
        self.t = 0

    def memory(self) -> dict[str, Array]:
        """Return what it remembers, as plain arrays."""
        arrays = {name: kept for name, kept in vars(self).items() if isinstance(kept, np.ndarray)}
        return arrays | {"t": np.array(self.t, np.int64)}

    def recall(self, memory: Mapping[str, Array], theta: Array) -> None:
        """Take up what :meth:`memory` returned, for the network of theta.

        Raises
        ------
        ValueError
            It is not the memory of such an optimizer and such a network.
        """
        t = int(memory["t"].item())
        if not t:
            return
        self.begin(theta)
        own = self.memory()
        for name, kept in memory.items():
            same = (kept.shape, kept.dtype) == (own[name].shape, own[name].dtype)
            if name != "t" and not (same or own[name].size == 0):  # 0: it makes room in a step
                raise ValueError(f"{name} is not of this optimizer")
        if memory.keys() != own.keys() or t < 0:
            raise ValueError("the memory is of another optimizer")
        for name, kept in memory.items():
            setattr(self, name, t if name == "t" else kept.copy())

    def begin(self, theta: Array) -> None:  # noqa: B027  (most have nothing to make room for)
        """Make room for what it remembers, if it is the first step."""

    @abstractmethod
    def step(self, theta: Array, gradient: Array) -> None:
        """Update theta by one step."""


class GradientDescent(Optimizer):
    """theta := theta - alpha * gradient, the update of the course.

    Parameters
    ----------
    alpha : float
        The learning rate.
    """

    def step(self, theta: Array, gradient: Array) -> None:  # noqa: D102
        self.t += 1
        theta -= self.alpha * gradient


class Momentum(Optimizer):
    """Gradient descent that keeps going: v := beta v + gradient, theta := theta - alpha v.

    The heavy ball of Polyak (1964), in the form of ``torch.optim.SGD``.

    Parameters
    ----------
    alpha : float
        The learning rate.
    beta : float
        The share of the velocity that is kept, from 0 up to but not including 1.
    """

    def __init__(self, alpha: float, beta: float = 0.9) -> None:
        super().__init__(alpha)
        self.beta = share("beta", beta)
        self.velocity = np.zeros(0)

    def begin(self, theta: Array) -> None:
        """Make room for the velocity, if it is the first step."""
        if not self.t:
            self.velocity = np.zeros_like(theta)
        _check_same(self.velocity, theta)

    def step(self, theta: Array, gradient: Array) -> None:  # noqa: D102
        self.begin(theta)
        self.t += 1
        self.velocity *= self.beta
        self.velocity += gradient
        theta -= self.alpha * self.velocity


class Adam(Optimizer):
    """Gradient descent with a step size of its own for each parameter (Kingma and Ba, 2015).

    Parameters
    ----------
    alpha : float
        The learning rate.
    beta1, beta2 : float
        Decay of the running means of the gradient and of its square.
    epsilon : float
        Keeps the division finite where a parameter has no gradient.
    """

    def __init__(
        self, alpha: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8
    ) -> None:
        super().__init__(alpha)
        self.beta1, self.beta2 = share("beta1", beta1), share("beta2", beta2)
        self.epsilon = positive("epsilon", epsilon)
        self.mean = self.square = np.zeros(0)

    def begin(self, theta: Array) -> None:
        """Make room for the running means, if it is the first step."""
        if not self.t:
            self.mean, self.square = np.zeros_like(theta), np.zeros_like(theta)
        _check_same(self.mean, theta)
        _check_same(self.square, theta)

    def step(self, theta: Array, gradient: Array) -> None:  # noqa: D102
        self.begin(theta)
        self.t += 1
        self._move(theta, gradient, self.mean, self.square, self.alpha)

    def _move(
        self, theta: Array, gradient: Array, mean: Array, square: Array, alpha: float
    ) -> None:
        mean += (1 - self.beta1) * (gradient - mean)
        square += (1 - self.beta2) * (gradient * gradient - square)
        true_mean = mean / (1 - self.beta1**self.t)  # both started at zero: undo that bias
        true_square = square / (1 - self.beta2**self.t)
        theta -= alpha * true_mean / (np.sqrt(true_square) + self.epsilon)


class ScaledAdam(Adam):
    """Adam on W1 = V diag(s), so that it can turn features up and down as a whole.

    The scales s begin at 1 and learn ``factor`` times as fast as V, b1, W2 and b2. The network
    remains what it is, as only W1 is in it. Source: the scaling layer of RealMLP (Holzmüller,
    Grinsztajn and Steinwart, 2024).

    Parameters
    ----------
    n_x, n_h : int
        The shape of W1 is (n_h, n_x).
    alpha, beta1, beta2, epsilon : float
        As for :class:`Adam`.
    factor : float
        How many times alpha the scales' learning rate is.
    """

    def __init__(
        self,
        n_x: int,
        n_h: int,
        alpha: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        factor: float = 6.0,
    ) -> None:
        super().__init__(alpha, beta1, beta2, epsilon)
        if not (n_x >= 1 and n_h >= 1):
            raise InputError(f"W1 of the shape {(n_h, n_x)} has no features to scale: give both")
        self.n_x, self.n_h = n_x, n_h
        self.factor = positive("factor", factor)
        self.V: Array = np.zeros(0)
        self.s = self.s_mean = self.s_square = self.V

    def begin(self, theta: Array) -> None:
        """Make room, if it is the first step; V is W1 in theta's place."""
        W1 = theta[: self.n_h * self.n_x].reshape(self.n_h, -1)
        if not self.t or not np.array_equal(W1, self._product):  # or somebody has changed W1
            self.V, self.s = theta.copy(), np.ones(self.n_x, theta.dtype)
            self.s_mean, self.s_square = np.zeros_like(self.s), np.zeros_like(self.s)
        super().begin(theta)

    @property
    def _product(self) -> Array:
        W1: Array = self.V[: self.n_h * self.n_x].reshape(self.n_h, -1) * self.s
        return W1

    def step(self, theta: Array, gradient: Array) -> None:  # noqa: D102
        self.begin(theta)
        self.t += 1
        of_W1 = slice(self.n_h * self.n_x)
        W1, dW1, V = (each[of_W1].reshape(self.n_h, -1) for each in (theta, gradient, self.V))
        ds = (dW1 * V).sum(axis=0)
        gradient = gradient.copy()
        gradient[of_W1] = (dW1 * self.s).ravel()
        self.V[of_W1.stop :] = theta[of_W1.stop :]
        self._move(self.V, gradient, self.mean, self.square, self.alpha)
        self._move(self.s, ds, self.s_mean, self.s_square, self.alpha * self.factor)
        theta[of_W1.stop :] = self.V[of_W1.stop :]
        W1[:] = self._product


def _check_same(memory: Array, theta: Array) -> None:
    if memory.shape != theta.shape or memory.dtype != theta.dtype:
        raise InputError(
            "the optimizer has made steps with another network: give each network one of its own"
        )

"""Guarantee: an optimiser sees theta and its gradient, two flat vectors, and nothing else.

Floor 3, in rising complexity: gradient descent (the course), Adam, L-BFGS.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from shoal.activations import Array
from shoal.engine import CostAndGradient
from shoal.errors import InputError


class Optimizer(ABC):
    """Changes theta in place, one gradient at a time."""

    def __init__(self, alpha: float) -> None:
        if not (alpha > 0 and np.isfinite(alpha)):
            raise InputError(f"the learning rate is {alpha!r}, but must be a number above 0")
        self.alpha = alpha

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
        theta -= self.alpha * gradient


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
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.t = 0
        self.mean: Array | None = None
        self.square: Array | None = None

    def step(self, theta: Array, gradient: Array) -> None:  # noqa: D102
        if self.mean is None or self.square is None:
            self.mean, self.square = np.zeros_like(theta), np.zeros_like(theta)
        self.t += 1
        self.mean += (1 - self.beta1) * (gradient - self.mean)
        self.square += (1 - self.beta2) * (gradient * gradient - self.square)
        mean = self.mean / (1 - self.beta1**self.t)  # both started at zero: undo that bias
        square = self.square / (1 - self.beta2**self.t)
        theta -= self.alpha * mean / (np.sqrt(square) + self.epsilon)


def minimize_lbfgs(
    objective: Callable[[], CostAndGradient],
    theta: Array,
    max_iterations: int,
    tol: float,
    after_iteration: Callable[[float], bool],
) -> str:
    """Minimise by L-BFGS (SciPy), on all examples at once; theta is changed in place.

    Parameters
    ----------
    objective : callable
        Returns J and its gradient at the present theta.
    tol : float
        Stop where no element of the gradient is larger.
    after_iteration : callable
        Called with the cost after each iteration; True stops.

    Returns
    -------
    str
        Why it ended, or nothing where the last iteration allowed was made.
    """

    def at(point: Array) -> tuple[float, Array]:
        theta[:] = point
        J, gradient = objective()
        return J, gradient.astype(np.float64)

    def callback(intermediate_result: object) -> None:
        theta[:] = intermediate_result.x  # type: ignore[attr-defined]
        if after_iteration(float(intermediate_result.fun)):  # type: ignore[attr-defined]
            raise StopIteration

    from scipy.optimize import minimize  # noqa: PLC0415  (half of the time that training imports)

    result = minimize(
        at,
        theta.astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        callback=callback,
        options={
            "maxiter": max_iterations,
            "maxfun": 20 * max_iterations,
            "gtol": tol,
            "ftol": 0.0,  # the gradient alone says where a minimum is
        },
    )
    theta[:] = result.x
    if result.nit >= max_iterations and result.status:
        return ""
    return {
        0: "L-BFGS reached a minimum",
        2: "L-BFGS found no better point in its direction",
    }.get(result.status, f"L-BFGS stopped: {result.message}")

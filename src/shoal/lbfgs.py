"""Guarantee: L-BFGS sees J and its gradient as functions of theta, and nothing else.

Floor 3. SciPy does the work.
"""

from collections.abc import Callable

import numpy as np

from shoal.activations import Array
from shoal.engine import CostAndGradient


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

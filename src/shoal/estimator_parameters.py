"""Guarantee: a parameter that cannot be is refused by its name, before anything is done.

Floor 5.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from shoal.activations import ACTIVATIONS
from shoal.callbacks import Callback
from shoal.errors import InputError
from shoal.network import INITIALISATIONS

SOLVERS = ("auto", "adam", "sgd", "lbfgs")


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Check the parameters of an estimator.

    Raises
    ------
    InputError
        It names the parameter, its value and what is allowed.
    """
    for name, value in parameters.items():
        allowed, remedy = _LIMITS.get(name, _ANYTHING)
        if not allowed(value):
            raise InputError(f"{name} is {value!r}, but must be {remedy}")


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _one_of(names: Sequence[str]) -> tuple[Callable[[Any], bool], str]:
    return lambda v: isinstance(v, str) and v in names, f"one of {', '.join(names)}"


def _is_random_state(value: Any) -> bool:
    if value is None or isinstance(value, np.random.RandomState):
        return True
    return _whole(value) and 0 <= value < 2**32


def _is_class_weight(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_number(weight) and weight >= 0 for weight in value.values())
    return value is None or (isinstance(value, str) and value == "balanced")


def _are_callbacks(value: Any) -> bool:
    return isinstance(value, Sequence) and all(isinstance(each, Callback) for each in value)


_ANYTHING: tuple[Callable[[Any], bool], str] = (lambda _: True, "")
_COUNT: tuple[Callable[[Any], bool], str] = (
    lambda v: _whole(v) and v >= 1,
    "a whole number, 1 or more",
)
_TRUTH: tuple[Callable[[Any], bool], str] = (
    lambda v: isinstance(v, (bool, np.bool_)),
    "True or False",
)
_LIMITS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "hidden_units": (lambda v: _whole(v) and v >= 0, "a whole number, 0 (no hidden layer) or more"),
    "activation": _one_of(tuple(ACTIVATIONS)),
    "solver": _one_of(SOLVERS),
    "alpha": (lambda v: _number(v) and v >= 0, "a number, 0 or more"),
    "batch_size": (
        lambda v: v == "auto" if isinstance(v, str) else _COUNT[0](v),
        "'auto' or a whole number, 1 or more",
    ),
    "learning_rate_init": (lambda v: _number(v) and v > 0, "a number above 0"),
    "max_iter": _COUNT,
    "shuffle": _TRUTH,
    "verbose": _TRUTH,
    "warm_start": _TRUTH,
    "early_stopping": _TRUTH,
    "random_state": (
        _is_random_state,
        "None, a RandomState or a whole number from 0 to 2**32 - 1",
    ),
    "tol": (lambda v: v is None or (_number(v) and v >= 0), "None or a number, 0 or more"),
    "validation_fraction": (lambda v: _number(v) and 0 < v < 1, "a number between 0 and 1"),
    "n_iter_no_change": _COUNT,
    "n_init": _COUNT,
    "n_estimators": _COUNT,
    "n_jobs": (
        lambda v: v is None or v == -1 or _COUNT[0](v),
        "None, -1 (all cores) or a whole number of threads, 1 or more",
    ),
    "init": _one_of(INITIALISATIONS),
    "init_scale": (_number, "a finite number"),
    "class_weight": (_is_class_weight, "None, 'balanced' or a dict of numbers, 0 or more"),
    "callbacks": (_are_callbacks, "a sequence of shoal.Callback"),
}

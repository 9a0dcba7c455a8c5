"""Guarantee: every mistake in what a user gives reaches them as one sentence with its remedy.

Floor 0. Code that finds bad input raises :class:`InputError`; the command line prints its message
and exits with code 2, and Python callers may catch it as the ``ValueError`` that it is.
"""

import math
from collections.abc import Callable
from numbers import Real
from typing import Any


class InputError(ValueError):
    """Bad input: a file, column, row or parameter that cannot be used as it is.

    The message is one sentence that names the culprit and the remedy.
    """


def check_number(name: str, value: Any, allowed: Callable[[float], bool], what: str) -> float:
    """Return a parameter as a number, of which some are allowed; ``what`` says which.

    Raises
    ------
    InputError
        It names the parameter, its value and what is allowed.
    """
    is_array = getattr(value, "shape", None) == ()  # of one number
    try:
        number = float(value) if is_array or isinstance(value, Real) else math.nan
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not allowed(number):
        raise InputError(f"{name} is {value!r}, but must be a number, {what}")
    return number


def positive(name: str, value: Any) -> float:
    """Return a parameter as a number above 0, as :func:`check_number` does."""
    return check_number(name, value, lambda number: 0 < number < math.inf, "above 0")


def share(name: str, value: Any) -> float:
    """Return a parameter as a number from 0 up to but not including 1, likewise."""
    return check_number(name, value, lambda number: 0 <= number < 1, "0 or more and below 1")


class EmptyTableError(InputError):
    """A table without rows; among the files of a table such is passed over."""


class DivergedError(InputError):
    """Training left the finite numbers: the cost or a parameter became NaN or infinite.

    Attributes
    ----------
    history : History or None
        Of the training up to there.
    """

    def __init__(self, message: str, history: Any = None) -> None:
        super().__init__(message)
        self.history = history

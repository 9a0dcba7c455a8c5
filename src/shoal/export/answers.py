"""Guarantee: what an export says of rows, whichever format it has: a number for each class and row.

Floor 6.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from shoal.activations import Array
from shoal.errors import InputError


@dataclass(frozen=True)
class Answers:
    """What an export says of some rows.

    Attributes
    ----------
    P : ndarray, (m, K)
        The probability of each class.
    labels : list or None
        The label of each row, from formats that say one.
    """

    P: Array
    labels: list[Any] | None = None


def answers_from(data: bytes, m: int, K: int, program: str) -> Answers:
    """Return what a program wrote as doubles: K probabilities of each of m rows.

    Raises
    ------
    InputError
        There are fewer or more.
    """
    if len(data) != 8 * m * K:
        raise not_compared(program, f"gave {len(data):,} bytes where {8 * m * K:,} are expected")
    return Answers(np.frombuffer(data).reshape(m, K))


def not_compared(program: str, why: str) -> InputError:
    """Return the error that a program, which was to compare an export, did not."""
    return InputError(
        f"the export could not be compared with the model, as {program} {why}: nothing was written;"
        " try another format, and report this"
    )

"""Guarantee: what an export says of rows, whichever format it has.

Floor 6.
"""

from dataclasses import dataclass
from typing import Any

from shoal.activations import Array


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

"""Guarantee: the order of the examples in a pass is a formula of m, the seed and the pass.

Floor 2, NumPy alone. No generator's state has to be kept: the pass with number 7 has the same order
whether or not passes 0 to 6 were made here. The native engine computes the same (``order.hpp``).

The numbers 0 to 2^k - 1, where 2^k is at least m, are mapped one to one onto themselves by rounds
of x := a x + c (mod 2^k) with an odd a, and x := x xor (x >> k/2); those below m are kept. The
constants a and c come from splitmix64 (Steele, Lea and Flood, 2014), keyed by seed and pass.
"""

import numpy as np
from numpy.typing import NDArray

from shoal.errors import InputError

ROUNDS = 6  # with 4, neighbours in small sets are not quite independent
MOST = 2**32


def order(m: int, seed: int, epoch: int) -> NDArray[np.uint32]:
    """Return the numbers 0 to m - 1 in the order of a pass.

    Raises
    ------
    InputError
        There are more than 2**32 examples.
    """
    check_size(m)
    bits = max(1, (m - 1).bit_length())
    mask, shift = np.uint32(2**bits - 1), np.uint32((bits + 1) // 2)
    key = splitmix64(seed, epoch)
    x = np.arange(2**bits, dtype=np.uint32)
    for r in range(ROUNDS):
        number = splitmix64(key, r)
        x = (x * np.uint32(number % 2**32 | 1) + np.uint32(number >> 32)) & mask
        x ^= x >> shift
    return x[x < m]


def check_size(m: int) -> None:
    """Refuse more examples than can be numbered in 32 bits."""
    if m > MOST:
        raise InputError(f"{m} examples are more than can be shuffled: give shuffle=False")


def splitmix64(key: int, k: int) -> int:
    """Return the k-th number of the generator whose state is the key."""
    z = (key + (k + 1) * 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return z ^ z >> 31

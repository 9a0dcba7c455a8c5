from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array

Sizes = tuple[int, int, int, str, str]  # n_x, n_h, n_y, activation, output

class Pieces:
    def __init__(
        self, X: Array, centre: Array, spread: Array, edges: Array, first: NDArray[np.uint64]
    ) -> None: ...
    def write(self, to: Array) -> None: ...

class Member32:
    passes: int
    t: int
    def __init__(
        self,
        sizes: Sizes,
        theta: Array,
        w: Array | None,
        mean_weight: float,
        decay: float,
        rule: str,
        alpha: float,
        beta1: float,
        beta2: float,
        epsilon: float,
        t: int,
        mean: Array | None,
        square: Array | None,
        costs: Array,
        dropped_below: int,
        drop_seed: int,
        V: Array | None,
        s: Array | None,
        s_mean: Array | None,
        s_square: Array | None,
        s_alpha: float,
    ) -> None: ...

class Member64(Member32): ...

def descend(
    members: list[Any],
    X: Array | None,
    pieces: Pieces | None,
    Y: Array,
    first: int,
    count: int,
    batch: int,
    shuffle: bool,
    seed: int,
    variant: str,
    reproducible: bool,
    threads: int,
    share_all: bool,
    tick: Callable[[], bool] | None,
) -> None: ...
def evaluate(
    sizes: Sizes,
    theta: Array,
    X: Array | None,
    pieces: Pieces | None,
    Y: Array | None,
    w: Array | None,
    m: float,
    gradient: Array | None,
    A2: Array | None,
    variant: str,
    reproducible: bool,
    threads: int,
    share_all: bool,
    tick: Callable[[], bool] | None,
) -> float: ...
def order(count: int, seed: int, epoch: int) -> list[int]: ...
def variants() -> list[tuple[str, bool]]: ...

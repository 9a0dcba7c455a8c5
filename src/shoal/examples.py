"""Guarantee: examples and networks that go into training fit together, or a sentence says why not.

Floor 4.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shoal.activations import Array
from shoal.callbacks import Callback
from shoal.engine.dropout import Dropout
from shoal.network import Network
from shoal.optimizers import GradientDescent, Optimizer

Metrics = Mapping[str, Callable[[Array, Array], float]]


@dataclass
class Examples:
    """Examples in columns: X (n_x, m), Y (n_y, m) and weights w (1, m), or None for 1 each."""

    X: Any  # ndarray, SciPy sparse or LazyFeatures
    Y: Array
    w: Array | None = None

    @property
    def m(self) -> int:
        """The number of examples."""
        return int(self.X.shape[1])

    @property
    def weight(self) -> float:
        """What all examples weigh."""
        return float(self.m if self.w is None else self.w.sum(dtype=np.float64))

    def check(self, network: Network, *, features: bool = False) -> None:
        """Check that a network can learn from the examples; ``features``: look into X too.

        Raises
        ------
        InputError
            It names the array and what is wrong with it.
        """
        network.check_examples(self.X, self.Y, self.w, features=features)

    def take(self, batch: NDArray[np.intp]) -> "Examples":
        """Return some of the examples."""
        w = None if self.w is None else self.w[:, batch]
        return Examples(self.X[:, batch], self.Y[:, batch], w)


@dataclass
class Member:
    """One network of a population, and what is its own in training.

    Attributes
    ----------
    network : Network
        Already initialised; its theta is the starting point and receives the result.
    optimizer : Optimizer
        Plain gradient descent with alpha = 1.2, the course's example, unless given.
    l2 : float
        Strength of the penalty l2 / (2 m) * (sum of squared weights) added to the cost.
    w : ndarray, (1, m), or None
        Weights of the examples for this network, instead of those of the examples; with zeros,
        it learns from a part of them (a fold).
    validation : Examples or None
        Examples to measure after each pass and never to learn from.
    dropout : Dropout or None
        Of its hidden layer, one of ReLU.
    callbacks : sequence of Callback
    averaging : float
        What is measured, kept and returned is then a moving average of the parameters over the
        passes, t = 0, 1, ..., which takes this share of what it was, or t / (t + 2) while that is
        less; 0 for the parameters themselves. Source: Polyak and Juditsky, Acceleration of
        Stochastic Approximation by Averaging, 1992.
    """

    network: Network
    optimizer: Optimizer = field(default_factory=lambda: GradientDescent(alpha=1.2))
    l2: float = 0.0
    w: Array | None = None
    validation: Examples | None = None
    callbacks: Sequence[Callback] = ()
    dropout: Dropout | None = None
    averaging: float = 0.0

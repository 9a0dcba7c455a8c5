"""Zeros against random: two failures and a network that learns.

The same network on the same points, from four starts. Zeros with tanh are dead: no weight ever
moves. Zeros with sigmoid are symmetric: the weights move, but the four units stay copies of each
other, so that they are worth one. A constant start is symmetric too. A small random start
learns. Each line below is one weight of W1.
"""

import matplotlib.pyplot as plt
import numpy as np

from shoal import Callback, Examples, Network, diagnose, train
from shoal.optimizers import GradientDescent

X = np.random.default_rng(0).normal(size=(2, 400))
Y = (X[:1] * X[1:] > 0).astype(float)  # like XOR: no line separates the classes


class Weights(Callback):
    """Remember W1 every tenth pass."""

    every = 10

    def on_train_begin(self, state):
        """Look before the first pass."""
        self.seen = [state.network.parameters.W1.ravel().copy()]

    def on_epoch_end(self, state):
        """Look after passes."""
        self.seen.append(state.network.parameters.W1.ravel().copy())


starts = [("zeros", "tanh"), ("zeros", "sigmoid"), ("constant", "tanh"), ("gaussian", "tanh")]
figure, panels = plt.subplots(2, 4, figsize=(12, 5.6), sharex=True, layout="constrained")
for (scheme, activation), (weights, cost) in zip(starts, panels.T, strict=True):
    network = Network(2, 4, 1, activation).initialise(scheme, 0.1, 1)
    watched = Weights()
    history = train(
        network, Examples(X, Y), optimizer=GradientDescent(alpha=0.5), max_epochs=2000,
        callbacks=[watched],
    )  # fmt: skip
    found = [finding.name for finding in diagnose(network, X, Y)] or ["healthy"]
    print(f"{scheme} with {activation}: cost {history['cost'][-1]:.4f}, {', '.join(found)}")
    weights.plot(range(0, 2001, 10), watched.seen)
    weights.set_title(f"{scheme}, {activation}: {found[0]}")
    cost.plot(history["cost"], color="black")
    cost.set(xlabel="iteration", ylim=(0, 0.75))
panels[0, 0].set_ylabel("the 8 weights of W1")
panels[1, 0].set_ylabel("cost J")
figure.savefig("two_failures.png", dpi=120)

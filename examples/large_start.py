"""A small start against a large one.

Weights drawn from a Gaussian and multiplied by 0.01, by 1 or by 20. From the large start most
activations lie on the flat ends of tanh, where the slope is below a hundredth of its greatest, and
the cost falls slowly and stays high. From the smallest start nothing is saturated, but the cost
waits on a plateau before it falls. The right size lies between. Eight seeds of each.
"""

import matplotlib.pyplot as plt
import numpy as np

from shoal import Callback, Examples, Member, Network, train_population
from shoal.optimizers import GradientDescent

X = np.random.default_rng(0).normal(size=(2, 400))
Y = (X[:1] * X[1:] > 0).astype(float)


class Saturated(Callback):
    """Remember the share of activations on a flat end, every tenth pass."""

    every = 10

    def share(self, network):
        """Return the share."""
        return network.g1.saturated(network.forward(X).Z1).mean()

    def on_train_begin(self, state):
        """Look before the first pass."""
        self.shares = [self.share(state.network)]

    def on_epoch_end(self, state):
        """Look after passes."""
        self.shares.append(self.share(state.network))


figure, (costs, shares) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
for scale, colour in ((0.01, "tab:blue"), (1, "tab:green"), (20, "tab:red")):
    members = [
        Member(
            Network(2, 4, 1).initialise("gaussian", scale, seed),
            GradientDescent(alpha=0.5),
            callbacks=[Saturated()],
        )
        for seed in range(8)
    ]
    histories = train_population(members, Examples(X, Y), max_epochs=1000)
    cost = np.array([history["cost"] for history in histories])
    share = np.array([member.callbacks[0].shares for member in members])
    print(
        f"x {scale:<5g} {share[:, 0].mean():4.0%} saturated at the start,"
        f" median cost after 1,000 iterations {np.median(cost[:, -1]):.3f}"
    )
    costs.plot(np.median(cost, axis=0), color=colour, label=f"randn * {scale:g}")
    costs.fill_between(
        range(1000), *np.quantile(cost, (0.25, 0.75), axis=0), color=colour, alpha=0.2
    )
    shares.plot(range(0, 1001, 10), share.mean(axis=0), color=colour)
costs.set(xlabel="iteration", ylabel="cost J: median, and the middle half", yscale="log")
shares.set(xlabel="iteration", ylabel="share of saturated activations", ylim=(0, 1))
costs.legend()
figure.savefig("large_start.png", dpi=120)

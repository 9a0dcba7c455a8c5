"""Where a hidden layer helps, and where it does not.

Logistic regression beside four hidden units, on the flower and on two clouds of points. A line
cannot tell petals apart: logistic regression names 47 % of the flower's points rightly. Two round
clouds need no more than a line. What the hidden layer gains there, it gains on the very points that
it learned from.
"""

import matplotlib.pyplot as plt
import numpy as np

from shoal import Examples, Network, train
from shoal.boundary import probability_map
from shoal.datasets import planar_flower

random = np.random.default_rng(0)
labels = np.repeat([[0.0, 1.0]], 200, axis=1)
clouds = random.normal(size=(2, 400)) + np.array([[2.0], [1.0]]) * (labels - 0.5) * 1.5
figure, panels = plt.subplots(2, 2, figsize=(8, 7), layout="constrained")
for row, (name, X, Y) in zip(
    panels, [("flower", *planar_flower()), ("two clouds", clouds, labels)], strict=True
):
    for panel, n_h in zip(row, (0, 4), strict=True):
        network = Network(2, n_h, 1).initialise("gaussian" if n_h else "zeros", 0.01, 2)
        train(network, Examples(X, Y), max_epochs=3000)
        right = ((network.forward(X).A2 > 0.5) == Y).mean()
        what = "logistic regression" if not n_h else f"{n_h} hidden units"
        print(f"{name}, {what}: {right:.1%} right")
        P, bounds = probability_map(network, X, 200, 200)
        extent = bounds.ravel().tolist()
        panel.imshow(P, extent=extent, cmap="coolwarm", vmin=0, vmax=1, alpha=0.6, aspect="auto")
        panel.scatter(*X, c=Y[0], cmap="coolwarm", s=8, edgecolors="white", linewidths=0.3)
        panel.set_title(f"{name}, {what}: {right:.1%} right")
figure.savefig("where_a_layer_helps.png", dpi=120)

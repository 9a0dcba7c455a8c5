"""The flower with a growing hidden layer.

The course's flower of 400 points, and networks of 1 to 50 hidden units, trained in one run with
plain gradient descent. One unit can only draw a line; three and four follow the petals. Many more
lower the cost further, and tell hardly more points apart.
"""

import matplotlib.pyplot as plt

from shoal import Examples, Member, Network, train_population
from shoal.boundary import probability_map
from shoal.datasets import planar_flower
from shoal.optimizers import GradientDescent

X, Y = planar_flower()
members = [
    Member(Network(2, n_h, 1).initialise("gaussian", 0.01, 2), GradientDescent(alpha=0.6))
    for n_h in (1, 2, 3, 4, 20, 50)
]
histories = train_population(members, Examples(X, Y), max_epochs=4000)

figure, panels = plt.subplots(2, 3, figsize=(10, 6.6), layout="constrained")
for panel, member, history in zip(panels.flat, members, histories, strict=True):
    network = member.network
    right = ((network.forward(X).A2 > 0.5) == Y).mean()
    print(f"{network.n_h:2} hidden units: cost {history['cost'][-1]:.3f}, {right:.1%} right")
    P, bounds = probability_map(network, X, 200, 200)
    panel.imshow(
        P, extent=bounds.ravel().tolist(), cmap="coolwarm", vmin=0, vmax=1, alpha=0.6, aspect="auto"
    )
    panel.scatter(*X, c=Y[0], cmap="coolwarm", s=8, edgecolors="white", linewidths=0.3)
    panel.set_title(f"n_h = {network.n_h}: {right:.1%} right")
figure.savefig("growing_hidden_layer.png", dpi=120)

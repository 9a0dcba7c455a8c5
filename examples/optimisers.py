"""Four ways down.

The same network from the same start on the flower: gradient descent as in the course, with
momentum, with Adam, and L-BFGS, which uses the curvature of the cost. One iteration of each sees
all examples once; L-BFGS may look more often to choose its step.
"""

import matplotlib.pyplot as plt

from shoal import Examples, Network, train
from shoal.datasets import planar_flower
from shoal.optimizers import Adam, GradientDescent, Momentum

X, Y = planar_flower()
figure, axes = plt.subplots(figsize=(8, 4.4), layout="constrained")
for name, optimizer in (
    ("gradient descent, alpha = 1.2", GradientDescent(alpha=1.2)),
    ("momentum, alpha = 0.1", Momentum(alpha=0.1)),
    ("Adam, alpha = 0.02", Adam(alpha=0.02)),
    ("L-BFGS", "lbfgs"),
):
    network = Network(2, 6, 1).initialise("gaussian", 0.1, 3)
    history = train(network, Examples(X, Y), optimizer=optimizer, max_epochs=1500)
    print(f"{name}: cost {history['cost'][-1]:.4f} after {len(history):,} iterations")
    axes.plot(history["cost"], label=name)
axes.set(xlabel="iteration", ylabel="cost J", xscale="symlog")
axes.legend()
axes.grid(alpha=0.3)
figure.savefig("optimisers.png", dpi=120)

"""Many starts in one run.

Sixty-four networks that differ in their random start alone, trained in one run, which reads X once
for all of them. Where a network ends depends on where it began: some starts end in a poor valley
of the cost. `n_init=8` of the estimators keeps the best of eight.
"""

import matplotlib.pyplot as plt
import numpy as np

from shoal import Examples, Member, Network, train_population
from shoal.datasets import planar_flower
from shoal.optimizers import Adam

X, Y = planar_flower()
members = [
    Member(Network(2, 5, 1).initialise("gaussian", 0.1, seed), Adam(alpha=0.02))
    for seed in range(64)
]
histories = train_population(members, Examples(X, Y), max_epochs=2000)
costs = np.array([history["cost"] for history in histories])
final = costs[:, -1]
print(f"cost after 2,000 iterations: best {final.min():.3f}, worst {final.max():.3f}")
best_of_8 = final.reshape(8, 8).min(axis=1)
print(f"the mean of one start is {final.mean():.3f}, of the best of eight {best_of_8.mean():.3f}")

figure, (paths, ends) = plt.subplots(
    1, 2, figsize=(10, 4.2), width_ratios=(2, 1), sharey=True, layout="constrained"
)
paths.plot(costs.T, color="tab:blue", alpha=0.25, linewidth=0.8)
paths.plot(costs[final.argmin()], color="tab:orange", linewidth=2, label="the best")
paths.set(xlabel="iteration", ylabel="cost J")
paths.legend()
ends.hist(final, bins=24, orientation="horizontal", color="tab:blue")
ends.set(xlabel="networks that end there")
figure.savefig("many_starts.png", dpi=120)

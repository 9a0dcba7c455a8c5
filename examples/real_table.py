"""A real table.

569 samples of cells, 30 measurements of each, and the diagnosis. Every fourth row is held out. Its
rows say how good the networks are beside logistic regression, how reliable their probabilities
are, and which columns matter most: how much the log loss rises when a column is shuffled.
"""

import matplotlib.pyplot as plt
import numpy as np

from shoal import column_effects, read_table, train_table

table = read_table("examples/breast-cancer.csv")
held_out = np.arange(table.n_rows) % 4 == 0
learned = table.rows(np.flatnonzero(~held_out))
test = table.rows(np.flatnonzero(held_out))
model, evaluation = train_table(learned, "diagnosis", test=test, seed=0)
for name in ("accuracy", "roc_auc", "log_loss"):
    ours, logistic = (evaluation.metrics[who][name] for who in ("network", "logistic_regression"))
    print(f"{name:9} networks {ours:.4f}, logistic regression {logistic:.4f}")

effects = column_effects(model, test)
print("most important:", ", ".join(effect.name for effect in effects[:3]))
found = evaluation.reliability

figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
left.plot([0, 1], [0, 1], color="grey", linestyle="--", label="as often as said")
left.plot(found.probability, found.share, marker="o", label="tenths of the rows")
left.set(xlabel="mean probability of malignant", ylabel="share that is malignant")
left.legend()
top = effects[:8][::-1]
right.barh([effect.name for effect in top], [effect.importance for effect in top])
right.set(xlabel="rise of the log loss when the column is shuffled")
figure.savefig("real_table.png", dpi=120)

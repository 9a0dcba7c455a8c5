"""Guarantee: what makes examples hard to learn from is named, whatever the network."""

from collections.abc import Iterator

import numpy as np

from shoal.activations import Array
from shoal.diagnosis.finding import Finding

STEEP_SPREAD = 100.0  # times, from the least to the greatest size of a feature
LARGE = 30.0  # root mean square of a feature; scaled ones have 1
RARE = 0.1  # of the share that each class would have if all had the same
FEW = 20  # examples, of which no share can be told


def of_examples(X: Array, Y: Array, w: Array | None, output: str) -> Iterator[Finding]:
    """Find what is wrong with the features X, (n_x, m), and the labels Y, (n_y, m)."""
    yield from _of_features(X)
    if output == "identity" or not np.isin(Y, (0, 1)).all() or Y.shape[1] < FEW:
        return
    shares = np.average(Y, axis=1, weights=None if w is None else w[0])
    shares = np.append(shares, 1 - shares) if len(Y) == 1 else shares
    rarest = float(shares.min())
    if np.count_nonzero(shares) == 1:
        yield Finding(
            "imbalance", "warning", "the examples are all of one class",
            "give examples of the others too", {"share": rarest},
        )  # fmt: skip
    elif rarest < RARE / len(shares):
        yield Finding(
            "imbalance", "warning",
            f"the rarest of {len(shares)} classes has {rarest:.1%} of the examples",
            "judge by balanced accuracy or recall, not by accuracy; class weights may help",
            {"share": rarest},
        )  # fmt: skip


def _of_features(X: Array) -> Iterator[Finding]:
    deviations, greatest = X.std(axis=1), np.abs(X).max(axis=1)
    varying = deviations > 1e-10 * greatest  # what is less is rounding
    if not varying.any():
        if X.shape[1] > 1:
            yield Finding(
                "constant features", "failure",
                "every example has the same features: nothing tells them apart",
                "give features that vary",
            )  # fmt: skip
        return
    least, most = float(deviations[varying].min()), float(deviations[varying].max())
    size = float(np.sqrt(np.mean(X**2, axis=1)).max())
    if most > STEEP_SPREAD * least or size > LARGE:
        yield Finding(
            "unscaled", "warning",
            f"the features' deviations reach from {least:.3g} to {most:.3g}, and the root of the"
            f" mean square is {size:.3g} in the largest",
            "centre and scale the features, so that one learning rate suits all of them",
            {"least": least, "greatest": most, "root mean square": size},
        )  # fmt: skip

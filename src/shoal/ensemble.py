"""Guarantee: networks of a table are one model: their probabilities are averaged.

Floor 5. How they are trained is told in ``ensemble_training``.
"""

from dataclasses import dataclass, replace

import numpy as np

from shoal.activations import Array
from shoal.diagnosis import MOST_EXAMPLES, OF_THE_EXAMPLES, Finding, diagnose
from shoal.engine import default_engine
from shoal.engine.lines import Features, made
from shoal.history import History
from shoal.losses import class_outputs, class_probabilities
from shoal.network import Network
from shoal.sampling import some_of
from shoal.splitting import Labels


@dataclass(frozen=True)
class Ensemble:
    """Networks on the same features, and how each was trained.

    Attributes
    ----------
    networks : tuple of Network
    histories : tuple of History
    weights : ndarray, (K,)
        Of the classes in training; probabilities are those without them.
    lost : int
        How many networks more were trained, and diverged.
    """

    networks: tuple[Network, ...]
    histories: tuple[History, ...]
    weights: Array
    lost: int = 0

    def probabilities(self, X: Features) -> Array:
        """Return the mean probability of each class, (m, K), of features in rows, (m, n_x)."""
        total: Array = np.sum([self.of_network(i, X) for i in range(len(self.networks))], axis=0)
        return total / len(self.networks)

    def in_double_precision(self) -> "Ensemble":
        """Return a copy whose networks are in float64."""
        networks = tuple(network.in_double_precision() for network in self.networks)
        return replace(self, networks=networks)

    def findings(self, X: Features, labels: Labels) -> list[tuple[Finding, int]]:
        """Return what is wrong with the networks on rows (m, n_x): once, and in how many of them.

        What is only so of the rows, whether features are scaled, is left out.
        """
        some = some_of(len(X), MOST_EXAMPLES, seed=0)
        seen, labels = made(X[some]).T, labels[some]
        Y, w = class_outputs(labels, len(self.weights)), self.weights[labels][None]
        found: dict[str, list[Finding]] = {}
        for network, history in zip(self.networks, self.histories, strict=True):
            for finding in diagnose(network, seen, Y, w, history=history):
                if finding.name not in OF_THE_EXAMPLES:
                    found.setdefault(finding.name, []).append(finding)
        return [(each[0], len(each)) for each in found.values()]

    def of_network(self, i: int, X: Features) -> Array:
        """Return the probabilities of one network alone."""
        if np.ptp(self.weights):
            return _from_logits(self.networks[i], X, self.weights)
        return without_weights(probabilities(self.networks[i], X), self.weights)


@dataclass(frozen=True)
class Unseen:
    """What networks say of training rows that they did not learn from.

    Attributes
    ----------
    labels : ndarray of int, (m,)
    P : ndarray, (m, K)
    """

    labels: Labels
    P: Array


def without_weights(P: Array, weights: Array) -> Array:
    """Return what probabilities, (m, K), would be if the classes had not had weights, (K,)."""
    P = P / weights
    return np.asarray(P / P.sum(axis=1, keepdims=True))


def _from_logits(network: Network, X: Features, weights: Array) -> Array:
    """Return probabilities without weights, (m, K), of Z2: near 1 an A2 has lost its digits."""
    sizes = network.n_x, network.n_h, network.n_y, network.activation
    bare = Network(*sizes, "identity", network.theta.dtype)
    bare.theta[:] = network.theta
    Z2 = default_engine().predict(bare, X.T).astype(np.float64)
    logs = np.log(weights[1:] / weights[0] if network.n_y == 1 else weights)  # p / w: z - log w
    return class_probabilities(network.g2.g2(Z2 - logs[:, None])).T


def probabilities(network: Network, X: Features) -> Array:
    """Return the probability of each class, (m, K), of features in rows, (m, n_x)."""
    A2 = default_engine().predict(network, X.T)
    return class_probabilities(A2.astype(np.float64)).T

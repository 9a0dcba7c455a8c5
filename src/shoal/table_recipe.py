"""Guarantee: a table's networks learn from all rows, and none is stopped by rows it has learned.

Floor 5. The recipe for real tables: networks that differ in their start and in the fold of rows
that stops them early are trained in one run, and their probabilities averaged.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shoal.activations import Array
from shoal.callbacks import Callback, EarlyStopping
from shoal.engine import default_engine
from shoal.errors import DivergedError
from shoal.examples import Examples, Member
from shoal.history import History
from shoal.losses import class_probabilities
from shoal.network import Network
from shoal.optimizers import Adam
from shoal.splitting import Labels, folds
from shoal.training import train_population

NETWORKS = 5  # each is stopped by a fold of its own
HIDDEN_UNITS = 128
ALPHA = 0.002  # of Adam
BATCH = 256
MOST_EPOCHS = 200
PATIENCE = 16  # epochs
L2 = 1.0


@dataclass(frozen=True)
class Ensemble:
    """Networks on the same features, and how each was trained.

    Attributes
    ----------
    networks : tuple of Network
    histories : tuple of History
    """

    networks: tuple[Network, ...]
    histories: tuple[History, ...]

    def probabilities(self, X: Array) -> Array:
        """Return the mean probability of each class, (m, K), of features in rows, (m, n_x)."""
        total: Array = np.sum([probabilities(network, X) for network in self.networks], axis=0)
        return total / len(self.networks)


def probabilities(network: Network, X: Array) -> Array:
    """Return the probability of each class, (m, K), of features in rows, (m, n_x)."""
    A2 = default_engine().predict(network, X.T)
    return class_probabilities(A2.astype(np.float64)).T


def fit_ensemble(
    X: Array, labels: Labels, classes: int, seed: int = 0, callbacks: Sequence[Callback] = ()
) -> Ensemble:
    """Train the networks of a table.

    Parameters
    ----------
    X : ndarray, (m, n_x), float32
    labels : ndarray of int, (m,)
    classes : int
        K; with two, class 1 is the positive one.
    seed : int
        Of the folds, the starting points and the order of the rows.
    callbacks : sequence of Callback
        Watch the training of each network.

    Raises
    ------
    DivergedError
        No network was left with finite parameters.
    """
    Y = (labels == 1)[None] if classes == 2 else np.arange(classes)[:, None] == labels
    examples = Examples(X.T, Y.astype(X.dtype))
    random = np.random.RandomState(seed)
    mean_square = float(np.mean(np.einsum("ij,ij->i", X, X, dtype=np.float64)))
    members = []
    for held_out in folds(labels, NETWORKS, seed):
        weights = np.ones((1, len(labels)), X.dtype)
        weights[0, held_out] = 0
        members.append(
            Member(
                _network(X, mean_square, len(Y), random),
                Adam(ALPHA),
                L2,
                weights,
                examples.take(held_out),
                [*callbacks, EarlyStopping("validation_cost", PATIENCE, tol=0.0)],
            )
        )
    histories = train_population(
        members, examples, max_epochs=MOST_EPOCHS, batch_size=min(BATCH, len(labels)), seed=seed
    )
    sound = [i for i, history in enumerate(histories) if not history.diverged]
    if not sound:
        raise DivergedError(histories[0].stop_reason)
    return Ensemble(tuple(members[i].network for i in sound), tuple(histories[i] for i in sound))


def _network(X: Array, mean_square: float, n_y: int, random: np.random.RandomState) -> Network:
    """Return a starting point at which hidden units see a variance of 2, whatever the features.

    ``mean_square`` is that of the length of an example.
    """
    output = "sigmoid" if n_y == 1 else "softmax"
    network = Network(X.shape[1], HIDDEN_UNITS, n_y, "relu", output, X.dtype)
    network.initialise("scaled", random_state=random)
    network.parameters.W1[:] *= np.sqrt(X.shape[1] / max(mean_square, 1e-12))
    return network

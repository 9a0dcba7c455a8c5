"""The average of a network over its passes is what its definition says, and is what comes out."""

import numpy as np
import pytest

from shoal import EarlyStopping, Examples, InputError, Member, Network, Recipe
from shoal.engine import default_engine
from shoal.optimizers import Adam
from shoal.training import train_population

BATCHES = {"batch_size": 50, "seed": 3}


def examples(m, seed):
    random = np.random.default_rng(seed)
    X = random.normal(size=(3, m))
    return Examples(X, (X[:1] * X[1:2] > 0).astype(float))


def member(averaging, **of_member):
    network = Network(3, 6, 1, "relu").initialise("scaled", random_state=0)
    return Member(network, Adam(0.05), averaging=averaging, **of_member)


def trained(passes, averaging, **of_member):
    made = member(averaging, **of_member)
    (history,) = train_population([made], examples(200, 0), max_epochs=passes, **BATCHES)
    return made.network, history


@pytest.mark.parametrize("averaging", [0.6, 0.9])
def test_each_pass_enters_the_average_with_its_share(default, averaging):
    expected = np.zeros(6 * 5 + 1)
    for t in range(8):
        share = min(averaging, t / (t + 2))
        expected = share * expected + (1 - share) * trained(t + 1, 0.0)[0].theta
    np.testing.assert_array_equal(trained(8, averaging)[0].theta, expected)


def test_learning_goes_on_from_the_parameters_and_not_from_their_average(default):
    assert trained(8, 0.9)[1]["cost"] == trained(8, 0.0)[1]["cost"]


def test_what_is_measured_is_the_average(default):
    seen = examples(90, 1)
    network, history = trained(12, 0.8, validation=seen)
    cost = default_engine().cost_and_predictions(network, seen.X, seen.Y)[0]
    assert history["validation_cost"][-1] == cost
    assert history["validation_cost"] != trained(12, 0.0, validation=seen)[1]["validation_cost"]


def test_early_stopping_puts_the_best_average_back(default):
    seen = examples(40, 1)
    network, history = trained(300, 0.8, validation=seen, callbacks=[EarlyStopping(patience=5)])
    best = history.kept_epoch + 1
    assert history.stopped_early
    assert best < len(history)
    np.testing.assert_array_equal(network.theta, trained(best, 0.8)[0].theta)


def test_networks_are_averaged_in_company_as_alone(default):
    members = [member(averaging) for averaging in (0.0, 0.5, 0.9)]
    train_population(members, examples(200, 0), max_epochs=9, **BATCHES)
    for each in members:
        alone = trained(9, each.averaging)[0]
        np.testing.assert_array_equal(each.network.theta, alone.theta)


def test_a_network_that_diverges_says_so_when_it_is_averaged():
    made = member(0.9)
    made.optimizer = Adam(1e200)
    (history,) = train_population([made], examples(200, 0), max_epochs=50, **BATCHES)
    assert history.diverged


@pytest.mark.parametrize("averaging", [-0.1, 1.0, float("nan")])
def test_a_share_that_cannot_be_is_refused_by_name(averaging):
    with pytest.raises(InputError, match="averaging is"):
        trained(1, averaging)
    with pytest.raises(InputError, match="averaging is"):
        Recipe(averaging=averaging)

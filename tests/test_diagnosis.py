"""Each finding has a network that has it, and a healthy one that has not."""

import numpy as np
import pytest

from shoal import Examples, Network, train
from shoal.datasets import planar_flower
from shoal.diagnosis import curvature, diagnose, distinct_units
from shoal.engine import NumpyEngine
from shoal.history import History
from shoal.optimizers import GradientDescent


def xor(m=400, seed=0):
    """Return the course's kind of problem that no line solves."""
    X = np.random.default_rng(seed).normal(size=(2, m))
    return X, (X[:1] * X[1:] > 0).astype(float)


def names(*arguments, **options):
    return [finding.name for finding in diagnose(*arguments, **options)]


def trained(scheme, scale, activation="tanh", epochs=200, alpha=0.5):
    X, Y = xor()
    network = Network(2, 4, 1, activation).initialise(scheme, scale, 1)
    history = train(network, Examples(X, Y), optimizer=GradientDescent(alpha), max_epochs=epochs)
    return network, history


# ---- the four failures of the course's lesson ----


def test_zeros_with_tanh_are_dead():
    X, Y = xor()
    network, _ = trained("zeros", 0)
    (finding,) = diagnose(network, X, Y)
    assert (finding.name, finding.kind) == ("dead", "failure")
    assert finding.evidence["greatest dW1"] == finding.evidence["greatest dW2"] == 0
    assert network.parameters.b2.any()


def test_zeros_with_sigmoid_are_symmetric():
    X, Y = xor()
    network, _ = trained("zeros", 0, "sigmoid")
    assert network.parameters.W2.any()
    (finding,) = diagnose(network, X, Y)
    assert finding.name == "symmetric"
    assert finding.evidence == {"units": 4, "distinct units": 1}
    assert distinct_units(network) == 1


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_a_constant_start_is_symmetric(activation):
    network, _ = trained("constant", 0.1, activation)
    assert names(network, *xor()) == ["symmetric"]


def test_a_start_from_large_weights_is_saturated():
    X, Y = xor()
    network = Network(2, 4, 1).initialise("gaussian", 20.0, 1)
    finding = next(each for each in diagnose(network, X, Y) if each.name == "saturated")
    assert finding.evidence["share"] == pytest.approx(0.92, abs=0.04)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_a_healthy_network_is_silent(activation):
    X, Y = xor()
    network, history = trained("gaussian", 0.5, activation, epochs=400)
    assert names(network, X, Y, history=history, alpha=0.5) == []


def test_the_flower_at_the_course_s_rate_ends_at_the_edge_of_stability():
    X, Y = planar_flower()
    network = Network(2, 4, 1).initialise("gaussian", 0.01, 2)
    train(network, Examples(X, Y), max_epochs=1000)
    assert network.g1.saturated(network.forward(X).Z1).mean() > 0.5  # and it does no harm
    assert names(network, X, Y, alpha=0.1) == []
    assert "alpha too large" in names(network, X, Y, alpha=50.0)


# ---- the others ----


def test_units_that_are_always_zero_are_dead():
    X, Y = xor()
    network = Network(2, 4, 1, "relu").initialise("gaussian", 0.1, 1)
    network.parameters.b1[:3] = -50
    (finding,) = diagnose(network, X, Y)
    assert (finding.name, finding.evidence["share"]) == ("dead units", 0.75)


def test_a_hidden_layer_that_gets_no_slope_is_vanishing():
    network = Network(2, 4, 1).initialise("gaussian", 0.5, 1)
    network.parameters.W2[:] *= 1e-9
    assert "vanishing" in names(network, *xor())


def test_features_of_very_different_size_and_rare_classes_are_warned_of():
    X, Y = xor()
    network = Network(2, 4, 1).initialise("gaussian", 0.01, 1)
    assert names(network, X * np.array([[1.0], [1e-3]]), Y) == ["unscaled"]
    assert names(network, X, (X[:1] > 2.2).astype(float)) == ["imbalance"]


def test_the_curvature_is_the_hessian_s_greatest_eigenvalue():
    X, Y = xor(60)
    network = Network(2, 3, 1).initialise("gaussian", 1.0, 1)
    n = network.theta.size
    hessian, probe = np.empty((n, n)), Network(2, 3, 1)
    for i in range(n):
        sides = []
        for sign in (1e-5, -1e-5):
            probe.theta[:] = network.theta
            probe.theta[i] += sign
            sides.append(NumpyEngine().cost_and_gradient(probe, X, Y).gradient)
        hessian[i] = (sides[0] - sides[1]) / 2e-5
    greatest = np.linalg.eigvalsh((hessian + hessian.T) / 2)[-1]
    assert curvature(network, X, Y, None, NumpyEngine()) == pytest.approx(greatest, rel=0.02)


def test_steps_beyond_twice_the_curvature_s_inverse_are_too_large_and_tiny_ones_too_small():
    X, Y = xor()
    network = Network(2, 4, 1).initialise("gaussian", 1.0, 1)
    edge = 2 / curvature(network, X, Y, None, NumpyEngine())
    assert names(network, X, Y, alpha=1.2 * edge) == ["alpha too large"]
    assert names(network, X, Y, alpha=0.5 * edge) == []
    assert names(network, X, Y, alpha=1e-4 * edge) == ["alpha too small"]


def of_costs(costs, **columns):
    history = History()
    for i, cost in enumerate(costs):
        history.append(epoch=i, cost=cost, **{name: values[i] for name, values in columns.items()})
    return history


@pytest.mark.parametrize(
    ("costs", "held_out", "name"),
    [
        (np.linspace(0.7, 0.9, 50), None, "alpha too large"),
        (np.r_[np.linspace(0.7, 0.3, 20), np.full(80, 0.3)], None, "plateau"),
        (np.linspace(0.7, 0.1, 50), np.r_[np.linspace(0.7, 0.4, 20), np.linspace(0.4, 0.9, 30)],
         "memorising"),
        (np.linspace(0.7, 0.1, 50), np.linspace(0.7, 0.2, 50), None),
    ],
)  # fmt: skip
def test_the_history_tells_of_steps_plateaus_and_memorising(costs, held_out, name):
    X, Y = xor()
    network = Network(2, 4, 1).initialise("gaussian", 0.5, 1)
    columns = {} if held_out is None else {"validation_cost": held_out}
    found = names(network, X, Y, history=of_costs(costs, **columns))
    assert found == ([name] if name else [])

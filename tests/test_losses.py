"""Activations and losses are exact, and stay finite for every finite z."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from shoal import Network, equations
from shoal.activations import ACTIVATIONS, sigmoid
from shoal.engine import NumpyEngine
from shoal.losses import LOSSES

EPS = np.finfo(np.float64).eps
EXTREMES = [0.0, *(sign * z for sign in (1, -1) for z in (1e-308, 1.0, 750.0, 1e308))]
GREATEST = np.finfo(np.float64).max
SIGMOID, SOFTMAX, IDENTITY = LOSSES["sigmoid"], LOSSES["softmax"], LOSSES["identity"]
Z_VALUES = np.concatenate([np.linspace(-745, 745, 2981), np.linspace(-3, 3, 997), [1e-300, 0.0]])
modest = settings(derandomize=True, deadline=None, max_examples=60)


def targets(name, n_y):
    """Return every Y of zeros and ones that the output can be asked for, in columns."""
    if name == "softmax":
        return np.eye(n_y)
    return np.array(list(itertools.product([0.0, 1.0], repeat=n_y))).T


def every_pair(name, n_y, values):
    """Return Z2 and Y: every combination of the z values with every target."""
    Z2 = np.array(list(itertools.product(values, repeat=n_y))).T
    Y = targets(name, n_y)
    pairs = itertools.product(Z2.T, Y.T)
    Z2, Y = (np.array(columns).T for columns in zip(*pairs, strict=True))
    return Z2, Y


# ---- finite z ----


@pytest.mark.parametrize("n_y", [1, 2, 3])
@pytest.mark.parametrize("name", LOSSES)
def test_loss_and_prediction_of_every_finite_z_are_finite_and_free_of_warnings(name, n_y):
    Z2, Y = every_pair(name, n_y, EXTREMES)
    losses, A2 = LOSSES[name].L(Z2, Y), LOSSES[name].g2(Z2)
    assert np.isfinite(losses).all()
    assert (losses >= 0).all()
    assert np.isfinite(A2).all()
    for j in range(Z2.shape[1]):
        assert np.isfinite(equations.cost(Z2[:, [j]], Y[:, [j]], LOSSES[name]))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", LOSSES)
def test_the_cost_of_many_extreme_examples_is_finite_and_free_of_warnings(name, dtype):
    greatest = np.finfo(dtype).max
    n_y = 2 if name == "softmax" else 1
    for m in [*range(1, 100), 1000, 20_000]:
        Z2 = np.full((n_y, m), -greatest, dtype)
        Z2[0, :] = greatest
        Y = np.zeros((n_y, m), dtype)
        Y[1:] = 1  # the other class
        assert np.isfinite(equations.cost(Z2, Y, LOSSES[name])), m


@pytest.mark.parametrize("name", LOSSES)
def test_the_engine_s_cost_of_extreme_predictions_is_finite_and_free_of_warnings(name):
    n_y = 2 if name == "softmax" else 1
    network = Network(n_y, 0, n_y, output=name)
    network.parameters.W2[:] = np.eye(n_y)  # Z2 is X
    Z2, Y = every_pair(name, n_y, EXTREMES)
    assert np.isfinite(NumpyEngine().cost_and_predictions(network, Z2, Y)[0])


@pytest.mark.parametrize("n_y", [1, 2, 3])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", LOSSES)
def test_a_z_that_is_not_finite_never_gives_a_plausible_cost(name, bad, n_y):
    for position in range(n_y):
        z = np.zeros((n_y, 1))
        z[position] = bad
        for y in targets(name, n_y).T:
            with np.errstate(invalid="ignore"):
                J = equations.cost(z, y[:, None], LOSSES[name])
            assert not np.isfinite(J), f"z = {z.ravel()}, y = {y} gives J = {J}"


# ---- exactness ----


def test_sigmoid_agrees_with_scipy_to_a_few_ulp():
    Z = Z_VALUES[Z_VALUES > -709]  # beyond, SciPy gives 0
    assert np.allclose(sigmoid(Z), special.expit(Z), rtol=4 * EPS, atol=0)


def test_sigmoid_reaches_the_smallest_float():
    Z = np.array([-710.0, -720.0, -745.0])
    assert np.allclose(sigmoid(Z), np.exp(Z), rtol=4 * EPS, atol=0)
    assert (sigmoid(Z) > 0).all()


def test_sigmoid_is_symmetric_about_one_half():
    assert np.allclose(sigmoid(Z_VALUES) + sigmoid(-Z_VALUES), 1, rtol=2 * EPS, atol=0)


def test_sigmoid_cross_entropy_agrees_with_scipy_to_a_few_ulp():
    Z2 = Z_VALUES[None]
    of_one, of_zero = -special.log_expit(Z2), -special.log_expit(-Z2)
    assert np.allclose(SIGMOID.L(Z2, np.ones_like(Z2)), of_one, rtol=4 * EPS, atol=0)
    assert np.allclose(SIGMOID.L(Z2, np.zeros_like(Z2)), of_zero, rtol=4 * EPS, atol=0)


def test_sigmoid_cross_entropy_of_several_outputs_is_the_sum_of_each():
    Z2, Y = every_pair("sigmoid", 3, [-2.0, 0.5, 30.0])
    singly = [SIGMOID.L(z[None], y[None]) for z, y in zip(Z2, Y, strict=True)]
    assert np.allclose(SIGMOID.L(Z2, Y), sum(singly), rtol=4 * EPS, atol=0)


def softmax_problem(seed, n_y, m=200):
    random = np.random.default_rng(seed)
    Z2 = random.normal(scale=random.choice([1, 10, 100], m), size=(n_y, m))
    return Z2, np.eye(n_y)[:, random.integers(n_y, size=m)]


@modest
@given(seed=st.integers(0, 10**6), n_y=st.integers(1, 6))
def test_softmax_and_its_loss_agree_with_scipy(seed, n_y):
    Z2, Y = softmax_problem(seed, n_y)
    # e^(z - top) multiplies the rounding of z - top by z - top itself, in both libraries
    assert np.allclose(SOFTMAX.g2(Z2), special.softmax(Z2, axis=0), rtol=8 * EPS, atol=0)
    of_truth = -(special.log_softmax(Z2, axis=0) * Y).sum(axis=0, keepdims=True)
    assert np.allclose(SOFTMAX.L(Z2, Y), of_truth, rtol=4 * EPS, atol=4 * EPS)
    by_sum = special.logsumexp(Z2, axis=0, keepdims=True) - (Z2 * Y).sum(axis=0)
    scale = EPS * abs(Z2).max()  # this form cancels
    assert np.allclose(SOFTMAX.L(Z2, Y), by_sum, rtol=4 * EPS, atol=4 * scale)


@modest
@given(seed=st.integers(0, 10**6), n_y=st.integers(2, 6))
def test_softmax_cross_entropy_is_exact_to_a_few_ulp_even_where_it_is_small(seed, n_y):
    Z2, Y = softmax_problem(seed, n_y)
    longer = Z2.astype(np.longdouble)
    truth = (longer * Y).sum(axis=0)
    others = np.where(Y == 0, longer - truth, -np.inf)  # log(1 + sum of e^(z - z of the truth))
    reference = np.logaddexp(0, special.logsumexp(others, axis=0))
    # rounding z - top by an ulp changes e^(z - top) by z - top times as much
    few_ulp = EPS * (4 + np.ptp(Z2, axis=0)) * reference
    assert (abs(SOFTMAX.L(Z2, Y)[0] - reference) <= few_ulp).all()


def test_two_softmax_outputs_are_one_sigmoid_output():
    z = np.linspace(-40, 40, 321)[None]
    Z2 = np.concatenate([np.zeros_like(z), z])
    for label in (0.0, 1.0):
        Y = np.concatenate([np.full_like(z, 1 - label), np.full_like(z, label)])
        of_sigmoid = SIGMOID.L(z, np.full_like(z, label))
        assert np.allclose(SOFTMAX.L(Z2, Y), of_sigmoid, rtol=4 * EPS, atol=0)
    assert np.allclose(SOFTMAX.g2(Z2)[1:], sigmoid(z), rtol=4 * EPS, atol=0)


def test_the_identity_output_s_loss_is_half_the_sum_of_squares():
    Z2, Y = np.array([[1.0, -3.0], [0.5, 2.0]]), np.array([[2.0, 1.0], [0.5, -2.0]])
    assert np.array_equal(IDENTITY.L(Z2, Y), [[0.5, 16.0]])
    assert np.array_equal(IDENTITY.g2(Z2), Z2)


# ---- slopes ----


def slope(f, z, h=1e-3):
    """Return f' by differences of fourth order."""
    return (8 * (f(z + h) - f(z - h)) - (f(z + 2 * h) - f(z - 2 * h))) / (12 * h)


@modest
@given(seed=st.integers(0, 10**6), name=st.sampled_from(sorted(LOSSES)), n_y=st.integers(1, 4))
def test_the_slope_of_every_loss_is_a2_minus_y(seed, name, n_y):
    random = np.random.default_rng(seed)
    Z2 = random.normal(scale=3, size=(n_y, 20))
    Y = targets(name, n_y)[:, random.integers(targets(name, n_y).shape[1], size=20)]
    A2, loss = LOSSES[name].g2(Z2), LOSSES[name].L
    for k in range(n_y):
        unit = np.eye(n_y)[:, [k]]
        along = slope(lambda z, unit=unit: loss(Z2 + z * unit, Y), 0.0)
        assert np.allclose(along, (A2 - Y)[[k]], rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_g_prime_is_the_slope_of_g(name):
    Z = np.linspace(-4.013, 4, 400)  # passes the kink of the ReLUs at a distance
    g1 = ACTIVATIONS[name]
    assert abs(Z).min() > 2e-3
    assert np.allclose(g1.g_prime(Z, g1.g(Z)), slope(g1.g, Z), rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu", "leaky_relu", "identity"])
def test_saturated_is_where_the_slope_is_below_one_hundredth_of_its_greatest(name):
    Z = np.linspace(-12.0013, 12, 4801)
    g1 = ACTIVATIONS[name]
    slopes = g1.g_prime(Z, g1.g(Z))
    assert np.array_equal(g1.saturated(Z), slopes < 0.01 * slopes.max())


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_takes_the_greatest_floats_without_a_warning(name):
    Z = np.array([*EXTREMES, GREATEST, -GREATEST])
    g1 = ACTIVATIONS[name]
    A = g1.g(Z)
    assert np.isfinite(A).all()
    assert np.isfinite(g1.g_prime(Z, A)).all()

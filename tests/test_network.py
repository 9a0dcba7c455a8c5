"""The parameters are views of theta, in every copy; and networks start as documented."""

import copy
import pickle

import numpy as np
import pytest

from shoal import InputError, Network
from shoal.optimizers import Adam, GradientDescent


def network(**changes):
    sizes = {"n_x": 3, "n_h": 4, "n_y": 2, "activation": "relu", "output": "softmax"}
    return Network(**sizes | changes)


def assert_views(network):
    """Write through each side, and find it on the other."""
    theta, n = network.theta, 0
    for view in network.parameters:
        theta[n : n + view.size] = np.arange(view.size) + 1
        assert np.array_equal(view.ravel(), np.arange(view.size) + 1)
        view[:] = -7.5
        assert (theta[n : n + view.size] == -7.5).all()
        n += view.size
    assert n == theta.size


# ---- views ----


@pytest.mark.parametrize("n_h", [0, 1, 4])
def test_theta_and_the_four_parameters_are_the_same_memory(n_h):
    assert_views(network(n_h=n_h))


@pytest.mark.parametrize("n_h", [0, 4])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "copied",
    [
        copy.copy,
        copy.deepcopy,
        *(lambda n, p=p: pickle.loads(pickle.dumps(n, p)) for p in range(2, 6)),
    ],
)
def test_a_copy_has_the_same_values_and_views_of_its_own(copied, dtype, n_h):
    original = network(dtype=dtype, n_h=n_h).initialise("gaussian", 1.0, 3)
    values = original.theta.copy()
    twin = copied(original)
    for name in ("n_x", "n_h", "n_y", "activation", "output"):
        assert getattr(twin, name) == getattr(original, name)
    assert np.array_equal(twin.theta, values)
    assert twin.theta.dtype == dtype
    for ours, theirs in zip(twin.parameters, original.parameters, strict=True):
        assert np.array_equal(ours, theirs)
    assert_views(twin)
    assert np.array_equal(original.theta, values)  # and what is done to the twin stays there
    assert_views(original)


def test_split_gives_views_of_any_vector_laid_out_as_theta():
    gradient = np.zeros(network().theta.size)
    W1, b1, W2, b2 = network().split(gradient)
    for number, view in enumerate((W1, b1, W2, b2)):
        view[:] = number
    assert gradient.tolist() == [0] * 12 + [1] * 4 + [2] * 8 + [3] * 2


# ---- shapes ----


@pytest.mark.parametrize(
    ("n_h", "shapes"),
    [
        (4, [(4, 3), (4, 1), (2, 4), (2, 1)]),
        (1, [(1, 3), (1, 1), (2, 1), (2, 1)]),
        (0, [(0, 3), (0, 1), (2, 3), (2, 1)]),
    ],
)
def test_the_parameters_have_the_shapes_of_the_course(n_h, shapes):
    assert [p.shape for p in network(n_h=n_h).parameters] == shapes


@pytest.mark.parametrize("n_h", [0, 4])
def test_forward_gives_columns_for_examples(n_h):
    X = np.random.default_rng(0).normal(size=(3, 7))
    Z1, A1, Z2, A2 = network(n_h=n_h).initialise("gaussian", 1.0).forward(X)
    assert Z1.shape == (n_h, 7)
    assert A1.shape == (n_h or 3, 7)
    assert Z2.shape == A2.shape == (2, 7)
    assert np.allclose(A2.sum(axis=0), 1)


def test_without_a_hidden_layer_the_output_sees_the_features():
    logistic = network(n_h=0, output="sigmoid").initialise("gaussian", 1.0)
    X = np.random.default_rng(0).normal(size=(3, 7))
    _, _, W2, b2 = logistic.parameters
    b2[:] = [[0.5], [-1]]
    assert np.array_equal(logistic.forward(X).A1, X)
    assert np.allclose(logistic.forward(X).A2, 1 / (1 + np.exp(-(W2 @ X + b2))))


# ---- initialisation ----


@pytest.mark.parametrize("seed", [0, 2, 123])
def test_a_gaussian_start_is_the_legacy_generator_s_draw_of_w1_then_w2(seed):
    random = np.random.RandomState(seed)
    W1 = random.randn(4, 3) * 0.01
    W2 = random.randn(2, 4) * 0.01
    by_seed = network().initialise("gaussian", 0.01, seed)
    by_generator = network().initialise("gaussian", 0.01, np.random.RandomState(seed))
    for start in (by_seed, by_generator):
        assert np.array_equal(start.parameters.W1, W1)
        assert np.array_equal(start.parameters.W2, W2)
        assert not start.parameters.b1.any()
        assert not start.parameters.b2.any()


def test_a_generator_goes_on_after_the_draw():
    random, twin = np.random.RandomState(5), np.random.RandomState(5)
    network().initialise("gaussian", 0.01, random)
    twin.randn(12 + 8)
    assert random.randint(2**31) == twin.randint(2**31)


@pytest.mark.parametrize(
    ("activation", "of_W1"),
    [
        ("tanh", np.sqrt(2 / (300 + 200))),
        ("sigmoid", np.sqrt(2 / (300 + 200))),
        ("identity", np.sqrt(2 / (300 + 200))),
        ("relu", np.sqrt(2 / 300)),
        ("leaky_relu", np.sqrt(2 / 300)),
    ],
)
def test_a_scaled_start_has_the_standard_deviations_of_glorot_and_he(activation, of_W1):
    wide = Network(300, 200, 100, activation, "softmax").initialise("scaled", random_state=0)
    W1, b1, W2, b2 = wide.parameters
    assert W1.std() == pytest.approx(of_W1, rel=0.02)  # of 60,000 draws: 7 standard errors
    assert W2.std() == pytest.approx(np.sqrt(2 / (200 + 100)), rel=0.03)
    assert abs(W1.mean()) < 0.02 * of_W1
    assert not b1.any()
    assert not b2.any()
    random = np.random.RandomState(0)
    assert np.allclose(W1, random.randn(200, 300) * of_W1, rtol=1e-14)


def test_a_scaled_start_without_a_hidden_layer_is_zero():
    logistic = network(n_h=0)
    logistic.theta[:] = 1
    assert not logistic.initialise("scaled").theta.any()


def test_a_zero_start_is_zero_everywhere():
    used = network()
    used.theta[:] = 1
    assert not used.initialise("zeros", 5.0).theta.any()


def test_a_constant_start_has_equal_weights_and_zero_biases():
    W1, b1, W2, b2 = network().initialise("constant", 0.25).parameters
    assert (W1 == 0.25).all()
    assert (W2 == 0.25).all()
    assert not b1.any()
    assert not b2.any()


def test_a_new_network_is_zero_and_initialise_returns_it():
    fresh = network()
    assert not fresh.theta.any()
    assert fresh.initialise() is fresh
    assert np.array_equal(fresh.theta, network().initialise("gaussian", 0.01, 0).theta)


# ---- mistakes ----


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("n_x", 0),
        ("n_x", 2.5),
        ("n_h", -1),
        ("n_h", 2.5),
        ("n_y", 0),
        ("activation", "selu"),
        ("activation", None),
        ("output", "probit"),
        ("dtype", "int64"),  # weights would be rounded to whole numbers without a word
    ],
)
def test_a_network_that_cannot_be_is_refused_in_a_sentence_that_names_the_parameter(
    parameter, value
):
    with pytest.raises(InputError, match=rf"\b{parameter}\b") as caught:
        network(**{parameter: value})
    assert str(value) in str(caught.value)


def test_an_unknown_initialisation_is_refused_with_those_that_are_known():
    start = network().initialise("gaussian", 1.0)
    theta = start.theta.copy()
    with pytest.raises(
        InputError, match=r"initialisation 'he' .*scaled, gaussian, zeros, constant"
    ):
        start.initialise("he")
    assert np.array_equal(start.theta, theta)


@pytest.mark.parametrize("alpha", [0, -1, np.nan, np.inf])
@pytest.mark.parametrize("optimizer", [GradientDescent, Adam])
def test_a_learning_rate_that_cannot_be_is_refused(optimizer, alpha):
    with pytest.raises(InputError, match="learning rate"):
        optimizer(alpha)


def test_theta_cannot_be_replaced_since_the_views_would_be_torn_from_it():
    with pytest.raises(AttributeError):
        Network(2, 3, 1).theta = np.zeros(13)

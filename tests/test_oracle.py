"""The figures of the course's published exercise, from the equations and from the estimator."""

import warnings

import numpy as np
import pytest

from shoal import Callback, Network, NetworkClassifier, equations
from shoal.activations import ACTIVATIONS
from shoal.datasets import planar_flower
from shoal.diagnosis import FindingWarning
from shoal.equations import Forward, Parameters
from shoal.losses import LOSSES

TANH, SIGMOID = ACTIVATIONS["tanh"], LOSSES["sigmoid"]
COSTS = [0.693048, 0.288083, 0.254385, 0.233864, 0.226792, 0.222644, 0.219731, 0.217504]
W1 = np.array(
    [
        [-0.00416758, -0.00056267],
        [-0.02136196, 0.01640271],
        [-0.01793436, -0.00841747],
        [0.00502881, -0.01245288],
    ]
)
W2 = np.array([[-0.01057952, -0.00909008, 0.00551454, 0.02292208]])
A1 = np.array(
    [
        [-0.00616578, 0.0020626, 0.00349619],
        [-0.05225116, 0.02725659, -0.02646251],
        [-0.02009721, 0.0036869, 0.02883756],
        [0.02152675, -0.01385234, 0.02599885],
    ]
)
A2 = np.array([[0.5002307, 0.49985831, 0.50023963]])
MEANS = (0.26281864019752443, 0.09199904522700109, -1.3076660128732143, 0.21287768171918198)
GRADIENTS = Parameters(
    np.array(
        [
            [0.00301023, -0.00747267],
            [0.00257968, -0.00641288],
            [-0.00156892, 0.003893],
            [-0.00652037, 0.01618243],
        ]
    ),
    np.array([[0.00176201, 0.00150995, -0.00091736, -0.00381422]]).T,
    np.array([[0.00078841, 0.01765429, -0.00084166, -0.01022527]]),
    np.array([[-0.16655712]]),
)
PRINTED = 6e-9  # half a unit of the eighth decimal, to which the exercise prints, and a little


pytestmark = pytest.mark.usefixtures("default")


@pytest.fixture(scope="module")
def flower():
    return planar_flower()


def course_start():
    """Draw as the exercise does: legacy seed 2, W1 first, then W2, both times 0.01."""
    random = np.random.RandomState(2)
    W1 = random.randn(4, 2) * 0.01
    W2 = random.randn(1, 4) * 0.01
    return Parameters(W1, np.zeros((4, 1)), W2, np.zeros((1, 1)))


def descend(X, Y, parameters, iterations, g1=TANH, alpha=1.2):
    """Gradient descent as the course writes it: predict, differentiate, update, repeat."""
    costs = []
    for _ in range(iterations):
        forward = equations.forward(X, parameters, g1, SIGMOID)
        costs.append(equations.cost(forward.Z2, Y, SIGMOID))
        gradients = equations.backward(X, Y, forward, parameters, g1)
        parameters = equations.update(parameters, gradients, alpha)
    return parameters, costs


def descend_example_by_example(X, Y, parameters, iterations):
    costs, m = [], X.shape[1]
    for _ in range(iterations):
        J, gradients = 0.0, [np.zeros_like(p) for p in parameters]
        for i in range(m):
            x, y = X[:, [i]], Y[:, [i]]
            forward = equations.forward_one(x, parameters, TANH, SIGMOID)
            J += SIGMOID.L(forward.Z2, y).item() / m
            one = equations.backward_one(x, y, forward, parameters, TANH)
            gradients = [total + d / m for total, d in zip(gradients, one, strict=True)]
        costs.append(J)
        parameters = equations.update(parameters, Parameters(*gradients), 1.2)
    return parameters, costs


def accuracy(X, Y, parameters, g1=TANH):
    return np.mean((equations.forward(X, parameters, g1, SIGMOID).A2 > 0.5) == Y)


def estimator(**changes):
    """Return the exercise's model: full batch, plain descent, alpha = 1.2, no penalty."""
    settings = {
        "hidden_units": 4, "activation": "tanh", "solver": "sgd", "alpha": 0, "batch_size": 400,
        "learning_rate_init": 1.2, "init": "gaussian", "init_scale": 0.01, "random_state": 2,
        "tol": None, "max_iter": 10_000,
    }  # fmt: skip
    return NetworkClassifier(**settings | changes)


def fit(X, Y, **changes):
    return estimator(**changes).fit(X.T, Y.ravel())


def with_parameters(parameters, **changes):
    """Return an estimator whose fitted network holds the parameters given."""
    n_x = parameters.W1.shape[1]
    model = estimator(hidden_units=len(parameters.W1), **changes)
    model.partial_fit(np.zeros((2, n_x)), [0, 1], classes=[0, 1])
    for view, values in zip(model.network_.parameters, parameters, strict=True):
        view[:] = values
    return model


# ---- the data set ----


def test_the_flower_has_the_published_points(flower):
    X, Y = flower
    assert X.shape == (2, 400)
    assert Y.shape == (1, 400)
    assert X[:, 0] == pytest.approx([1.204442292254319, 3.5761141481288448], rel=1e-14)
    assert X[:, -1] == pytest.approx([0.7307808250007513, 3.0683292081876545], rel=1e-14)
    assert X.sum() == pytest.approx(10.087983277441666, rel=1e-12)
    assert (X**2).sum() == pytest.approx(3156.783789349409, rel=1e-12)
    assert (Y[:, :200] == 0).all()
    assert (Y[:, 200:] == 1).all()


# ---- training ----


def test_the_cost_table_of_the_course_comes_out_of_the_equations(flower):
    parameters, costs = descend(*flower, course_start(), 10_000)
    assert [round(J, 6) for J in costs[:7001:1000]] == COSTS
    assert max(costs[7001:]) < 0.23  # later the step size is at the edge of what is stable
    assert int(100 * accuracy(*flower, parameters)) == 90  # the exercise prints it with %d


def test_the_cost_table_of_the_course_comes_out_of_the_estimator(flower):
    X, Y = flower
    model = fit(X, Y)
    costs = model.history_["cost"]
    assert [round(J, 6) for J in costs[:7001:1000]] == COSTS
    assert max(costs[7001:]) < 0.23
    assert int(100 * model.score(X.T, Y.ravel())) == 90


def test_the_estimator_starts_where_the_course_starts():
    start = Network(2, 4, 1).initialise("gaussian", 0.01, 2)
    for ours, theirs in zip(start.parameters, course_start(), strict=True):
        assert np.array_equal(ours, theirs)


def test_the_equations_of_one_example_train_as_the_vectorised_ones(flower):
    one_by_one, costs_one_by_one = descend_example_by_example(*flower, course_start(), 15)
    vectorised, costs = descend(*flower, course_start(), 15)
    assert costs_one_by_one == pytest.approx(costs, rel=1e-12)
    assert round(costs_one_by_one[0], 6) == COSTS[0]
    for a, b in zip(one_by_one, vectorised, strict=True):
        assert np.allclose(a, b, rtol=1e-12, atol=1e-15)


def test_zero_initialisation_learns_nothing_on_the_flower(flower):
    X, Y = flower
    zeros = Parameters(*(np.zeros_like(p) for p in course_start()))
    parameters, costs = descend(X, Y, zeros, 2000)
    assert costs == pytest.approx([0.6931471806] * 2000, abs=5e-11)
    assert accuracy(X, Y, parameters) == 0.5
    with pytest.warns(FindingWarning, match="^dead: "):
        model = fit(X, Y, init="zeros", max_iter=2000)
    assert model.history_["cost"] == pytest.approx([0.6931471806] * 2000, abs=5e-11)
    assert model.score(X.T, Y.ravel()) == 0.5


def test_logistic_regression_reaches_47_percent_on_the_flower(flower):
    X, Y = flower
    zeros = Parameters(np.zeros((0, 2)), np.zeros((0, 1)), np.zeros((1, 2)), np.zeros((1, 1)))
    parameters, _ = descend(X, Y, zeros, 1000)
    assert accuracy(X, Y, parameters) == 0.47
    for solver in ("sgd", "lbfgs"):
        model = fit(X, Y, hidden_units=0, solver=solver, max_iter=1000)
        assert model.score(X.T, Y.ravel()) == 0.47


# ---- the unit cases ----


def test_the_forward_case_of_the_course_comes_out_of_the_equations_and_the_estimator():
    random = np.random.RandomState(1)
    X, b1 = random.randn(2, 3), random.randn(4, 1)
    parameters = Parameters(W1, b1, W2, np.array([[-1.3]]))
    forward = equations.forward(X, parameters, TANH, SIGMOID)
    assert [part.mean() for part in forward] == pytest.approx(MEANS, rel=1e-13)
    model = with_parameters(parameters)
    assert [part.mean() for part in model.network_.forward(X)] == pytest.approx(MEANS, rel=1e-13)
    assert model.predict_proba(X.T)[:, 1].mean() == pytest.approx(MEANS[3], rel=1e-13)


def test_the_cost_case_of_the_course_comes_out_of_the_equations_and_the_estimator():
    Y = (np.random.RandomState(1).randn(1, 3) > 0).astype(float)
    Z2 = np.log(A2 / (1 - A2))
    assert equations.cost(Z2, Y, SIGMOID) == pytest.approx(0.6930587610394646, rel=1e-13)
    # the case gives A2 alone: a network without a hidden layer that passes Z2 on has that A2
    empty, column = np.zeros((0, 1)), np.zeros((0, 1))
    model = with_parameters(Parameters(empty, column, np.ones((1, 1)), np.zeros((1, 1))))
    predicted = model.predict_proba(Z2.T)[:, [1]].T
    assert predicted == pytest.approx(A2, rel=1e-14)
    model.partial_fit(Z2.T, Y.ravel())
    assert model.history_["cost"] == pytest.approx([0.6930587610394646], rel=1e-13)


def test_the_backward_case_of_the_course_comes_out_of_the_equations_and_the_estimator():
    random = np.random.RandomState(1)
    X, Y = random.randn(2, 3), (random.randn(1, 3) > 0).astype(float)
    parameters = Parameters(W1, np.zeros((4, 1)), W2, np.zeros((1, 1)))
    given = Forward(np.arctanh(A1), A1, np.log(A2 / (1 - A2)), A2)
    gradients = equations.backward(X, Y, given, parameters, TANH)
    # the estimator makes its own A1 and A2, of which the case's are the eight printed decimals
    model = with_parameters(parameters, learning_rate_init=1.0)
    model.partial_fit(X.T, Y.ravel())
    steps = [p - q for p, q in zip(parameters, model.network_.parameters, strict=True)]
    for computed, step, published in zip(gradients, steps, GRADIENTS, strict=True):
        assert computed == pytest.approx(published, abs=PRINTED)
        assert step == pytest.approx(published, abs=2 * PRINTED)


# ---- the failures of a bad start, on the corners of a square (XOR) ----


def xor():
    corners = np.array([[-1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, -1.0, 1.0]])
    X = np.repeat(corners, [30, 60, 50, 40], axis=1)  # unequal, so that the output bias moves
    return X, (X[:1] != X[1:]).astype(float)


def trained_on_xor(activation, init):
    """Train from a bad start by the equations and by the estimator, and return both results."""
    X, Y = xor()
    start = Network(2, 4, 1, activation).initialise(init, 0.5).parameters
    by_equations, _ = descend(X, Y, start, 500, ACTIVATIONS[activation])
    model = fit(X, Y, activation=activation, init=init, init_scale=0.5, max_iter=500)
    return start, (by_equations, model.network_.parameters)


def test_zero_initialisation_with_tanh_is_dead():
    with pytest.warns(FindingWarning, match="^dead: "):
        _, results = trained_on_xor("tanh", "zeros")
    for W1, b1, W2, b2 in results:
        assert not W1.any()
        assert not W2.any()
        assert not b1.any()
        assert b2.item() != 0


@pytest.mark.parametrize(
    ("activation", "init"), [("sigmoid", "zeros"), ("tanh", "constant"), ("sigmoid", "constant")]
)
def test_a_symmetric_start_moves_but_its_units_stay_copies(activation, init):
    with pytest.warns(FindingWarning, match="^symmetric: of 4 hidden units 1 is distinct"):
        start, results = trained_on_xor(activation, init)
    for W1, b1, W2, _ in results:
        assert (W1 != start.W1).all()
        assert (W2 != start.W2).all()
        assert np.allclose(W1, W1[0], rtol=1e-10, atol=0)
        assert np.allclose(b1, b1[0], rtol=1e-10, atol=0)
        assert np.allclose(W2, W2[:, :1], rtol=1e-10, atol=0)


def test_a_random_start_does_not_stay_symmetric():
    _, results = trained_on_xor("tanh", "gaussian")
    for W1, _, _, _ in results:
        assert abs(W1 - W1[0]).max() > 0.1


class Saturation(Callback):
    """The share of activations on a flat end before the first update."""

    def on_train_begin(self, state):
        self.share = TANH.saturated(state.network.forward(xor()[0]).Z1).mean()


def test_random_times_20_starts_with_about_92_percent_saturated():
    X, Y = xor()
    shares, watched = [], Saturation()
    for seed in range(300):
        random = np.random.RandomState(seed)
        start = Parameters(random.randn(4, 2) * 20, np.zeros((4, 1)), np.zeros((1, 4)), 0.0)
        shares.append(TANH.saturated(equations.forward(X, start, TANH, SIGMOID).Z1).mean())
        with warnings.catch_warnings():  # saturated, or exploding, or neither: by the seed
            warnings.simplefilter("ignore", FindingWarning)
            fit(X, Y, init_scale=20, random_state=seed, max_iter=1, callbacks=[watched])
        assert watched.share == shares[-1]
    assert np.mean(shares) == pytest.approx(0.92, abs=0.01)
    small = Network(2, 4, 1).initialise("gaussian", 0.01, 0)
    assert not TANH.saturated(small.forward(X).Z1).any()

"""The gradients are the derivatives of the cost: by differences, by autograd, by every route."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

from shoal import Examples, Network, equations, train
from shoal.activations import ACTIVATIONS
from shoal.engine import NumpyEngine, numpy_engine
from shoal.losses import LOSSES
from shoal.optimizers import GradientDescent

H = 1e-3  # the differences reach 2 H to each side, their error falls with H to the fourth
modest = settings(derandomize=True, deadline=None, max_examples=20)
every_network = pytest.mark.parametrize("activation", ACTIVATIONS)
every_output = pytest.mark.parametrize("output", LOSSES)
with_and_without_weights = pytest.mark.parametrize("weighted", [False, True])


@dataclass
class Problem:
    network: Network
    X: np.ndarray
    Y: np.ndarray
    w: np.ndarray | None

    def cost(self):
        forward = self.network.forward(self.X)
        return equations.cost(forward.Z2, self.Y, self.network.g2, self.w)

    def penalty(self):
        """Return the share of the cost that L2 adds for each unit of its strength."""
        W1, _, W2, _ = self.network.parameters
        m = self.X.shape[1] if self.w is None else self.w.sum()
        return ((W1**2).sum() + (W2**2).sum()) / (2 * m)

    def gradients(self):
        forward = self.network.forward(self.X)
        network = self.network
        return equations.backward(self.X, self.Y, forward, network.parameters, network.g1, self.w)

    def far_from_the_kink(self):
        """Tell whether no difference can carry a ReLU from one side of zero to the other."""
        reach = 2 * H * max(1, abs(self.X).max())
        return (abs(self.network.forward(self.X).Z1) > 1.5 * reach).all()


@st.composite
def shapes(draw):
    """n_x, n_h (0 included), n_y, m and a seed for everything else."""
    n_x, n_h, n_y = (draw(st.integers(least, 5)) for least in (1, 0, 1))
    return n_x, n_h, n_y, draw(st.integers(1, 9)), draw(st.integers(0, 10**9))


def make(shape, activation, output, weighted, dtype=np.float64):
    n_x, n_h, n_y, m, seed = shape
    random = np.random.default_rng(seed)
    network = Network(n_x, n_h, n_y, activation, output, dtype)
    network.theta[:] = random.normal(size=network.theta.shape)
    X = random.normal(size=(n_x, m)).astype(dtype)
    if output == "softmax":
        Y = np.eye(n_y)[:, random.integers(n_y, size=m)]
    elif output == "sigmoid":
        Y = random.integers(2, size=(n_y, m)).astype(float)
    else:
        Y = random.normal(size=(n_y, m))
    w = None
    if weighted:
        w = random.uniform(0.1, 3, (1, m)) * (random.random((1, m)) > 0.3)
        w[0, 0] = 1.5  # at least one example counts
        w = w.astype(dtype)
    return Problem(network, X, Y.astype(dtype), w)


def close(ours, theirs, relative, absolute):
    """Compare each parameter's gradient, by the norm of the whole block."""
    for a, b in zip(ours, theirs, strict=True):
        assert a.shape == b.shape
        assert np.linalg.norm(a - b) <= relative * np.linalg.norm(b) + absolute


def by_differences(problem, l2=0):
    """Central differences of fourth order for each element of theta."""
    theta, result = problem.network.theta, np.zeros_like(problem.network.theta)
    for i, start in enumerate(theta.copy()):
        J = {}
        for steps in (-2, -1, 1, 2):
            theta[i] = start + steps * H
            J[steps] = problem.cost() + l2 * problem.penalty()
        theta[i] = start
        result[i] = (8 * (J[1] - J[-1]) - (J[2] - J[-2])) / (12 * H)
    return problem.network.split(result)


def by_autograd(problem):
    """Return PyTorch's cost and gradients, of a cost that PyTorch's own functions compute."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    activations = {
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "relu": functional.relu,
        "leaky_relu": functional.leaky_relu,
        "identity": lambda z: z,
    }
    W1, b1, W2, b2 = parameters = [
        torch.tensor(p, requires_grad=True) for p in problem.network.parameters
    ]
    X, Y = torch.tensor(problem.X), torch.tensor(problem.Y)
    A1 = activations[problem.network.activation](W1 @ X + b1) if len(W1) else X
    logits, Y = (W2 @ A1 + b2).T, Y.T
    if problem.network.output == "sigmoid":
        losses = functional.binary_cross_entropy_with_logits(logits, Y, reduction="none").sum(1)
    elif problem.network.output == "softmax":
        losses = functional.cross_entropy(logits, Y.argmax(1), reduction="none")
    else:
        losses = functional.mse_loss(logits, Y, reduction="none").sum(1) / 2
    w = torch.ones(len(Y)) if problem.w is None else torch.tensor(problem.w[0])
    J = (w * losses).sum() / w.sum()
    J.backward()
    zero_if_unused = [p.detach() * 0 if p.grad is None else p.grad for p in parameters]
    return J.item(), [g.numpy() for g in zero_if_unused]


@every_network
@every_output
@with_and_without_weights
def test_the_gradients_agree_with_central_differences(engine, activation, output, weighted):
    @modest
    @given(shapes())
    def check(shape):
        problem = make(shape, activation, output, weighted)
        assume("relu" not in activation or problem.far_from_the_kink())
        differences = by_differences(problem)
        close(problem.gradients(), differences, 1e-7, 1e-11)  # 1e-11: rounding of J over H
        _, flat = engine.cost_and_gradient(problem.network, problem.X, problem.Y, problem.w)
        close(problem.network.split(flat), differences, 1e-7, 1e-11)

    check()


@every_output
@with_and_without_weights
def test_a_step_of_training_with_l2_goes_down_the_slope_of_the_penalised_cost(output, weighted):
    @modest
    @given(shapes())
    def check(shape):
        problem = make(shape, "tanh", output, weighted)
        network, theta = problem.network, problem.network.theta.copy()
        slope, J = by_differences(problem, l2=2.5), problem.cost() + 2.5 * problem.penalty()
        examples = Examples(problem.X, problem.Y, problem.w)
        step = {"optimizer": GradientDescent(1.0), "max_epochs": 1}
        history = train(network, examples, l2=2.5, **step)
        close(network.split(theta - network.theta), slope, 1e-7, 1e-10)
        assert history["cost"] == pytest.approx([J], rel=1e-13)

    check()


@every_network
@every_output
@with_and_without_weights
def test_the_cost_and_the_gradients_agree_with_autograd(engine, activation, output, weighted):
    @modest
    @given(shapes())
    def check(shape):
        problem = make(shape, activation, output, weighted)
        J, gradients = by_autograd(problem)
        assert problem.cost() == pytest.approx(J, rel=1e-12, abs=1e-15)
        close(problem.gradients(), gradients, 1e-12, 1e-15)
        network = problem.network
        ours, flat = engine.cost_and_gradient(network, problem.X, problem.Y, problem.w)
        assert ours == pytest.approx(J, rel=1e-12, abs=1e-15)
        close(network.split(flat), gradients, 1e-12, 1e-15)

    check()


@every_network
@every_output
@with_and_without_weights
def test_the_weighted_mean_over_single_examples_is_the_vectorised_result(
    activation, output, weighted
):
    @modest
    @given(shapes())
    def check(shape):
        problem = make(shape, activation, output, weighted)
        network, X, Y = problem.network, problem.X, problem.Y
        m = X.shape[1]
        share = np.full(m, 1 / m) if problem.w is None else problem.w[0] / problem.w.sum()
        J, mean = 0.0, [np.zeros_like(p) for p in network.parameters]
        together = network.forward(X)
        for i in range(m):
            x, y = X[:, [i]], Y[:, [i]]
            one = equations.forward_one(x, network.parameters, network.g1, network.g2)
            for alone, vectorised in zip(one, together, strict=True):
                assert np.allclose(alone[:, 0], vectorised[:, i], rtol=1e-12, atol=1e-14)
            J += share[i] * network.g2.L(one.Z2, y).item()
            d = equations.backward_one(x, y, one, network.parameters, network.g1)
            mean = [total + share[i] * part for total, part in zip(mean, d, strict=True)]
        assert problem.cost() == pytest.approx(J, rel=1e-12, abs=1e-15)
        close(problem.gradients(), mean, 1e-12, 1e-15)

    check()


# ---- the engine's other routes to the same sums ----


ENGINE_CASES = [
    (activation, output, weighted, n_h)
    for activation, output, n_h in [
        ("tanh", "sigmoid", 4), ("sigmoid", "softmax", 3), ("relu", "identity", 5),
        ("leaky_relu", "softmax", 2), ("identity", "sigmoid", 3), ("tanh", "softmax", 0),
    ]
    for weighted in (False, True)
]  # fmt: skip
engine_cases = pytest.mark.parametrize(("activation", "output", "weighted", "n_h"), ENGINE_CASES)


def engine_problem(activation, output, weighted, n_h, dtype=np.float64):
    return make((6, n_h, 3, 50, 7), activation, output, weighted, dtype)


def everything(engine, problem, X=None):
    """Return all that an engine computes, as one list of arrays."""
    network = problem.network
    X = problem.X if X is None else X
    J, gradient = engine.cost_and_gradient(network, X, problem.Y, problem.w)
    J_again, A2 = engine.cost_and_predictions(network, X, problem.Y, problem.w)
    return [np.array([J]), np.array([J_again]), gradient, A2, engine.predict(network, X)]


@engine_cases
def test_every_engine_computes_what_the_equations_say(engine, activation, output, weighted, n_h):
    problem = engine_problem(activation, output, weighted, n_h)
    J, J_again, gradient, A2, A2_again = everything(engine, problem)
    assert J == J_again == pytest.approx(problem.cost(), rel=1e-14)
    close(problem.network.split(gradient), problem.gradients(), 1e-13, 1e-16)
    assert np.array_equal(A2, A2_again)
    assert np.allclose(A2, problem.network.forward(problem.X).A2, rtol=1e-13, atol=0)


@engine_cases
@pytest.mark.parametrize("chunk", [1, 7, 25, 49])
def test_examples_in_chunks_give_the_same(monkeypatch, activation, output, weighted, n_h, chunk):
    problem = engine_problem(activation, output, weighted, n_h)
    whole = everything(NumpyEngine(), problem)
    seen = []
    original = Network.forward
    monkeypatch.setattr(Network, "forward", lambda *args: seen.append(1) or original(*args))
    monkeypatch.setattr(numpy_engine, "CHUNK", chunk)
    close(everything(NumpyEngine(), problem), whole, 1e-12, 0)
    assert len(seen) == 3 * -(-50 // chunk)


@engine_cases
@pytest.mark.parametrize("kind", [sparse.csc_array, sparse.csr_array])
def test_sparse_features_give_the_same_as_dense_ones(
    engine, activation, output, weighted, n_h, kind
):
    problem = engine_problem(activation, output, weighted, n_h)
    problem.X[np.random.default_rng(0).random(problem.X.shape) < 0.7] = 0
    sums = everything(engine, problem)
    close(everything(engine, problem, kind(problem.X)), sums, 1e-12, 1e-16)


@engine_cases
def test_parts_with_the_whole_s_m_add_up_to_the_whole(engine, activation, output, weighted, n_h):
    problem = engine_problem(activation, output, weighted, n_h)
    X, Y, w = problem.X, problem.Y, problem.w
    m = 50.0 if w is None else float(w.sum())
    J, gradient = 0.0, np.zeros_like(problem.network.theta)
    for part in (slice(0, 1), slice(1, 20), slice(20, 50)):
        w_part = None if w is None else w[:, part]
        result = engine.cost_and_gradient(problem.network, X[:, part], Y[:, part], w_part, m)
        J, gradient = J + result.J, gradient + result.gradient
    whole_J, _, whole, _, _ = everything(engine, problem)
    close([np.array([J]), gradient], [whole_J, whole], 1e-12, 1e-16)


@engine_cases
def test_single_precision_agrees_with_double_and_stays_single(
    engine, activation, output, weighted, n_h
):
    double = everything(engine, engine_problem(activation, output, weighted, n_h))
    single = everything(engine, engine_problem(activation, output, weighted, n_h, np.float32))
    close(single, double, 1e-5, 1e-7)
    _, _, gradient, A2, _ = single
    assert gradient.dtype == A2.dtype == np.float32

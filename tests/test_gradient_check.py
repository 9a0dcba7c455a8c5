"""The check tells right gradients from wrong ones, and says which equation to look at."""

import json

import numpy as np
import pytest
from conftest import NATIVE

from shoal import Examples, Network, diagnose, gradient_check, read_table, train, train_table
from shoal.activations import ACTIVATIONS
from shoal.engine import NumpyEngine, default_engine
from shoal.equations import Parameters
from shoal.losses import LOSSES
from shoal.table_evaluation import network_examples


def problem(activation="tanh", output="sigmoid", n_h=5, m=60, seed=0):
    random = np.random.default_rng(seed)
    network = Network(4, n_h, 3, activation, output)
    network.theta[:] = random.normal(0, 0.6, network.theta.size)
    Y = np.eye(3)[:, random.integers(0, 3, m)]
    return network, random.normal(size=(4, m)), Y, random.uniform(0.5, 2, (1, m))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", LOSSES)
@pytest.mark.parametrize("n_h", [5, 0])
@pytest.mark.parametrize("engine", [NumpyEngine, default_engine])
def test_every_right_gradient_is_found_right(activation, output, n_h, engine):
    network, X, Y, w = problem(activation, output, n_h)
    found = gradient_check(network, X, Y, w, engine=engine())
    assert found.right
    assert found.suspect == ""
    for block in found.blocks:
        assert block.complex_step < 1e-12
        assert block.difference < 1e-7
    assert [block.block for block in found.blocks] == (["W1", "b1"] if n_h else []) + ["W2", "b2"]


def wrong(equation):
    """Return back-propagation with a wrong sign in one of its six equations."""
    sign = dict.fromkeys(("dZ2", "dW2", "db2", "dZ1", "dW1", "db1"), 1.0) | {equation: -1.0}

    def backward(X, Y, forward, parameters, g1, w=None, m=None):
        Z1, A1, _, A2 = forward
        W2 = parameters.W2
        m = X.shape[1]
        dZ2 = sign["dZ2"] * (A2 - Y)
        dZ1 = sign["dZ1"] * (W2.T @ dZ2) * g1.g_prime(Z1, A1)
        return Parameters(
            sign["dW1"] * dZ1 @ X.T / m,
            sign["db1"] * dZ1.sum(axis=1, keepdims=True) / m,
            sign["dW2"] * dZ2 @ A1.T / m,
            sign["db2"] * dZ2.sum(axis=1, keepdims=True) / m,
        )

    return backward


@pytest.mark.parametrize("equation", ["dZ2", "dW2", "db2", "dZ1", "dW1", "db1"])
def test_a_wrong_sign_in_any_of_the_six_equations_is_caught_and_named(equation, monkeypatch):
    monkeypatch.setattr("shoal.equations.backward", wrong(equation))
    network, X, Y, _ = problem()
    found = gradient_check(network, X, Y, engine=NumpyEngine())
    assert not found.right
    assert found.suspect == equation


def test_the_worst_entry_is_named(monkeypatch):
    class OneWrong(NumpyEngine):
        def cost_and_gradient(self, network, *arguments):
            J, gradient = super().cost_and_gradient(network, *arguments)
            network.split(gradient).W1[3, 2] += 0.01
            return J, gradient

    network, X, Y, _ = problem()
    found = gradient_check(network, X, Y, engine=OneWrong())
    assert found.suspect == "dW1"
    W1 = found.blocks[0]
    assert W1.worst == (3, 2)
    assert W1.analytic - W1.numeric == pytest.approx(0.01)


def test_a_gradient_that_is_not_a_number_is_wrong():
    class Lost(NumpyEngine):
        def cost_and_gradient(self, network, *arguments):
            J, gradient = super().cost_and_gradient(network, *arguments)
            return J, gradient * np.nan

    network, X, Y, _ = problem()
    assert gradient_check(network, X, Y, engine=Lost()).suspect == "dZ2"


def test_a_wrong_cost_is_wrong_though_its_gradient_is_right():
    class Shifted(NumpyEngine):
        def cost_and_gradient(self, network, *arguments):
            J, gradient = super().cost_and_gradient(network, *arguments)
            return J + 0.01, gradient

    network, X, Y, _ = problem()
    found = gradient_check(network, X, Y, engine=Shifted())
    assert not found.right
    assert found.suspect == "J"


@pytest.mark.parametrize("n_h", [0, 3])
def test_the_gradient_at_a_minimum_is_right_though_little_is_left_of_it(n_h):
    random = np.random.default_rng(0)
    X = random.normal(size=(2, 150))
    Y = (X[:1] + random.normal(size=(1, 150)) > 0).astype(float)
    network = Network(2, n_h, 1).initialise("gaussian", 0.5)
    train(network, Examples(X, Y), optimizer="lbfgs", tol=1e-7, max_epochs=3000)
    assert gradient_check(network, X, Y).right


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    ("output", "scale_of_W", "scale_of_X", "scale_of_Y"),
    [("sigmoid", 1e3, 1, 1), ("sigmoid", 1, 1e3, 1), ("softmax", 1e3, 1, 1),
     ("identity", 1, 1, 1e6), ("identity", 1e2, 1e2, 1)],
)  # fmt: skip
def test_large_numbers_make_no_right_gradient_wrong(
    activation, output, scale_of_W, scale_of_X, scale_of_Y
):
    for seed in range(5):
        network, X, Y, w = problem(activation, output, seed=seed)
        network.theta[:] *= scale_of_W
        assert gradient_check(network, scale_of_X * X, scale_of_Y * Y, w).right


@pytest.mark.parametrize("m", [1, 2])
def test_few_examples_make_no_right_gradient_wrong(m):
    for seed in range(20):
        network, X, Y, _ = problem("relu", m=m, seed=seed)
        network.parameters.b2[:] = np.where(Y.mean(axis=1, keepdims=True) > 0, 9, -9)  # sure of it
        assert gradient_check(network, X, Y).right


def test_one_wrong_entry_in_a_thousand_is_wrong_in_whatever_network():
    class OneWrong(NumpyEngine):
        def cost_and_gradient(self, network, *arguments):
            J, gradient = super().cost_and_gradient(network, *arguments)
            gradient[7] += 1e-4 * np.abs(gradient).max()
            return J, gradient

    for seed in range(10):
        network, X, Y, w = problem(seed=seed)
        assert gradient_check(network, X, Y, w, engine=OneWrong()).suspect == "dW1"


def test_a_single_precision_network_is_checked_in_double_and_left_alone():
    network, X, Y, _ = problem()
    single = Network(4, 5, 3, dtype=np.float32)
    single.theta[:] = network.theta
    before = single.theta.copy()
    assert gradient_check(single, X.astype(np.float32), Y.astype(np.float32)).right
    np.testing.assert_array_equal(single.theta, before)


def test_the_command_checks_a_model_on_its_table(cli, model, table):
    done = cli("check", model, table)
    assert done.code == 0
    assert "The gradient is right." in done.out
    assert "Its hidden units are distinct and learn." in done.out
    found = json.loads(cli("check", model, table, "--network", "2", "--json").out)
    assert found["right"]
    assert found["engine"] == ("native" if NATIVE else "numpy")
    assert cli("check", model, table, "--network", "9").err == (
        "shoal: there is no network 9: the model has 5\n"
    )


def test_a_lost_gradient_is_told_in_json_too(cli, model, table, monkeypatch):
    monkeypatch.setenv("SHOAL_ENGINE", "numpy")

    def lost(X, Y, forward, parameters, *_, **__):
        return Parameters(*(part * np.nan for part in parameters))

    monkeypatch.setattr("shoal.equations.backward", lost)
    done = cli("check", model, table, "--json")
    assert done.code == 3
    assert json.loads(done.out)["blocks"][0]["difference"] is None


def test_a_wrong_gradient_has_an_exit_code_of_its_own(cli, model, table, monkeypatch):
    monkeypatch.setenv("SHOAL_ENGINE", "numpy")
    monkeypatch.setattr("shoal.equations.backward", wrong("dZ1"))
    done = cli("check", model, table)
    assert done.code == 3
    assert "The gradient is wrong: look at dZ1." in done.out


def test_the_networks_of_real_tables_show_no_failure(real_data):
    for name, target in (("titanic/titanic.csv", "Survived"), ("german-credit/german.csv", "-1")):
        table = read_table(real_data / name)
        model, _ = train_table(table, target)
        for network in model.ensemble.networks:
            examples = network_examples(model, table)
            found = diagnose(network, examples.X, examples.Y)
            assert not [finding for finding in found if finding.kind == "failure"]

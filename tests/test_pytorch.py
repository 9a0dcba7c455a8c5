"""A network and its module are the same function, and go on learning alike."""

import sys

import numpy as np
import pytest

from shoal import InputError, Network, NetworkClassifier
from shoal.activations import ACTIVATIONS
from shoal.losses import LOSSES
from shoal.pytorch import from_torch, to_torch

torch = pytest.importorskip("torch")


def network(activation="tanh", output="sigmoid", n_h=5, dtype=np.float64):
    made = Network(3, n_h, 2, activation, output, dtype)
    made.theta[:] = np.random.default_rng(0).normal(size=made.theta.size)
    return made


X = np.random.default_rng(1).normal(size=(3, 20))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("n_h", [0, 1, 5])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_module_computes_z2_and_comes_back(activation, n_h, dtype):
    one = network(activation, n_h=n_h, dtype=dtype)
    module = to_torch(one)
    Z2 = module(torch.from_numpy(X.T.astype(dtype))).detach().numpy().T
    np.testing.assert_allclose(Z2, one.forward(X.astype(dtype)).Z2, rtol=1e-5, atol=1e-5)
    again = from_torch(module, one.output)
    np.testing.assert_array_equal(again.theta, one.theta)
    assert (again.n_h, again.theta.dtype) == (n_h, dtype)
    assert again.activation == (activation if n_h else "identity")


def test_the_module_has_parameters_of_its_own():
    one = network()
    before = one.theta.copy()
    module = to_torch(one)
    with torch.no_grad():
        module[0].weight += 1
    np.testing.assert_array_equal(one.theta, before)


@pytest.mark.parametrize("output", LOSSES)
def test_its_gradient_is_that_of_the_equations(output):
    one = network(output=output)
    Y = np.eye(2)[:, np.arange(20) % 2]
    losses = {
        "sigmoid": lambda z, y: torch.nn.BCEWithLogitsLoss(reduction="sum")(z, y) / 20,
        "softmax": torch.nn.CrossEntropyLoss(),
        "identity": lambda z, y: torch.nn.MSELoss(reduction="sum")(z, y) / 40,
    }
    module = to_torch(one)
    losses[output](module(torch.from_numpy(X.T)), torch.from_numpy(Y.T)).backward()
    gradient = np.concatenate([part.grad.numpy().ravel() for part in module.parameters()])
    from shoal.engine import NumpyEngine  # noqa: PLC0415

    ours = NumpyEngine().cost_and_gradient(one, X, Y).gradient
    np.testing.assert_allclose(gradient, ours, atol=1e-12)


@pytest.mark.parametrize(
    "layers",
    [
        [], [torch.nn.ReLU()], [torch.nn.Linear(2, 3), torch.nn.Linear(3, 1)],
        [torch.nn.Linear(2, 3), torch.nn.GELU(), torch.nn.Linear(3, 1)],
        [torch.nn.Linear(2, 3), torch.nn.LeakyReLU(0.2), torch.nn.Linear(3, 1)],
        [torch.nn.Linear(2, 3), torch.nn.ReLU()],
        [torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(4, 1)],
        [torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 3), torch.nn.ReLU(),
         torch.nn.Linear(3, 1)],
    ],
)  # fmt: skip
def test_other_modules_are_refused(layers):
    with pytest.raises(InputError):
        from_torch(torch.nn.Sequential(*layers))


def test_what_is_no_network_and_no_sequence_of_layers_is_refused():
    with pytest.raises(
        InputError, match=r"a Network is wanted, not a NetworkClassifier: .* network_"
    ):
        to_torch(NetworkClassifier())
    with pytest.raises(InputError, match=r"a torch.nn.Sequential is wanted, not a Linear"):
        from_torch(torch.nn.Linear(3, 1))


def test_a_layer_without_biases_has_zeros():
    module = torch.nn.Sequential(torch.nn.Linear(2, 3, bias=False), torch.nn.Tanh(),
                                 torch.nn.Linear(3, 1))  # fmt: skip
    assert not from_torch(module).parameters.b1.any()


def test_without_pytorch_a_sentence_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match="PyTorch is not installed: pip install torch"):
        to_torch(network())

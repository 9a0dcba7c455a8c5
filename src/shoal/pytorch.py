"""Guarantee: a network and its PyTorch module give the same numbers, and either makes the other.

Floor 2, and the only module that knows PyTorch, which is imported when it is asked for.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from shoal.errors import InputError
from shoal.network import Network

if TYPE_CHECKING:
    import torch

ACTIVATIONS = {
    "tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "ReLU", "leaky_relu": "LeakyReLU",
    "identity": "Identity",
}  # fmt: skip


def to_torch(network: Network) -> "torch.nn.Sequential":
    """Return a module that computes Z2 of examples in rows, with copies of the parameters.

    Parameters
    ----------
    network : Network

    Returns
    -------
    torch.nn.Sequential
        From (m, n_x) to (m, n_y). The output activation is left to the loss, as PyTorch's losses
        have it: ``BCEWithLogitsLoss`` for sigmoid, ``CrossEntropyLoss`` for softmax.

    Raises
    ------
    InputError
        PyTorch is not installed, or it is not a network.
    """
    if not isinstance(network, Network):
        raise InputError(
            f"a Network is wanted, not a {type(network).__name__}: estimators keep theirs as"
            " network_, and a TableModel as ensemble.networks"
        )
    pt = _torch()
    W1, b1, W2, b2 = network.parameters
    layers = [(W2, b2)]
    if network.n_h:
        layers.insert(0, (W1, b1))
    made: list[Any] = []
    for W, b in layers:
        linear = pt.nn.utils.skip_init(pt.nn.Linear, W.shape[1], W.shape[0])
        linear.weight.data = pt.from_numpy(W.copy())
        linear.bias.data = pt.from_numpy(b.ravel().copy())
        made.append(linear)
    if network.n_h:
        made.insert(1, getattr(pt.nn, ACTIVATIONS[network.activation])())
    module: torch.nn.Sequential = pt.nn.Sequential(*made)
    return module


def from_torch(module: "torch.nn.Sequential", output: str = "sigmoid") -> Network:
    """Return the network of a module that :func:`to_torch` could have made.

    Parameters
    ----------
    module : torch.nn.Sequential
        Linear, activation, Linear; or one Linear alone.
    output : {"sigmoid", "softmax", "identity"}
        What its outputs are, which a module does not tell.

    Raises
    ------
    InputError
        It has other layers, or an activation that is not known.
    """
    pt = _torch()
    if not isinstance(module, pt.nn.Sequential):
        raise InputError(
            f"a torch.nn.Sequential is wanted, not a {type(module).__name__}: put the layers"
            " into one"
        )
    layers = list(module)
    linear = [layer for layer in layers if isinstance(layer, pt.nn.Linear)]
    between = layers[1:-1]
    if (
        len(linear) * 2 - 1 != len(layers)
        or len(linear) not in (1, 2)
        or layers[-1] is not linear[-1]
    ):
        raise InputError(
            "the module must have the layers Linear, activation, Linear (or one Linear), but has"
            f" {', '.join(type(layer).__name__ for layer in layers) or 'none'}"
        )
    names = {kind: name for name, kind in ACTIVATIONS.items()}
    activation = "identity"
    if between:
        activation = names.get(type(between[0]).__name__, "")
        slope = getattr(between[0], "negative_slope", 0.01)
        if not activation or slope != 0.01:
            raise InputError(
                f"the activation {between[0]} is not known: use one of {', '.join(names)}"
            )
    if between and linear[0].out_features != linear[1].in_features:
        raise InputError(
            f"the first layer gives {linear[0].out_features} values, and the last takes"
            f" {linear[1].in_features}: they must be as many"
        )
    W = [layer.weight.detach().cpu().numpy() for layer in linear]
    n_h = W[0].shape[0] if between else 0
    network = Network(W[0].shape[1], n_h, W[-1].shape[0], activation, output, W[0].dtype)
    parameters = network.parameters[2:] if not between else network.parameters
    given = [part for layer, weight in zip(linear, W, strict=True) for part in (weight, layer.bias)]
    for to, part in zip(parameters, given, strict=True):
        if part is not None:  # a layer without bias has zeros
            values = part if isinstance(part, np.ndarray) else part.detach().cpu().numpy()
            to[:] = values.reshape(to.shape)
    return network


def _torch() -> Any:
    try:
        import torch  # noqa: PLC0415
    except ImportError:
        raise InputError("PyTorch is not installed: pip install torch") from None
    return torch

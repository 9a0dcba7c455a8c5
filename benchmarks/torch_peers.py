"""Guarantee: PyTorch makes the same training, eagerly, compiled, and many networks as one.

Eagerly, autograd works on the four parameters; compiled, loss, gradients and update are one
function. Mini-batches are gathered once a pass and then sliced, which is quicker than one by one.
"""

import time
from typing import Any

import torch
from peers import Peer
from torch.nn.functional import binary_cross_entropy_with_logits
from work import Array

Parameters = list[torch.Tensor]


def cost(parameters: Parameters, X: torch.Tensor, Y: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of one network."""
    W1, b1, W2, b2 = parameters
    A1 = torch.addmm(b1, X, W1).tanh()
    return binary_cross_entropy_with_logits(torch.addmm(b2, A1, W2), Y)


class Torch(Peer):
    """PyTorch, eager."""

    def prepare(self) -> None:  # noqa: D102
        torch.set_num_threads(self.threads)
        self.X_all, self.Y_all = torch.from_numpy(self.X), torch.from_numpy(self.Y)
        self.slices = self.batches()

    def parameters(self, start: Array) -> Parameters:
        """Return the parameters of one network at its start."""
        return [torch.from_numpy(part).requires_grad_() for part in self.work.split(start)]

    def step(self, parameters: Parameters, X: torch.Tensor, Y: torch.Tensor) -> Any:
        """Make an update in place; return the parameters and the cost before it."""
        J = cost(parameters, X, Y)
        gradients = torch.autograd.grad(J, parameters)
        with torch.no_grad():
            torch._foreach_add_(parameters, gradients, alpha=-self.work.alpha)
        return parameters, J.detach()

    def train(self, start: Array, passes: int) -> tuple[float, float]:  # noqa: D102
        parameters = self.parameters(start)
        begin = time.perf_counter()
        costs = []
        for _ in range(passes):
            X, Y = self.X_all, self.Y_all
            if self.work.batch_size and self.work.shuffle:
                rows = torch.randperm(self.work.m)
                X, Y = X[rows], Y[rows]
            total = 0.0
            for part in self.slices:
                X_batch, Y_batch = X[part], Y[part]
                parameters, J = self.step(parameters, X_batch, Y_batch)
                total = J if len(self.slices) == 1 else total + J * len(X_batch) / self.work.m
            costs.append(total)
        last = float(costs[-1])
        return time.perf_counter() - begin, last


class TorchCompile(Torch):
    """PyTorch, compiled."""

    def prepare(self) -> None:  # noqa: D102
        super().prepare()
        torch._dynamo.reset()
        alpha = self.work.alpha

        def step(parameters: Parameters, X: torch.Tensor, Y: torch.Tensor) -> Any:
            gradients, J = torch.func.grad_and_value(cost)(parameters, X, Y)
            return [p - alpha * g for p, g in zip(parameters, gradients, strict=True)], J

        self.step = torch.compile(step, dynamic=False)  # type: ignore[method-assign]
        self.run(2)

    def parameters(self, start: Array) -> Parameters:  # noqa: D102
        return [torch.from_numpy(part) for part in self.work.split(start)]


class TorchPopulation(Torch):
    """PyTorch, eager; several networks as one wide first layer."""

    def run(self, passes: int) -> tuple[float, list[float]]:  # noqa: D102
        work, K = self.work, self.work.networks
        each = [[torch.from_numpy(part) for part in work.split(start)] for start in work.starts()]
        W1, b1, W2, b2 = ([own[i] for own in each] for i in range(4))
        parameters = [
            torch.cat(W1, 1),
            torch.cat(b1),
            torch.cat(W2, 1).T.contiguous(),
            torch.cat(b2),
        ]
        for part in parameters:
            part.requires_grad_()
        Y = self.Y_all.expand(work.m, K)
        begin = time.perf_counter()
        costs = []
        for _ in range(passes):
            W1, b1, W2, b2 = parameters
            A1 = torch.addmm(b1, self.X_all, W1).tanh().view(work.m, K, work.n_h)
            Z2 = torch.einsum("mkh,kh->mk", A1, W2) + b2
            J = binary_cross_entropy_with_logits(Z2, Y, reduction="none").mean(0)
            gradients = torch.autograd.grad(J.sum(), parameters)
            with torch.no_grad():
                torch._foreach_add_(parameters, gradients, alpha=-work.alpha)
            costs.append(J.detach())
        return time.perf_counter() - begin, costs[-1].tolist()

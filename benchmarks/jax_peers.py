"""Guarantee: JAX makes the same training with all passes inside one compiled function.

That is JAX at its best: ``lax.fori_loop`` over the passes, ``lax.scan`` over mini-batches, and
``vmap`` over many networks.
"""

import time
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from peers import Peer
from work import Array

MOST_PASSES = 16_384  # room for the costs of a run


def cost(parameters: Any, X: jax.Array, Y: jax.Array) -> jax.Array:
    """Return the cross-entropy of one network."""
    W1, b1, W2, b2 = parameters
    Z2 = jnp.tanh(X @ W1 + b1) @ W2 + b2
    return jnp.mean(jnp.maximum(Z2, 0) - Z2 * Y + jnp.log1p(jnp.exp(-jnp.abs(Z2))))


class Jax(Peer):
    """JAX, compiled."""

    def prepare(self) -> None:  # noqa: D102
        self.X_all, self.Y_all = jnp.asarray(self.X), jnp.asarray(self.Y)
        self.descend = jax.jit(self.make_passes)
        self.run(1)

    def step(self, parameters: Any, X: jax.Array, Y: jax.Array) -> Any:
        """Return the parameters after an update, and the cost before it."""
        J, gradients = jax.value_and_grad(cost)(parameters, X, Y)
        return jax.tree.map(lambda p, g: p - self.work.alpha * g, parameters, gradients), J

    def make_pass(self, parameters: Any, X: jax.Array, Y: jax.Array, epoch: Any) -> Any:
        """Return the parameters after a pass, and its cost."""
        m, size = self.work.m, self.work.batch_size
        if size is None:
            return self.step(parameters, X, Y)
        if self.work.shuffle:
            rows = jax.random.permutation(jax.random.key(epoch), m)
            X, Y = X[rows], Y[rows]
        whole = m // size * size
        batches = X[:whole].reshape(-1, size, X.shape[1]), Y[:whole].reshape(-1, size, 1)
        parameters, costs = lax.scan(lambda p, batch: self.step(p, *batch), parameters, batches)
        total = costs.sum() * size
        if whole < m:
            parameters, J = self.step(parameters, X[whole:], Y[whole:])
            total += J * (m - whole)
        return parameters, total / m

    def make_passes(self, parameters: Any, X: jax.Array, Y: jax.Array, passes: int) -> jax.Array:
        """Return the costs of the passes, and the parameters after them."""

        def body(epoch: Any, carry: Any) -> Any:
            parameters, costs = carry
            parameters, J = self.make_pass(parameters, X, Y, epoch)
            return parameters, costs.at[epoch].set(J)

        return lax.fori_loop(0, passes, body, (parameters, jnp.zeros(MOST_PASSES)))

    def train(self, start: Array, passes: int) -> tuple[float, float]:  # noqa: D102
        parameters = [jnp.array(part) for part in self.work.split(start)]
        begin = time.perf_counter()
        _, costs = jax.block_until_ready(self.descend(parameters, self.X_all, self.Y_all, passes))
        return time.perf_counter() - begin, float(costs[passes - 1])


class JaxPopulation(Jax):
    """JAX, compiled; several networks through vmap."""

    def prepare(self) -> None:  # noqa: D102
        self.X_all, self.Y_all = jnp.asarray(self.X), jnp.asarray(self.Y)
        self.descend = jax.jit(jax.vmap(self.make_passes, in_axes=(0, None, None, None)))
        self.run(1)

    def run(self, passes: int) -> tuple[float, list[float]]:  # noqa: D102
        each = [self.work.split(start) for start in self.work.starts()]
        parameters = [jnp.stack([own[i] for own in each]) for i in range(4)]
        begin = time.perf_counter()
        _, costs = jax.block_until_ready(self.descend(parameters, self.X_all, self.Y_all, passes))
        return time.perf_counter() - begin, costs[:, passes - 1].tolist()

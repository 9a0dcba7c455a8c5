"""Guarantee: examples in parts are learned from as one, in an order that the seed and pass decide.

Floor 4. Small batches are made part by part, and large ones of whole parts.
"""

from collections.abc import Iterator, Sequence

from shoal.engine import CostAndGradient, Descent, Engine, Passes, Tick, penalised
from shoal.engine.order import order, splitmix64
from shoal.errors import InputError
from shoal.examples import Examples
from shoal.network import Network
from shoal.partitions import Partitions


def descend(
    engine: Engine, descents: Sequence[Descent], examples: Examples | Partitions, passes: Passes,
    tick: Tick,
) -> None:  # fmt: skip
    """Make passes for all networks, over examples or all their parts; see ``Engine.descend``."""
    if isinstance(examples, Examples):
        engine.descend(descents, examples.X, examples.Y, passes, tick)
        return
    for epoch in range(passes.first, passes.first + passes.count):
        active = [each for each in descents if not each.diverged]
        if not active:
            return
        many = passes.batch_size > max(examples.sizes)
        make = _batches_of_parts if many else _batches
        if not make(engine, active, examples, passes, epoch, tick):
            return


def cost_and_gradient(
    engine: Engine, network: Network, examples: Examples | Partitions
) -> CostAndGradient:
    """Return J and its gradient, of examples or of all their parts."""
    if isinstance(examples, Examples):
        return engine.cost_and_gradient(network, examples.X, examples.Y, examples.w)
    numbers = range(len(examples.sizes))
    (found,) = examples.gradients(engine, [network], numbers, examples.weight, lambda: False)
    return CostAndGradient(found.J, found.gradient)


def _ordered(partitions: Partitions, passes: Passes, epoch: int) -> list[int]:
    """Return the numbers of the parts in the order of a pass."""
    n = len(partitions.sizes)
    if not passes.shuffle or passes.batch_size >= partitions.m:
        return [*range(n)]
    return [int(i) for i in order(n, passes.seed, epoch)]


def _batches_of_parts(
    engine: Engine, descents: Sequence[Descent], partitions: Partitions, passes: Passes,
    epoch: int, tick: Tick,
) -> bool:  # fmt: skip
    """Make a pass in batches of whole parts, as many as have the examples of a batch."""
    if any(each.dropout is not None for each in descents):
        raise InputError(
            "dropout is made in batches within a part: give a batch_size of"
            f" {max(partitions.sizes):,} or less, or no dropout"
        )
    mean_weight = partitions.weight / partitions.m
    totals, seen = dict.fromkeys(map(id, descents), 0.0), 0
    for each in descents:
        each.costs.append(0.0)
    for numbers in _groups(partitions, _ordered(partitions, passes, epoch), passes.batch_size):
        active = [each for each in descents if not each.diverged]
        if not active:
            break
        m = sum(partitions.sizes[i] for i in numbers)
        networks = [each.network for each in active]
        found = partitions.gradients(engine, networks, numbers, m * mean_weight, tick)
        if not found:
            for each in descents if not seen else ():
                each.costs.pop()  # no update was made
            return False
        seen += m
        for each, share in zip(active, found, strict=True):
            J, gradient = share.J, share.gradient
            J, gradient = penalised(each.network, J, gradient, each.l2 / partitions.weight)
            each.optimizer.step(each.network.theta, gradient)
            totals[id(each)] += m * J
            each.costs[-1] = totals[id(each)] / seen
    return True


def _groups(partitions: Partitions, numbers: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield parts, in the order given, until each time there are so many examples."""
    group: list[int] = []
    m = 0
    for i in numbers:
        group.append(i)
        m += partitions.sizes[i]
        if m >= size:
            yield group
            group, m = [], 0
    if group:
        yield group


def _batches(
    engine: Engine, descents: Sequence[Descent], partitions: Partitions, passes: Passes,
    epoch: int, tick: Tick,
) -> bool:  # fmt: skip
    """Make a pass in batches, part by part."""
    parts = _ordered(partitions, passes, epoch)
    totals, seen = dict.fromkeys(map(id, descents), 0.0), 0
    for each in descents:
        each.costs.append(0.0)
    for i, part in partitions.loaded(parts, descents[0].network):
        descents = [each for each in descents if not each.diverged]
        if not descents:
            break
        own = Passes(epoch, 1, passes.batch_size, passes.shuffle, splitmix64(passes.seed, i))
        here = [_of_part(each, part, partitions) for each in descents]
        engine.descend(here, part.X, part.Y, own, tick)
        seen += part.m
        for each, of_part in zip(descents, here, strict=True):
            totals[id(each)] += part.m * sum(of_part.costs)  # of the one pass, or none
            each.costs[-1] = totals[id(each)] / seen
        if tick():
            return False
    return True


def _of_part(descent: Descent, part: Examples, partitions: Partitions) -> Descent:
    """Return a descent on a part that makes the steps it would make on the whole."""
    l2 = descent.l2 * part.m / partitions.m
    found = Descent(descent.network, descent.optimizer, l2, part.w, descent.dropout)
    found.mean_weight = partitions.weight / partitions.m
    return found

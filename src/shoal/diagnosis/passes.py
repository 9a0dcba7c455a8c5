"""Guarantee: what the costs of a training tell of its steps is named, noise is not."""

from collections.abc import Iterator

import numpy as np

from shoal.activations import Array
from shoal.diagnosis.finding import Finding
from shoal.history import History

LEAST, LONG = 5, 20  # passes of which something can be told, and of which it stands still
RISE, LITTLE = 1.1, 0.01  # times the least cost; share of the first one
SWING, TURNS = 0.01, 0.3  # of the level, in the mean; share of passes in which the cost rises
STILL = 1e-5  # of the first cost, over half of the passes


def of_history(history: History) -> Iterator[Finding]:
    """Find what is wrong with a training, from its costs."""
    cost = np.array(history["cost"]) if len(history) else np.zeros(0)
    if history.diverged:
        yield Finding(
            "alpha too large", "failure", history.stop_reason, "lower the learning rate",
            {"passes": len(cost)},
        )  # fmt: skip
    elif len(cost) >= LEAST:
        too_large = list(_too_large(cost))
        if history.kept_epoch is not None:  # of what early stopping has mended nothing is said
            yield from (each for each in too_large if each.kind == "failure")
            return
        yield from too_large
        if not too_large and len(cost) >= LONG:
            yield from _still(cost)
        if "validation_cost" in history:
            yield from _memorising(cost, np.array(history["validation_cost"]))


def _too_large(cost: Array) -> Iterator[Finding]:
    first, least, last = float(cost[0]), float(cost.min()), float(cost[-1])
    evidence = {"first": first, "least": least, "greatest": float(cost.max()), "last": last}
    if last > RISE * least and last - least > LITTLE * first:
        at = int(cost.argmin())
        yield Finding(
            "alpha too large", "failure" if last >= first else "warning",
            f"the cost was {least:.4g} in pass {at}, and rose to {last:.4g}",
            "lower the learning rate", evidence,
        )  # fmt: skip
        return
    late = cost[len(cost) // 2 :]
    swings = np.abs(np.diff(late))
    turns = float((np.diff(late) > 0).mean())
    if turns > TURNS and swings.mean() > SWING * late.mean() and late.mean() > LITTLE * first:
        yield Finding(
            "alpha too large", "warning",
            f"the cost rises in {turns:.0%} of the later passes, and changes by"
            f" {swings.mean() / late.mean():.1%} from one to the next",
            "lower the learning rate, or take larger batches", evidence,
        )  # fmt: skip
    elif cost.max() > 2 * first:
        yield Finding(
            "alpha too large", "warning",
            f"the cost rose from {first:.4g} to {cost.max():.4g} before it fell",
            "lower the learning rate", evidence,
        )  # fmt: skip


def _still(cost: Array) -> Iterator[Finding]:
    late = cost[len(cost) // 2 :]
    fall, whole = float(late[0] - late[-1]), float(cost[0] - cost[-1])
    if abs(fall) < STILL * cost[0]:
        yield Finding(
            "plateau", "warning",
            f"in the last {len(late):,} passes the cost {_change(fall)}",
            "it may be a minimum; if the network is not good enough, give it more hidden units, or"
            " another start",
            {"fall": fall},
        )  # fmt: skip
    elif whole < LITTLE * cost[0] and fall > whole / 4 and (np.diff(late) > 0).mean() < TURNS:
        yield Finding(
            "alpha too small", "warning",
            f"in {len(cost):,} passes the cost fell from {cost[0]:.4g} to {cost[-1]:.4g}, and is"
            " still falling",
            "raise the learning rate, or train longer",
            {"fall": whole},
        )  # fmt: skip


def _change(fall: float) -> str:
    if not fall:
        return "did not change"
    return f"{'fell' if fall > 0 else 'rose'} by {abs(fall):.1e} in all"


def _memorising(cost: Array, held_out: Array) -> Iterator[Finding]:
    best, last = int(held_out.argmin()), float(held_out[-1])
    least = float(held_out[best])
    rise, apart = last - least, cost[-1] < last / 2
    if rise > (0.03 if apart else 0.1) * least and rise > LITTLE * held_out[0] and (
        cost[-1] < cost[best]
    ):  # fmt: skip
        yield Finding(
            "memorising", "warning",
            f"the cost of held-out examples rose from {least:.4g} in pass {best} to {last:.4g},"
            f" while that of the training examples fell to {cost[-1]:.4g}",
            "stop early, or raise the penalty l2",
            {"best": least, "last": last, "cost": float(cost[-1])},
        )  # fmt: skip

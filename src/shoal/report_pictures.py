"""Guarantee: each picture of a report says in words what it shows.

Floor 6. Two classes have the colours of the demo, blue and orange, which the colour-blind can tell
apart; lines differ by their dashes too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shoal.activations import Array
from shoal.boundary import BLUE, ORANGE
from shoal.curves import Thresholds
from shoal.effects import Effect
from shoal.ensemble import Ensemble
from shoal.evaluation import Reliability
from shoal.hidden_units import HiddenUnit
from shoal.intervals import GRID, Curve, Curves, wilson
from shoal.pictures import (
    MOST_BARS,
    data_uri,
    draw_effect,
    draw_importance,
    draw_reliability,
    short,
)

WIDTH, HEIGHT = 5.0, 3.6  # inches: letters can still be read on a telephone
MOST_UNITS, MOST_COLUMNS = 24, 16  # of the picture of hidden units
DASHES = ("-", "--", ":", "-.")
COLOURS = (BLUE, ORANGE, "black", "#767676")


@dataclass(frozen=True)
class Picture:
    """A drawing as the address of an image, and what it shows, in words."""

    uri: str
    alt: str


def learning_curves(ensemble: Ensemble) -> Picture:
    """Draw the cost of each network over its epochs, with where it is best on its own fold."""
    best = []

    def draw(axes: Axes) -> None:
        for i, history in enumerate(ensemble.histories):
            first = i == 0
            held_out = history["validation_cost"]
            kept = history.kept_epoch
            best.append(int(np.argmin(held_out)) if kept is None else kept)
            axes.plot(history["epoch"], history["cost"], color=BLUE, alpha=0.7, linestyle="--",
                      label="rows learned from, with penalty" if first else None)  # fmt: skip
            axes.plot(history["epoch"], held_out, color=ORANGE, alpha=0.7,
                      label="the fold held out" if first else None)  # fmt: skip
            axes.plot(best[-1], held_out[best[-1]], "ko", markersize=4,
                      label="kept" if first else None)  # fmt: skip
        axes.set(xlabel="epoch", ylabel="cost J", title="Learning")
        axes.legend()

    uri = _drawn(draw)
    costs = [history["validation_cost"][at] for history, at in zip(ensemble.histories, best,
                                                                   strict=True)]  # fmt: skip
    return Picture(
        uri,
        f"Learning curves of {len(costs)} networks: the parameters kept are those after"
        f" {min(best) + 1} to {max(best) + 1} epochs, with a cost of the fold held"
        f" out of {min(costs):.3f} to {max(costs):.3f}.",
    )


def roc_curves(found: dict[str, Curves], K: int) -> Picture:
    """Draw the ROC curve of each class, by its label; of one alone with its band."""
    return _of_classes(
        {name: each.roc for name, each in found.items()},
        f"ROC{_of(found, K)}", "share of the others that are taken for it",
        "share of it that is found", "area", chance=True,
    )  # fmt: skip


def precision_recall_curves(found: dict[str, Curves], K: int) -> Picture:
    """Draw the precision-recall curve of each class, by its label; of one alone with its band."""
    return _of_classes(
        {name: each.precision_recall for name, each in found.items()},
        f"Precision and recall{_of(found, K)}", "share of it that is found",
        "share of what is said that is right", "average precision",
    )  # fmt: skip


def _of(found: dict[str, Curves], K: int) -> str:
    return f", {len(found)} of {K} classes" if K > 2 and len(found) < K else ""


def _of_classes(
    curves: dict[str, Curve], title: str, x: str, y: str, area: str, chance: bool = False
) -> Picture:
    def draw(axes: Axes) -> None:
        if chance:
            axes.plot([0, 1], [0, 1], color="#767676", linewidth=1)
        for i, (name, curve) in enumerate(curves.items()):
            colour = COLOURS[i % 4]
            axes.plot(curve.x, curve.y, color=colour, linestyle=DASHES[(i + i // 4) % 4],
                      drawstyle="default" if chance else "steps-pre",
                      label=f"{short(name)}: {curve.area.estimate:.3f}")  # fmt: skip
            if len(curves) == 1:
                axes.fill_between(GRID, curve.low, curve.high, color=colour, alpha=0.2,
                                  label="95 %")  # fmt: skip
        axes.set(xlabel=x, ylabel=y, title=title, xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
        axes.legend(loc="lower right" if chance else "best", fontsize=8)

    areas = "; ".join(f"{name} {each.area}" for name, each in curves.items())
    return Picture(_drawn(draw), f"{title} curve; {area} with its 95 % interval: {areas}.")


def calibration(found: Reliability, positive: str | None) -> Picture:
    """Draw how often what was given a probability came true, with intervals after Wilson."""
    low, high = wilson(np.array(found.share), np.array(found.rows))

    def draw(axes: Axes) -> None:
        axes.vlines(found.probability, low, high, color=BLUE, alpha=0.6, label="95 %")
        draw_reliability(axes, found, positive)
        axes.set(title="Calibration", xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))

    pairs = ", ".join(
        f"{p:.2f} said, {s:.2f} true" for p, s in zip(found.probability, found.share, strict=True)
    )
    return Picture(_drawn(draw), f"Calibration, error {found.error:.3f}. Tenths of rows: {pairs}.")


def threshold_curves(found: Thresholds, chosen: float | None, positive: str) -> Picture:
    """Draw precision, recall and F1 over the threshold, and the threshold of the model."""
    best = 1 + int(found.f1[1:].argmax())

    def draw(axes: Axes) -> None:
        lines = (("precision", found.precision), ("recall", found.recall), ("F1", found.f1))
        for (name, values), colour, dashes in zip(lines, COLOURS, DASHES, strict=False):
            axes.plot(found.threshold[1:], values[1:], color=colour, linestyle=dashes, label=name)
        if chosen is not None:
            axes.axvline(chosen, color="#767676", linewidth=1, label="of this model")
        axes.set(xlabel=f"{short(positive)} is said from this probability on", title="Threshold",
                 xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))  # fmt: skip
        axes.legend(fontsize=8)

    return Picture(
        _drawn(draw),
        f"Precision, recall and F1 over the threshold; F1 is greatest on these rows,"
        f" {found.f1[best]:.3f}, at {found.threshold[best]:.3f}"
        + ("." if chosen is None else f"; the threshold of the model is {chosen:.3f}."),
    )


def importance(found: Sequence[Effect]) -> Picture:
    """Draw the importance of the columns."""
    shown = found[:MOST_BARS]
    names = ", ".join(f"{each.name} {each.importance:.3f}" for each in shown)
    height = max(2.0, 0.26 * len(shown) + 1)
    return Picture(
        _drawn(lambda axes: draw_importance(axes, shown), height),
        f"How much the log loss rises when a column is shuffled: {names}.",
    )


def effect_curve(effect: Effect, classes: Sequence[str]) -> Picture:
    """Draw what one column does to the probability."""
    P, k = np.array(effect.curve), effect.moved
    first, last = effect.values[0], effect.values[-1]
    return Picture(
        _drawn(lambda axes: draw_effect(axes, effect, classes), 2.6, 3.4),
        f"Mean probability of {classes[k]} over {effect.name}: {P[0, k]:.2f} at {_value(first)},"
        f" {P[-1, k]:.2f} at {_value(last)}, between {P[:, k].min():.2f} and {P[:, k].max():.2f}.",
    )


def unit_columns(units: Sequence[HiddenUnit]) -> Picture:
    """Draw what the greatest hidden units look at."""
    shown = units[:MOST_UNITS]
    total: dict[str, float] = {}
    for unit in shown:
        for name, share in unit.columns.items():
            total[name] = total.get(name, 0.0) + share / len(shown)
    names = sorted(total, key=lambda name: -total[name])[:MOST_COLUMNS]
    shares = np.array([[unit.columns[name] for unit in shown] for name in names])

    def draw(axes: Axes) -> None:
        axes.grid(visible=False)
        shades = axes.imshow(shares, cmap="Blues", vmin=0, aspect="auto")
        axes.set_yticks(range(len(names)), [short(name) for name in names])
        axes.set(xlabel="hidden units, those that add most first", title="What units look at")
        figure = axes.get_figure()
        if figure is not None:
            figure.colorbar(shades, ax=axes, label="share of z1")

    parts = ", ".join(f"{name} {total[name]:.0%}" for name in names[:5])
    return Picture(
        _drawn(draw, max(2.4, 0.24 * len(names) + 1.2)),
        f"Share that each column has in z1 of the {len(shown)} units that add most; in the mean:"
        f" {parts}.",
    )


def weights(ensemble: Ensemble) -> Picture:
    """Draw how the weights are spread."""
    blocks: dict[str, Array] = {
        name: np.concatenate(
            [getattr(network.parameters, name).ravel() for network in ensemble.networks]
        )
        for name in ("W1", "W2", "b1")
    }

    def draw(axes: Axes) -> None:
        greatest = max(float(np.quantile(np.abs(each), 0.999)) for each in blocks.values())
        edges = np.linspace(-greatest, greatest, 61).tolist()
        for (name, values), colour, dashes in zip(blocks.items(), COLOURS, DASHES, strict=False):
            axes.hist(values.clip(-greatest, greatest), edges, density=True, histtype="step",
                      color=colour, linestyle=dashes, label=name)  # fmt: skip
        axes.set(xlabel="value", ylabel="density", yscale="log", title="Weights")
        axes.legend()

    told = "; ".join(
        f"{name} {each.min():.2f} to {each.max():.2f}, deviation {each.std():.3f}"
        for name, each in blocks.items()
    )
    return Picture(_drawn(draw), f"How the weights of all networks are spread: {told}.")


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _drawn(draw: Callable[[Axes], None], height: float = HEIGHT, width: float = WIDTH) -> str:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.grid(alpha=0.3)
    draw(axes)
    return data_uri(figure)

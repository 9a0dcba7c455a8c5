"""Guarantee: what may be chosen of a training is the same in every command that trains.

Floor 7.
"""

import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from shoal.errors import InputError

if TYPE_CHECKING:
    from shoal.table_model import TableModel

UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
OPTIONS = (
    click.option(
        "--target",
        "-t",
        required=True,
        metavar="COLUMN",
        help="What to predict: a column's name, or its position (1 the first, -1 the last).",
    ),
    click.option("--drop", multiple=True, metavar="COLUMN", help="Do not learn from this column."),
    click.option(
        "--keep",
        multiple=True,
        metavar="COLUMN",
        help="Learn from this column even though it looks like an id.",
    ),
    click.option(
        "--use",
        "uses",
        multiple=True,
        metavar="COLUMN=USE",
        help="Use this column as number, one-hot, target-means, boolean or date.",
    ),
    click.option(
        "--group",
        metavar="COLUMN",
        help="Hold rows that are equal here, as of one patient, out together.",
    ),
    click.option(
        "--order", metavar="COLUMN", help="Hold the last rows out, by this date or number."
    ),
    click.option(
        "--goal",
        metavar="GOAL",
        help="Which label to say: accuracy, balanced-accuracy, f1, precision=0.9, recall=0.9,"
        " threshold=0.3, or cost:no>yes=1,yes>no=5 (true>said).  [default: the likeliest]",
    ),
    click.option(
        "--metric",
        default="log-loss",
        show_default=True,
        metavar="METRIC",
        help="What stops training early: log-loss, accuracy, balanced-accuracy, roc-auc, brier.",
    ),
    click.option(
        "--class-weight",
        metavar="WEIGHTS",
        help="What a mistake about a class costs: balanced, or as no=1,yes=5.",
    ),
    click.option("--networks", type=click.IntRange(1), help="How many to average.  [default: 5]"),
    click.option(
        "--strict", is_flag=True, help="A network that failed to learn is an error, not a note."
    ),
    click.option(
        "--time",
        "seconds",
        metavar="TIME",
        help="Average as many networks as can be trained in 30s, 5m, 1h, say.",
    ),
)


def training_choices(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a training; :func:`choices` reads them."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def choices(
    uses: tuple[str, ...], metric: str, class_weight: str | None, networks: int | None,
    seconds: str | None, **as_they_are: Any,
) -> dict[str, Any]:  # fmt: skip
    """Return the keyword arguments of ``train_table`` that the options ask for."""
    from shoal.recipe import FOLDS, Recipe

    recipe = Recipe(
        networks=networks or FOLDS,
        metric=metric,
        class_weight=_weights(class_weight),
        seconds=None if seconds is None else _seconds(seconds),
    )
    pairs = [_pair(use) for use in uses]
    if len(dict(pairs)) < len(pairs):
        raise InputError("--use names a column twice: choose one use for it")
    return as_they_are | {"uses": dict(pairs), "recipe": recipe}


def training_command(model: "TableModel") -> str | None:
    """Return the command that trains a model again, or None if there is none."""
    from shoal.table_model import what_was_chosen

    chosen = what_was_chosen(model)
    if chosen is None:
        return None
    recipe, uses = chosen.pop("recipe", {}), chosen.pop("uses", {})
    weights = recipe.get("class_weight")
    if isinstance(weights, dict):
        if any(set("=,") & set(label) for label in weights):
            return None
        recipe["class_weight"] = ",".join(f"{k}={_decimal(w)}" for k, w in weights.items())
    if recipe.keys() - {"networks", "metric", "class_weight"}:
        return None
    words = ["shoal", "train", model.record["source"], "--target", model.target.name]
    words += [] if model.schema.header else ["--no-header"]
    words += ["--in-parts"] if model.record.get("in_parts") else []
    words += [f"--use={column}={use}" for column, use in uses.items()]
    for name, value in (chosen | recipe).items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
        else:
            for each in value if isinstance(value, list) else [value]:
                words += [option, str(each)]
    return shlex.join([*words, "--seed", str(model.record["seed"]), "--output", "again.shoal"])


def _decimal(number: float) -> str:
    import numpy as np

    return np.format_float_positional(number, trim="-")


def _pair(text: str) -> tuple[str, str]:
    name, equals, use = text.rpartition("=")  # names may hold = too
    if not equals:
        raise InputError(f"--use {text} lacks a use: write COLUMN=one-hot, say")
    return name, use


def _weights(text: str | None) -> dict[str, float] | str | None:
    if text is None or text == "balanced":
        return text
    weights = {}
    for item in text.split(","):
        label, _, weight = item.rpartition("=")
        if not label or not re.fullmatch(r"\d+(\.\d+)?", weight.strip()):
            raise InputError(
                f"--class-weight {text} cannot be read: write balanced, or a weight above 0 for"
                " each label as no=1,yes=5 (labels with = or , can be named in Python)"
            )
        weights[label.strip()] = float(weight)
    return weights


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if not match or not float(match[1]):
        raise InputError(f"--time {text} is no time: write 30s, 5m or 1h, say")
    return float(match[1]) * UNITS[match[2] or "s"]

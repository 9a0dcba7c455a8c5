"""Guarantee: what is taken away gives the same network again: as code, as a notebook, as a model.

The script needs Shoal alone, and comes to the same parameters to the bit.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shoal import __version__
from shoal.decisions import decide
from shoal.engine import default_engine
from shoal.ensemble import Ensemble
from shoal.errors import InputError
from shoal.lab.scenario import OPTIMIZERS, BuiltIn, Scenario, Settings, TableData
from shoal.lab.timeline import Timeline
from shoal.piecewise import Pieces, PiecewiseLinear
from shoal.table_learning import fit_baseline, profiles_of
from shoal.table_model import TableModel


def script_of(timeline: Timeline) -> bytes:
    """Return a Python script that trains to the iteration of a timeline."""
    return "\n\n".join(text for _, text in _sections(timeline)).encode() + b"\n"


def notebook_of(timeline: Timeline) -> bytes:
    """Return the script as a notebook, with a heading for each part."""
    cells: list[dict[str, Any]] = []
    for i, (title, text) in enumerate(_sections(timeline)):
        for kind, source in (("markdown", f"## {title}"), ("code", text)):
            cell = {"cell_type": kind, "id": f"{kind}-{i}", "metadata": {}, "source": source}
            cells.append(
                cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
            )
    python = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {
        "cells": cells, "metadata": {"kernelspec": python}, "nbformat": 4, "nbformat_minor": 5,
    }  # fmt: skip
    return json.dumps(notebook, indent=1).encode()


def model_of(timeline: Timeline) -> bytes:
    """Return a model file that ``shoal predict`` reads."""
    material, scenario = timeline.material, timeline.scenario
    prepared, labels, K = material.prepared, material.labels, len(material.classes)
    if not np.isfinite(timeline.costs()[0]):
        raise InputError(
            f"the cost at iteration {timeline.iteration:,} is no finite number: go back"
        )
    history = timeline.history()
    history.stop_reason = f"taken from the lab at iteration {timeline.iteration:,}"
    learned = prepared.table.rows(material.rows)
    model = TableModel(
        prepared.schema,
        prepared.target,
        material.encoder,
        PiecewiseLinear([Pieces()] * len(material.features)),
        Ensemble((timeline.network,), (history,), np.ones(K)),
        decide("accuracy", material.classes, np.arange(K), np.eye(K)),
        profiles_of(learned, material.encoder),
        fit_baseline(material.learned.X.T, labels, K).network,
        np.bincount(labels, minlength=K) / len(labels),
        {
            "source": prepared.table.source, "rows": len(labels), "seed": scenario.seed,
            "choices": {}, "from_file": False, "networks": 1, "tables": {}, "failures": [],
            "notes": [f"taken from the lab at iteration {timeline.iteration:,}"],
            "engine": default_engine().name, "shoal": __version__,
        },
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        model.save(path)
        return path.read_bytes()


class Form(NamedTuple):
    """A file to be taken away: its name, its media type, and how it is made."""

    name: str
    type: str
    make: Callable[[Timeline], bytes]


FORMS = {
    "script": Form("shoal_run.py", "text/x-python", script_of),
    "notebook": Form("shoal_run.ipynb", "application/x-ipynb+json", notebook_of),
    "model": Form("shoal_run.shoal", "application/octet-stream", model_of),
}


def _sections(timeline: Timeline) -> Iterator[tuple[str, str]]:
    """Yield the parts of the script: a title, and the code."""
    scenario, network = timeline.scenario, timeline.network
    head = (
        f'"""A run of Shoal\'s lab, to iteration {timeline.iteration:,}; it gives the same bits."""'
    )
    yield "What is needed", head + "\n\n" + _imports(scenario)
    yield "The examples", _examples(scenario)
    yield (
        "The network",
        (
            f"network = Network(n_x={network.n_x}, n_h={network.n_h}, n_y={network.n_y},"
            f" activation={network.activation!r}, output={network.output!r})\n"
            f"network.initialise({scenario.init!r}, {scenario.scale!r}, {scenario.seed})\n"
            f"optimizer = {_optimizer(scenario.settings)}"
        ),
    )
    yield "The descent", "\n".join(_descent(scenario, timeline.iteration))
    yield (
        "What it came to",
        (
            "J, A2 = default_engine().cost_and_predictions(network, X, Y)\n"
            'print("cost", J)\n'
            "W1, b1, W2, b2 = network.parameters"
        ),
    )


def _imports(scenario: Scenario) -> str:
    lines = ["import numpy as np", "", "from shoal import Examples, Network, train"]
    if isinstance(scenario.data, BuiltIn):
        lines.append("from shoal.datasets import DATA_SETS")
    lines.append("from shoal.engine import default_engine")
    if isinstance(scenario.data, TableData):
        lines.append("from shoal.losses import class_outputs")
    lines.append("from shoal.optimizers import Adam, GradientDescent, Momentum")
    if scenario.held_out:
        lines.append("from shoal.splitting import holdout")
    if isinstance(scenario.data, TableData):
        lines.append("from shoal.table_learning import encode")
        lines.append("from shoal.table_preparation import Choices, prepare")
        lines.append("from shoal.tables import read_table")
    return "\n".join(lines)


def _examples(scenario: Scenario) -> str:
    data, split = scenario.data, f"{scenario.held_out!r}, seed={scenario.seed})"
    if isinstance(data, TableData):
        kept = [f"kept, held_out = holdout(prepared.labels[rows], {split}", "rows = rows[kept]"]
        return "\n".join([
            f"table = read_table({data.name!r})  # its fingerprint: {data.table}",
            f"prepared = prepare(table, {data.target!r}, Choices())",
            "rows = np.flatnonzero(prepared.labels >= 0)",
            *(kept if scenario.held_out else []),
            "encoded = encode(prepared, rows)",
            "X = np.ascontiguousarray(encoded.X, np.float64).T",
            "Y = class_outputs(encoded.labels, len(prepared.target.classes))",
        ])  # fmt: skip
    if isinstance(data, BuiltIn):
        lines = [f"X, Y = DATA_SETS[{data.name!r}]({data.seed})"]
    else:
        points = ", ".join(str(list(point)) for point in data.points)
        lines = [f"points = np.array([{points}], float)", "X, Y = points[:, :2].T, points[:, 2:].T"]
    if scenario.held_out:
        lines += [
            f"kept, held_out = holdout(Y[0].astype(int), {split}",
            "X, Y = X[:, kept], Y[:, kept]",
        ]
    return "\n".join(lines)


def _optimizer(settings: Settings) -> str:
    return f"{OPTIMIZERS[settings.optimizer].__name__}(alpha={settings.alpha!r})"


def _descent(scenario: Scenario, iteration: int) -> Iterator[str]:
    """Yield a call of ``train`` for each stretch between changes, and the changes."""
    before, settings = 0, scenario.settings
    for change in scenario.changes:
        yield from _stretch(scenario, before, change.at)
        now = replace(settings, **change.settings)
        if now.optimizer != settings.optimizer:
            yield f"optimizer = {_optimizer(now)}"
        elif now.alpha != settings.alpha:
            yield f"optimizer.alpha = {now.alpha!r}"
        for place, weight in change.weights.items():
            yield f"network.theta[{place}] = {weight!r}"
        before, settings = change.at, now
    yield from _stretch(scenario, before, iteration)


def _stretch(scenario: Scenario, first: int, last: int) -> Iterator[str]:
    settings = scenario.settings_at(first)
    if last > first:
        yield (
            f"train(network, Examples(X, Y), optimizer=optimizer, max_epochs={last - first},"
            f" first_epoch={first}, batch_size={settings.batch_size!r}, l2={settings.l2!r},"
            f" seed={scenario.seed})"
        )

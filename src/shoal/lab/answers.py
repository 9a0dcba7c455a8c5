"""Guarantee: each question of the page has an answer of plain data, or a sentence what is wrong.

The same answers serve the browser and a notebook; how they travel is not known here. To go a long
way takes several questions, of about ``SECONDS`` each.
"""

import math
import os
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from shoal import __version__
from shoal.activations import ACTIVATIONS
from shoal.errors import InputError
from shoal.examples import Examples
from shoal.gradient_checks import gradient_check
from shoal.lab.data_sets import DESCRIPTIONS
from shoal.lab.frame import data_seen, frame_of
from shoal.lab.material import MOST_BYTES, Given, UnknownTableError
from shoal.lab.runs import Runs
from shoal.lab.scenario import (
    MOST_POINTS,
    MOST_UNITS,
    OPTIMIZERS,
    Scenario,
    TableData,
    scenario_from_data,
    text,
    whole,
)
from shoal.lab.take_away import FORMS
from shoal.lab.timeline import Timeline
from shoal.network import INITIALISATIONS, Network
from shoal.sampling import some_of
from shoal.table_training import HELD_OUT
from shoal.targets import target_name
from shoal.traces import trace

SECONDS = 0.2
MOST_CHECKED = 32  # examples; with many units each takes long
MOST_ROWS, MOST_COLUMNS = 24, 12  # of an array in the equations
OF_A_TABLE: dict[str, Any] = {
    "held_out": HELD_OUT,
    "n_h": 8,
    "init": "scaled",
    "seed": 0,
}  # to begin with

Question = dict[str, Any]
T = TypeVar("T")


class Answers:
    """Answers the questions of one lab.

    Parameters
    ----------
    runs : Runs
    start : Scenario
        What the page opens with.
    """

    def __init__(self, runs: Runs, start: Scenario) -> None:
        self.runs, self.start = runs, start
        self._kinds: dict[str, Callable[[Question], Question]] = {
            "about": self._about, "data": self._of_a_run(self._data),
            "frame": self._of_a_run(self._frame), "equations": self._of_a_run(self._equations),
            "table": self._table, "take": self._of_a_run(self._take), "check": self._check,
        }  # fmt: skip

    @property
    def kinds(self) -> tuple[str, ...]:
        """What may be asked."""
        return tuple(self._kinds)

    def answer(self, kind: Any, question: Any) -> tuple[bool, Question]:
        """Answer a question; the first is whether it could be.

        What cannot be used comes back as ``{"error": sentence}``.
        """
        try:
            if kind not in self.kinds or not isinstance(question, dict):
                raise InputError(f"a question must be an object, of {', '.join(self.kinds)}")
            return True, _finite(self._kinds[kind](question))
        except UnknownTableError as error:
            return False, {"error": str(error), "unknown_table": error.table}
        except InputError as error:
            return False, {"error": str(error)}
        except MemoryError:
            return False, {"error": "that does not fit into memory: take less of it"}
        except Exception as error:
            if os.environ.get("SHOAL_DEBUG"):
                raise
            return False, {
                "error": f"this should not have happened ({type(error).__name__}): start shoal lab"
                " again with SHOAL_DEBUG=1 and report what it prints"
            }

    def _of_a_run(self, answer: Callable[[Scenario, Question], T]) -> Callable[[Question], T]:
        """Answer alone, but make the examples before: others need not wait for them."""

        def answered(question: Question) -> T:
            scenario = scenario_from_data(question.get("scenario"))
            self.runs.make_ready(scenario)
            with self.runs.lock:
                return answer(scenario, question)

        return answered

    def _about(self, _: Question) -> Question:
        with self.runs.lock:
            tables = [
                table_seen(given, self._target_of(fingerprint))
                for fingerprint, given in self.runs.tables.given.items()
            ]
        return {
            "shoal": __version__,
            "data_sets": [
                {"name": name, "title": title, "sentence": sentence}
                for name, (title, sentence) in DESCRIPTIONS.items()
            ],
            "activations": list(ACTIVATIONS),
            "initialisations": list(INITIALISATIONS),
            "optimizers": list(OPTIMIZERS),
            "limits": {"n_h": MOST_UNITS, "points": MOST_POINTS, "bytes": MOST_BYTES},
            "start": self.start.to_data(),
            "of_a_table": OF_A_TABLE,
            "tables": tables,
        }

    def _target_of(self, fingerprint: str) -> str | None:
        match self.start.data:
            case TableData(table, _, target) if table == fingerprint:
                return target
        return None

    def _data(self, scenario: Scenario, question: Question) -> Question:
        plane = self.runs.plane(scenario, question.get("view"))
        return data_seen(self.runs.material(scenario), plane)

    def _frame(self, scenario: Scenario, question: Question) -> Question:
        plane = self.runs.plane(scenario, question.get("view"))
        whole_run = self.runs.timeline(scenario)
        return frame_of(self._there(scenario, question), whole_run, plane, question)

    def _equations(self, scenario: Scenario, question: Question) -> Question:
        timeline = self._exactly_there(scenario, question)
        learned, example = timeline.material.learned, question.get("example")
        X, Y = learned.X, learned.Y
        if example is not None:
            at = whole("example", example, 0, learned.m - 1)
            X, Y = X[:, at : at + 1], Y[:, at : at + 1]
        settings, features = timeline.settings, timeline.material.features
        seen = trace(timeline.network, X, Y, alpha=settings.alpha, names={"feature": features})
        return {
            "m": seen.m,
            "alpha": seen.alpha,
            "names": {name: list(seen.names[name]) for name in ("feature", "unit", "output")},
            "steps": [
                {
                    "part": step.part, "symbol": step.symbol, "equation": step.equation,
                    "note": step.note, "axes": list(step.axes), "shape": list(step.value.shape),
                    "rows": list(range(min(MOST_ROWS, step.value.shape[0]))),
                    "columns": list(range(min(MOST_COLUMNS, step.value.shape[1]))),
                    "value": step.value[:MOST_ROWS, :MOST_COLUMNS].tolist(),
                }
                for step in seen.steps
            ],
        }  # fmt: skip

    def _check(self, question: Question) -> Question:
        network, learned = self._of_a_run(self._copied)(question)  # the rest takes long
        some = some_of(learned.m, MOST_CHECKED, seed=0)
        found = gradient_check(network, learned.X[:, some], learned.Y[:, some])
        return {
            "right": found.right,
            "sentence": (
                f"{sum(block.entries for block in found.blocks):,} derivatives on"
                f" {found.examples:,} examples agree with the complex step and with central"
                " differences"
                if found.right
                else f"the derivatives are not those of the cost: look at {found.suspect}"
            ),
            "blocks": [
                {
                    "name": f"d{block.block}", "right": block.right, "analytic": block.analytic,
                    "numeric": block.numeric, "complex_step": block.complex_step,
                    "difference": block.difference,
                    "worst": f"row {block.worst[0] + 1}, column {block.worst[1] + 1}",
                }
                for block in found.blocks
            ],
        }  # fmt: skip

    def _copied(self, scenario: Scenario, question: Question) -> tuple[Network, Examples]:
        timeline = self._exactly_there(scenario, question)
        return timeline.network.in_double_precision(), timeline.material.learned

    def _table(self, question: Question) -> Question:
        name, content, target = (question.get(each) for each in ("name", "content", "target"))
        name = text("name", name)
        if not isinstance(content, str):
            raise InputError(f"{name} needs a content, in base64")
        if target is not None:
            target = text("target", target)
        try:
            given = b64decode(content, validate=True)
        except NotBase64:
            raise InputError(f"{name} did not arrive whole: give it again") from None
        read = self.runs.tables.read(given, name)
        with self.runs.lock:
            self.runs.tables.keep(read)
        return table_seen(read, target)

    def _take(self, scenario: Scenario, question: Question) -> Question:
        what = question.get("what")
        if not isinstance(what, str) or what not in FORMS:
            raise InputError(f"what must be one of {', '.join(FORMS)}")
        form = FORMS[what]
        content = form.make(self._exactly_there(scenario, question))
        return {"name": form.name, "type": form.type, "content": b64encode(content).decode()}

    def _there(self, scenario: Scenario, question: Question) -> Timeline:
        """Return a timeline that has gone towards the iteration that is asked for."""
        iteration = whole("iteration", question.get("iteration"))
        made = tuple(change for change in scenario.changes if change.at <= iteration)
        same = len(made) == len(scenario.changes)
        timeline = self.runs.timeline(scenario if same else replace(scenario, changes=made))
        timeline.go(iteration, SECONDS)
        return timeline

    def _exactly_there(self, scenario: Scenario, question: Question) -> Timeline:
        timeline = self._there(scenario, question)
        wanted = question["iteration"]
        if timeline.iteration != wanted:
            raise InputError(
                timeline.ended or f"the network is at iteration {timeline.iteration:,} yet: wait"
            )
        return timeline


def table_seen(given: Given, target: str | None) -> Question:
    """Return what the page shows of a table; the target is the likeliest unless given."""
    table = given.table
    return {
        "table": given.fingerprint,
        "name": table.source,
        "rows": table.n_rows,
        "columns": [{"name": each.name, "kind": each.kind} for each in table.columns],
        "target": given.target if target is None else target_name(table, target),
        "notes": list(table.notes),
    }


def start_of(runs: Runs, path: str | None, target: str | None) -> Scenario:
    """Return what to open with: a table, which is read and kept from now on, or the flower."""
    if path is None:
        if target is not None:
            raise InputError("the target is a column of a table: give the table too")
        return Scenario()
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"the lab reads a table from a file, and {type(path).__name__} is none")
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check the name") from None
    given = runs.tables.read(content, str(path))
    runs.tables.keep(given)
    seen = table_seen(given, target)
    scenario = Scenario(
        TableData(given.fingerprint, seen["name"], seen["target"]),
        **OF_A_TABLE,
    )
    runs.material(scenario)  # what cannot be learned from is said now
    return scenario


def _finite(answer: Any) -> Any:
    """Return an answer without infinities, which JSON has not: null stands for them."""
    if isinstance(answer, float):
        return answer if math.isfinite(answer) else None
    if isinstance(answer, dict):
        return {name: _finite(value) for name, value in answer.items()}
    return [_finite(value) for value in answer] if isinstance(answer, list) else answer

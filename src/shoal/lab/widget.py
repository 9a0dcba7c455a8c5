"""Guarantee: a notebook shows the lab with the page that the browser shows, asked over the kernel.

It needs anywidget (``pip install 'shoal[notebook]'``), and is the only module that knows it.
"""

from pathlib import Path
from typing import Any

from shoal.errors import InputError
from shoal.lab.answers import Answers, start_of
from shoal.lab.runs import Runs

try:
    import anywidget
except ImportError as error:
    raise InputError(
        "a lab in a notebook needs anywidget: pip install 'shoal[notebook]'"
    ) from error

STATIC = Path(__file__).parent / "static"


class LabWidget(anywidget.AnyWidget):
    """The lab as a widget of Jupyter, Colab, marimo or VS Code.

    Parameters
    ----------
    table : str, optional
        A file to learn from; without one the page opens with the course's flower.
    target : str, optional
        Name or position of its target column; the likeliest unless given.

    Raises
    ------
    InputError
        The table cannot be read or learned from.
    """

    _esm = STATIC / "app.js"
    _css = STATIC / "app.css"

    def __init__(self, table: str | None = None, target: str | None = None) -> None:
        super().__init__()
        runs = Runs()
        self._answers = Answers(runs, start_of(runs, table, target))
        self.on_msg(self._on_question)

    def _on_question(self, _: Any, message: Any, __: Any) -> None:
        _, answer = self._answers.answer(message.get("kind"), message.get("question"))
        self.send({"id": message.get("id"), "reply": answer})

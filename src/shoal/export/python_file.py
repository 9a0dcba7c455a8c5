"""Guarantee: a model as one readable Python file that needs NumPy alone, and holds data as data.

Floor 6. Names and labels of the table go in as literals in ASCII, never as code. The parameters
are decimals, as few digits as give the same single-precision number again: they can be read, and
as lines of text the file opens faster than lists of numbers would.
"""

import inspect
import json
import re
import sys
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from shoal import __version__
from shoal.columns import Table
from shoal.export import standalone, standalone_table
from shoal.export.answers import Answers, not_compared
from shoal.export.description import PARAMETERS, describe, in_lines, shortest_texts, used_plans
from shoal.export.programs import run_program
from shoal.network import Network
from shoal.table_model import TableModel

MARK = "# Exported by Shoal"
INTRODUCTION = '''
"""Probabilities of classes for the rows of a table, by neural networks with one hidden layer.

Needs Python 3.8 or later (3.11 for every form of ISO dates) and NumPy, nothing else.

    python THIS_FILE TABLE.csv [SEPARATOR]    prints a label and the probability of each class

    import THIS_FILE as model
    columns = {"a column": ["its cells", 1.5, None], "another": ...}   # m cells each
    P = model.predict_proba(columns)        # (m, K), a probability for each of model.CLASSES
    labels = model.predict(columns)

Cells are text or numbers; None, NaN, an empty text, "?", "NA" and the like are missing. Columns
become features ("the encoding"), numbers become pieces of a line, networks give probabilities,
and the decision says a label. First comes the code, then the model as data.
"""
'''
USE = '''
CLASSES = MODEL["target"]["classes"]


def predict_proba(columns):
    """Return the probability of each of CLASSES, (m, K), from columns by name, of m cells each."""
    return probabilities(MODEL, columns)


def predict(columns):
    """Return the label of each row."""
    return labels(MODEL, predict_proba(columns))


if __name__ == "__main__":
    sys.exit(main(MODEL, sys.argv[1:]))
'''
TRY = """
import json, sys
sys.path.insert(0, ".")
import exported
columns = json.load(sys.stdin)
P = exported.predict_proba(columns).tolist()
json.dump({"P": P, "labels": exported.predict(columns)}, sys.stdout)
"""


def python_file(model: TableModel) -> bytes:
    """Return the file."""
    lines = [f"{MARK} {__version__}", INTRODUCTION.strip(), "", _code(), "", ""]
    lines += ["# ---- the model ----", "", f"MODEL = {_literal(describe(model))}", ""]
    lines += ['MODEL["networks"] = [', *map(_network, model.ensemble.networks), "]", ""]
    return ("\n".join(lines) + USE).encode("ascii")


def _code() -> str:
    """Return the code of a file: its modules in order, their imports at its head."""
    imports: set[str] = set()
    bodies = []
    for module in (standalone, standalone_table):
        # without the module's own words, about its place in Shoal, and those to its linter
        code = inspect.getsource(module).partition('"""\n\n')[2]
        head, mark, body = re.sub(r" +# noqa.*", "", code).partition("\n# ----")
        imports |= {line for line in head.splitlines() if line and " shoal." not in line}
        bodies.append(f"{mark}{body}".strip())
    first, last = "from __future__ import annotations", "import numpy as np"
    rest = sorted(imports - {first, last}, key=lambda line: (line.startswith("from"), line))
    return "\n".join([first, "", *rest, "", last, "", "\n\n\n".join(bodies)])


def run_python_file(data: bytes, model: TableModel, table: Table) -> Answers:
    """Return what the file says of some rows, in a process of its own that does not know Shoal."""
    columns = {plan.name: table[plan.name].values.tolist() for plan in used_plans(model)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "exported.py").write_bytes(data)
        (folder / "try.py").write_text(TRY)
        command = [sys.executable, "-I", "-B", "try.py"]
        said = run_program(command, folder, json.dumps(columns).encode())
    try:
        answer = json.loads(said)
        return Answers(np.array(answer["P"], float), answer["labels"])
    except (ValueError, TypeError, KeyError):
        raise not_compared("Python", "gave no answer that can be read") from None


def _network(network: Network) -> str:
    dtype = str(network.theta.dtype)
    sizes = {"activation": network.activation, "output": network.output, "dtype": dtype}
    lines = ["    {", *(f'        "{key}": "{value}",' for key, value in sizes.items())]
    for name, array in zip(PARAMETERS, network.parameters, strict=True):
        rows = in_lines(shortest_texts(array), " ")
        shape = f"{array.shape[0]}, {array.shape[1]}"
        lines.append(f'        "{name}": matrix({shape}, "{dtype}", """\n{rows}\n"""),')
    return "\n".join([*lines, "    },"])


def _literal(data: Any, indent: str = "") -> str:
    """Return data as a literal in ASCII, a line for each entry unless it is short."""
    line = ascii(data)
    if len(indent) + len(line) <= 99 or not isinstance(data, dict | list):
        return line
    inner = indent + "    "
    if isinstance(data, dict):
        items = [f"{key!a}: {_literal(value, inner)}" for key, value in data.items()]
        return "{\n" + "".join(f"{inner}{item},\n" for item in items) + indent + "}"
    if all(isinstance(value, float) for value in data):  # many numbers to a line
        words = textwrap.wrap(", ".join(map(ascii, data)), 99 - len(inner))
        return "[\n" + "".join(f"{inner}{word}\n" for word in words) + indent + "]"
    items = [_literal(value, inner) for value in data]
    return "[\n" + "".join(f"{inner}{item},\n" for item in items) + indent + "]"

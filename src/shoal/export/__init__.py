"""Guarantee: a file that is written predicts as its model does, on rows of a real table.

Floor 6. The ending of its name says what it becomes: ``.onnx``, ``.py`` and ``.json`` read the
columns of a table; ``.c`` and ``.js`` are the networks alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from shoal.atomic import check_replaceable, write_atomically
from shoal.columns import Table, require_table
from shoal.errors import InputError
from shoal.export.answers import Answers
from shoal.export.comparison import difference, trial_rows
from shoal.export.description import require_finite
from shoal.table_model import TableModel

FORMATS = {  # ending: module and what begins the names of its functions; what begins a file
    ".onnx": ("onnx_file", b"\x08\x08\x12\x05shoal"),  # IR version 8, the producer
    ".py": ("python_file", b"# Exported by Shoal "),
    ".c": ("c_file", b"/* Exported by Shoal "),
    ".js": ("javascript_file", b"/* Exported by Shoal "),
    ".json": ("json_file", b'{\n "format": "shoal export"'),
}
ENDINGS = f"{', '.join(list(FORMATS)[:-1])} or {list(FORMATS)[-1]}"


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes
    ----------
    path : Path
    rows : int
        Of how many rows the predictions were compared, some of them with gaps and unseen values.
    difference : float
        The greatest difference of a probability from the one that the model says, at most 1e-6.
    """

    path: Path
    rows: int
    difference: float


def export_model(
    model: TableModel, table: Table, path: str | Path, *, ignore_extra: bool = False
) -> Exported:
    """Write a model in another format, once it has predicted rows of a table as the model does.

    Parameters
    ----------
    model : TableModel
    table : Table
        Rows to compare on, with the columns that the model reads; the target may be among them.
    path : str or Path
        The file to write; ``.onnx``, ``.py``, ``.c``, ``.js`` or ``.json`` says how.
    ignore_extra : bool
        Allow columns that the model was not trained on.

    Raises
    ------
    InputError
        The table is not one that the model reads, what the comparison needs is not installed, the
        model holds a number that is not finite, or the export differs from the model; then nothing
        has been written.
    """
    require_table(table)
    check_export_path(path)
    render, answer = _functions(Path(path).suffix.lower())
    require_finite(model)
    rows = trial_rows(model, table, ignore_extra)
    data = render(model)
    greatest = difference(model, answer(data, model, rows), rows)
    write_atomically(path, data)
    return Exported(Path(path), rows.n_rows, greatest)


def check_export_path(path: str | Path) -> None:
    """Find out early whether an export can be written to a path.

    Raises
    ------
    InputError
        Its ending is none of the formats', it cannot be written, or it holds a file that is no
        export of its format and would be lost.
    """
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in FORMATS:
        raise InputError(f"{path} must end in {ENDINGS}: choose one")
    check_replaceable(path, FORMATS[ending][1], f"an export of Shoal to {ending}")


def _functions(
    ending: str,
) -> tuple[Callable[[TableModel], bytes], Callable[[bytes, TableModel, Table], Answers]]:
    """Return what writes a format and what predicts with it."""
    name = FORMATS[ending][0]
    try:
        module = import_module(f"shoal.export.{name}")
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("onnx", "onnxruntime"):
            raise
        raise InputError(
            "an export to .onnx takes the packages onnx and onnxruntime: install them with"
            " pip install 'shoal[onnx]'"
        ) from None
    return getattr(module, name), getattr(module, f"run_{name}")

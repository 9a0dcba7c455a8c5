"""Guarantee: a table of delimited text has the columns that Shoal would give it.

Floor 6, the second part of the code of a Python export, after ``standalone``: it imports that and
the standard library only. It does not guess: text is UTF-8, and the separator is given.
"""

import csv
import io
import os
import sys
from typing import Any

from shoal.export.standalone import NUMBER, labels, probabilities, text

# ---- a table of delimited text ----

USAGE = """usage: python THIS_FILE TABLE.csv [SEPARATOR]

Prints a label and the probability of each class for each row of a table in UTF-8; - is standard
input. Cells are separated by commas unless another character is given (tab for a tab)."""


def read_rows(path: str, separator: str) -> list[list[str]]:
    """Read a table as rows of equally many cells."""
    file = sys.stdin.buffer if path == "-" else open(path, "rb")  # noqa: SIM115, PTH123
    with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as lines:
        reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
        read = [(reader.line_num, row) for row in reader if row]
    blank = [len(row) == 1 and not row[0].strip() for _, row in read]
    if all(blank):
        raise ValueError("it is empty: give a table with at least one row")
    width = len(read[blank.index(False)][1])
    rows = []
    for (line, row), spaces in zip(read, blank):  # noqa: B905
        if spaces and width > 1:
            continue  # where there are more columns, a line of spaces is no row
        if len(row) != width:
            raise ValueError(f"line {line} has {len(row)} cells, but the first row has {width}")
        rows.append(row)
    return rows


def distinct(names: list[str]) -> list[str]:
    """Name the nameless by their position, and number what is named twice."""
    wanted = [name or f"column_{k}" for k, name in enumerate(names, start=1)]
    found: list[str] = []
    for name in wanted:
        new, count = name, 1
        while new in found or (new != name and new in wanted):
            count += 1
            new = f"{name}_{count}"
        found.append(new)
    return found


def read_columns(model: dict[str, Any], path: str, separator: str) -> dict[str, list[str]]:
    """Read a table as columns by name; without a header they are in the order of training."""
    rows = read_rows(path, separator)
    names, target = model["names"], model["target"]["name"]
    features = [name for name in names if name != target]
    first = [cell.strip() for cell in rows[0]]
    if model["header"] or first in (names, features):
        names, rows = distinct(first), rows[1:]
    elif len(first) == len(features):
        names = features
    if not rows:
        raise ValueError("it has a header but no rows: add at least one row of data")
    if len(rows[0]) != len(names):
        raise ValueError(f"it has {len(rows[0])} columns, but the model's table had {len(names)}")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    if separator != ",":
        for column in model["columns"]:
            if column["kind"] == "number" and column["name"] in columns:
                columns[column["name"]] = with_points(columns[column["name"]])
    return columns


def with_points(cells: list[str]) -> list[str]:
    """Write the numbers of a column with points, if it writes none with one."""
    cells = [cell.strip() for cell in cells]
    if any("." in cell and NUMBER.fullmatch(cell) for cell in cells):
        return cells
    pointed = [cell.replace(",", ".", 1) for cell in cells]
    return [new if NUMBER.fullmatch(new) else old for new, old in zip(pointed, cells)]  # noqa: B905


def print_predictions(model: dict[str, Any], P: Any) -> None:
    """Print a label and the probability of each class for each row, as CSV in UTF-8."""
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(out, lineterminator="\n")
    try:
        writer.writerow(["prediction", *(f"probability_{c}" for c in model["target"]["classes"])])
        for label, p in zip(labels(model, P), P.tolist()):  # noqa: B905
            writer.writerow([text(label), *map(text, p)])
        out.flush()
    except OSError as error:  # nothing is left to flush at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # who reads may have enough
            raise
    out.detach()


def main(model: dict[str, Any], arguments: list[str]) -> int:
    """Print the predictions for a table."""
    if {"-h", "--help"} & set(arguments):
        print(USAGE)
        return 0
    if not 1 <= len(arguments) <= 2:
        print(USAGE.splitlines()[0], file=sys.stderr)
        return 2
    path, separator = [*arguments, ","][:2]
    try:
        columns = read_columns(model, path, "\t" if separator in ("tab", "\\t") else separator)
        P = probabilities(model, columns)
    except (OSError, ValueError, TypeError, csv.Error) as error:
        print(f"{path} cannot be used: {error}", file=sys.stderr)
        return 2
    unknown = [name for name in columns if name not in model["names"]]
    if unknown:
        print(
            f"Note: columns that the model does not know are not read: {unknown}", file=sys.stderr
        )
    try:
        print_predictions(model, P)
    except OSError as error:
        print(f"the output cannot be written: {error}", file=sys.stderr)
        return 2
    return 0

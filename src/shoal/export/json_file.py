"""Guarantee: a model as JSON, all of it as data; reading it back predicts the same.

Floor 6. ``docs/export.md`` says what each entry means.
"""

import json

from shoal.columns import Table
from shoal.export import standalone
from shoal.export.answers import Answers
from shoal.export.description import describe, describe_networks, used_plans
from shoal.table_model import TableModel


def json_file(model: TableModel) -> bytes:
    """Return the file, in ASCII."""
    lines = []
    data = describe(model) | {"networks": describe_networks(model)}
    for key, value in data.items():
        text = json.dumps(value, allow_nan=False)
        if key in ("columns", "pieces", "networks"):  # a line for each
            each = ",\n  ".join(json.dumps(item, allow_nan=False) for item in value)
            text = f"[\n  {each}\n ]"
        lines.append(f" {json.dumps(key)}: {text}")
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii")


def run_json_file(data: bytes, model: TableModel, table: Table) -> Answers:
    """Return what the file says of some rows, by code that does not know the model."""
    read = json.loads(data)
    columns = {plan.name: table[plan.name].values.tolist() for plan in used_plans(model)}
    P = standalone.probabilities(read, columns)
    return Answers(P, standalone.labels(read, P))

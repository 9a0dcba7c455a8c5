"""Guarantee: a model as ONNX, columns in, probabilities and labels out, run before it is written.

Floor 6, and the home of onnxruntime.
"""

import json
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto

from shoal import __version__
from shoal.activations import LEAK, Array
from shoal.column_plans import ColumnPlan, Dates
from shoal.columns import Table
from shoal.dates import to_days
from shoal.errors import InputError
from shoal.export.answers import Answers, not_compared
from shoal.export.description import used_plans
from shoal.export.onnx_encoding import cut_into_pieces, encode
from shoal.export.onnx_graph import Graph
from shoal.network import Network
from shoal.table_model import TableModel

WORDS = """A neural network with one hidden layer for tables, exported by Shoal. Each input is one
column, (rows, 1): numbers are double, NaN where missing; text is string, empty where missing; dates
are double, days since 1970-01-01 UTC with their fraction, NaN where missing. The outputs are the
probability of each class, (rows, K), and the label that is said, (rows). The metadata name the
classes and the columns."""
QUIET = 3  # the least severe messages of ONNX Runtime that are printed: errors


def onnx_file(model: TableModel) -> bytes:
    """Return the file."""
    g = Graph(plan.name for plan in used_plans(model))
    try:
        names = _fill(g, model)
        return g.to_bytes(_metadata(model, names), WORDS, __version__)
    except UnicodeEncodeError as error:
        raise _not_unicode(error) from None


def run_onnx_file(data: bytes, model: TableModel, table: Table) -> Answers:
    """Return what ONNX Runtime says of some rows."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = QUIET
    options.intra_op_num_threads = 1
    columns = {plan.name: _input(plan, table) for plan in used_plans(model)}
    try:
        session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        P, labels = session.run(None, columns)
    except UnicodeEncodeError as error:
        raise _not_unicode(error) from None
    except Exception as error:  # those of ONNX Runtime have no class in common
        said = " ".join(str(error).split())[:300]
        raise not_compared("ONNX Runtime", f"failed on it ({said})") from None
    return Answers(P, labels.tolist())


def _not_unicode(error: UnicodeEncodeError) -> InputError:
    return InputError(
        f"{error.object!a} is not valid Unicode, which ONNX asks for: rename it, or export to .py"
    )


def _fill(g: Graph, model: TableModel) -> dict[str, str]:
    """Add everything, and return what the outputs are called."""
    X = g.double(cut_into_pieces(g, encode(g, model.encoder), model.pieces))
    each = [_of_network(g, X, network, model) for network in model.ensemble.networks]
    P = each[0]
    for another in each[1:]:
        P = g.op("Add", P, another)
    P = g.op("Div", P, g.constant(float(len(each))))
    labels, kind = _labels(g, model)
    label = g.op("Gather", labels, _said(g, P, model))
    K = len(model.target.classes)
    return {
        "probabilities": g.output(P, "probabilities", TensorProto.DOUBLE, K),
        "label": g.output(label, "label", kind),
    }


def _input(plan: ColumnPlan, table: Table) -> NDArray[Any]:
    """Return a column as the graph takes it, (m, 1)."""
    column = table[plan.name]
    if isinstance(plan, Dates):
        return to_days(column.cells, plan.form)[:, None]
    if plan.kind == "number":
        return np.asarray(column.values, np.float64)[:, None]
    return np.array([cell or "" for cell in column.values], object)[:, None]


def _of_network(g: Graph, X: str, network: Network, model: TableModel) -> str:
    """Return the probability that one network gives to each class, (m, K)."""
    W1, b1, W2, b2 = network.parameters
    A1 = _g1(g, _layer(g, X, W1, b1), network.activation) if network.n_h else X
    logs = np.log(model.ensemble.weights.astype(np.float64))  # p / w is e^(z - log w)
    logs = logs[1:] - logs[0] if network.n_y == 1 else logs
    Z2 = g.op("Sub", _layer(g, A1, W2, b2), g.constant(logs))
    if network.output == "sigmoid":  # it stands for two classes, and is never certain
        limits = np.finfo(np.float64)
        least, most = g.constant(limits.tiny), g.constant(1 - limits.epsneg)
        A2 = g.op("Clip", g.op("Sigmoid", Z2), least, most)
        return g.op("Concat", g.op("Sub", g.constant(1.0), A2), A2, axis=1)
    return g.op("Softmax", Z2, axis=1)


def _layer(g: Graph, X: str, W: Array, b: Array) -> str:
    """Return W X + b for examples in rows; parameters stay as they are stored in the model.

    b is added apart, as older versions of ONNX Runtime put a Gemm with its bias and what follows
    into one operator that they do not have in double precision.
    """
    product = g.op("Gemm", X, g.double(g.constant(W, "weights")), transB=1)
    return g.op("Add", product, g.double(g.constant(b.T, "bias")))


def _g1(g: Graph, Z: str, activation: str) -> str:
    if activation == "identity":
        return Z
    if activation == "leaky_relu":
        return g.op("Max", Z, g.op("Mul", Z, g.constant(LEAK)))
    return g.op({"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}[activation], Z)


def _said(g: Graph, P: str, model: TableModel) -> str:
    """Return the number of the class that is said, (m,)."""
    threshold = model.decision.threshold
    if threshold is None:
        costs = g.op("MatMul", P, g.constant(np.array(model.decision.costs, np.float64)))
        return g.op("ArgMin", costs, axis=1, keepdims=0)
    positive = g.op("Squeeze", g.columns(P, [1]), g.constant(np.array([1])))
    below = g.op("Less", positive, g.constant(float(threshold)))
    return g.op("Cast", g.op("Not", below), to=TensorProto.INT64)


def _labels(g: Graph, model: TableModel) -> tuple[str, int]:
    """Return the labels as a constant and its kind: text, whole numbers or numbers."""
    labels = model.target.decode(np.arange(len(model.target.classes)))
    if model.target.kind == "text":
        return g.text(labels), TensorProto.STRING
    if labels.dtype == np.int64:
        return g.constant(labels), TensorProto.INT64
    return g.constant(labels.astype(np.float64)), TensorProto.DOUBLE


def _metadata(model: TableModel, outputs: dict[str, str]) -> dict[str, str]:
    columns = {
        plan.name: {"kind": "date", "form": plan.form, "unit": "days since 1970-01-01 UTC"}
        if isinstance(plan, Dates)
        else {"kind": plan.kind}
        for plan in used_plans(model)
    }
    entries = {
        "classes": list(model.target.classes),
        "columns": columns,
        "outputs": outputs,
        "target": model.target.name,
        "goal": model.decision.goal,
        "threshold": model.decision.threshold,
    }
    return {name: json.dumps(entry, ensure_ascii=False) for name, entry in entries.items()}

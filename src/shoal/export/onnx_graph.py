"""Guarantee: an ONNX graph is written as expressions, and no value's name meets a column's.

Floor 6, and the home of onnx. Operators are those of opset 17 and of ai.onnx.ml 3, both of 2022, so
that not only the newest ONNX Runtime takes them.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSETS = {"": 17, "ai.onnx.ml": 3}
IR_VERSION = 8  # of the same time
PRODUCER = "shoal"


class Graph:
    """Nodes and constants, each added by a call that returns the name of its value.

    Parameters
    ----------
    taken : iterable of str
        Names that no value may have.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.inputs: list[onnx.ValueInfoProto] = []
        self.outputs: list[onnx.ValueInfoProto] = []

    def name(self, wanted: str) -> str:
        """Return a name like the one wanted that nothing else has."""
        name, count = wanted, 1
        while name in self.taken:
            count += 1
            name = f"{wanted}_{count}"
        self.taken.add(name)
        return name

    def input(self, name: str, text: bool) -> str:
        """Declare an input of one column: text, or numbers in double precision."""
        kind = TensorProto.STRING if text else TensorProto.DOUBLE
        self.inputs.append(helper.make_tensor_value_info(name, kind, ["rows", 1]))
        return name

    def output(self, value: str, name: str, kind: int, *width: int) -> str:
        """Declare a value as an output, under a name like the one wanted."""
        name = self.name(name)
        self.nodes.append(helper.make_node("Identity", [value], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, kind, ["rows", *width]))
        return name

    def constant(self, array: Any, name: str = "constant") -> str:
        """Add an array of numbers or of text."""
        name = self.name(name)
        self.constants.append(numpy_helper.from_array(np.array(array), name))
        return name

    def text(self, values: Iterable[str]) -> str:
        """Add an array of text."""
        return self.constant(np.array(list(values), object), "labels")

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add an operator."""
        name = self.name(kind.lower())
        node = helper.make_node(kind, list(inputs), [name], domain=domain, **attributes)
        self.nodes.append(node)
        return name

    def double(self, value: str) -> str:
        """Return a value in double precision."""
        return self.op("Cast", value, to=TensorProto.DOUBLE)

    def columns(self, X: str, indices: list[int]) -> str:
        """Return some columns of a matrix."""
        return self.op("Gather", X, self.constant(np.array(indices, np.int64)), axis=1)

    def put_together(self, parts: list[tuple[str, list[int]]]) -> str:
        """Return the matrix of parts of which is known where each of their columns belongs."""
        X = self.op("Concat", *(part for part, _ in parts), axis=1)
        at: NDArray[np.int64] = np.array([i for _, indices in parts for i in indices], np.int64)
        if (np.diff(at) > 0).all():
            return X
        return self.columns(X, np.argsort(at).tolist())

    def to_bytes(self, metadata: Mapping[str, str], words: str, version: str) -> bytes:
        """Return the file, checked by onnx."""
        graph = helper.make_graph(
            self.nodes, "shoal", self.inputs, self.outputs, self.constants, doc_string=words
        )
        opsets = [helper.make_opsetid(domain, number) for domain, number in OPSETS.items()]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name=PRODUCER,
            producer_version=version,
        )  # fmt: skip
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString(deterministic=True)
        return data

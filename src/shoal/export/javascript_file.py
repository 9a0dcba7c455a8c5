"""Guarantee: a model's networks as one JavaScript module, run and compared before it is written.

Floor 6. An ES module without dependencies; parameters are in single precision, sums in double.
"""

import json
import tempfile
from pathlib import Path

import numpy as np

from shoal.activations import LEAK
from shoal.columns import Table
from shoal.export.answers import Answers, answers_from
from shoal.export.description import PARAMETERS
from shoal.export.network_text import introduction, network_features, numbers, quoted
from shoal.export.programs import find_program, run_program
from shoal.network import Network
from shoal.table_model import TableModel

PURPOSE = """Probabilities of classes by neural networks with one hidden layer, as an ES module.

    import { probabilities, classes } from "./THIS_FILE.js";
    probabilities(features)  // an array of numbers, one for each feature below"""
CODE = f"""
const sigmoid = (z) => 1 / (1 + Math.exp(-z));
const g1 = {{
  tanh: Math.tanh,
  sigmoid,
  relu: (z) => (z < 0 ? 0 : z),
  leaky_relu: (z) => (z < 0 ? {LEAK} * z : z),
  identity: (z) => z,
}};
const g2 = {{
  // one output, the second of two classes, which is never certain
  sigmoid: (z) => {{
    const a = Math.min(Math.max(sigmoid(z[0]), 2 ** -1022), 1 - 2 ** -53);
    return [1 - a, a];
  }},
  softmax: (z) => {{
    const most = Math.max(...z);
    const p = z.map((each) => Math.exp(each - most));
    const total = p.reduce((sum, each) => sum + each, 0);
    return p.map((each) => each / total);
  }},
}};

// p / w is e^(z - log w): without the weights that the classes had in training
const logs = classWeights.map(Math.log);
const withoutWeights = (z) =>
  z.length === 1 ? [z[0] - (logs[1] - logs[0])] : z.map((each, k) => each - logs[k]);

// W x + b, where W is stored row by row
function layer(W, b, x) {{
  const Z = new Float64Array(b.length);
  for (let i = 0, at = 0; i < b.length; i++) {{
    let z = b[i];
    for (let j = 0; j < x.length; j++, at++) z += W[at] * x[j];
    Z[i] = z;
  }}
  return Z;
}}

// g2(W2 a1 + b2) with a1 = g1(W1 x + b1); without hidden units x stands for a1
function forward(n, x) {{
  const a1 = n.b1.length ? layer(n.W1, n.b1, x).map(g1[n.activation]) : x;
  return g2[n.output](withoutWeights(Array.from(layer(n.W2, n.b2, a1))));
}}

/** Return the probability of each class for the features of one row. */
export function probabilities(features) {{
  if (features.length !== FEATURES) throw new RangeError(`${{FEATURES}} features are wanted`);
  const x = Float64Array.from(features, Math.fround);
  const mean = new Array(classes.length).fill(0);
  for (const n of networks) {{
    forward(n, x).forEach((each, k) => (mean[k] += each / networks.length));
  }}
  return mean;
}}
"""
TRY = """
import { readFileSync, writeFileSync } from "node:fs";
import { probabilities, classes } from "./exported.mjs";
const bytes = readFileSync("features");
const all = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
const width = WIDTH, m = all.length / width;
const answer = new Float64Array(m * classes.length);
for (let i = 0; i < m; i++)
  answer.set(probabilities(all.subarray(i * width, (i + 1) * width)), i * classes.length);
writeFileSync("answer", answer);
"""


def javascript_file(model: TableModel) -> bytes:
    """Return the file, in ASCII."""
    parts = [
        introduction(model, PURPOSE),
        "",
        f"const FEATURES = {model.pieces.width};",
        f"export const classes = [{', '.join(map(quoted, model.target.classes))}];",
        f"const classWeights = {json.dumps(model.ensemble.weights.astype(float).tolist())};",
        CODE,
        "const networks = [",
        *map(_network, model.ensemble.networks),
        "];",
        "",
    ]
    return "\n".join(parts).encode("ascii")


def run_javascript_file(data: bytes, model: TableModel, table: Table) -> Answers:
    """Return what the file says of some rows."""
    node = find_program(("node", "nodejs"), "Node.js", ".js")
    features = network_features(model, table)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "exported.mjs").write_bytes(data)
        (folder / "features").write_bytes(features.tobytes())
        (folder / "try.mjs").write_text(TRY.replace("WIDTH", str(features.shape[1])))
        run_program([node, "try.mjs"], folder)
        written = folder / "answer"
        answer = written.read_bytes() if written.exists() else b""
    return answers_from(answer, len(features), len(model.target.classes), Path(node).name)


def _network(network: Network) -> str:
    real = "Float32Array" if network.theta.dtype == np.float32 else "Float64Array"
    arrays = [
        f"    {name}: new {real}([\n{numbers(array)}\n    ]),"
        for name, array in zip(PARAMETERS, network.parameters, strict=True)
    ]
    head = f'    activation: "{network.activation}", output: "{network.output}",'
    return "\n".join(["  {", head, *arrays, "  },"])

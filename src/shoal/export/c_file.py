"""Guarantee: a model's networks as plain C99, compiled and compared before the file is written.

Floor 6. Parameters are stored as they are, in single precision, and sums are made in double.
"""

import os
import shlex
import shutil
import tempfile
from pathlib import Path

import numpy as np

from shoal.activations import LEAK
from shoal.columns import Table
from shoal.errors import InputError
from shoal.export.answers import Answers, answers_from
from shoal.export.description import PARAMETERS
from shoal.export.network_text import introduction, network_features, numbers
from shoal.export.programs import find_program, run_program
from shoal.network import Network
from shoal.table_model import TableModel

FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1"]
LONGEST_LITERAL = 4095  # bytes that every C99 compiler takes
PURPOSE = """Probabilities of classes by neural networks with one hidden layer, in C99; link with
-lm.

    void shoal_probabilities(const float features[], double probabilities[]);
    extern const char *const shoal_classes[];

It keeps no state and allocates nothing: any number of threads may call it. To link two such
files, give one of them other names: -Dshoal_probabilities=another -Dshoal_classes=others"""
G1 = {
    "tanh": "return tanh(z);",
    "sigmoid": "return 1 / (1 + exp(-z));",
    "relu": "return z < 0 ? 0 : z;",
    "leaky_relu": f"return z < 0 ? {LEAK} * z : z;",
    "identity": "return z;",
}
G2 = {  # with one output, the second of two classes
    "sigmoid": """
static void g2(double *p)
{
    double a = 1 / (1 + exp(-p[0]));
    if (a < DBL_MIN) /* never certain */
        a = DBL_MIN;
    if (a > 1 - DBL_EPSILON / 2)
        a = 1 - DBL_EPSILON / 2;
    p[0] = 1 - a;
    p[1] = a;
}
""",
    "softmax": """
static void g2(double *p)
{
    double most = p[0], total = 0;
    int k;
    for (k = 1; k < CLASSES; k++)
        if (p[k] > most)
            most = p[k];
    for (k = 0; k < CLASSES; k++)
        total += p[k] = exp(p[k] - most);
    for (k = 0; k < CLASSES; k++)
        p[k] /= total;
}
""",
}
CODE = """
/* z2 = W2 a1 + b2 with a1 = g1(W1 x + b1); without hidden units x stands for a1 */
static void forward(const struct network *n, const float *x, double *z2)
{
    double a1[MOST_INPUTS];
    int i, j;
    for (i = 0; i < n->hidden; i++) {
        double z1 = n->b1[i];
        for (j = 0; j < FEATURES; j++)
            z1 += (double)n->W1[i * FEATURES + j] * x[j];
        a1[i] = n->g1(z1);
    }
    for (j = 0; n->hidden == 0 && j < FEATURES; j++)
        a1[j] = x[j];
    for (i = 0; i < OUTPUTS; i++) {
        z2[i] = n->b2[i];
        for (j = 0; j < (n->hidden ? n->hidden : FEATURES); j++)
            z2[i] += n->W2[i * (n->hidden ? n->hidden : FEATURES) + j] * a1[j];
    }
}

void shoal_probabilities(const float features[], double probabilities[])
{
    double p[CLASSES];
    int i, k;
    for (k = 0; k < CLASSES; k++)
        probabilities[k] = 0;
    for (i = 0; i < NETWORKS; i++) {
        forward(&networks[i], features, p);
        /* p / w is e^(z - log w): without the weights that the classes had in training */
        for (k = 0; k < OUTPUTS; k++)
            p[k] -= OUTPUTS == 1 ? log(class_weights[1]) - log(class_weights[0])
                                 : log(class_weights[k]);
        g2(p);
        for (k = 0; k < CLASSES; k++)
            probabilities[k] += p[k] / NETWORKS;
    }
}
"""
TRY = """#include <stdio.h>
#include "exported.c"
int main(void)
{
    static float x[FEATURES];
    static double p[CLASSES];
    while (fread(x, sizeof x[0], FEATURES, stdin) == FEATURES) {
        shoal_probabilities(x, p);
        fwrite(p, sizeof p[0], CLASSES, stdout);
    }
    return ferror(stdin) || fflush(stdout) != 0;
}
"""


def c_file(model: TableModel) -> bytes:
    """Return the file, in ASCII."""
    networks, classes = model.ensemble.networks, model.target.classes
    _check_lengths(classes)
    first = networks[0]
    used = sorted({network.activation for network in networks})
    real = "float" if all(n.theta.dtype == np.float32 for n in networks) else "double"
    weights = ", ".join(map(repr, model.ensemble.weights.astype(float).tolist()))
    parts = [
        introduction(model, PURPOSE),
        "#include <float.h>\n#include <math.h>\n",
        f"#define FEATURES {first.n_x}\n#define CLASSES {len(classes)}",
        f"#define OUTPUTS {first.n_y}\n#define NETWORKS {len(networks)}",
        f"#define MOST_INPUTS {max(first.n_x, *(n.n_h for n in networks))} /* of an output */\n",
        "extern const char *const shoal_classes[CLASSES];",
        "void shoal_probabilities(const float features[], double probabilities[]);\n",
        f"const char *const shoal_classes[CLASSES] = {{{', '.join(map(_literal, classes))}}};",
        f"static const double class_weights[CLASSES] = {{{weights}}};\n",
        *(f"static double g1_{name}(double z)\n{{\n    {G1[name]}\n}}\n" for name in used),
        *(_arrays(network, i, real) for i, network in enumerate(networks)),
        "struct network {\n    int hidden;\n    double (*g1)(double);",
        f"    const {real} *W1, *b1, *W2, *b2;\n}};\n",
        "static const struct network networks[NETWORKS] = {",
        *(_entry(network, i) for i, network in enumerate(networks)),
        "};",
    ]
    return ("\n".join(parts) + "\n" + G2[first.output] + CODE).encode("ascii")


def _check_lengths(classes: tuple[str, ...]) -> None:
    for label in classes:
        if len(label.encode("utf-8", "surrogatepass")) > LONGEST_LITERAL:
            raise InputError(
                f"the class {label[:30] + '…'!r} is too long for a text in C: export to another"
                " format, or train with shorter names"
            )


def run_c_file(data: bytes, model: TableModel, table: Table) -> Answers:
    """Return what the file says of some rows once it is compiled."""
    compiler = find_compiler()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "exported.c").write_bytes(data)
        (folder / "try.c").write_text(TRY)
        run_program([*compiler, *FLAGS, "try.c", "-o", "try.exe", "-lm"], folder)
        features = network_features(model, table)
        answer = run_program([str(folder / "try.exe")], folder, features.tobytes())
    return answers_from(answer, len(features), len(model.target.classes), "the compiled program")


def find_compiler() -> list[str]:
    """Return the path of a C compiler, and the options that CC may give it."""
    wish = os.environ.get("CC", "").strip()
    try:
        named, *options = shlex.split(wish) or [""]
    except ValueError:
        raise InputError(f"CC is {wish!r}, of which a quote never closes: correct it") from None
    if named and not shutil.which(named):
        raise InputError(f"CC is {wish!r}, but there is no program {named}: correct it or unset it")
    names = (named,) if named else ("cc", "gcc", "clang")
    return [find_program(names, "a C compiler (cc, gcc or clang)", ".c"), *options]


def _arrays(network: Network, i: int, real: str) -> str:
    suffix = "f" if real == "float" else ""
    return "".join(
        f"static const {real} {name}_{i}[{array.size}] = {{\n{numbers(array, suffix)}\n}};\n"
        for name, array in zip(PARAMETERS, network.parameters, strict=True)
        if array.size
    )


def _entry(network: Network, i: int) -> str:
    names = [
        f"{name}_{i}" if array.size else "0"
        for name, array in zip(PARAMETERS, network.parameters, strict=True)
    ]
    return f"    {{{network.n_h}, g1_{network.activation}, {', '.join(names)}}},"


def _literal(text: str) -> str:
    r"""Return a text as a C string of its UTF-8 bytes.

    Examples
    --------
    >>> print(_literal('yes? "é"\n'))
    "yes\? \"\303\251\"\012"
    """
    written = []
    for byte in text.encode("utf-8", "surrogatepass"):
        character = chr(byte)
        if character in '"\\?':  # two ? may begin a trigraph
            written.append(f"\\{character}")
        elif 32 <= byte < 127:
            written.append(character)
        else:
            written.append(f"\\{byte:03o}")
    return f'"{"".join(written)}"'

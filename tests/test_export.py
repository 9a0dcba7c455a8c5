"""An export predicts what its model does: asked outside of Shoal, by what will run it."""

import csv
import datetime
import io
import json
import random
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from conftest import contents, shop, write_rows

from shoal import export_model
from shoal.activations import ACTIVATIONS
from shoal.ensemble import Ensemble
from shoal.export import onnx_encoding, onnx_graph
from shoal.network import Network
from shoal.recipe import Recipe
from shoal.table_training import train_table
from shoal.tables import read_table, table_from_frame

CC = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
NODE = shutil.which("node")
needs_cc = pytest.mark.skipif(CC is None, reason="there is no C compiler")
needs_node = pytest.mark.skipif(NODE is None, reason="there is no Node.js")
ENDINGS = [
    "onnx", "py", "json", pytest.param("c", marks=needs_cc), pytest.param("js", marks=needs_node),
]  # fmt: skip
TEXT, DATES = {"città €", "zip", "flag", "constant"}, {"when", "day"}
QUICK = Recipe(networks=2, hidden_units=12, max_epochs=12)
HOSTILE = 'he said "hi"\n*/ /* // </script> ??/ \' """ \\'
LABELS = ['a "*/ /* \\', "b\nü <!-- </script>", 'c ??= \' """ {x}']


def odd_rows(m=500, seed=0):
    """Return rows with every kind of column, under names that no file is safe from."""
    r = random.Random(seed)
    rows = [
        [
            "age", HOSTILE, "label", "probabilities", "città €", "zip", "flag", "bit", "when",
            "day", "huge", "grade", "many", "constant", "target",
        ]
    ]  # fmt: skip
    start = datetime.datetime(1968, 1, 1)
    for i in range(m):
        x, k = r.gauss(0, 1), r.randrange(3)
        when = start + datetime.timedelta(minutes=r.randrange(20_000_000))
        rows.append(
            [
                "" if r.random() < 0.1 else f"{30 + 9 * x:.2f}",
                f"{r.gauss(k, 1):.6g}",
                f"{r.expovariate(1):.4f}",
                "NA" if r.random() < 0.1 else f"{r.gauss(-k, 2) * 1e-12:.6g}",
                r.choice(["", "Rom 'x'", HOSTILE, "東京", *(["Ort"] * 9), f"rare{i % 40}"]),
                f"z{r.randrange(130) + 40 * k}" if r.random() < 0.95 else "",
                r.choice(["yes", "no"]) if r.random() < 0.95 else "",
                str(r.randrange(2)),
                when.isoformat(timespec="minutes") + r.choice(["", "Z", "+05:30"]),
                (start + datetime.timedelta(r.randrange(9000))).strftime("%d.%m.%Y"),
                f"{r.gauss(k, 1) * 1e307:.8g}",
                str(r.choice([1, 2, 3, 5, 8, 13.5] if i % 25 else [90 + i / 7, ""])),
                str(r.randrange(140)) if r.random() < 0.9 else "",
                "c",
                LABELS[k if r.random() < 0.8 else r.randrange(3)],
            ]
        )
    return rows


def unseen(rows, seed=1):
    """Return the rows with gaps, and values that training did not have, in many cells."""
    r = random.Random(seed)
    names, *body = rows
    changed = [names]
    for row in body:
        cells = list(row)
        for at, name in enumerate(names):
            if r.random() < 0.25:
                new = "77.25" if name not in TEXT else "new ' \" value"
                cells[at] = r.choice(["", "?", cells[at] if name in DATES else new])
        changed.append(cells)
    return changed


def table_of(path, rows, model=None):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return read_table(path, schema=model.schema if model else None)


KINDS = {
    "three classes": {"uses": {"grade": "one-hot", "many": "one-hot", "zip": "target-means"}},
    "three classes with costs and weights": {
        "uses": {"grade": "target-means"},
        "goal": "balanced-accuracy",
        "recipe": replace(QUICK, class_weight="balanced"),
    },
    "two classes with weights and a goal": {
        "uses": {"grade": "one-hot", "zip": "target-means", "flag": "boolean"},
        "goal": "recall=0.9",
        "recipe": replace(QUICK, class_weight={LABELS[0]: 1.0, LABELS[1]: 8.0}),
    },
    "numbers as classes": {"keep": ["constant"]},
}


@pytest.fixture(scope="module", params=KINDS)
def odd(request, tmp_path_factory):
    """A model of the odd table, and rows that it has not seen, as a table and as cells."""
    folder = tmp_path_factory.mktemp("odd")
    rows = odd_rows()
    if request.param.startswith("two"):
        rows = [row for row in rows if row[-1] != LABELS[2]]
    if request.param.startswith("numbers"):
        rows = [rows[0], *([*row[:-1], str(LABELS.index(row[-1]) * 10)] for row in rows[1:])]
    options = {"recipe": QUICK} | KINDS[request.param]
    model, _ = train_table(table_of(folder / "t.csv", rows), "target", **options)
    new = unseen([row[:-1] for row in odd_rows(200, seed=5)])  # without the target
    return model, table_of(folder / "new.csv", new, model), new


TOLERANCE = 1e-6


def agrees(model, table, P, labels=None):
    """Hold the answers of an export against the model's: labels may differ only at a tie."""
    expected = model.predict_proba(table)
    assert np.abs(np.asarray(P) - expected).max() < TOLERANCE
    if labels is not None:
        costs = np.sort(expected @ np.array(model.decision.costs), axis=1)
        tied = costs[:, 1] - costs[:, 0] < 4 * TOLERANCE * np.max(model.decision.costs)
        assert tied.mean() < 0.1
        assert (tied | (np.array(labels) == model.predict(table))).all()


def feeds(session, cells):
    """Return columns of raw cells as the metadata of an ONNX file say that it takes them."""
    columns = json.loads(session.get_modelmeta().custom_metadata_map["columns"])
    assert {each.name for each in session.get_inputs()} == set(columns)
    missing = {"", "?", "NA"}
    fed = {}
    for name, about in columns.items():
        values = [None if cell in missing else cell for cell in cells[name]]
        if about["kind"] == "text":
            fed[name] = np.array(cells[name], object)[:, None]
        elif about["kind"] == "number":
            fed[name] = np.array(values, float)[:, None]
        else:
            form = "ISO8601" if about["form"] == "ISO 8601" else about["form"]
            dates = pd.to_datetime(pd.Series(values), format=form, utc=True)
            days = (dates - pd.Timestamp(0, tz="UTC")) / pd.Timedelta("1D")
            fed[name] = days.to_numpy()[:, None]
    return fed


def columns_of(rows):
    names, *body = rows
    return dict(zip(names, map(list, zip(*body, strict=True)), strict=True))


def run(*command, **options):
    done = subprocess.run(
        [*map(str, command)], capture_output=True, check=False, timeout=300, **options
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_onnx_takes_columns_and_gives_probabilities_and_labels(odd, tmp_path):
    model, table, rows = odd
    done = export_model(model, table, tmp_path / "m.onnx")
    assert done.difference < TOLERANCE
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    metadata = {
        name: json.loads(text) for name, text in session.get_modelmeta().custom_metadata_map.items()
    }
    assert metadata["classes"] == list(model.target.classes)
    names = [metadata["outputs"][name] for name in ("probabilities", "label")]
    P, labels = session.run(names, feeds(session, columns_of(rows)))
    agrees(model, table, P, labels)
    assert labels.tolist() == model.target.decode(model.decision.choose(P)).tolist()
    one = {name: values[:1] for name, values in feeds(session, columns_of(rows)).items()}
    np.testing.assert_allclose(session.run(names, one)[0], P[:1], rtol=0, atol=1e-15)


ASK = """
import sys, json
sys.path.insert(0, ".")
import m
columns = json.load(sys.stdin)
P = m.predict_proba(columns)
assert not {"shoal", "pandas", "sklearn", "scipy", "onnx"} & set(sys.modules), "more than NumPy"
print(json.dumps([P.tolist(), m.predict(columns), m.CLASSES]))
"""


def test_python_needs_numpy_alone(odd, tmp_path):
    model, table, rows = odd
    export_model(model, table, tmp_path / "m.py")
    given = json.dumps(columns_of(rows)).encode()
    answer = run(sys.executable, "-I", "-c", ASK, input=given, cwd=tmp_path)
    P, labels, classes = json.loads(answer)
    assert classes == list(model.target.classes)
    agrees(model, table, P, labels)
    assert (tmp_path / "m.py").read_bytes().isascii()


def test_the_python_file_prints_what_predict_prints(odd, tmp_path):
    model, table, rows = odd
    export_model(model, table, tmp_path / "m.py")
    table_of(tmp_path / "new.csv", rows)
    printed = run(sys.executable, "-I", tmp_path / "m.py", tmp_path / "new.csv").decode()
    names, *body = csv.reader(io.StringIO(printed, newline=""))
    expected = model.prediction_columns(table)
    assert names == list(expected)
    found = columns_of([names, *body])
    for name in names[1:]:
        difference = np.array(found[name], float) - expected[name]
        assert np.abs(difference).max() < TOLERANCE
    P = np.transpose([np.array(found[name], float) for name in names[1:]])
    said = np.array(found["prediction"], expected["prediction"].dtype)
    agrees(model, table, P, said)


C_ASK = """#include <stdio.h>
void shoal_probabilities(const float features[], double probabilities[]);
extern const char *const shoal_classes[];
int main(void) {{
    float x[{n}]; double p[{K}]; int k;
    while (fread(x, sizeof x[0], {n}, stdin) == {n}) {{
        shoal_probabilities(x, p);
        fwrite(p, sizeof p[0], {K}, stdout);
    }}
    for (k = 0; k < {K}; k++) fprintf(stderr, "%s%c", shoal_classes[k], 0);
    return 0;
}}
"""


def features(model, table):
    return model.pieces.transform(model.encoder.transform(table))


@needs_cc
@pytest.mark.parametrize("level", ["-O0", "-O3"])
def test_c_is_plain_c99_without_a_warning(odd, tmp_path, level):
    model, table, _ = odd
    export_model(model, table, tmp_path / "m.c")
    X, K = features(model, table), len(model.target.classes)
    (tmp_path / "ask.c").write_text(C_ASK.format(n=X.shape[1], K=K))
    flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", level]
    run(CC, *flags, "m.c", "ask.c", "-o", "ask", "-lm", cwd=tmp_path)
    done = subprocess.run([tmp_path / "ask"], input=X.tobytes(), capture_output=True, check=True)
    agrees(model, table, np.frombuffer(done.stdout).reshape(-1, K))
    assert done.stderr.decode().split("\0")[:-1] == list(model.target.classes)


@needs_node
def test_javascript_is_a_module_without_dependencies(odd, tmp_path):
    model, table, _ = odd
    export_model(model, table, tmp_path / "m.js")
    shutil.copy(tmp_path / "m.js", tmp_path / "m.mjs")
    X = features(model, table)
    (tmp_path / "x.json").write_text(json.dumps(X.tolist()))
    (tmp_path / "ask.mjs").write_text(
        'import { probabilities, classes } from "./m.mjs"; import fs from "node:fs";'
        'const rows = JSON.parse(fs.readFileSync("x.json"));'
        "console.log(JSON.stringify([rows.map(probabilities), classes]));"
    )
    P, classes = json.loads(run(NODE, "ask.mjs", cwd=tmp_path))
    agrees(model, table, P)
    assert classes == list(model.target.classes)


def test_a_name_of_the_table_never_ends_a_comment_or_a_script(odd, tmp_path):
    model, table, _ = odd
    for ending in [*(["c"] if CC else []), *(["js"] if NODE else [])]:
        path = tmp_path / f"m.{ending}"
        export_model(model, table, path)
        text = path.read_text("ascii")
        comment = text[: text.index("*/")]
        assert comment.count("\n") > model.pieces.width  # the first */ is the header's own
        assert ending == "c" or ("</script" not in text and "<!--" not in text)


def test_json_is_all_of_the_model_as_data(odd, tmp_path):
    model, table, _ = odd
    export_model(model, table, tmp_path / "m.json")
    data = json.loads((tmp_path / "m.json").read_text("ascii"))
    assert data["target"]["classes"] == list(model.target.classes)
    assert [c["name"] for c in data["columns"]] == [
        plan.name for plan in model.encoder.plans if plan.features
    ]
    for network, found in zip(model.ensemble.networks, data["networks"], strict=True):
        for name in ("W1", "b1", "W2", "b2"):
            np.testing.assert_array_equal(
                np.array(found[name], np.float32), getattr(network.parameters, name)
            )


def built(model, activation, n_h, K, dtype):
    """Return the model with networks of another kind, their parameters drawn."""
    outputs = (1, "sigmoid") if K == 2 else (K, "softmax")
    networks = [
        Network(model.pieces.width, n_h + i, outputs[0], activation, outputs[1], dtype).initialise(
            "gaussian", 0.3, i
        )
        for i in range(2 if n_h else 1)
    ]
    histories = model.ensemble.histories[: len(networks)]
    return replace(model, ensemble=Ensemble(tuple(networks), histories, model.ensemble.weights))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A model of the small table, and the table."""
    return small_model(tmp_path_factory.mktemp("small"))


def small_model(folder):
    table = read_table(write_rows(folder / "shop.csv", shop()))
    return train_table(table, "bought", recipe=QUICK)[0], table


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("activation", "n_h", "dtype"),
    [*((name, 7, "float32") for name in ACTIVATIONS), ("relu", 0, "float32"), ("tanh", 5, "d")],
)
def test_every_kind_of_network_can_be_exported(small, tmp_path, activation, n_h, dtype, ending):
    model, table = small
    other = built(model, activation, n_h, 2, dtype)
    done = export_model(other, table, tmp_path / f"m.{ending}")
    assert done.difference < (1e-6 if dtype == "float32" else 1e-7)


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_model_gives_the_same_file_which_may_be_written_again(small, tmp_path, ending):
    model, table = small
    path = tmp_path / f"m.{ending}"
    export_model(model, table, path)
    before = path.read_bytes()
    export_model(model, table, path)
    assert path.read_bytes() == before
    assert contents(tmp_path).keys() == {path.name}


@pytest.fixture(scope="module")
def weighted(tmp_path_factory):
    """A model with class weights far apart, and its table."""
    path = tmp_path_factory.mktemp("weighted") / "shop.csv"
    table = read_table(write_rows(path, shop()))
    recipe = replace(QUICK, class_weight={"yes": 100_000.0})
    return train_table(table, "bought", recipe=recipe)[0], table


@pytest.mark.parametrize("ending", ENDINGS)
def test_large_class_weights_are_no_excuse(weighted, tmp_path, ending):
    model, table = weighted
    assert export_model(model, table, tmp_path / f"m.{ending}").difference < 1e-12


def test_sums_over_many_columns_keep_their_digits(tmp_path):
    random = np.random.default_rng(0)
    X = random.integers(0, 256, (400, 300)) * (random.random((400, 300)) < 0.3)
    labels = X[:, :100].sum(axis=1) // 1000
    frame = pd.DataFrame(X).assign(y=[f"c{k}" for k in labels])
    table = table_from_frame(frame)
    model, _ = train_table(table, "y", recipe=Recipe(networks=1, max_epochs=20))
    assert export_model(model, table, tmp_path / "m.onnx").difference < 1e-9


def test_dates_in_an_onnx_graph_are_those_of_the_calendar():
    first = datetime.date(1599, 12, 30)
    days = [first + datetime.timedelta(n) for n in [*range(800), *range(0, 320_000, 37)]]
    number = np.array([(day - datetime.date(1970, 1, 1)).days for day in days], float)
    g = onnx_graph.Graph(["days"])
    parts = onnx_encoding._date_parts(g, g.input("days", text=False))
    for name, value in parts.items():
        g.output(value, f"the {name}", 11, 1)
    session = onnxruntime.InferenceSession(
        g.to_bytes({}, "", "0"), providers=["CPUExecutionProvider"]
    )
    found = session.run(None, {"days": number[:, None] + 0.75})
    found = dict(zip(parts, (part[:, 0] for part in found), strict=True))
    np.testing.assert_array_equal(found["month"], [day.month for day in days])
    np.testing.assert_array_equal(found["day"], [day.day for day in days])
    np.testing.assert_array_equal(found["weekday"], [day.weekday() for day in days])
    np.testing.assert_array_equal(found["hour"], 18)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("age,income\n3,4\n", "city"),
        ("age,city,income\n3,Rome,many\n", "'many' is not a number"),
        ("age,city,income\n3,Rome,inf\n", "'inf' is not a number"),
        ("age,city,income\n3,Rome\n", "line 2 has 2 cells"),
    ],
)
def test_the_python_file_refuses_other_tables_in_a_sentence(small, tmp_path, rows, words):
    model, table = small
    export_model(model, table, tmp_path / "m.py")
    (tmp_path / "bad.csv").write_text(rows)
    command = [sys.executable, "-I", tmp_path / "m.py", tmp_path / "bad.csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_python_file_reads_tables_without_a_header(tmp_path):
    body = shop()[1:]
    table = read_table(write_rows(tmp_path / "t.csv", body), header=False)
    model, _ = train_table(table, "-1", recipe=QUICK)
    export_model(model, table, tmp_path / "m.py")
    write_rows(tmp_path / "new.csv", [row[:-1] for row in body], ";")
    for arguments in (["t.csv"], ["new.csv", ";"]):
        printed = run(sys.executable, "-I", "m.py", *arguments, cwd=tmp_path).decode()
        found = pd.read_csv(io.StringIO(printed))
        assert list(found) == ["prediction", "probability_no", "probability_yes"]
        agrees(model, table, found.iloc[:, 1:], found["prediction"])


REAL_TABLES = {
    "titanic/titanic.csv": "Survived",
    "adult/adult-train.csv": "-1",
    "airlines-44k/allyears2k_headers.csv": "IsDepDelayed",
    "bank-marketing/bank-full.csv": "y",
    "covertype-20k/covtype.20k.data": "-1",
    "credit-default/default_of_credit_card_clients.csv": "-1",
    "german-credit/german.csv": "-1",
    "heart-cleveland/processed.cleveland.data": "-1",
    "hypothyroid/hypothyroid.csv": "Class",
    "ionosphere/ionosphere.csv": "-1",
    "magic-telescope/magic04.data": "-1",
    "mushroom/Mushroom.ssv": "1",
    "phoneme/phoneme.csv": "-1",
    "sonar/sonar.csv": "-1",
    "spambase/spambase.data": "-1",
    "students-dropout/students_train.csv": "-1",
}


@pytest.mark.parametrize("name", REAL_TABLES)
def test_real_tables_predict_the_same_by_onnx_and_by_numpy(real_data, tmp_path, name):
    whole = read_table(real_data / name)
    order = np.random.default_rng(0).permutation(whole.n_rows)[:6000]
    learned, held_out = np.array_split(order, 2)
    recipe = Recipe(max_epochs=8)
    model, _ = train_table(whole.rows(learned), REAL_TABLES[name], recipe=recipe)
    table = whole.rows(held_out).without([model.target.name])
    for ending in ("onnx", "py"):
        done = export_model(model, table, tmp_path / f"m.{ending}")
        assert done.rows > min(len(held_out), 2000)
        assert done.difference < 1e-6

"""No file harms its reader: it is read, or refused with one sentence."""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hostile import bombs, flipped, lying, read_any, refused, small_model
from hypothesis import given
from hypothesis import strategies as st

from shoal.table_model import TableModel
from shoal.tables import read_table

MEMORY = """
import resource, sys, tempfile
from pathlib import Path
sys.path.insert(0, {tests!r})
from hostile import bombs, lying, refused, small_model
folder = Path(tempfile.mkdtemp())
data = small_model(folder)
made = [*lying(data), *bombs()]
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name, bad in made:
    assert refused(folder / "bad.shoal", bad), name
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - grown) // 1024)
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with a small model, and its bytes."""
    folder = tmp_path_factory.mktemp("small")
    return folder, small_model(folder)


def test_a_model_cut_anywhere_is_refused(small):
    folder, data = small
    ends = {*range(200), *range(200, len(data), 13), *range(len(data) - 50, len(data))}
    assert all(refused(folder / "cut.shoal", data[:end]) for end in ends)


def test_a_model_with_flipped_bits_is_refused(small):
    folder, data = small
    r = random.Random(1)
    assert all(refused(folder / "flipped.shoal", flipped(data, r)) for _ in range(1000))


def test_headers_that_lie_and_files_of_other_kinds_are_refused(small):
    folder, data = small
    for name, bad in [*lying(data), *bombs()]:
        assert refused(folder / "bad.shoal", bad), name


def test_nothing_may_stand_beside_the_content(small):
    folder, data = small
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    outer = json.loads(header["__metadata__"]["shoal"])
    for change in ({"more": "x"}, {"kind": "checkpoint"}, {"format": 2}, {"kind": "x\ny"}):
        header["__metadata__"]["shoal"] = json.dumps(outer | change)
        text = json.dumps(header).encode()
        bad = len(text).to_bytes(8, "little") + text + data[8 + size :]
        assert refused(folder / "more.shoal", bad), change


def test_hostile_files_take_no_memory():
    done = subprocess.run(
        [sys.executable, "-c", MEMORY.format(tests=str(Path(__file__).parent))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 200


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_refused_with_a_sentence(data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", sys.stdin)
        read_any(data)


@given(st.binary(max_size=400), st.integers(0, 2000))
def test_any_bytes_in_a_model_are_refused(small, data, at):
    folder, whole = small
    bad = whole[: at % len(whole)] + data + whole[at % len(whole) + len(data) :]
    assert bad == whole or refused(folder / "any.shoal", bad)


@pytest.mark.parametrize("version", [1, 2])
def test_models_of_older_versions_predict_as_they_did(version, table, folder):
    stored = Path(__file__).parent / "models" / f"format-{version}"
    then = read_table(stored.with_suffix(".csv"))
    model = TableModel.load(stored.with_suffix(".shoal"))
    found = model.prediction_columns(read_table(table))
    assert list(found["prediction"]) == list(then["prediction"].values)
    for name in then.names[1:]:
        np.testing.assert_allclose(found[name], then[name].values, atol=2e-7)
    model.save(folder / "new.shoal")
    again = TableModel.load(folder / "new.shoal").prediction_columns(read_table(table))
    for name in then.names[1:]:
        np.testing.assert_array_equal(again[name], found[name])

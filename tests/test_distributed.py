"""A cluster trains the networks that one machine trains."""

import json
import os
import platform
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner
from clusters import QUIET, RECIPE, workers
from shard_files import frame, parquet

from shoal import Recipe, __version__
from shoal.cli import shoal
from shoal.engine import NumpyEngine
from shoal.errors import InputError
from shoal.shards import Here, find_shards, sources, train_shards

pytest.importorskip("dask", reason="Dask is not installed: shoal[dask]")
from shoal import distributed as cluster
from shoal.distributed.arithmetic import Arithmetic
from shoal.distributed.parts import joined
from shoal.distributed.placement import homes, in_lots
from shoal.distributed.sending import added

pytestmark = QUIET


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return parquet(tmp_path_factory.mktemp("cluster") / "t", frame(3000), files=5, rows=120)


@pytest.fixture(scope="module")
def alone(folder):
    return train_shards(folder, "y", recipe=RECIPE, place=Here(in_memory=True))


@pytest.mark.parametrize("number", [1, 2, 3, 8])
def test_networks_have_the_same_bits_on_any_number_of_workers(number, folder, alone):
    with workers(number) as client:
        model, found = cluster.train(str(folder), "y", client=client, recipe=RECIPE)
    assert model.fingerprint == alone[0].fingerprint
    assert found.metrics == alone[1].metrics
    assert model.encoder.to_data() == alone[0].encoder.to_data()


def test_batches_of_some_of_the_parts_have_the_same_bits_too(folder, monkeypatch):
    monkeypatch.setattr(sources, "PART", 40)
    recipe = Recipe(networks=2, max_epochs=4, hidden_units=8, dropout=0.0, batch_size=500)
    here, _ = train_shards(folder, "y", recipe=recipe)
    with workers(2) as client:
        there, _ = cluster.train(str(folder), "y", client=client, recipe=recipe)
    assert there.fingerprint == here.fingerprint


def test_a_bad_shard_is_named_from_a_worker_too(tmp_path):
    folder = parquet(tmp_path / "t", frame(), rows=100)
    found = find_shards(folder)
    (folder / "part-1.parquet").write_bytes(b"PAR1 cut off PAR1")
    with workers(2) as client, pytest.raises(InputError, match=r"part-1\.parquet"):
        cluster.train(found, "y", client=client, recipe=RECIPE)


def test_batches_within_parts_are_refused_on_a_cluster(folder):
    with workers(1) as client, pytest.raises(InputError, match="batch_size above"):
        train_shards(folder, "y", recipe=Recipe(max_epochs=1), place=cluster.OnCluster(client))


def out_of(*words):
    result = CliRunner().invoke(shoal, list(map(str, words)))
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_line_trains_and_validates_on_a_cluster(tmp_path):
    folder = parquet(tmp_path / "t", frame(500))
    out = tmp_path / "m.shoal"
    with workers(2) as client:
        address = client.scheduler.address
        common = [str(folder), "-t", "y", "--networks", "1", "--json"]
        there = CliRunner().invoke(shoal, ["train", *common, "--dask", address, "-o", str(out)])
        assert there.exit_code == 0, there.output
        folds = CliRunner().invoke(
            shoal, ["cross-validate", *common, "--dask", address, "--folds", "2"]
        )
        assert folds.exit_code == 0, folds.output
        rows = json.loads(out_of("evaluate", out, folder, "--json", "--dask", address))["rows"]
        out_of("predict", out, folder, "-o", tmp_path / "there.csv", "--dask", address)
    assert rows == 500
    out_of("predict", out, folder, "-o", tmp_path / "here.csv")
    assert (tmp_path / "there.csv").read_bytes() == (tmp_path / "here.csv").read_bytes()
    here = CliRunner().invoke(shoal, ["train", *common, "--large-batches", "-o", str(out)])
    assert here.exit_code == 0, here.output
    pick = [line for line in there.output.splitlines() if "fingerprint" in line]
    assert pick
    assert pick == [line for line in here.output.splitlines() if "fingerprint" in line]


class Counted:
    """Work that counts how often it is sent."""

    sent = 0

    def __reduce__(self):
        Counted.sent += 1
        return Counted, ()

    def __call__(self, shard):
        return shard.rows


def test_what_is_done_with_all_shards_is_sent_once_and_forgotten_at_the_end(folder):
    shards = find_shards(folder).shards
    with workers(1) as client:
        with cluster.OnCluster(client) as place:
            assert place.total(Counted(), shards) == 3000
        assert len(shards) > 20
        assert Counted.sent < 5
        deadline = time.monotonic() + 60
        while client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
            assert time.monotonic() < deadline, "something is kept"
            time.sleep(0.1)


class Text(str):
    """Shows in what order it was added up."""

    def __add__(self, other):
        return Text(f"({self}{other})")


@pytest.mark.parametrize("seed", range(40))
def test_what_workers_add_up_is_added_in_the_same_tree(seed):
    random = np.random.default_rng(seed)
    keys = sorted(random.choice(40, random.integers(1, 20), replace=False).tolist())
    owner = random.integers(0, 3, len(keys)) if seed % 2 else np.arange(len(keys)) // 5
    terms = {key: Text(chr(65 + key)) for key in keys}
    own = [{k: terms[k] for k, o in zip(keys, owner, strict=True) if o == w} for w in {*owner}]
    found = sorted(pair for each in own for pair in joined(each, keys))
    assert added(*zip(*found, strict=True)) == added(keys, [*terms.values()])
    if len(own) == 1:
        assert len(found) == 1


def test_blocks_stay_where_they_are_unless_some_worker_has_too_few():
    both = {"a": 1, "b": 1}
    assert homes({}, [["a"], ["b"], ["a"], ["b"]], both) == {0: "a", 1: "b", 2: "a", 3: "b"}
    assert homes({0: "b"}, [["a", "b"], ["a", "b"]], both) == {0: "b", 1: "a"}
    found = homes({}, [["a"]] * 4 + [[]] * 2, {"a": 1, "b": 2})
    assert [found[b] for b in range(6)] == ["a", "a", "b", "b", "b", "b"]
    assert homes({}, [["gone"], []], {}) == {}
    assert in_lots([0, 1, 2, 3, 4], 2, [1] * 5) == [[0, 1], [2, 3], [4]]
    assert in_lots([0, 1, 2], 3, [2**27, 2**27, 2**29]) == [[0, 1], [2]]


def test_workers_compute_as_the_client_does_or_say_why_not(monkeypatch):
    native = pytest.importorskip("shoal.engine.native_engine")
    exact = native.NativeEngine(1, reproducible=True)
    fast = native.NativeEngine(1, reproducible=False)
    assert Arithmetic.of(exact).engine().reproducible
    assert Arithmetic.of(fast).engine().instructions == fast.instructions
    assert Arithmetic.of(NumpyEngine()).engine().name == "numpy"
    with pytest.raises(InputError, match=r"the worker on .* SHOAL_REPRODUCIBLE=1"):
        Arithmetic(__version__, "native", "another").engine()
    with pytest.raises(InputError, match=r"NumPy gives other bits on the worker on .*\(another\)"):
        Arithmetic(__version__, "numpy", "another").engine()
    with pytest.raises(InputError, match=r"Shoal .* but the client 0\.0: install the same"):
        Arithmetic("0.0", "native", None).engine()


def test_what_the_bits_of_numpy_depend_on_is_compared():
    if "openblas" not in NumpyEngine().instructions or platform.machine() != "x86_64":
        pytest.skip("another BLAS")
    tell = "from shoal.engine import NumpyEngine; print(NumpyEngine().instructions)"
    old, newer = (
        subprocess.check_output(
            [sys.executable, "-c", tell], env=os.environ | {"OPENBLAS_CORETYPE": kind}, text=True
        )
        for kind in ("Nehalem", "Sandybridge")
    )
    assert f"NumPy {np.__version__}" in old
    assert old != newer

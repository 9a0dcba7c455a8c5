"""Where the native engine is missing, Shoal works on NumPy and says so once."""

import builtins
import importlib.util
import os
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pytest

from shoal import InputError
from shoal import engine as engine_module
from shoal.engine import default_engine, threads

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def without_native(monkeypatch):
    """A Shoal that was installed without a compiler."""
    monkeypatch.delenv("SHOAL_ENGINE", raising=False)
    for name in ("_native", "native_engine"):
        monkeypatch.delitem(sys.modules, f"shoal.engine.{name}", raising=False)
    real = builtins.__import__

    def missing(name, *arguments, **options):
        if name in ("shoal.engine._native", "shoal.engine.native_engine"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    engine_module._warn_once.cache_clear()
    yield
    engine_module._warn_once.cache_clear()


def test_a_missing_native_engine_is_told_once_and_numpy_runs(without_native):
    with pytest.warns(RuntimeWarning, match="install a C\\+\\+ compiler"):
        assert default_engine().name == "numpy"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert default_engine().name == "numpy"


def test_who_asks_for_numpy_is_not_warned_and_who_asks_for_native_is_told(
    without_native, monkeypatch
):
    monkeypatch.setenv("SHOAL_ENGINE", "numpy")
    assert default_engine().name == "numpy"
    monkeypatch.setenv("SHOAL_ENGINE", "native")
    with pytest.raises(InputError, match="without its native engine"):
        default_engine()


@pytest.mark.skipif(
    not (importlib.util.find_spec("scikit_build_core") and shutil.which("cmake")),
    reason="the build back-end or CMake is not installed here",
)
def test_without_a_compiler_a_wheel_is_still_built(tmp_path):
    for name in ("pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "bin").mkdir()  # what can be found: what pip brings along, and no compiler
    for name in ("cmake", "ninja", "make"):
        if place := shutil.which(name):
            (tmp_path / "bin" / name).symlink_to(place)
    build = "from scikit_build_core.build import build_wheel; print(build_wheel('dist'))"
    missing = {"CXX": "/no/compiler", "CC": "/no/compiler", "PATH": str(tmp_path / "bin")}
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=tmp_path, env=os.environ | missing,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = (tmp_path / "dist").iterdir()
    names = zipfile.ZipFile(wheel).namelist()
    assert "shoal/equations.py" in names
    assert not [name for name in names if "_native.c" in name or name.endswith((".cpp", ".hpp"))]


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "max 100000\n"}, 10**6),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 10**6),
        ({}, 10**6),
        ({"cpu.max": "what\n"}, 10**6),
    ],
)
def test_a_container_s_quota_limits_the_threads(tmp_path, monkeypatch, files, cores):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(threads, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "cpu_count", lambda: 10**6)
    monkeypatch.setattr(threads, "_bound", lambda: 10**6)
    monkeypatch.delenv("SHOAL_THREADS", raising=False)
    assert threads.available_threads() == cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes are not bound here")
def test_a_process_bound_to_one_core_uses_one_thread(monkeypatch):
    monkeypatch.delenv("SHOAL_THREADS", raising=False)
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert threads.available_threads() == 1
    finally:
        os.sched_setaffinity(0, before)

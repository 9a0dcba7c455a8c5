"""What the project says of itself is true."""

import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import shoal

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """A folder that looks to a command as the clone looks to a reader."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_of_the_readme_runs(code, reader):
    exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("block", blocks("console"))
def test_the_commands_of_the_readme_run(block, reader):
    lines = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ shoal")]
    assert lines
    for line in lines:
        command = [sys.executable, "-m", "shoal", *shlex.split(line)[1:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert (reader / "predictions.csv").read_text().startswith("prediction,probability_benign")


def test_the_measures_in_the_readme_are_those_that_the_command_prints(reader):
    command = [
        sys.executable,
        "-m",
        "shoal",
        *["train", "examples/breast-cancer.csv", "-t", "diagnosis"],
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (in_readme,) = [block for block in blocks("text") if "majority guess" in block]
    printed, promised = measures(done.stdout), measures(in_readme)
    assert len(promised) == 7
    for name, values in promised.items():
        # on another processor the last bits differ, and with them the epoch of the best network
        assert printed[name] == pytest.approx(values, abs=0.03)


def measures(text: str) -> dict[str, list[float]]:
    rows = re.findall(r"^ *(\w[\w ]*?) +([\d.]+) +([\d.]+) +([\d.]+) *$", text, re.MULTILINE)
    return {name: [float(value) for value in values] for name, *values in rows}


def test_the_help_pages_are_those_that_the_commands_print():
    page = runpy.run_path(str(ROOT / "docs" / "write_commands.py"))["commands_page"]()
    assert (ROOT / "docs" / "commands.md").read_text(encoding="utf-8") == page


def test_the_changelog_ends_with_the_version_of_the_package():
    released = re.findall(r"^## \[(\d.*?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert released[0] == shoal.__version__


def test_every_public_name_can_be_imported_and_is_documented():
    for name in shoal.__all__:
        assert getattr(shoal, name).__doc__, name
    with pytest.raises(AttributeError, match="no_such_name"):
        shoal.no_such_name  # noqa: B018


def test_a_public_name_is_never_a_module_whatever_was_imported_before():
    modules = {path.stem for path in (ROOT / "src" / "shoal").iterdir()}
    assert not modules & set(shoal.__all__)

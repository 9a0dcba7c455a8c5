"""Guarantee: another program gets its input and ends in time, or one sentence says what it lacks.

Floor 6.
"""

import os
import shutil
import subprocess
from pathlib import Path

from shoal.errors import InputError

MOST_SECONDS = 300


def run_program(command: list[str], folder: Path, data: bytes = b"") -> bytes:
    """Run a program in a folder and return what it prints.

    Raises
    ------
    InputError
        It failed, or took too long.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command, cwd=folder, input=data, capture_output=True, check=False, timeout=MOST_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = "took too long" if isinstance(error, subprocess.TimeoutExpired) else "does not run"
        raise InputError(
            f"the export could not be compared with the model, as {name} {why}: try another format"
        ) from None
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        said = next((line for line in lines if "error" in line.lower()), "it says not why")[:300]
        raise InputError(
            f"the export could not be compared with the model, as {name} failed on it ({said}):"
            " nothing was written; try another format, and report this"
        )
    return done.stdout


def find_program(names: tuple[str, ...], what: str, ending: str) -> str:
    """Return the path of the first of some programs that is installed.

    Raises
    ------
    InputError
        None is; the sentence says what to install.
    """
    for name in names:
        found = shutil.which(name) if name else None
        if found:
            return os.path.abspath(found)  # noqa: PTH100  (links stay: a name may choose a mode)
    raise InputError(
        f"an export to {ending} is compared with the model before it is written, which takes"
        f" {what}: install it, or export to .py or .json"
    )

"""Guarantee: another program gets its input and ends in time, or one sentence says what it lacks.

Floor 6.
"""

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from shoal.errors import InputError
from shoal.export.answers import not_compared

MOST_SECONDS = 300


def run_program(command: list[str], folder: Path, data: bytes = b"") -> bytes:
    """Run a program in a folder and return what it prints; what it started ends with it.

    Raises
    ------
    InputError
        It failed, or took too long.
    """
    name = Path(command[0]).name
    pipe = subprocess.PIPE
    try:
        with subprocess.Popen(
            command, cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True
        ) as process:
            try:
                printed, errors = process.communicate(data, timeout=MOST_SECONDS)
            except BaseException:  # Ctrl-C too, which does not reach another session by itself
                _kill(process)
                raise
    except subprocess.TimeoutExpired:
        raise not_compared(name, "took too long") from None
    except OSError:
        raise not_compared(name, "does not run") from None
    if process.returncode:
        lines = errors.decode(errors="replace").strip().splitlines()
        said = next((line for line in lines if "error" in line.lower()), "it says not why")[:300]
        raise not_compared(name, f"failed on it ({said})")
    return printed


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a program and all that it has started; on Windows, the program."""
    if os.name == "posix":
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


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

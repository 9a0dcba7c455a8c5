"""Ctrl-C keeps what was learned, or leaves nothing behind."""

import os
import select
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from crashes import make_table

from shoal.table_model import TableModel

if sys.platform == "win32":
    pytest.skip("signals and terminals as in POSIX", allow_module_level=True)

import pty

PATIENCE = 120  # seconds; a busy machine of two slow cores needs a tenth of it
# Whoever starts the tests in the background may have switched Ctrl-C off for their children.
SHOAL = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from shoal.checkpoint import Checkpoint
from shoal.cli import main
Checkpoint.__init__.__kwdefaults__["seconds"] = 0.02  # a test does not wait for it
main()
"""


class Command:
    """A command in a process of its own, whose standard error is a terminal."""

    def __init__(self, *arguments, **options):
        self.terminal, slave = pty.openpty()
        command = [sys.executable, "-c", SHOAL, *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=slave, env=os.environ | {"TERM": "xterm"},
            **options,
        )  # fmt: skip
        os.close(slave)
        self.said = b""

    def listen(self):
        """Read what the terminal shows, until nothing comes for a moment; False at its end."""
        while select.select([self.terminal], [], [], 0.05)[0]:
            try:
                piece = os.read(self.terminal, 65536)
            except OSError:  # Linux says so where nobody is left to write
                return False
            if not piece:
                return False
            self.said += piece
        return True

    def wait_for(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.said:
            assert self.listen(), self.said
            assert time.monotonic() < end, self.said

    def press_ctrl_c(self):
        self.process.send_signal(signal.SIGINT)

    def finish(self):
        """Return the exit code and what the terminal showed."""
        end = time.monotonic() + PATIENCE
        while self.listen():
            assert time.monotonic() < end, self.said
        code = self.process.wait(PATIENCE)
        return code, self.said.decode(errors="replace")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.terminal)
        self.process.stdout.close()
        if self.process.stdin:
            self.process.stdin.close()


@pytest.fixture
def start(folder):
    commands = []

    def start(*arguments, **options):
        commands.append(Command(*arguments, **options))
        return commands[-1]

    yield start
    for command in commands:
        command.close()


@pytest.fixture(scope="module")
def long_table(tmp_path_factory):
    """A table whose passes take seconds, and that takes no time to read."""
    random = np.random.default_rng(0)
    X = random.normal(size=(300_000, 12))
    y = np.sin(3 * X[:, 0] * X[:, 1]) + np.cos(3 * X[:, 2] + X[:, 3]) > random.normal(size=len(X))
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(12)]).assign(y=y.astype(int))
    path = tmp_path_factory.mktemp("long") / "long.parquet"
    frame.to_parquet(path)
    return path


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_ctrl_c_in_training_keeps_the_best_network_and_says_so(start, long_table, folder):
    command = start("train", str(long_table), "-t", "y", "-o", "m")
    command.wait_for(b", validation cost")
    pressed = time.monotonic()
    command.press_ctrl_c()
    code, said = command.finish()
    assert code == 130, said
    assert time.monotonic() - pressed < 30
    last = " ".join(said.split("Stopped")[-1].split())
    for words in ("Ctrl-C", "best networks so far", "kept in m"):
        assert words in last
    assert "Traceback" not in said
    model = TableModel.load(folder / "m")
    for history in model.ensemble.histories:
        assert 1 <= len(history) < 100
        assert "Ctrl-C" in history.stop_reason
        assert min(history["validation_cost"]) < 0.6931
    assert files(folder) == ["m"]


def test_ctrl_c_twice_stops_at_once(start, long_table, folder):
    command = start("train", str(long_table), "-t", "y", "-o", "m")
    command.wait_for(b", validation cost")
    command.press_ctrl_c()
    time.sleep(0.2)
    pressed = time.monotonic()
    command.press_ctrl_c()
    code, said = command.finish()
    assert code == 130, said
    assert time.monotonic() - pressed < 10
    assert "Traceback" not in said
    assert files(folder) in ([], ["m"])
    if files(folder):
        TableModel.load(folder / "m")


def test_ctrl_c_and_resume_come_to_the_same_bits(start, folder):
    make_table(folder / "t.csv", rows=20_000)
    train = ["train", "t.csv", "-t", "y", "--checkpoint", "kept", "-o"]
    command = start(*train, "m", cwd=folder)
    command.wait_for(b", validation cost")
    command.press_ctrl_c()
    code, said = command.finish()
    assert code == 130, said
    assert "Go on with --resume" in said
    stopped = TableModel.load(folder / "m")
    code, said = start(*train, "m", "--resume", cwd=folder).finish()
    assert code == 0, said
    assert not list((folder / "kept").iterdir())
    code, said = start(*train, "whole", cwd=folder).finish()
    assert code == 0, said
    assert (folder / "m").read_bytes() == (folder / "whole").read_bytes()
    ends = [[len(h) for h in model.ensemble.histories]
            for model in (stopped, TableModel.load(folder / "m"))]  # fmt: skip
    assert max(ends[0]) < min(ends[1])


@pytest.mark.parametrize(
    ("command", "table"),
    [
        (["train", "-", "-t", "y", "-o", "m"], b"a,b,y\n" * 200_000),
        (["predict", "m0", "-", "-o", "p"], b"age,city,income\n" + b"30,Oslo,1\n" * 200_000),
    ],
)
def test_ctrl_c_while_a_table_is_read_leaves_nothing_behind(
    start, write, model_bytes, command, table
):
    folder = write("m0", model_bytes).parent
    running = start(*command, stdin=subprocess.PIPE)
    # so much goes through only once the command reads
    running.process.stdin.write(table)
    running.process.stdin.flush()
    time.sleep(0.5)  # Python does not notice what comes just before it waits for more
    running.press_ctrl_c()
    code, said = running.finish()
    assert "Traceback" not in said
    assert files(folder) == ["m0"]
    assert code == 130, said


def test_ctrl_c_while_the_command_line_is_loaded_is_told_in_a_sentence():
    code = """
import sys
from shoal.__main__ import main

class Pressed:
    def find_spec(self, name, *_):
        if name == "shoal.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Pressed())
main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "shoal: stopped by Ctrl-C\n")

"""A cluster in which machines die, stand still and are cut off at random times: the same networks.

The tests run a short form; the long one is ``python tests/faults.py --points 30``. Each point is a
training with one thing or two done to the cluster while it surveys, encodes or learns. Workers are
cut off the network where they may have namespaces of their own (root, on Linux), and else paused.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import distributed
from crashes import run
from machines import Machines
from shard_files import frame, parquet

from shoal import Callback, Checkpoint, Recipe
from shoal.distributed import OnCluster
from shoal.errors import InputError
from shoal.model_file import load_file
from shoal.shards import train_shards
from shoal.table_model import TableModel

RECIPE = Recipe(networks=2, max_epochs=25, hidden_units=8, dropout=0.0, batch_size=40_000)
WORKERS, SILENCE = 3, 6.0
LIMIT = 240.0  # seconds of a point, which takes a few of them
STAGES = ("survey", "encoding", "learning")
TO_A_WORKER = ("killed", "paused", "paused, resumed", "cut off", "cut off, restored")
POINTS = (*TO_A_WORKER, "two at once", "two at once", "joins", "scheduler", "scheduler restarted",
          "client", "client")  # fmt: skip


class Stages(OnCluster):
    """Tells which stage a training has come to."""

    def __init__(self, client: distributed.Client, reached: Callable[[str], None]) -> None:
        super().__init__(client, silence=SILENCE, patience=LIMIT)
        self.reached = reached

    def total(self, work: Any, shards: Any) -> Any:
        self.reached("survey")
        return super().total(work, shards)

    def encode(self, encoder: Any, shards: Any) -> Any:
        self.reached("encoding")
        return super().encode(encoder, shards)


class Learning(Callback):
    """Tells when networks begin to learn."""

    def __init__(self, reached: Callable[[str], None]) -> None:
        self.reached = reached

    def on_train_begin(self, state: Any) -> None:
        if state.network.n_h:
            self.reached("learning")


class Training(threading.Thread):
    """A training to which something happens at a moment of a stage."""

    def __init__(self, folder: Path, address: str, kept: Path | None = None) -> None:
        super().__init__(daemon=True)
        self.folder, self.address, self.kept = folder, address, kept
        self.begun: dict[str, float] = {}
        self.fingerprint, self.error, self.happened = "", None, False
        self.stage, self.after, self.what = "", 0.0, lambda: None

    def meet(self, stage: str, after: float, what: Callable[[], None]) -> None:
        """Do something so many seconds after a stage begins."""
        self.stage, self.after, self.what = stage, after, what

    def run(self) -> None:
        """Train."""
        checkpoint = self.kept and Checkpoint(self.kept, resume=True, seconds=0.0)
        try:
            with distributed.Client(self.address, set_as_default=False) as client:
                model, _ = train_shards(
                    self.folder, "y", recipe=RECIPE, checkpoint=checkpoint,
                    place=Stages(client, self._reached), callbacks=[Learning(self._reached)],
                )  # fmt: skip
            self.fingerprint = model.fingerprint
        except BaseException as error:
            self.error = error
        self.begun["end"] = time.monotonic()

    def _reached(self, stage: str) -> None:
        if stage in self.begun:
            return
        self.begun[stage] = time.monotonic()
        if stage == self.stage:
            threading.Timer(self.after, self._happen).start()

    def _happen(self) -> None:
        self.happened = self.is_alive()
        self.what()

    def finish(self) -> None:
        """Wait for the end; a hang is an error that names what was awaited."""
        self.join(LIMIT)
        if self.is_alive():
            at = max(self.begun, key=self.begun.__getitem__, default="the connection")
            stack = traceback.format_stack(sys._current_frames()[self.ident or 0])
            raise AssertionError(f"a hang: waiting for the {at} at\n{''.join(stack[-6:])}")


class Faults:
    """A cluster, a table, and what comes of training when nobody disturbs it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.random = folder, random.Random(seed)
        self.table = parquet(folder / "table", frame(20_000), files=6, rows=700)
        self.small = parquet(folder / "small", frame(1500), files=3, rows=200)
        self.machines = Machines(folder)

    def measure(self) -> None:
        """Train undisturbed: here, on the cluster, and by the command line."""
        here, _ = train_shards(self.table, "y", recipe=RECIPE)
        self.expected = here.fingerprint
        for _ in range(2):  # the first time all is slow
            quiet = self._training()
            self._compare(quiet)
        times = [quiet.begun[stage] for stage in STAGES] + [quiet.begun["end"]]
        self.seconds = dict(zip(STAGES, (b - a for a, b in zip(times, times[1:])), strict=True))  # noqa: B905, RUF007
        begin = time.monotonic()
        self.of_command = self._command("--resume")
        self.seconds_of_command = time.monotonic() - begin
        stages = ", ".join(f"{stage} {each:.1f} s" for stage, each in self.seconds.items())
        print(f"undisturbed: {stages}; shoal train {self.seconds_of_command:.1f} s", flush=True)

    def _training(self, kept: Path | None = None, **at: Any) -> Training:
        self.machines.repair(WORKERS)
        with distributed.Client(self.machines.address, set_as_default=False) as client:
            client.wait_for_workers(WORKERS, timeout=LIMIT)
        training = Training(self.table, self.machines.address, kept)
        if at:
            training.meet(**at)
        training.start()
        training.finish()
        return training

    def _compare(self, training: Training) -> None:
        if training.error is not None:
            raise AssertionError("an error") from training.error
        if training.fingerprint != self.expected:
            raise AssertionError(f"{training.fingerprint} in place of {self.expected}")

    def point(self, kind: str) -> str:
        """Train with something done to the cluster; return what was done."""
        if kind == "client":
            return self._client()
        stage = self.random.choice(STAGES)
        after = self.random.random() * self.seconds[stage]
        if kind.startswith("scheduler"):
            return self._scheduler(kind, stage, after)
        victims = self.random.sample(range(WORKERS), 2 if kind == "two at once" else 1)
        done = [self.random.choice(TO_A_WORKER) if len(victims) > 1 else kind for _ in victims]
        training = self._training(
            stage=stage, after=after,
            what=lambda: [self._do(each, i) for each, i in zip(done, victims, strict=True)],
        )  # fmt: skip
        self._compare(training)
        return self._told(" and ".join(done), stage, after, training)

    def _do(self, kind: str, i: int) -> None:
        if kind == "joins":
            self.machines.start(WORKERS)
            return
        first, _, undone = kind.partition(", ")
        do, undo = {
            "killed": (self.machines.kill, None),
            "paused": (self.machines.pause, self.machines.resume),
            "cut off": (self.machines.cut, self.machines.restore),
        }[first]
        do(i)
        if undone and undo:
            threading.Timer(self.random.uniform(0.2, 2.5) * SILENCE, undo, [i]).start()

    def _scheduler(self, kind: str, stage: str, after: float) -> str:
        """Kill the scheduler; if the training ends with that, go on with its checkpoint."""
        kept = self.folder / "kept"

        def lose() -> None:
            self.machines.lose_scheduler()
            if kind == "scheduler restarted":
                self.machines.restart()
                self.machines.repair(WORKERS)

        training = self._training(kept, stage=stage, after=after, what=lose)
        told = self._told(kind, stage, after, training)
        if training.error is not None:
            if not isinstance(training.error, InputError) or "answer" not in str(training.error):
                raise AssertionError("an error of another kind") from training.error
            told += ", resumed from " + self._passes(kept)
            if kind == "scheduler":
                self.machines.restart()
            training = self._training(kept)
        elif kind == "scheduler" and training.happened:
            raise AssertionError("a training without a scheduler came to an end")
        elif kind == "scheduler":
            self.machines.restart()
        self._compare(training)
        Checkpoint(kept, resume=True).remove()
        return told

    def _client(self) -> str:
        """Kill a training by the command line once or twice; go on with its checkpoint."""
        self.machines.repair(WORKERS)
        told = []
        for _ in range(self.random.choice([1, 1, 2])):
            after = self.random.uniform(0.3, 1.0) * self.seconds_of_command
            if self._command("--resume", after=after) is None:
                told.append(f"{after:.1f} s ({self._passes(self.folder / 'command')})")
        if self._command("--resume") != self.of_command:
            raise AssertionError("another fingerprint by the command line")
        return f"client killed after {' and '.join(told) or 'its end'}"

    def _command(self, *more: str, after: float | None = None) -> str | None:
        model = self.folder / "m.shoal"
        model.unlink(missing_ok=True)
        words = [
            "train", str(self.small), "-t", "y", "--networks", "1", "-o", str(model), "-q",
            "--dask", self.machines.address, "--checkpoint", str(self.folder / "command"),
        ]  # fmt: skip
        if run([*words, *more], self.folder, after or LIMIT) is None:
            if after is None:
                raise AssertionError("a hang: waiting for shoal train")
            return None
        return TableModel.load(model).fingerprint

    def _passes(self, kept: Path) -> str:
        path = kept / "training.checkpoint"
        return f"pass {load_file(path, 'checkpoint')[0]['passes']}" if path.exists() else "nothing"

    def _told(self, what: str, stage: str, after: float, training: Training) -> str:
        late = "" if training.happened else ", when all was over"
        return f"{what}, {after:.1f} s into {stage}{late}"


def points(faults: Faults, number: int) -> int:
    """Run so many points; print a line for each, and a table; return how many failed."""
    told: dict[str, list[float]] = {}
    failed, order = 0, []
    for i in range(number):
        if not order:  # all kinds come, in another order each time
            order = faults.random.sample(POINTS, len(POINTS))
        kind, begin = order.pop(), time.monotonic()
        try:
            line = f"the same: {faults.point(kind)}"
        except Exception:
            failed += 1
            line = f"FAILED: {kind}\n{traceback.format_exc()}"
        told.setdefault(kind, []).append(time.monotonic() - begin)
        print(f"{i + 1:3} {told[kind][-1]:5.0f} s  {line}", flush=True)
    for kind, seconds in sorted(told.items()):
        print(f"{kind:20} {len(seconds):3} points, {max(seconds):4.0f} s at the most")
    return failed


def main() -> None:
    """Run the long form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    os.environ.setdefault("SHOAL_THREADS", "1")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no process is left behind
    dask.config.set({"distributed.comm.timeouts.connect": "15s"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        faults = Faults(Path(folder), chosen.seed)
        if not faults.machines.network.works:
            print("no network namespaces here: workers are paused in place of being cut off")
        try:
            faults.measure()
            failed = points(faults, chosen.points)
        finally:
            faults.machines.close()
    print(f"{chosen.points} points, {failed} failed" if failed else "all came out the same")
    sys.stdout.flush()
    os._exit(bool(failed))  # what hangs would keep the interpreter from ending


if __name__ == "__main__":
    main()

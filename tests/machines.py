"""A Dask cluster of processes that can be killed, paused and cut off the network, one by one.

Each worker has a network namespace of its own where that is allowed: to root, with Linux' ``ip``.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path


def ip(*words: str) -> bool:
    """Run ``ip``; return whether it succeeded."""
    return not subprocess.run(["ip", *words], capture_output=True, check=False).returncode


class Network:
    """A bridge, and namespaces behind it, each with an address of its own."""

    def __init__(self) -> None:
        self.name = f"sh{os.getpid()}"
        self.subnet = f"10.213.{os.getpid() % 256}"
        self.namespaces: set[str] = set()
        self.works = bool(shutil.which("ip")) and os.geteuid() == 0 and self._begin()
        self.host = f"{self.subnet}.1" if self.works else "127.0.0.1"

    def _begin(self) -> bool:
        made = ip("link", "add", self.name, "type", "bridge") and (
            ip("address", "add", f"{self.subnet}.1/24", "dev", self.name)
            and ip("link", "set", self.name, "up")
            and self._add(250)
        )
        if not made:
            self.close()
        return made

    def _add(self, i: int) -> bool:
        space, outside = f"{self.name}n{i}", f"{self.name}v{i}"
        self.namespaces.add(space)
        return (
            ip("netns", "add", space)
            and ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", space)
            and ip("link", "set", outside, "master", self.name, "up")
            and ip("-n", space, "address", "add", f"{self.subnet}.{i + 2}/24", "dev", "eth0")
            and ip("-n", space, "link", "set", "eth0", "up")
            and ip("-n", space, "link", "set", "lo", "up")
        )

    def inside(self, i: int) -> list[str]:
        """Return what runs a command in a namespace, which is made if it is not there."""
        if not self.works:
            return []
        if f"{self.name}n{i}" not in self.namespaces and not self._add(i):
            raise RuntimeError(f"the network namespace {i} could not be made")
        return ["ip", "netns", "exec", f"{self.name}n{i}"]

    def set(self, i: int, state: str) -> None:
        """Cut a namespace off the others ("down"), or restore it ("up")."""
        if not ip("link", "set", f"{self.name}v{i}", state):
            raise RuntimeError(f"the network of namespace {i} could not be set {state}")

    def close(self) -> None:
        """Remove the bridge and the namespaces."""
        for space in self.namespaces:
            ip("netns", "delete", space)
        self.namespaces.clear()
        ip("link", "delete", self.name)


class Machines:
    """A scheduler, and workers of one thread by number, all processes of their own.

    Parameters
    ----------
    folder : Path
        For what they say, and what they spill.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.network = folder, Network()
        self.workers: dict[int, subprocess.Popen[bytes]] = {}
        self.hurt: set[int] = set()
        with socket.create_server((self.network.host, 0)) as free:
            self.port = free.getsockname()[1]
        self.scheduler = self._scheduler()

    @property
    def address(self) -> str:
        """Where the scheduler is."""
        return f"tcp://{self.network.host}:{self.port}"

    def _start(self, name: str, command: list[str]) -> "subprocess.Popen[bytes]":
        environment = os.environ | {"SHOAL_THREADS": "1"}
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, start_new_session=True
            )

    def _scheduler(self) -> "subprocess.Popen[bytes]":
        return self._start(
            "scheduler",
            [sys.executable, "-m", "dask", "scheduler", "--host", self.network.host, "--port",
             str(self.port), "--no-dashboard"],
        )  # fmt: skip

    def start(self, i: int) -> None:
        """Start a worker; it imports first, as it is silent meanwhile on a busy machine."""
        command = [
            *self.network.inside(i), sys.executable, "-m", "dask", "worker", self.address,
            "--nthreads", "1", "--no-dashboard", "--local-directory", str(self.folder / f"{i}"),
            "--preload", "shoal.distributed", "--memory-limit", "0",
            "--name", f"{i}-{time.monotonic()}",
        ]  # fmt: skip
        self.workers[i] = self._start(f"worker-{i}", command)

    def kill(self, i: int) -> None:
        """End a worker and its nanny at once, as when a machine loses its power."""
        self.hurt.add(i)
        os.killpg(self.workers[i].pid, signal.SIGKILL)

    def pause(self, i: int) -> None:
        """Let a worker and its nanny stand still."""
        self.hurt.add(i)
        os.killpg(self.workers[i].pid, signal.SIGSTOP)

    def resume(self, i: int) -> None:
        """Let a paused worker go on."""
        os.killpg(self.workers[i].pid, signal.SIGCONT)

    def cut(self, i: int) -> None:
        """Cut a worker off the network, or pause it where there are no namespaces."""
        if not self.network.works:
            self.pause(i)
            return
        self.hurt.add(i)
        self.network.set(i, "down")

    def restore(self, i: int) -> None:
        """Give a worker that was cut off its network back."""
        if self.network.works:
            self.network.set(i, "up")
        else:
            self.resume(i)

    def repair(self, number: int) -> None:
        """Replace workers that something was done to, until there are so many that are sound."""
        for i in self.hurt | {i for i in self.workers if i >= number}:
            self._end(self.workers.pop(i))
            if self.network.works:
                self.network.set(i, "up")
        self.hurt.clear()
        for i in set(range(number)) - self.workers.keys():
            self.start(i)

    def lose_scheduler(self) -> None:
        """Kill the scheduler."""
        self._end(self.scheduler)

    def restart(self) -> None:
        """Start the scheduler again where it was; all workers have to be started anew."""
        self.scheduler = self._scheduler()
        self.hurt |= self.workers.keys()

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def close(self) -> None:
        """End all processes, and remove their network."""
        for process in [*self.workers.values(), self.scheduler]:
            self._end(process)
        self.network.close()

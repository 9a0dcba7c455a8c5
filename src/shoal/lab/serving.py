"""Guarantee: a lab has a port of its own on the loopback, and gives it back."""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import uvicorn

from shoal.lab.answers import Answers, start_of
from shoal.lab.runs import Runs
from shoal.lab.scenario import TableData
from shoal.lab.server import HOST, Gate, make_app


@dataclass(frozen=True)
class OpenedLab:
    """A lab that listens; it answers while it runs."""

    link: str
    target: str  # of the table; nothing without one
    _server: uvicorn.Server
    _socket: socket.socket

    def run(self) -> None:
        """Answer until Ctrl-C."""
        with suppress(KeyboardInterrupt):
            self._server.run(sockets=[self._socket])


@contextmanager
def open_lab(
    table: str | None = None, target: str | None = None, port: int = 0
) -> Iterator[OpenedLab]:
    """Open a lab on a table, or on the flower.

    Parameters
    ----------
    table : str, optional
        A file.
    target : str, optional
        Name or position of its target column; the likeliest unless given.
    port : int
        Where to listen; another one if it is taken.

    Raises
    ------
    InputError
        The table cannot be read or learned from.
    """
    runs = Runs()
    start = start_of(runs, table, target)
    with _listening(port) as listening:
        gate = Gate(listening.getsockname()[1], secrets.token_urlsafe(24))
        app = make_app(Answers(runs, start), gate)
        config = uvicorn.Config(app, log_level="warning", server_header=False, access_log=False)
        target = start.data.target if isinstance(start.data, TableData) else ""
        yield OpenedLab(gate.link, target, uvicorn.Server(config), listening)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    # with its protocol named, asyncio sends at once; else an answer's second half waits for 40 ms
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        if os.name == "posix":  # a lab that has just ended must not keep its port from the next
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen()
        except OSError:
            listening.bind((HOST, 0))
            listening.listen()
        yield listening

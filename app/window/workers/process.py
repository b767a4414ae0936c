"""A worker in a process of its own: started, read from, restarted if it dies, and stopped.

A thread does all of it. The event loop only takes messages from a queue and gives requests, which is
instant: at most one request per judge is under way, far less than a pipe holds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from app.window.model.protocol import Failed, LoadProgress, Message, Ready, Request, Stop
from app.window.model.values import Notice, Who

__all__ = ["ProcessWorker"]

Post = Callable[[Message], None]
Target = Callable[..., None]

_PAUSES = (0.2, 1.0, 3.0, 10.0, 30.0)
"""Seconds before a worker that has died is started again: longer each time, until it comes up."""


class ProcessWorker:
    """`target(connection, *arguments)` runs in a fresh process (spawn) and follows the protocol.

    A target returns when it receives `Stop`; one that ends in any other way is restarted.
    """

    def __init__(self, who: Who, name: str, target: Target, arguments: tuple[Any, ...], post: Post) -> None:
        self.who = who
        self._name = name
        self._target = target
        self._arguments = arguments
        self._post = post
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._connection: Connection | None = None
        self._process: Any = None
        self._deaths = 0
        self._thread = threading.Thread(target=self._run, name=f"window-{name}", daemon=True)

    @property
    def pid(self) -> int | None:
        """The process, while there is one."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Begin, without waiting."""
        self._thread.start()

    def send(self, request: Request) -> None:
        """Give it something to do. What is sent while it is not running is lost; `Failed` says so."""
        with self._guard, contextlib.suppress(OSError, ValueError):
            if self._connection is not None:
                self._connection.send(request)

    def switch(self, arguments: tuple[Any, ...], request: Request) -> None:
        """Send `request` to the running process; a restarted one is given `arguments`."""
        with self._guard, contextlib.suppress(OSError, ValueError):
            self._arguments = arguments
            if self._connection is not None:
                self._connection.send(request)

    def ask_to_stop(self) -> None:
        """Ask it to end, without waiting."""
        self._stopping.set()
        self.send(Stop())

    def end(self, deadline: float) -> bool:
        """Wait until `deadline` (time.monotonic), then kill it; True if it ended by itself."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        ended = not self._thread.is_alive()
        process = self._process
        if process is not None and process.is_alive():
            ended = False
            process.terminate()
            process.join(1.0)
            if process.is_alive():
                process.kill()
                process.join(1.0)
        return ended

    def _run(self) -> None:
        while not self._stopping.is_set():
            if self._run_once():
                return
            pause = _PAUSES[min(self._deaths, len(_PAUSES) - 1)]
            self._deaths += 1
            why = f"Its process ended unexpectedly (exit code {self._process.exitcode})."
            hint = "It is being started again."
            self._post(Failed(self.who, Notice(f"The {self._name} has stopped.", why, hint), again=True))
            self._stopping.wait(pause)

    def _run_once(self) -> bool:
        """Run the child until it exits; True if stop was requested."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        with self._guard:
            # Under one lock: a switch reaches the process either as an argument or through the pipe.
            arguments, self._connection = self._arguments, ours
        process = context.Process(
            target=self._target, args=(theirs, *arguments), name=f"inkproof-{self._name}", daemon=True
        )
        process.start()
        theirs.close()
        self._process = process
        if self._stopping.is_set():
            self.send(Stop())
        self._listen(ours)
        with self._guard:
            self._connection = None
        ours.close()
        process.join()
        return self._stopping.is_set()

    def _listen(self, connection: Connection) -> None:
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError):
                return
            if isinstance(message, Ready):
                self._deaths = 0
            if not self._stopping.is_set() or isinstance(message, LoadProgress):
                self._post(message)

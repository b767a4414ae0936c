"""End the connections of exchanges that take too long.

A socket's own time limit is for each piece that arrives, so a server that sends a byte now and then never
exceeds it. One thread for the whole process shuts such connections down, which ends every wait on them.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator

__all__ = ["ended_at"]


class _Watch:
    """The open connections, and the thread that ends them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: dict[int, tuple[float, socket.socket]] = {}
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def add(self, connection: socket.socket, deadline: float) -> int:
        """Watch a connection; a number to forget it by."""
        number = next(self._numbers)
        with self._changed:
            self._open[number] = deadline, connection
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="deadlines")
                self._thread.start()
            self._changed.notify()
        return number

    def forget(self, number: int) -> None:
        """Watch a connection no longer."""
        with self._changed:
            self._open.pop(number, None)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for number, (deadline, connection) in list(self._open.items()):
                    if deadline <= now:
                        del self._open[number]
                        with contextlib.suppress(OSError):
                            connection.shutdown(socket.SHUT_RDWR)
                soonest = min((deadline for deadline, _ in self._open.values()), default=None)
                self._changed.wait(None if soonest is None else max(0.0, soonest - now))


_watch = _Watch()


def _begin_anew() -> None:
    """After a fork: the child has no such thread, and does not share its parent's connections."""
    global _watch
    _watch = _Watch()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


@contextlib.contextmanager
def ended_at(connection: socket.socket, deadline: float) -> Iterator[None]:
    """Within it, the connection is shut down at `deadline`, a time of `time.monotonic`.

    That ends a TLS handshake, or a read, that waits on the same connection through another socket object.
    """
    own = connection.dup()
    number = _watch.add(own, deadline)
    try:
        yield
    finally:
        _watch.forget(number)
        own.close()

"""Ending a command early: on a signal, and without waiting for work in the background."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import FrameType
from typing import Generic, TypeVar

T = TypeVar("T")

# Windows has no SIGHUP; SIGBREAK comes from Ctrl+Break and from a closing console.
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_begun: list[threading.Thread] = []


@contextlib.contextmanager
def ended_by_signals() -> Iterator[list[int]]:
    """Within it, a signal that ends the program raises KeyboardInterrupt, as Ctrl+C does by itself.

    Yields a list that holds the signal's number once it has come. A closing terminal, `timeout` and a second
    Ctrl+C send more than one: the later ones do not interrupt the cleanup. An ignored signal (`nohup`) stays
    ignored.
    """
    received: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        if not received:
            received.append(number)
            raise KeyboardInterrupt

    before = {}
    # Python lets only the main thread set handlers, and delivers signals to it.
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, end)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Background(Generic[T]):
    """Work started in a thread of its own, whose result may never be needed."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._future: Future[T] = Future()
        self._work = work
        thread = threading.Thread(target=self._run, daemon=True)
        _begun.append(thread)
        thread.start()

    def result(self) -> T:
        """The result of the work; its error is raised here."""
        return self._future.result()

    def _run(self) -> None:
        try:
            self._future.set_result(self._work())
        except BaseException as error:
            self._future.set_exception(error)


def leave(status: int) -> None:
    """End the process now if work is still under way in the background; otherwise do nothing.

    A normal exit would tear down the interpreter while TensorFlow is still being imported.
    Everything else must have been cleaned up, and all output flushed.
    """
    if any(thread.is_alive() for thread in _begun):
        os._exit(status)

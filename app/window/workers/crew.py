"""All workers of one window: started together, stopped together, none left running."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from app.window.model.protocol import Message, Request, SwitchModel
from app.window.model.values import Who
from app.window.options import WindowOptions
from app.window.workers.desk import Desk

if TYPE_CHECKING:
    import psutil

    from app.window.workers.process import ProcessWorker

__all__ = ["PROCESSES", "Crew"]

PROCESSES = (Who.FLOAT, Who.SCRIPT, Who.CHAIN)
"""The workers that have a process of their own."""
STOP_SECONDS = 20.0
"""Seconds a worker may take to finish: a node writes its blocks out before it ends."""


class Crew:
    """The desk in a thread, two judges and the chain in processes; all use one model.

    `wake` is called, in any thread, when a message has come; `first` is run by the desk's thread before
    anything else. `only` says which of the processes are started.
    """

    def __init__(
        self,
        options: WindowOptions,
        wake: Callable[[], None],
        first: Callable[[], None],
        only: Collection[Who] = PROCESSES,
    ) -> None:
        self._only = only
        self._options = options
        self._wake = wake
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._desk = Desk(options.model, self.post, first)
        self._guard = threading.Lock()
        self._processes: dict[Who, ProcessWorker] = {}
        self._starting = threading.Thread(target=self._start_processes, name="window-crew", daemon=True)

    def start(self) -> None:
        """Start all workers, without waiting."""
        self._desk.start()
        self._starting.start()

    def post(self, message: Message) -> None:
        """Leave a message for the window."""
        self._messages.put(message)
        self._wake()

    def messages(self) -> list[Message]:
        """What has been left since the last call."""
        heard = []
        with contextlib.suppress(queue.Empty):
            while True:
                heard.append(self._messages.get_nowait())
        return heard

    def send(self, who: Who, request: Request) -> None:
        """Give a worker something to do."""
        if who is Who.FIXED:
            self._desk.send(request)
        elif who in self._processes:
            self._processes[who].send(request)

    def switch(self, model: str) -> None:
        """Switch all workers to another model; every later request is answered with it."""
        request = SwitchModel(model)
        self._desk.send(request)
        with self._guard:
            self._options = replace(self._options, model=model)
            for worker in self._processes.values():
                worker.switch((self._options,), request)

    def stop(self) -> None:
        """Stop all workers: ask first, wait, then kill those that have not ended."""
        self._starting.join()
        deadline = time.monotonic() + STOP_SECONDS
        self._desk.ask_to_stop()
        for worker in self._processes.values():
            worker.ask_to_stop()
        # Judges hold no resources that have to be released.
        for who, worker in self._processes.items():
            if who is not Who.CHAIN:
                worker.end(time.monotonic() + 0.5)
        if (chain := self._processes.get(Who.CHAIN)) is not None:
            below = _children(chain.pid)
            if not chain.end(deadline):
                self._clean_up(below)
        self._desk.end(deadline)

    def _start_processes(self) -> None:
        # In a thread, and only now: importing and starting processes takes longer than a frame.
        from app.window.workers.chain import serve_chain
        from app.window.workers.judging import read_with_float, read_with_script
        from app.window.workers.process import ProcessWorker

        with self._guard:
            for who, name, target in (
                (Who.FLOAT, "float judge", read_with_float),
                (Who.SCRIPT, "contract's local judge", read_with_script),
                (Who.CHAIN, "connection to the chain", serve_chain),
            ):
                if who in self._only:
                    self._processes[who] = ProcessWorker(who, name, target, (self._options,), self.post)
        for worker in self._processes.values():
            worker.start()

    def _clean_up(self, below: list[psutil.Process]) -> None:
        """The chain's process was killed: release what it held."""
        from app.window.workers.leftovers import release_node

        release_node(self._options)
        for process in below:
            # The node is stopped already: what is left is a download, if anything.
            with contextlib.suppress(Exception):  # it may have ended in the meantime
                if not any(word.startswith("-datadir=") for word in process.cmdline()):
                    process.terminate()


def _children(pid: int | None) -> list[psutil.Process]:
    """All descendants of a process, such as a download under way or the node."""
    import psutil

    if pid is None:
        return []
    with contextlib.suppress(psutil.Error):
        return psutil.Process(pid).children(recursive=True)
    return []

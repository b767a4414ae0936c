"""A model file that becomes one of the person's own models, in a process of its own, where TensorFlow is."""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias

from app.errors import InkproofError
from app.window.model.protocol import Message, Models, Said
from app.window.model.values import Notice, entries
from app.window.workers.judging import notice_of, start_worker

__all__ = ["SUFFIXES", "Imports"]

SUFFIXES = (".keras", ".h5", ".hdf5", ".onnx")
"""What the names of model files end with."""

Step: TypeAlias = tuple[str, float | None] | Notice
"""A stage and how much of it is done, or how the import ended."""


class Imports:
    """One import at a time; `post` is given its stages and its end."""

    def __init__(self, post: Callable[[Message], None]) -> None:
        self._post = post
        self._process: Any = None
        self._thread: threading.Thread | None = None

    def begin(self, path: Path) -> None:
        """Import a file, without waiting. InkproofError while another one is being imported."""
        if self._thread is not None and self._thread.is_alive():
            raise InkproofError("A model is being imported.", hint="Wait until it is done, then try again.")
        self._thread = threading.Thread(target=self._run, args=(path,), name="window-import", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give an import up: the model is kept whole or not at all."""
        if self._process is not None and self._process.is_alive():
            self._process.terminate()
            self._process.join(2.0)

    def _run(self, path: Path) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        # No daemon: it starts the process that reads the file apart.
        self._process = context.Process(target=_import, args=(theirs, path), name="inkproof-import")
        self._process.start()
        theirs.close()
        ended = Notice(f"{path.name} was not imported.", "The process that read it ended unexpectedly.")
        with contextlib.suppress(EOFError, OSError):
            while True:
                step: Step = ours.recv()
                if isinstance(step, Notice):
                    ended = step
                    break
                share = "" if step[1] is None else f" {step[1]:.0%}"
                self._post(Said(Notice(f"Importing {path.name}: {step[0]}{share}", error=False)))
        ours.close()
        self._process.join()
        self._post(Models(entries()))
        self._post(Said(ended))


def _import(connection: Connection, path: Path) -> None:
    """The process: read the file, measure the model, keep it."""
    start_worker()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        try:
            from app.importing.importer import import_file

            def progress(note: str, share: float | None) -> None:
                connection.send((note, share))

            model = import_file(path, progress=progress)
            known = model.figures
            read = "" if known is None else f" It reads {known.accuracy:.1%} of the test digits right."
            connection.send(
                Notice(f"{model.name} is one of your models now.{read}", hint="N chooses it.", error=False)
            )
        except InkproofError as error:
            connection.send(notice_of(error))

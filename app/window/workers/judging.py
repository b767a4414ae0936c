"""The judges that need a process of their own: the float model, and the contract's Script."""

from __future__ import annotations

import contextlib
import math
import os
import signal
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app import models
from app.errors import InkproofError
from app.picture import SIDE
from app.window.model.protocol import Failed, LoadProgress, Read, ReadPicture, Ready, Stop, SwitchModel
from app.window.model.state import Notice, Reading, Who
from app.window.options import WindowOptions

__all__ = ["behave", "notice_of", "read_with_float", "read_with_script", "softmax"]

Picture: TypeAlias = npt.NDArray[np.uint8]
Reader: TypeAlias = Callable[[Picture, int], Reading]
"""Reads a picture (SIDE, SIDE) of a revision of the ink."""


def read_with_float(connection: Connection, options: WindowOptions) -> None:
    """The float judge's process: TensorFlow lives here and nowhere near the window."""

    def load(model: str) -> Reader:
        connection.send(LoadProgress(Who.FLOAT, "loading TensorFlow"))
        from app.floats.judge import FloatJudge
        from app.floats.runtime import import_tensorflow

        import_tensorflow()
        connection.send(LoadProgress(Who.FLOAT, f"loading {model}"))
        judge = FloatJudge.load(models.named(model).float_path)

        def read(image: Picture, revision: int) -> Reading:
            reading = judge.read(image)
            return Reading(revision, reading.digit, reading.probabilities, reading.milliseconds)

        # The first reading of a fresh model is slow: let nobody wait for it.
        judge.read(np.zeros((SIDE, SIDE), np.uint8))
        return read

    _serve(connection, Who.FLOAT, options.model, load)


def read_with_script(connection: Connection, options: WindowOptions) -> None:
    """The process of the contract's Script, run by an interpreter without any transaction."""

    def load(model: str) -> Reader:
        connection.send(LoadProgress(Who.SCRIPT, f"writing the Script of {model}"))
        from app import fixedpoint
        from app.contract.local import ScriptJudge

        integers = fixedpoint.load(models.named(model).integers_path)
        judge = ScriptJudge(integers)

        def read(image: Picture, revision: int) -> Reading:
            reading = judge.read(image)
            shares = softmax(reading.logits, integers.logit_range.denominator)
            return Reading(revision, reading.digit, shares, reading.milliseconds, reading.logits)

        return read

    _serve(connection, Who.SCRIPT, options.model, load)


def softmax(logits: Sequence[int], denominator: int) -> tuple[float, ...]:
    """Shares that sum to 1, of integer logits worth `logit / denominator`."""
    best = max(logits)
    # The difference is taken in integers: floats would lose it, for logits may exceed 64 bits.
    weights = [math.exp((logit - best) / denominator) for logit in logits]
    total = sum(weights)
    return tuple(weight / total for weight in weights)


def behave() -> None:
    """A worker's manners: Ctrl+C and a closed terminal are for the window, and the window goes first."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    with contextlib.suppress(AttributeError, OSError):
        os.nice(5)


def notice_of(error: InkproofError) -> Notice:
    """An error as the status line shows it."""
    return Notice(error.what, error.why, error.hint)


def _serve(connection: Connection, who: Who, model: str, load: Callable[[str], Reader]) -> None:
    """Read with one model after the other; the window's end ends the worker."""
    behave()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            model = _read_with(connection, who, _loaded(connection, who, model, load))
            if not model:
                return


def _loaded(connection: Connection, who: Who, model: str, load: Callable[[str], Reader]) -> Reader | None:
    """A model that reads, or None once the window has been told why there is none."""
    try:
        read = load(model)
    except InkproofError as error:
        connection.send(Failed(who, notice_of(error)))
        return None
    connection.send(Ready(who))
    return read


def _read_with(connection: Connection, who: Who, read: Reader | None) -> str:
    """Answer until another model is chosen; its name, or nothing when it is time to end."""
    while not isinstance(request := connection.recv(), Stop):
        if isinstance(request, SwitchModel):
            return request.model
        if isinstance(request, ReadPicture) and read is not None:
            image = np.frombuffer(request.picture, np.uint8).reshape(SIDE, SIDE)
            connection.send(Read(who, read(image, request.revision)))
    return ""

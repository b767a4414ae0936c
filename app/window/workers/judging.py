"""The judges that need a process of their own: the float network, and the contract's Script."""

from __future__ import annotations

import contextlib
import math
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection

import numpy as np
import numpy.typing as npt

from app import models
from app.errors import InkproofError
from app.window.state import Notice, Reading, Who
from app.window.workers.protocol import Failed, Progress, Read, ReadPicture, Ready, Stop

__all__ = ["behave", "notice_of", "read_with_float", "read_with_script", "softmax"]

Picture = npt.NDArray[np.uint8]


def read_with_float(connection: Connection, model: str) -> None:
    """The float judge's process: TensorFlow lives here and nowhere near the window."""
    with _explaining(connection, Who.FLOAT):
        connection.send(Progress(Who.FLOAT, "loading TensorFlow"))
        from app.network.float_judge import FloatJudge
        from app.network.runtime import import_tensorflow

        import_tensorflow()
        connection.send(Progress(Who.FLOAT, "loading the network"))
        judge = FloatJudge.load(models.named(model).float_path)

        def read(image: Picture, revision: int) -> Reading:
            reading = judge.read(image)
            return Reading(revision, reading.digit, reading.probabilities, reading.milliseconds)

        # The first reading of a fresh network is slow: let nobody wait for it.
        judge.read(np.zeros((28, 28), np.uint8))
        _serve(connection, Who.FLOAT, read)


def read_with_script(connection: Connection, model: str) -> None:
    """The process of the contract's Script, run by an interpreter without any transaction."""
    with _explaining(connection, Who.SCRIPT):
        connection.send(Progress(Who.SCRIPT, "writing the Script"))
        from app import fixedpoint
        from app.contract.local import ScriptJudge

        network = fixedpoint.load(models.named(model).integers_path)
        judge = ScriptJudge(network)

        def read(image: Picture, revision: int) -> Reading:
            reading = judge.read(image)
            shares = softmax(reading.logits, network.logit_range.denominator)
            return Reading(revision, reading.digit, shares, reading.milliseconds, reading.logits)

        _serve(connection, Who.SCRIPT, read)


def softmax(logits: Sequence[int], denominator: int) -> tuple[float, ...]:
    """Shares that sum to 1, of integer logits worth `logit / denominator`."""
    best = max(logits)
    # The difference is taken in integers: floats would lose it, for logits may exceed 64 bits.
    weights = [math.exp((logit - best) / denominator) for logit in logits]
    total = sum(weights)
    return tuple(weight / total for weight in weights)


def behave() -> None:
    """A worker's manners: Ctrl+C is the window's to handle, and the window goes first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(AttributeError, OSError):
        os.nice(5)


def notice_of(error: InkproofError) -> Notice:
    """An error as the status line shows it."""
    return Notice(error.what, error.why, error.hint)


@contextlib.contextmanager
def _explaining(connection: Connection, who: Who) -> Iterator[None]:
    """Errors made for people are sent to the window; the window's end ends the worker."""
    behave()
    try:
        yield
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except InkproofError as error:
        with contextlib.suppress(OSError):
            connection.send(Failed(who, notice_of(error)))


def _serve(connection: Connection, who: Who, read: Callable[[Picture, int], Reading]) -> None:
    connection.send(Ready(who))
    while not isinstance(request := connection.recv(), Stop):
        if isinstance(request, ReadPicture):
            image = np.frombuffer(request.picture, np.uint8).reshape(28, 28)
            connection.send(Read(who, read(image, request.revision)))

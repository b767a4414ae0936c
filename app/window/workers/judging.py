"""The judges that need a process of their own: the float model, and the contract's Script."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from app import models
from app.errors import InkproofError
from app.fixedpoint.shares import is_sure, softmax
from app.picture import SIDE
from app.window.model.protocol import (
    Failed,
    LoadProgress,
    Read,
    ReadPicture,
    Ready,
    Stop,
    SwitchModel,
    Traced,
    TraceRun,
)
from app.window.model.values import Notice, Reading, RunSample, Who
from app.window.options import WindowOptions

if TYPE_CHECKING:
    from app.fixedpoint import Sureness

__all__ = ["exact_reading", "notice_of", "read_with_float", "read_with_script", "start_worker"]

Picture: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Reader:
    """`read` reads a picture (SIDE, SIDE) of a revision of the ink; `trace` samples a run on it."""

    read: Callable[[Picture, int], Reading]
    trace: Callable[[Picture, int], Traced] | None = None


def read_with_float(connection: Connection, options: WindowOptions) -> None:
    """The float judge's process: TensorFlow is loaded here and never in the window's process."""

    def load(model: str) -> Reader:
        connection.send(LoadProgress(Who.FLOAT, "loading TensorFlow"))
        from app.floats.judge import FloatJudge
        from app.floats.runtime import import_keras

        import_keras()
        connection.send(LoadProgress(Who.FLOAT, f"loading {model}"))
        judge = FloatJudge.load(models.named(model).float_path)
        by_threshold = models.named(model).sureness_path.is_file()

        def read(image: Picture, revision: int) -> Reading:
            reading = judge.read(image)
            return Reading(
                revision,
                reading.digit,
                reading.probabilities,
                reading.milliseconds,
                # Where a threshold is known, the integers alone decide.
                sure=by_threshold or is_sure(reading.probabilities),
            )

        # The first reading of a fresh model is slow: do it before anything is asked.
        judge.read(np.zeros((SIDE, SIDE), np.uint8))
        return Reader(read)

    _serve(connection, Who.FLOAT, options.model, load)


def read_with_script(connection: Connection, options: WindowOptions) -> None:
    """The process of the contract's Script, run by an interpreter without any transaction."""

    def load(model: str) -> Reader:
        connection.send(LoadProgress(Who.SCRIPT, f"writing the Script of {model}"))
        from app import fixedpoint
        from app.contract.local import ScriptJudge

        integers = fixedpoint.load(models.named(model).integers_path)
        judge = ScriptJudge(integers)
        certainty = fixedpoint.load_sureness(models.named(model).sureness_path, integers.sha256)

        def read(image: Picture, revision: int) -> Reading:
            reading = judge.read(image)
            denominator = integers.logit_range.denominator
            return exact_reading(
                revision, reading.digit, reading.logits, denominator, reading.milliseconds, certainty
            )

        def trace(image: Picture, job: int) -> Traced:
            run = judge.trace(image)
            samples = tuple(
                RunSample(one.opcodes, one.position, one.multiplications, one.lanes) for one in run.samples
            )
            return Traced(job, samples, run.total, run.digit)

        return Reader(read, trace)

    _serve(connection, Who.SCRIPT, options.model, load)


def exact_reading(
    revision: int,
    digit: int,
    logits: Sequence[int],
    denominator: int,
    milliseconds: float,
    certainty: Sureness | None,
) -> Reading:
    """A reading of integer logits worth `logit / denominator` each.

    It is sure by the model's threshold (`certainty`); by its shares where none has been found.
    """
    shares = softmax(logits, denominator)
    sure = is_sure(shares) if certainty is None else certainty.is_sure(logits)
    return Reading(revision, digit, shares, milliseconds, tuple(logits), sure)


def start_worker() -> None:
    """Ignore SIGINT and SIGHUP; the parent controls shutdown. Run with lower priority than the window."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    with contextlib.suppress(AttributeError, OSError):
        os.nice(5)


def notice_of(error: InkproofError) -> Notice:
    """An error as the status line shows it."""
    return Notice(error.what, error.why, error.hint)


def _serve(connection: Connection, who: Who, model: str, load: Callable[[str], Reader]) -> None:
    """Read with one model after the other, until the window asks to stop or is gone."""
    start_worker()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            model = _read_with(connection, who, _loaded(connection, who, model, load))
            if not model:
                return


def _loaded(connection: Connection, who: Who, model: str, load: Callable[[str], Reader]) -> Reader | None:
    """A model that reads, or None after the window was sent the reason."""
    try:
        reader = load(model)
    except InkproofError as error:
        connection.send(Failed(who, notice_of(error)))
        return None
    connection.send(Ready(who))
    return reader


def _read_with(connection: Connection, who: Who, reader: Reader | None) -> str:
    """Answer until another model is chosen; its name, or nothing when it is time to end."""
    while not isinstance(request := connection.recv(), Stop):
        if isinstance(request, SwitchModel):
            return request.model
        if reader is None or not isinstance(request, (ReadPicture, TraceRun)):
            continue
        image = np.frombuffer(request.picture, np.uint8).reshape(SIDE, SIDE)
        if isinstance(request, ReadPicture):
            connection.send(Read(who, reader.read(image, request.revision)))
        elif reader.trace is not None:
            connection.send(reader.trace(image, request.job))
    return ""

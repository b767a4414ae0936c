"""What the Scripts of the models that ship read in an interpreter, compared with the integer engine."""

from __future__ import annotations

import functools
import os
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import numpy.typing as npt

from app import models
from app.contract.classifier import program_for, rule_of
from app.contract.rules import limits_for
from app.fixedpoint import load
from app.script import Kind, Program, run_program
from tests import oracle

Reading = tuple[list[int], int]
"""The ten logits and the class that a Script leaves."""


def differing(name: str, kind: Kind, pictures: npt.NDArray[np.uint8]) -> list[int]:
    """Indices of pictures (n, 28, 28) on which a model's Script leaves other logits, or another class, than
    the engine's: the lowest of its largest logits."""
    engine = load(models.named(name).integers_path).with_rule(rule_of(kind))
    logits, digits = engine.logits(pictures).tolist(), engine.classify(pictures).tolist()
    assert digits == [oracle.argmax(ten) for ten in logits]
    read = _readings(name, kind, pictures)
    return [index for index, pair in enumerate(zip(logits, digits, strict=True)) if pair != read[index]]


def _readings(name: str, kind: Kind, pictures: npt.NDArray[np.uint8]) -> list[Reading]:
    """Read in this process where the tests run in several, else in one process a core."""
    images = [picture.tobytes() for picture in pictures]
    if "PYTEST_XDIST_WORKER" in os.environ:
        _start_worker(name, kind)
        return [_read(image) for image in images]
    with ProcessPoolExecutor(os.cpu_count(), initializer=_start_worker, initargs=(name, kind)) as workers:
        return list(workers.map(_read, images, chunksize=4))


def _start_worker(name: str, kind: Kind) -> None:
    global _program, _limits
    _program = _program_of(name, kind)
    _limits = limits_for(_program)


@functools.cache
def _program_of(name: str, kind: Kind) -> Program:
    return program_for(load(models.named(name).integers_path), kind)


def _read(image: bytes) -> Reading:
    reading = run_program(_program, image, _limits)
    return list(reading.logits), reading.digit

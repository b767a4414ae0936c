"""What the Scripts of the models that ship read in an interpreter, held to the integer engine.

It takes minutes of every core: 500 images through the unrolled Script are 88 million opcodes. That longest
work begins when the tests begin, in processes that take what the others leave; meanwhile most other tests
wait for nodes, files and windows.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ProcessPoolExecutor

import numpy as np
import numpy.typing as npt

from app import models
from app.contract.classifier import program_for, rule_of
from app.contract.rules import limits_for
from app.fixedpoint import load
from app.script import Kind, run_program
from tests import oracle

Reading = tuple[list[int], int]
"""The ten logits and the class that a Script leaves."""

_begun: dict[tuple[str, Kind, bytes], Future[Reading]] = {}


def differing(name: str, kind: Kind, pictures: npt.NDArray[np.uint8]) -> list[int]:
    """Indices of pictures (n, 28, 28) on which a model's Script leaves other logits, or another class, than
    the engine's: the lowest of its largest logits."""
    engine = load(models.named(name).integers_path).with_rule(rule_of(kind))
    logits, digits = engine.logits(pictures).tolist(), engine.classify(pictures).tolist()
    assert digits == [oracle.argmax(ten) for ten in logits]
    read = _readings(name, kind, pictures)
    return [index for index, pair in enumerate(zip(logits, digits, strict=True)) if pair != read[index]]


def begin(name: str, kind: Kind, pictures: npt.NDArray[np.uint8]) -> ProcessPoolExecutor:
    """Begin to read pictures, in their order; `differing` takes what has been begun."""
    workers = _pool(name, kind, spared=1, politeness=19)
    for picture in pictures:
        _begun[name, kind, picture.tobytes()] = workers.submit(_read, picture.tobytes())
    return workers


def _readings(name: str, kind: Kind, pictures: npt.NDArray[np.uint8]) -> list[Reading]:
    images = [picture.tobytes() for picture in pictures]
    if all((name, kind, image) in _begun for image in images):
        return [_begun[name, kind, image].result() for image in images]
    with _pool(name, kind) as workers:
        return list(workers.map(_read, images, chunksize=4))


def _pool(name: str, kind: Kind, spared: int = 0, politeness: int = 0) -> ProcessPoolExecutor:
    """Processes that read with one form of one model's Script, one a core but for those spared."""
    count = max(1, (os.cpu_count() or 1) - spared)
    return ProcessPoolExecutor(count, initializer=_start_worker, initargs=(name, kind, politeness))


def _start_worker(name: str, kind: Kind, politeness: int) -> None:
    global _program, _limits
    if hasattr(os, "nice"):
        os.nice(politeness)
    _program = program_for(load(models.named(name).integers_path), kind)
    _limits = limits_for(_program)


def _read(image: bytes) -> Reading:
    reading = run_program(_program, image, _limits)
    return list(reading.logits), reading.digit

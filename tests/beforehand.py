"""The longest test's work begins when the tests begin, in processes that take what the others leave.

500 images through the unrolled Script are 88 million opcodes: minutes of every core. Meanwhile most other
tests wait for nodes, files and windows.
"""

from __future__ import annotations

import os
from concurrent.futures import Future, ProcessPoolExecutor

import numpy as np
import numpy.typing as npt

from app import paths
from app.contract.classifier import program_for
from app.contract.local import limits_for
from app.fixedpoint import load
from app.script import Kind, run_program

Reading = tuple[list[int], int]
"""The ten logits and the class that a Script leaves."""

_begun: dict[tuple[Kind, bytes], Future[Reading]] = {}


def pool(kind: Kind, spared: int = 0, politeness: int = 0) -> ProcessPoolExecutor:
    """Processes that read with one form of the shipped network's Script, one a core but for those spared."""
    count = max(1, (os.cpu_count() or 1) - spared)
    return ProcessPoolExecutor(count, initializer=_start_worker, initargs=(kind, politeness))


def begin(kind: Kind, pictures: npt.NDArray[np.uint8]) -> ProcessPoolExecutor:
    """Begin to read pictures (n, 28, 28), in their order; `readings` takes what has been begun."""
    workers = pool(kind, spared=1, politeness=19)
    for picture in pictures:
        _begun[kind, picture.tobytes()] = workers.submit(read, picture.tobytes())
    return workers


def readings(kind: Kind, pictures: npt.NDArray[np.uint8]) -> list[Reading]:
    """What the Script reads in pictures (n, 28, 28)."""
    images = [picture.tobytes() for picture in pictures]
    if all((kind, image) in _begun for image in images):
        return [_begun[kind, image].result() for image in images]
    with pool(kind) as workers:
        return list(workers.map(read, images, chunksize=8))


def _start_worker(kind: Kind, politeness: int) -> None:
    global _program, _kind
    if hasattr(os, "nice"):
        os.nice(politeness)
    _kind, _program = kind, program_for(load(paths.model_folder() / "integers.npz"), kind)


def read(image: bytes) -> Reading:
    """In a worker: one image (784 bytes)."""
    reading = run_program(_program, image, limits_for(_kind))
    return list(reading.logits), reading.digit

"""A model file is read in a process of its own, with limits on memory and time.

Readers check sizes before they read, but HDF5 and Protocol Buffers are large libraries, and the file is a
stranger's. What comes back from the process are numbers and JSON, never objects, so a reader that has been
taken over cannot hand over a program.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import multiprocessing
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import psutil

from app.errors import InkproofError, ModelError
from app.fixedpoint import folded
from app.fixedpoint.folded import FoldedLayer
from app.importing.refusing import refuse

__all__ = ["MEMORY", "SECONDS", "Limits", "Read", "read_apart"]

MEMORY = 1_000_000_000
"""Bytes that reading a file may take beyond what Python and its libraries take."""
SECONDS = 60.0

_STEP = 0.05
_LAYERS: dict[str, Any] = {
    layer.__name__: layer
    for layer in (
        folded.DenseLayer,
        folded.ConvLayer,
        folded.DepthwiseLayer,
        folded.AffineLayer,
        folded.MaxPoolLayer,
        folded.AveragePoolLayer,
        folded.GlobalAverageLayer,
        folded.GlobalMaxLayer,
        folded.ZeroPadLayer,
        folded.ActivationLayer,
        folded.FlattenLayer,
    )
}


@dataclass(frozen=True)
class Limits:
    """What one file may cost: bytes of memory and seconds."""

    memory: int = MEMORY
    seconds: float = SECONDS


@dataclass(frozen=True)
class Read:
    """What a file says: its layers, a name for each, and what the person should know."""

    layers: list[FoldedLayer]
    names: list[str]
    notes: list[str]


def read_apart(path: Path, *, scrypt: bool = False, limits: Limits = Limits()) -> Read:
    """Read a model file in another process. Raises ModelError, in one sentence, whatever the file does."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(str(path), scrypt, limits, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        answer = _answer(process, ours, limits)
    finally:
        process.kill()
        process.join()
        ours.close()
    return _unpacked(answer)


def _answer(process: Any, connection: Connection, limits: Limits) -> bytes:
    """What the process sends. Its memory is watched from here as well: not every system limits it."""
    deadline = time.monotonic() + limits.seconds
    base: int | None = None
    while not connection.poll(_STEP):
        if not process.is_alive():
            break
        with contextlib.suppress(psutil.Error):
            taken = psutil.Process(process.pid).memory_info().rss
            base = taken if base is None else base
            if taken - base > limits.memory:
                _refuse_memory(limits)
        if time.monotonic() > deadline:
            refuse(f"Reading it took more than {limits.seconds:.0f} seconds.", "Use a smaller model.")
    try:
        return connection.recv_bytes()
    except (EOFError, OSError):
        _refuse_memory(limits)


def _refuse_memory(limits: Limits) -> NoReturn:
    refuse(
        f"Reading it broke off: it may want more than {limits.memory:,} bytes of memory, or be damaged.",
        "Save the model again, or use a smaller one.",
    )


def _child(path: str, scrypt: bool, limits: Limits, connection: Connection) -> None:
    """In the process: read, and send what was read or why it cannot be."""
    _limit(limits)
    try:
        # Imported under the limits: the readers bring HDF5 and Protocol Buffers.
        from app.importing.reading import read

        chain = read(Path(path), scrypt=scrypt)
        sent = _packed(Read(chain.layers, chain.names, chain.notes))
    except InkproofError as error:
        sent = _refusal(error.what, error.why, error.hint)
    except MemoryError:
        sent = _refusal(
            "This model cannot be imported.", f"It wants more than {limits.memory:,} bytes of memory.", ""
        )
    # The libraries meet whatever a stranger writes; their failures mean one thing to the person.
    except Exception as error:
        why = f"It is damaged, or of a kind that is not known here ({type(error).__name__})."
        sent = _refusal("This model cannot be imported.", why, "Save the model again, and import that file.")
    with contextlib.suppress(OSError):
        connection.send_bytes(sent)


def _limit(limits: Limits) -> None:
    """Ask the system to hold this process to its limits, where it can (not on Windows)."""
    if sys.platform == "win32":
        return
    import resource

    taken = psutil.Process().memory_info().vms
    for kind, most in (
        (resource.RLIMIT_AS, taken + limits.memory),
        (resource.RLIMIT_CPU, int(limits.seconds) + 1),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def _refusal(what: str, why: str, hint: str) -> bytes:
    return b"E" + json.dumps([what, why, hint]).encode()


def _packed(read: Read) -> bytes:
    """Layers as an archive of arrays with a description in JSON."""
    arrays: dict[str, Any] = {}
    plain = []
    for index, layer in enumerate(read.layers):
        entry: dict[str, Any] = {"layer": type(layer).__name__}
        for field in dataclasses.fields(layer):
            value = getattr(layer, field.name)
            if isinstance(value, np.ndarray):
                arrays[f"{field.name}_{index}"] = value
            else:
                entry[field.name] = value
        plain.append(entry)
    header = json.dumps({"layers": plain, "names": read.names, "notes": read.notes}).encode()
    sink = io.BytesIO()
    np.savez(sink, allow_pickle=False, header=np.frombuffer(header, np.uint8), **arrays)
    return b"R" + sink.getvalue()


def _unpacked(answer: bytes) -> Read:
    if answer[:1] == b"E":
        what, why, hint = json.loads(answer[1:])
        raise ModelError(str(what), why=str(why), hint=str(hint))
    with np.load(io.BytesIO(answer[1:]), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    header = json.loads(arrays.pop("header").tobytes())
    layers: list[FoldedLayer] = []
    for index, entry in enumerate(header["layers"]):
        kind = _LAYERS[entry.pop("layer")]
        plain = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
        numbers = {
            field.name: arrays[f"{field.name}_{index}"]
            for field in dataclasses.fields(kind)
            if f"{field.name}_{index}" in arrays
        }
        layers.append(kind(**plain, **numbers))
    return Read(layers, [str(name) for name in header["names"]], [str(note) for note in header["notes"]])

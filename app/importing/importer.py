"""From a model file to a model in the registry: read, find out what pixels mean, round, measure, keep.

Whatever imports a model, the command line or the window, calls `import_file`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app import models
from app.contract import DigitContract, contract_for
from app.contract.classifier import program_for
from app.contract.margins import margins
from app.contract.rules import RAISED_SCRIPT_LIMIT, needs_raised_policy
from app.errors import BoundError, ModelError, ScriptError
from app.fixedpoint import Dense, IntegerModel
from app.fixedpoint.folded import FoldedModel
from app.fixedpoint.imported import Calibration, Quantised, quantise_folded
from app.importing import meaning as meanings
from app.importing.digits import Digits, load_digits
from app.importing.judge import build, save_judge
from app.importing.registry import add, free_name
from app.importing.report import write_report
from app.importing.sandbox import Read, read_apart
from app.models import Model
from app.progress import Progress, silent
from app.script import Kind
from app.training.data import load_mnist

__all__ = ["TimeInNode", "import_file"]

TimeInNode = Callable[[IntegerModel], float]
"""Measures one spend of a model's packed contract in a node, in milliseconds."""

Images = npt.NDArray[np.uint8]
Classes = npt.NDArray[np.int64]

_NOBODY = bytes(20)
_BATCH = 500
_SHIFTS = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
_CALIBRATION, _TEST, _TEST_DENSE = 2_000, 2_000, 10_000
_BITS = range(2, 17)


@dataclass(frozen=True)
class _Sets:
    """Known digits by the name of their set, and pictures to calibrate with."""

    known: dict[str, Digits]
    calibration: Images


def import_file(
    path: Path,
    name: str | None = None,
    *,
    bits: int | None = None,
    pixels: str | None = None,
    scrypt: bool = False,
    data: Path | None = None,
    time_in_node: TimeInNode | None = None,
    progress: Progress = silent,
) -> Model:
    """Import a model file under a name, or one made from the file's.

    `bits` (2 to 16): of a weight, instead of as many as are needed. `pixels`: what they mean, a name of
    `meaning.MEANINGS`, instead of finding it out. `scrypt`: the file is the published contract's text.
    `data`: MNIST's file, to measure with. `time_in_node`: measures the contract's time; left out, that margin
    stays unknown.

    Raises ModelError in one sentence: the file cannot be imported, the name is taken, the model is here
    already.
    """
    if name is not None:
        models.checked_name(name)
    if pixels is not None:
        meanings.named(pixels)
    if bits is not None and bits not in _BITS:
        raise ModelError(f"A weight cannot have {bits} bits.", why=f"It has {_BITS[0]} to {_BITS[-1]}.")
    progress(f"Reading {path.name}", None)
    read = read_apart(path, scrypt=scrypt)
    digest = models.file_sha256(path)
    known = models.imported_from(path)
    if known is not None:
        raise ModelError(
            f"{path.name} is imported already, as {known.name!r}.",
            hint=f"Use it with --model {known.name}, or remove it first: inkproof models remove {known.name}",
        )
    progress("Loading TensorFlow", None)
    folded, chosen, notes = _with_meaning(read, pixels or ("0..1" if scrypt else None), progress)
    progress("Reading digits with the float model", None)
    sets = _sets(data, dense_only=folded.dense_only)
    judge = build(folded, folded.meaning)
    quantised = _quantised(folded, judge, sets.calibration, bits, progress)
    integers = quantised.model
    contract = _contract(integers)
    figures = _figures(judge, integers, sets, progress)
    progress("Measuring the contract", None)
    figures["node_milliseconds"] = time_in_node(integers) if time_in_node else None
    figures["margins"] = [margin.as_json() for margin in margins(contract, figures["node_milliseconds"])]
    meta = _meta(path, digest, integers, contract, quantised, chosen) | figures
    meta["notes"] = [*read.notes, *notes, *_given_up(quantised, meta)]
    progress("Keeping the model", None)
    return add(name or free_name(path), integers, meta, partial(_write_rest, folded, meta))


def _with_meaning(
    read: Read, pixels: str | None, progress: Progress
) -> tuple[FoldedModel, dict[str, Any], list[str]]:
    """The folded model with the meaning that was named, or found by trying; what was found, and what to
    tell."""
    plain = FoldedModel(read.layers)
    digits = load_digits()
    judge = build(plain)
    progress("Trying what its pixels mean", None)
    trials = meanings.try_all(judge, digits.images, digits.labels)
    by_name = {trial.name: trial for trial in trials}
    notes: list[str] = []
    if pixels is None:
        pixels, notes = meanings.chosen(trials)
    elif trials[0].accuracy > by_name[pixels].accuracy:
        best = trials[0]
        notes = [
            f"With pixels as {pixels} it reads {by_name[pixels].accuracy:.1%} of the digits that ship; as "
            f"{best.name} it would read {best.accuracy:.1%}."
        ]
    told = {"pixels": pixels, "trials": {trial.name: round(trial.accuracy, 4) for trial in trials}}
    return FoldedModel(read.layers, meanings.named(pixels)), told, notes


def _sets(data: Path | None, *, dense_only: bool) -> _Sets:
    """The digits that ship, and MNIST where it is; to calibrate with, their pictures or MNIST's training
    pictures."""
    shipped = load_digits()
    moved = [np.roll(shipped.images, shift, axis=(1, 2)) for shift in _SHIFTS]
    if data is None:
        return _Sets({"digits": shipped}, np.concatenate(moved))
    mnist = load_mnist(data)
    most = _TEST_DENSE if dense_only else _TEST
    test = Digits(mnist.x_test[:most], mnist.y_test[:most])
    return _Sets(
        {"mnist": test, "digits": shipped}, np.concatenate([mnist.x_train[:_CALIBRATION], shipped.images])
    )


def _quantised(
    folded: FoldedModel, judge: Any, images: Images, bits: int | None, progress: Progress
) -> Quantised:
    progress("Rounding its weights", None)
    calibration = Calibration(images, _float_classes(judge, images))
    try:
        return quantise_folded(folded, calibration, fits=_fits, bits=bits)
    except (BoundError, ScriptError) as error:
        raise ModelError("This model cannot be imported.", why=str(error), hint=error.hint) from error


def _fits(integers: IntegerModel) -> bool:
    """Whether a default node takes the contract of these integers."""
    try:
        return not needs_raised_policy(program_for(integers, Kind.PACKED))
    except ScriptError:
        return False


def _contract(integers: IntegerModel) -> DigitContract:
    """The contract. Refuses what no policy of ours takes."""
    try:
        contract = contract_for(integers, _NOBODY)
    except ScriptError as error:
        raise ModelError("This model cannot be imported.", why=str(error), hint=error.hint) from error
    if len(contract.locking_script) > RAISED_SCRIPT_LIMIT:
        raise ModelError(
            "This model cannot be imported.",
            why=f"Its contract would have {len(contract.locking_script):,} bytes; even a node with a raised "
            f"policy takes {RAISED_SCRIPT_LIMIT:,}.",
            hint="Use a smaller model, or fewer bits with --bits.",
        )
    return contract


def _float_classes(judge: Any, images: Images) -> Classes:
    parts = [
        np.asarray(judge(images[start : start + _BATCH].astype(np.float32) / np.float32(255), training=False))
        for start in range(0, len(images), _BATCH)
    ]
    return np.concatenate(parts).argmax(axis=1).astype(np.int64)


def _figures(judge: Any, integers: IntegerModel, sets: _Sets, progress: Progress) -> dict[str, Any]:
    """For every set: how many digits, the share that each engine reads right, and on how many they agree."""
    found: dict[str, Any] = {}
    for name, digits in sets.known.items():
        floating = _float_classes(judge, digits.images)
        fixed: list[Classes] = []
        for start in range(0, len(digits.images), _BATCH):
            progress("Reading digits with both engines", start / len(digits.images))
            fixed.append(integers.classify(digits.images[start : start + _BATCH]))
        read = np.concatenate(fixed)
        confusion = np.zeros((10, 10), np.int64)
        np.add.at(confusion, (digits.labels, read), 1)
        found[name] = {
            "images": len(digits.labels),
            "float_accuracy": float((floating == digits.labels).mean()),
            "integer_accuracy": float((read == digits.labels).mean()),
            "agreement": float((read == floating).mean()),
            "confusion": confusion.tolist(),
        }
    best = next(iter(found.values()))
    return {"measured": found, "accuracy": best["integer_accuracy"]}


def _meta(
    path: Path,
    digest: str,
    integers: IntegerModel,
    contract: DigitContract,
    quantised: Quantised,
    chosen: dict[str, Any],
) -> dict[str, Any]:
    return {
        "file": path.name,
        "file_sha256": digest,
        "architecture": integers.architecture,
        "parameters": integers.parameters,
        "summary": f"{integers.architecture}, imported from {path.name}",
        **chosen,
        "bits": quantised.bits,
        "script_bytes": len(contract.locking_script),
        "raised": needs_raised_policy(contract.program),
        "unrolled": all(isinstance(layer, Dense) for layer in integers.layers if layer.numbers()),
    }


def _given_up(quantised: Quantised, meta: dict[str, Any]) -> list[str]:
    """What was lost by rounding to few bits, and what a node needs."""
    notes = []
    if quantised.bits is not None:
        shares = " and ".join(
            f"{figures['agreement']:.2%} of {figures['images']:,} {_SET_WORDS[name]}"
            for name, figures in meta["measured"].items()
        )
        notes.append(
            f"Its weights are rounded to {quantised.bits} bits: it gives the float model's class on {shares}."
        )
    if meta["raised"]:
        notes.append(
            "A default node does not take its contract, for its size: it needs one with a raised policy."
        )
    return notes


_SET_WORDS = {"mnist": "MNIST test images", "digits": "digits that ship"}


def _write_rest(folded: FoldedModel, meta: dict[str, Any], folder: Path) -> None:
    save_judge(folded, folder / "model.keras")
    write_report(meta, folder)

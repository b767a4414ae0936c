"""What is measured, a function for each part of the program. Times are medians, in milliseconds."""

from __future__ import annotations

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from bitcoinx import PrivateKey, Tx

from app import paths
from app.chain.backends.rpc import Rpc
from app.chain.connection import NodeChoice
from app.chain.node.process import EmbeddedNode
from app.chain.service import ClaimStage, Readings, open_service
from app.chain.wallet.coins import QUOTED_RATES, fee_for
from app.contract import DigitContract, SpendPlan, build_spend, contract_for, judge_spend
from app.contract.classifier import rule_of
from app.contract.margins import Margin, margins_of
from app.contract.rules import limits_for
from app.drawing import Stroke, rasterise, to_mnist
from app.errors import ChainError
from app.fixedpoint import Conv2d, Dense, FixedReading, IntegerModel
from app.floats.judge import FloatJudge
from app.picture import PIXELS
from app.progress import silent
from app.script import Kind, needs_of

Figures = dict[str, Any]
Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

SEVEN = (Stroke(((0.28, 0.26), (0.5, 0.24), (0.72, 0.25), (0.6, 0.5), (0.46, 0.82)), 0.05),)
"""A drawing to measure with."""
_BATCH = 1000
_VALUE, _FEE = 5_000, 300
_ANY_TXID = "11" * 32
_KEY = PrivateKey(b"\x07" * 32)  # for a coin that does not exist
_COPIES = {Kind.PACKED: 20, Kind.UNROLLED: 5}
_MOST_BYTES = 10_000_000  # of Script in one call: a node takes no more than 32 MB of JSON
_NO_LIMIT = (
    "maxstdtxvalidationduration=60000",
    "maxnonstdtxvalidationduration=120000",
    "maxtxnvalidatorasynctasksrunduration=240000",
)
_MINUTE = 60_000


def median_milliseconds(call: Callable[[], Any], times: int) -> float:
    """Median duration of a call, after one warm-up call."""
    call()
    return statistics.median(_milliseconds(call) for _ in range(times))


def _milliseconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def contract_figures(model: IntegerModel, image: Images, rpc: Rpc, kind: Kind) -> Figures:
    """One form of the contract: what it takes of a node's limits, its fees, and its time in bitcoinX."""
    contract = contract_for(model, _KEY.public_key.hash160(), kind)
    digit = model.with_rule(rule_of(kind)).read(image).digit
    tx = _spend(contract, image.tobytes(), digit)
    size = len(contract.locking_script)
    interpreter = median_milliseconds(
        lambda: judge_spend(tx, _VALUE, contract.locking_script, limits_for(contract.program)), 5
    )
    needs = needs_of(contract.program, PIXELS)
    return {
        "script_bytes": size,
        "opcodes": contract.opcodes,
        "node_milliseconds": _node_milliseconds(rpc, contract, image, digit),
        "bitcoinx_milliseconds": interpreter,
        "longest_number": needs.longest_number,
        "memory_bytes": needs.memory,
        **{f"fee_at_{rate}": fee_for(size, rate) for rate in QUOTED_RATES},
    }


def margins_in(figures: Figures) -> list[Margin]:
    """The margins of a contract whose figures `contract_figures` made."""
    return margins_of(
        figures["script_bytes"],
        figures["longest_number"],
        figures["memory_bytes"],
        figures["opcodes"],
        figures["node_milliseconds"],
    )


def information_bound(model: IntegerModel) -> int:
    """Bytes of the weights and biases alone: each layer's count times the bits of its largest, with sign."""
    bits = 0
    for layer in model.layers:
        if isinstance(layer, (Dense, Conv2d)):
            for numbers in (layer.weights, layer.biases):
                bits += int(np.count_nonzero(numbers)) * (int(abs(numbers).max()).bit_length() + 1)
    return -(-bits // 8)


@contextlib.contextmanager
def temporary_home() -> Iterator[None]:
    """A fresh data folder, and so a fresh chain; the user's own ledger and coins are not touched.

    The node's program is taken from the user's data folder if it has been fetched.
    """
    before = os.environ.get("INKPROOF_HOME")
    cache = paths.home() / "node-binary"
    # The node's guardian may write its last line after the node has stopped.
    with tempfile.TemporaryDirectory(prefix="inkproof-bench-", ignore_cleanup_errors=True) as folder:
        if cache.is_dir():
            (Path(folder) / "node-binary").symlink_to(cache, target_is_directory=True)
        os.environ["INKPROOF_HOME"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["INKPROOF_HOME"]
            else:
                os.environ["INKPROOF_HOME"] = before


def unlimited_node() -> EmbeddedNode:
    """A node without time limits and with room for the unrolled script."""
    return EmbeddedNode("regtest-raised", extra_flags=_NO_LIMIT)


def _spend(contract: DigitContract, image: bytes, digit: int) -> Tx:
    plan = SpendPlan(_ANY_TXID, 0, _VALUE, _FEE, _KEY.public_key.P2PKH_script().to_bytes())
    return build_spend(contract, plan, digit, image, _KEY)


def _node_milliseconds(rpc: Rpc, contract: DigitContract, image: Images, digit: int) -> float:
    """Milliseconds of one spend's script in the node, by `verifyscript`.

    The call also carries and parses hundreds of kilobytes of hex. That part is measured by the same call
    with an image one byte short, which fails at the script's first check, and is subtracted. The two calls
    alternate, so that a change of the machine's speed affects both.
    """
    copies = max(1, min(_COPIES[contract.kind], _MOST_BYTES // len(contract.locking_script)))
    judged = _items(contract, _spend(contract, image.tobytes(), digit), copies)
    stopped = _items(contract, _spend(contract, image.tobytes()[:-1], digit), copies)
    if {entry["result"] for entry in _verify(rpc, judged)} != {"ok"}:
        raise ChainError("The node did not accept the spend that was to be timed.")
    _verify(rpc, stopped)
    differences = [
        _milliseconds(lambda: _verify(rpc, judged)) - _milliseconds(lambda: _verify(rpc, stopped))
        for _ in range(9)
    ]
    return statistics.median(differences) / copies


def _items(contract: DigitContract, tx: Tx, copies: int) -> list[Figures]:
    spent = {"lock": contract.locking_script.hex(), "value": _VALUE, "height": 1}
    return [{"tx": tx.to_bytes().hex(), "n": 0, "txo": spent}] * copies


def _verify(rpc: Rpc, items: Sequence[Figures]) -> list[Figures]:
    answer = rpc.call("verifyscript", items, False, _MINUTE, timeout=120)
    if not isinstance(answer, list) or len(answer) != len(items):
        raise ChainError("The node's answer to verifyscript cannot be read.")
    return answer


def read_with_both(
    model: IntegerModel, judge: FloatJudge, images: Images, progress: Callable[[float], None]
) -> tuple[Labels, Labels]:
    """The classes (n,) of images (n, 28, 28): by the float model, and by the integer engine.

    `progress` is called with the share that is done, 0 to 1.
    """
    by_float, by_integer = [], []
    for start in range(0, len(images), _BATCH):
        batch = images[start : start + _BATCH]
        by_float.append(judge.read_batch(batch).argmax(axis=1))
        by_integer.append(model.classify(batch))
        progress(min(1.0, (start + _BATCH) / len(images)))
    return np.concatenate(by_float), np.concatenate(by_integer)


def accuracy_figures(
    model: IntegerModel, judge: FloatJudge, images: Images, labels: Labels, progress: Callable[[float], None]
) -> Figures:
    """Shares (0 to 1) of the images that each engine reads correctly, and on which both agree."""
    by_float, by_integer = read_with_both(model, judge, images, progress)
    return {
        "images": len(images),
        "float_accuracy": float((by_float == labels).mean()),
        "integer_accuracy": float((by_integer == labels).mean()),
        "agreement": float((by_float == by_integer).mean()),
        "different": int((by_float != by_integer).sum()),
    }


def engine_figures(model: IntegerModel, judge: FloatJudge, images: Images) -> Figures:
    """Milliseconds of the integer engine and of Keras for one image, and for all of `images` at once."""
    one = images[0]
    return {
        "integer_one": median_milliseconds(lambda: model.read(one), 200),
        "float_one": median_milliseconds(lambda: judge.read(one), 200),
        "batch": len(images),
        "integer_batch": median_milliseconds(lambda: model.classify(images), 3),
        "float_batch": median_milliseconds(lambda: judge.read_batch(images), 3),
    }


def drawing_figures(model: IntegerModel, strokes: Sequence[Stroke]) -> Figures:
    """Milliseconds from strokes to ink, from ink to 28x28, and from strokes to the engine's class."""
    ink = rasterise(strokes)
    return {
        "ink": median_milliseconds(lambda: rasterise(strokes), 20),
        "to_28x28": median_milliseconds(lambda: to_mnist(ink), 50),
        "stroke_to_reading": median_milliseconds(lambda: model.read(to_mnist(rasterise(strokes))), 20),
    }


def readings_of(fixed: FixedReading) -> Readings:
    """The readings recorded with a claim when only the integer engine is measured."""
    return Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)


def submission_figures(model: IntegerModel, image: Images, times: int = 7) -> Figures:
    """Milliseconds from a submission until the embedded node has accepted it, and until it is in a block."""
    fixed = model.read(image)
    readings = readings_of(fixed)
    accepted, confirmed = [], []
    with open_service(model, Kind.PACKED, NodeChoice(), silent) as service:
        service.prepare(silent)
        for _ in range(times):
            moments: dict[ClaimStage, float] = {}
            start = time.perf_counter()
            service.submit(
                image.tobytes(),
                fixed.digit,
                readings,
                name="bench",
                progress=silent,
                on_stage=lambda stage, _, kept=moments: kept.setdefault(stage, time.perf_counter()),  # type: ignore[misc]
            )
            accepted.append((moments[ClaimStage.ACCEPTED] - start) * 1000)
            confirmed.append((moments[ClaimStage.CONFIRMED] - start) * 1000)
    return {"to_accepted": statistics.median(accepted), "to_block": statistics.median(confirmed)}

"""The generator for few-bit dense models: the image's pixels in lanes of one number.

`dense` computes the layers.
"""

from __future__ import annotations

from app.errors import ScriptError
from app.fixedpoint import IntegerModel
from app.script.assembler import Assembler
from app.script.dense import Stage, check_product, logits, repunit, stages_of
from app.script.program import Kind, Program, check_logits_fit, opening

PIXEL_LANE = 4
"""Bytes of a lane of the first layer's input."""


def planes(model: IntegerModel) -> Program:
    """Generate the program of a model of few-bit layers.

    Raises ScriptError if it has other layers, or needs numbers that a default node does not compute with.
    """
    check_logits_fit(model)
    stages = stages_of(model, 0)
    _widen(stages[0])
    for stage in stages:
        check_product(stage.layer.inputs, stage.lane)
    out = Assembler()
    opening(out, model.pixels)
    order = _spread(out, model.pixels)
    logits(out, stages, [order])
    lanes = tuple(stage.lanes for stage in stages)
    return Program(Kind.PACKED, out.code, out.opcodes, model.classes, lanes, model.pixels)


def _widen(first: Stage) -> None:
    """Give the first layer's inputs the lanes that pixels are spread to."""
    if first.lane > PIXEL_LANE:
        raise ScriptError(
            "The first layer's sums do not fit their lanes.",
            why=f"They can take {first.lane} bytes; a pixel's lane has {PIXEL_LANE}.",
            hint="Use weights of fewer bits.",
        )
    first.lane = PIXEL_LANE


def _spread(out: Assembler, pixels: int) -> list[int | None]:
    """(image -- X): every pixel in a lane of PIXEL_LANE bytes.

    Of the bytes 4*q + k the ones of one k, kept by a mask while the others are cleared, are a number with a
    lane for every q; the four numbers are joined. Returns which pixel each lane holds, None for lanes that
    only fill up.
    """
    padded = -(-pixels // PIXEL_LANE) * PIXEL_LANE
    quarter = padded // PIXEL_LANE
    repunit(out, quarter, PIXEL_LANE)
    out.number(255).op("MUL").number(padded + 1).op("NUM2BIN")
    # A zero byte on top keeps the numbers positive.
    out.op("SWAP").push(bytes(padded + 1 - pixels)).op("CAT")
    for place in range(PIXEL_LANE):
        out.op("2DUP", "AND", "BIN2NUM", "TOALTSTACK")
        if place < PIXEL_LANE - 1:
            out.number(1).op("SPLIT", "NIP").push(b"\0").op("CAT")
    out.op("2DROP", "FROMALTSTACK").number(padded).op("NUM2BIN")
    for _ in range(PIXEL_LANE - 1):
        out.op("FROMALTSTACK").number(padded).op("NUM2BIN", "CAT")
    out.op("BIN2NUM")
    places = [PIXEL_LANE * q + k for k in reversed(range(PIXEL_LANE)) for q in range(quarter)]
    return [place if place < pixels else None for place in places]

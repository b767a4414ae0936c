"""The generator for few-bit dense models: the image's pixels, or sums of its blocks, in lanes of one number.

`dense` computes the layers.
"""

from __future__ import annotations

from app.errors import ScriptError
from app.fixedpoint import IntegerModel, Pool
from app.script.assembler import Assembler
from app.script.dense import Stage, check_product, logits, repunit, stages_of
from app.script.program import Kind, Program, check_logits_fit, opening

PIXEL_LANE = 4
"""Bytes of a lane of the first layer's input."""


def planes(model: IntegerModel) -> Program:
    """Generate the program of a model of few-bit layers behind at most one pool.

    Raises ScriptError if it has other layers, or needs numbers that a default node does not compute with.
    """
    check_logits_fit(model)
    pool = model.layers[0] if isinstance(model.layers[0], Pool) else None
    stages = stages_of(model, 1 if pool else 0)
    _widen(stages[0])
    for stage in stages:
        check_product(stage.layer.inputs, stage.lane)
    out = Assembler()
    opening(out, model.pixels)
    order = _spread(out, pool, model.pixels)
    logits(out, stages, [order])
    rows = pool.width**2 if pool else model.pixels
    lanes = tuple(stage.lanes for stage in stages)
    return Program(Kind.PACKED, out.code, out.opcodes, model.classes, lanes, rows)


def _widen(first: Stage) -> None:
    """Give the first layer's inputs the lanes that pixels are spread to."""
    if first.lane > PIXEL_LANE:
        raise ScriptError(
            "The first layer's sums do not fit their lanes.",
            why=f"They can take {first.lane} bytes; a pixel's lane has {PIXEL_LANE}.",
            hint="Use weights of fewer bits.",
        )
    first.lane = PIXEL_LANE


def _spread(out: Assembler, pool: Pool | None, pixels: int) -> list[int | None]:
    """(image -- X): pixels, or their blocks' sums, in lanes of PIXEL_LANE bytes.

    Of the bytes 4*q + k the ones of one k, kept by a mask while the others are cleared, are a number with a
    lane for every q. A block's sum adds `block` such numbers that lie side by side, in each of its rows.
    Returns which input each lane holds, None for lanes that only fill up.
    """
    block, width = (pool.block, pool.width) if pool else (1, pixels)
    if PIXEL_LANE % block or (pool and width % PIXEL_LANE):
        raise ScriptError(
            f"There is no Script for blocks of {block} in rows of {width} pixels.",
            hint="Use blocks of 1, 2 or 4 pixels in a width divisible by 4.",
        )
    if pool:
        _rows(out, pool)
    size = width * (width // block) if pool else pixels
    padded = -(-size // PIXEL_LANE) * PIXEL_LANE
    quarter, groups = padded // PIXEL_LANE, PIXEL_LANE // block
    repunit(out, quarter, PIXEL_LANE)
    out.number(255).op("MUL").number(padded + 1).op("NUM2BIN")
    for _ in range(block):
        # row mask -- mask. A zero byte on top keeps the numbers positive.
        out.op("SWAP").push(bytes(padded + 1 - size)).op("CAT")
        for place in range(PIXEL_LANE):
            out.op("2DUP", "AND", "BIN2NUM", "TOALTSTACK")
            if place < PIXEL_LANE - 1:
                out.number(1).op("SPLIT", "NIP").push(b"\0").op("CAT")
        out.op("DROP")
    out.op("DROP")
    for row in range(block):
        for _ in range(groups):
            out.op("FROMALTSTACK", *["FROMALTSTACK", "ADD"] * (block - 1))
            if row:
                out.number(groups).op("ROLL", "ADD")
    out.number(padded).op("NUM2BIN")
    for _ in range(groups - 1):
        out.op("SWAP").number(padded).op("NUM2BIN", "CAT")
    out.op("BIN2NUM")
    return [_input_at(4 * q + g * block, size, width, block) for g in range(groups) for q in range(quarter)]


def _input_at(position: int, size: int, width: int, block: int) -> int | None:
    """Which block (or pixel) begins at a byte of the rows' string."""
    if position >= size:
        return None
    row, column = divmod(position, width)
    return row * (width // block) + column // block


def _rows(out: Assembler, pool: Pool) -> None:
    """(image -- rows_0 ... rows_(block-1)): string a holds row a of every row of blocks, margins cut off."""
    start = pool.margin * (pool.side + 1)
    out.op(*["0"] * pool.block).number(pool.block).op("ROLL")
    if start:
        out.number(start).op("SPLIT", "NIP")
    for row in range(pool.width):
        # oldest ... rest -- ... oldest+row rest
        out.number(pool.width).op("SPLIT", "TOALTSTACK").number(pool.block).op("ROLL", "SWAP", "CAT")
        out.op("FROMALTSTACK")
        if pool.margin and row < pool.width - 1:
            out.number(2 * pool.margin).op("SPLIT", "NIP")
    out.op("DROP")

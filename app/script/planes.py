"""The generator for few-bit models: weights stored at their few bits, spread to lanes as the script runs.

A layer reads its inputs as one number X = sum_i x_i * 2**(L*i), a lane of L bits per input. If the weights
of a neuron stand in lanes of the same width in the opposite order, V = sum_i u_i * 2**(L*(n-1-i)), then lane
n-1 of the product X*V is the neuron's sum(x_i*u_i): one multiplication per neuron.

Weights take b bits of L, so p = L div b neurons share one pushed string: neuron k of them owns the plane
of bits b*k to b*k + b-1 in every lane. OP_AND with the plane's mask leaves V * 2**(b*k), and dividing the
product by 2**(L*(n-1) + b*k) drops the lower lanes and the plane's shift; mod 2**L drops the upper lanes.

Weights are stored as u = w + 2**(b-1), never negative, so the sum comes out too large by 2**(b-1) * sum(x_i).
That excess is one number per layer: the lanes of X add up to X mod (2**L - 1), since 2**L = 1 there.

No lane overflows: every lane of the product is a sum of at most all x_i, each times less than 2**b, and L is
chosen so that (2**b - 1) * sum of the largest x_i, which is proved for any image, stays below 2**L.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import ScriptError
from app.fixedpoint import FewBit, IntegerModel, Pool, Relu
from app.fixedpoint.arithmetic import Range
from app.script.assembler import NUMBER_LIMIT, Assembler
from app.script.program import LOGIT_BYTES, Kind, Lanes, Program, check_logits_fit, opening

PIXEL_LANE = 4
"""Bytes of a lane of the first layer's input."""


@dataclass(frozen=True)
class _Stage:
    """A few-bit layer, what is proved of its inputs, the bytes of their lanes, and whether ReLU follows."""

    layer: FewBit
    given: Range
    lane: int
    relu: bool

    @property
    def planes(self) -> int:
        """Neurons that share one string of weights."""
        return min(8 * self.lane // self.layer.bits, self.layer.outputs)


def planes(model: IntegerModel) -> Program:
    """Generate the program of a model of few-bit layers behind at most one pool.

    Raises ScriptError if it has other layers, or needs numbers that a default node does not compute with.
    """
    check_logits_fit(model)
    pool, stages = _stages(model)
    out = Assembler()
    opening(out, model.pixels)
    order = _spread(out, pool, model.pixels)
    for index, stage in enumerate(stages):
        last = index == len(stages) - 1
        _layer(out, stage, order, LOGIT_BYTES if last else stages[index + 1].lane)
        if not last:
            out.op("BIN2NUM")
            order = [*range(stage.layer.outputs)]
    lanes = tuple(Lanes((8 * s.lane,) * s.layer.inputs, (0,) * s.layer.inputs, "input") for s in stages)
    rows = pool.width**2 if pool else model.pixels
    return Program(Kind.PACKED, out.code, out.opcodes, model.classes, lanes, rows)


def _stages(model: IntegerModel) -> tuple[Pool | None, list[_Stage]]:
    pool: Pool | None = None
    stages: list[_Stage] = []
    for index, layer in enumerate(model.layers[:-1]):
        given = model.ranges[index]
        if isinstance(layer, Pool) and index == 0:
            pool = layer
        elif isinstance(layer, FewBit):
            stages.append(_Stage(layer, given, _lane_bytes(layer, given, first=not stages), False))
        elif isinstance(layer, Relu) and stages and not stages[-1].relu:
            before = stages[-1]
            stages[-1] = _Stage(before.layer, before.given, before.lane, True)
        else:
            raise ScriptError(f"There is no Script for a {layer.kind} layer at this place.")
    if not stages:
        raise ScriptError("A model without a dense layer has no Script.")
    return pool, stages


def _lane_bytes(layer: FewBit, given: Range, *, first: bool) -> int:
    """The fewest bytes that hold any lane of the product, and what they must fit in."""
    if min(given.low) < 0:
        raise ScriptError("A lane holds no negative input: a ReLU layer must come before.")
    needed = -(-int(sum(given.high) * (2**layer.bits - 1)).bit_length() // 8)
    lane = max(needed, -(-layer.bits // 8), 1)
    if first:
        if lane > PIXEL_LANE:
            raise ScriptError(
                "The first layer's sums do not fit their lanes.",
                why=f"They can take {lane} bytes; a pixel's lane has {PIXEL_LANE}.",
                hint="Use weights of fewer bits.",
            )
        lane = PIXEL_LANE
    # The product of two numbers is as long as both together; a byte covers its sign.
    if 2 * (layer.inputs + PIXEL_LANE) * lane + 1 > NUMBER_LIMIT:
        raise ScriptError(
            f"A layer of {layer.inputs} inputs does not fit in one number.",
            why=f"Its lanes take {layer.inputs * lane:,} bytes; a default node's products have at most "
            f"{NUMBER_LIMIT:,}.",
            hint="Use a model with fewer neurons in a layer, or fewer bits.",
        )
    return lane


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
    _repunit(out, quarter, PIXEL_LANE)
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


def _power(out: Assembler, size: int) -> None:
    """( -- 256**size)"""
    out.number(0).number(size).op("NUM2BIN").number(1).op("CAT")


def _repunit(out: Assembler, lanes: int, lane: int) -> None:
    """( -- R): a one in each of `lanes` lanes of `lane` bytes, (256**(lane*lanes) - 1) / (256**lane - 1)."""
    _power(out, lane * lanes)
    out.op("1SUB").number(256**lane - 1).op("DIV")


def _layer(out: Assembler, stage: _Stage, order: list[int | None], width: int) -> None:
    """(X -- values): the layer's outputs, `width` bytes each, joined from the first up."""
    layer, planes = stage.layer, stage.planes
    size = len(order) * stage.lane + 1  # a zero byte on top keeps every masked string positive
    out.op("TOALTSTACK")
    _repunit(out, len(order), stage.lane)
    out.number(2**layer.bits - 1).op("MUL")
    for _ in range(planes - 1):
        out.op("DUP").number(size).op("NUM2BIN", "SWAP").number(2**layer.bits).op("MUL")
    out.number(size).op("NUM2BIN")
    _power(out, stage.lane * (len(order) - 1))
    for _ in range(planes - 1):
        out.op("DUP").number(2**layer.bits).op("MUL")
    out.op("FROMALTSTACK").number(256**stage.lane)
    out.op("2DUP", "1SUB", "MOD").number(2 ** (layer.bits - 1)).op("MUL")
    # The stack: masks, divisors, X, 2**L, excess.
    for first in reversed(range(0, layer.outputs, planes)):
        neurons = range(first, min(first + planes, layer.outputs))
        out.push(_weights(stage, order, neurons))
        for plane in reversed(range(len(neurons))):
            _neuron(out, stage, plane, neurons[plane], width)
    out.op(*["2DROP"] * (planes + 1), "DROP")
    out.op("FROMALTSTACK", *["FROMALTSTACK", "CAT"] * (layer.outputs - 1))


def _weights(stage: _Stage, order: list[int | None], neurons: range) -> bytes:
    """The string of weights that these neurons share: input of lane l in lane n-1-l, neuron k in plane k."""
    half, lanes = 2 ** (stage.layer.bits - 1), []
    for at in reversed(order):
        codes = [0 if at is None else int(stage.layer.weights[at, j]) + half for j in neurons]
        lane = sum(code << stage.layer.bits * k for k, code in enumerate(codes))
        lanes.append(lane.to_bytes(stage.lane, "little"))
    return b"".join(lanes) + b"\0"


def _neuron(out: Assembler, stage: _Stage, plane: int, neuron: int, width: int) -> None:
    """(weights -- weights | value) with the value on the alt stack; the last plane uses the weights up."""
    kept = 1 if plane else 0
    if kept:
        out.op("DUP")
    deep = stage.planes - 1 - plane + 4 + kept
    out.number(deep + stage.planes).op("PICK", "AND", "BIN2NUM")
    out.number(3 + kept).op("PICK", "MUL").number(deep).op("PICK", "DIV")
    out.number(2 + kept).op("PICK", "MOD").number(1 + kept).op("PICK", "SUB")
    if stage.layer.biases[neuron]:
        out.number(int(stage.layer.biases[neuron])).op("ADD")
    if stage.relu:
        out.number(0).op("MAX")
    out.number(width).op("NUM2BIN", "TOALTSTACK")

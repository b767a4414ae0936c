"""Script for few-bit dense layers: one multiplication per neuron and number of inputs.

A layer reads its inputs as numbers X = sum_i x_i * 2**(L*i), a lane of L bits per input. If the weights
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

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.errors import ScriptError
from app.fixedpoint import FewBit, IntegerModel, LeakyRelu, Relu, Requantise
from app.fixedpoint.arithmetic import Range
from app.script.assembler import NUMBER_LIMIT, Assembler
from app.script.program import LOGIT_BYTES, Lanes
from app.script.stack import StackAssembler

Order = Sequence[int | None]
"""Which input each lane of a number holds; None for a lane of zeros."""


@dataclass
class Stage:
    """A few-bit layer, what is proved of its inputs, the bytes of their lanes, and what follows it."""

    layer: FewBit
    given: Range
    lane: int = 0
    after: list[Relu | LeakyRelu | Requantise] = field(default_factory=list)

    def __post_init__(self) -> None:
        if min(self.given.low) < 0:
            raise ScriptError("A lane holds no negative input: a ReLU layer must come before.")
        # The fewest bytes that hold any lane of the product, and a weight.
        needed = -(-int(sum(self.given.high) * (2**self.layer.bits - 1)).bit_length() // 8)
        self.lane = max(self.lane, needed, -(-self.layer.bits // 8), 1)

    @property
    def planes(self) -> int:
        """Neurons that share one string of weights."""
        return min(8 * self.lane // self.layer.bits, self.layer.outputs)

    @property
    def lanes(self) -> Lanes:
        """The lanes of its inputs."""
        return Lanes((8 * self.lane,) * self.layer.inputs, (0,) * self.layer.inputs, "input")


def stages_of(model: IntegerModel, start: int) -> list[Stage]:
    """The dense layers of a model from place `start` on. Raises ScriptError on layers that have no Script
    there."""
    stages: list[Stage] = []
    for place, layer in enumerate(model.layers[start:-1], start):
        if isinstance(layer, FewBit):
            stages.append(Stage(layer, model.ranges[place]))
        elif isinstance(layer, Relu | LeakyRelu | Requantise) and stages:
            stages[-1].after.append(layer)
        else:
            raise ScriptError(f"There is no Script for a {layer.kind} layer at this place.")
    if not stages:
        raise ScriptError("A model without a dense layer has no Script.")
    return stages


def check_product(lanes: int, lane: int) -> None:
    """Refuse, with ScriptError, products of two numbers of so many lanes of `lane` bytes where a default node
    does."""
    # The product of two numbers is as long as both together; four lanes more fill up, a byte covers its sign.
    if 2 * (lanes + 4) * lane + 1 > NUMBER_LIMIT:
        raise ScriptError(
            f"A layer of {lanes} inputs does not fit in one number.",
            why=f"Its lanes take {lanes * lane:,} bytes; a default node's products have at most "
            f"{NUMBER_LIMIT:,}.",
            hint="Use a model with fewer neurons in a layer, or fewer bits.",
        )


def logits(out: Assembler, stages: Sequence[Stage], orders: Sequence[Order]) -> None:
    """(X ... -- logits): all dense layers, the first of which reads as many numbers as there are `orders`."""
    for index, stage in enumerate(stages):
        last = index == len(stages) - 1
        _layer(out, stage, orders, LOGIT_BYTES if last else stages[index + 1].lane)
        if not last:
            out.op("BIN2NUM")
            orders = [range(stage.layer.outputs)]


def power(out: Assembler, size: int) -> None:
    """( -- 256**size)"""
    out.number(0).number(size).op("NUM2BIN").number(1).op("CAT")


def repunit(out: Assembler, lanes: int, lane: int) -> None:
    """( -- R): a one in each of `lanes` lanes of `lane` bytes, (256**(lane*lanes) - 1) / (256**lane - 1)."""
    power(out, lane * lanes)
    out.op("1SUB").number(256**lane - 1).op("DIV")


def _layer(out: Assembler, stage: Stage, orders: Sequence[Order], width: int) -> None:
    """(X ... -- values): the layer's outputs, `width` bytes each, joined from the first up."""
    layer, planes, parts = stage.layer, stage.planes, len(orders)
    lanes = len(orders[0])
    size = lanes * stage.lane + 1  # a zero byte on top keeps every masked string positive
    out.op(*["TOALTSTACK"] * parts)
    repunit(out, lanes, stage.lane)
    out.number(2**layer.bits - 1).op("MUL")
    for _ in range(planes - 1):
        out.op("DUP").number(size).op("NUM2BIN", "SWAP").number(2**layer.bits).op("MUL")
    out.number(size).op("NUM2BIN")
    power(out, stage.lane * (lanes - 1))
    for _ in range(planes - 1):
        out.op("DUP").number(2**layer.bits).op("MUL")
    out.op(*["FROMALTSTACK"] * parts).number(256**stage.lane)
    _excess(out, parts)
    out.number(2 ** (layer.bits - 1)).op("MUL")
    # The stack: masks, divisors, every X, 2**L, excess.
    for first in reversed(range(0, layer.outputs, planes)):
        neurons = range(first, min(first + planes, layer.outputs))
        for order in orders:
            out.push(_weights(stage, order, neurons))
        for plane in reversed(range(len(neurons))):
            _neuron(out, stage, plane, neurons[plane], width, parts)
    dropped = 2 * planes + parts + 2
    out.op(*["2DROP"] * (dropped // 2), *["DROP"] * (dropped % 2))
    out.op("FROMALTSTACK", *["FROMALTSTACK", "CAT"] * (layer.outputs - 1))


def _excess(out: Assembler, parts: int) -> None:
    """(X ... 2**L -- X ... 2**L sum): of all inputs."""
    if parts == 1:
        out.op("2DUP", "1SUB", "MOD")
        return
    out.op("DUP", "1SUB").number(0)
    for part in range(parts):
        out.number(2 + parts - part).op("PICK").number(2).op("PICK", "MOD", "ADD")
    out.op("NIP")


def _weights(stage: Stage, order: Order, neurons: range) -> bytes:
    """The string of weights that these neurons share: input of lane l in lane n-1-l, neuron k in plane k."""
    half, lanes = 2 ** (stage.layer.bits - 1), []
    for at in reversed(order):
        codes = [0 if at is None else int(stage.layer.weights[at, j]) + half for j in neurons]
        lane = sum(code << stage.layer.bits * k for k, code in enumerate(codes))
        lanes.append(lane.to_bytes(stage.lane, "little"))
    return b"".join(lanes) + b"\0"


def _neuron(out: Assembler, stage: Stage, plane: int, neuron: int, width: int, parts: int) -> None:
    """(weights ... -- weights ... | value) with the value on the alt stack; the last plane uses the weights
    up."""
    kept = parts if plane or parts > 1 else 0
    for part in range(parts):
        held = min(part, 1)  # the sum of the parts before
        if parts > 1:
            out.number(parts - 1 - part + held).op("PICK")
        elif kept:
            out.op("DUP")
        above = 1 + held + kept
        deep = above + 2 + parts + stage.planes - 1 - plane
        out.number(deep + stage.planes).op("PICK", "AND", "BIN2NUM")
        out.number(above + 1 + parts - part).op("PICK", "MUL").number(deep).op("PICK", "DIV")
        out.number(above + 1).op("PICK", "MOD")
        if held:
            out.op("ADD")
    out.number(1 + kept).op("PICK", "SUB")
    if stage.layer.biases[neuron]:
        out.number(int(stage.layer.biases[neuron])).op("ADD")
    for layer in stage.after:
        _activate(out, layer)
    out.number(width).op("NUM2BIN", "TOALTSTACK")
    if parts > 1 and not plane:
        out.op(*["2DROP"] * (parts // 2), *["DROP"] * (parts % 2))


def _activate(out: Assembler, layer: Relu | LeakyRelu | Requantise) -> None:
    """(v -- v')"""
    match layer:
        case Relu():
            out.number(0).op("MAX")
        case Requantise():
            if layer.shift:
                out.number(1 << layer.shift).op("DIV")
            out.number(layer.ceiling).op("MIN")
        case LeakyRelu():
            # OP_DIV rounds toward zero, so what is below zero needs no other sign.
            out.op("DUP").number(0).op("MIN").number(1 << layer.drop).op("DIV")
            out.number(layer.numerator).op("MUL").number(1 << layer.shift).op("DIV")
            out.op("SWAP").number(0).op("MAX", "ADD").number(layer.offset).op("ADD")


def joined(out: StackAssembler, order: Order, count: int, size: int, stage: Stage) -> list[Order]:
    """(in0 ... -- X ...): `count` maps of the same layout as numbers that the first layer reads.

    `order`: which input each lane of all maps holds; `size`: bytes of a lane. Where the layer's sums need
    wider lanes than the maps have, every second lane, or every third and so on, goes to a number of its own.
    Gives the stage its lane.
    """
    spread = -(-stage.lane // size)
    stage.lane = spread * size
    lanes = len(order)
    longest = (NUMBER_LIMIT - 1) // (2 * stage.lane) - 4
    if longest < 1:
        check_product(1, stage.lane)
    strings = -(-lanes // (longest * spread))
    each = -(-lanes // (strings * spread)) * spread
    for index in range(count):
        out.roll(f"in{index}").to_bytes(lanes // count * size)
        if index:
            out.op("CAT")
    out.resized(lanes * size, strings * each * size).name("rest")
    if spread > 1:
        out.repeat(b"\xff" * size + bytes((spread - 1) * size), each // spread).name("every")
    names: list[str] = []
    orders: list[Order] = []
    for string in range(strings):
        out.roll("rest")
        if string < strings - 1:
            out.number(each * size).op("SPLIT").name("rest").op("SWAP")
        for first in range(spread):
            begin = string * each + first
            orders.append(
                [order[at] if at < lanes else None for at in range(begin, (string + 1) * each, spread)]
            )
            names.append(f"x{len(names)}")
            if first < spread - 1:
                out.op("DUP")
            if spread > 1:
                out.pick("every").op("AND")
            out.op("BIN2NUM").name(names[-1])
            if first < spread - 1:
                out.op("SWAP").cut_low(size).zeros(size).op("CAT")
    out.keep(names)
    return orders

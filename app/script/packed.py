"""The packed generator: a whole layer in one big integer, one multiplication per input.

For input i the weights of all neurons become one number, W_i = sum_j w_ij * 2**shift_j: neuron j
owns the lane of bits from shift_j on. Then acc = B + sum_i x_i * W_i holds every neuron's sum at
once. A signed weight may borrow from the lane above while the sum is under way; what counts is that
at the end each lane holds `sum + offset` within 0 .. 2**width - 1. Both ends are proved: with
low <= sum <= high for any image, offset = -low and width = bits of (high - low).

Afterwards lanes are cut off from the low end: lane = acc mod 2**width, acc = acc div 2**width.
"""

from __future__ import annotations

from app.errors import ScriptError
from app.fixedpoint import SCALE, Dense, IntegerModel, Rescale
from app.fixedpoint.arithmetic import PIXEL_MAX, Range
from app.script.assembler import NUMBER_LIMIT, Assembler
from app.script.program import (
    LOGIT_BYTES,
    DenseStep,
    Kind,
    Lanes,
    Program,
    as_number,
    check_logits_fit,
    dense_steps,
    opening,
)


def packed(model: IntegerModel) -> Program:
    """Generate the packed program of a per-sum model of dense layers, of any depth.

    Raises ScriptError if the model rescales per product (lanes cannot), has other layers, or
    needs numbers that a default node does not compute with.
    """
    if model.rule is not Rescale.PER_SUM:
        raise ScriptError("Packed lanes rescale once per sum; use the unrolled form for per-product rescale.")
    check_logits_fit(model)
    parts = dense_steps(model)
    lanes = [lanes_of(model.ranges[part.index + 1]) for part in parts]
    out = Assembler()
    opening(out, model.pixels)
    rows = _first_layer(out, parts[0].dense, lanes[0])
    denominator = PIXEL_MAX
    for index in range(1, len(parts)):
        _later_layer(out, parts[index - 1], lanes[index - 1], denominator, parts[index].dense, lanes[index])
        denominator = SCALE
    _logits(out, parts[-1], lanes[-1])
    return Program(Kind.PACKED, out.code, out.opcodes, model.classes, tuple(lanes), rows)


def lanes_of(proved: Range) -> Lanes:
    """The narrowest lanes that hold a layer's sums, from their proved range."""
    widths = tuple(
        max(1, int(high - low).bit_length()) for low, high in zip(proved.low, proved.high, strict=True)
    )
    lanes = Lanes(widths, tuple(-int(low) for low in proved.low))
    # A lane holds a spread; a product x*W and a sum on its way are as large as the magnitude proved, and may
    # pass the lane's end. One bit more for the offset, one for all lanes below, one for the sign.
    bits = lanes.shifts[-1] + proved.magnitude.bit_length() + 3
    if bits > 8 * NUMBER_LIMIT:
        raise ScriptError(
            f"A layer of {len(widths)} neurons does not fit in one number.",
            why=f"Its sums can take {bits:,} bits; a default node computes with {8 * NUMBER_LIMIT:,}.",
            hint="Use a model with fewer neurons in a layer.",
        )
    return lanes


def pack(values: list[int], lanes: Lanes) -> int:
    """sum_j values[j] * 2**shift_j, values signed."""
    return sum(value << shift for value, shift in zip(values, lanes.shifts, strict=True))


def _start(dense: Dense, denominator: int, lanes: Lanes) -> int:
    """B: every lane's bias at the sums' denominator, plus its offset."""
    biases = [int(bias) * denominator for bias in dense.biases]
    return pack([bias + offset for bias, offset in zip(biases, lanes.offsets, strict=True)], lanes)


def _first_layer(out: Assembler, dense: Dense, lanes: Lanes) -> int:
    """(image -- acc). Pixels whose weights are all zero are passed over; returns the rows kept.

    All pixels are split off first, so that each stands just below the sum when its turn comes, the
    last one first: no stack move but one swap.
    """
    used = [i for i in range(dense.inputs) if dense.weights[i].any()]
    position = 0
    for i in used:
        if i > position:
            out.number(i - position).op("SPLIT", "NIP")
        out.number(1).op("SPLIT")
        position = i + 1
    out.op("DROP").number(_start(dense, PIXEL_MAX, lanes))
    for i in reversed(used):
        # ... pixel acc -- ... acc+p*W
        out.op("SWAP")
        as_number(out)
        out.number(pack(dense.weights[i].tolist(), lanes)).op("MUL", "ADD")
    return len(used)


def _later_layer(
    out: Assembler, before: DenseStep, cut: Lanes, denominator: int, dense: Dense, lanes: Lanes
) -> None:
    """(acc -- acc'): cut each lane of the layer before, rescale it, multiply it into the next."""
    out.number(_start(dense, SCALE, lanes)).op("SWAP")
    for j in range(before.dense.outputs):
        _cut_lane(out, cut, j)
        if before.relu:
            out.number(0).op("MAX")
        # acc' rest h -- acc'+h*V rest
        out.number(denominator).op("DIV")
        out.number(pack(dense.weights[j].tolist(), lanes)).op("MUL")
        last = j == before.dense.outputs - 1
        out.op("ADD") if last else out.op("ROT", "ADD", "SWAP")


def _logits(out: Assembler, last: DenseStep, lanes: Lanes) -> None:
    """(acc -- logits): cut each lane into LOGIT_BYTES signed bytes and join them."""
    out.push(b"").op("SWAP")
    for j in range(last.dense.outputs):
        _cut_lane(out, lanes, j)
        if last.relu:
            out.number(0).op("MAX")
        out.number(LOGIT_BYTES).op("NUM2BIN")
        if j == last.dense.outputs - 1:
            out.op("CAT")
        else:
            out.op("ROT", "SWAP", "CAT", "SWAP")


def _cut_lane(out: Assembler, lanes: Lanes, j: int) -> None:
    """(acc -- acc' value): take the lowest lane off, without its offset; the last lane is all of acc."""
    if j < len(lanes.widths) - 1:
        modulus = 1 << lanes.widths[j]
        out.op("DUP").number(modulus).op("DIV", "SWAP").number(modulus).op("MOD")
    if lanes.offsets[j]:
        out.number(lanes.offsets[j]).op("SUB")

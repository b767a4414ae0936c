"""The convolutional generator: whole feature maps in big integers, one product per row of a kernel.

A kernel row becomes a number whose lanes stand in reverse order, so that in the product of map and row one
lane of every pixel holds the sum of the row's products over all channels of the map: the coefficients of a
product of two polynomials are convolutions. `docs/convolution.md` derives the layout and proves the lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import ScriptError
from app.fixedpoint import Conv2d, IntegerModel, MaxPool, Relu, Requantise
from app.fixedpoint.arithmetic import PIXEL_MAX
from app.script.assembler import NUMBER_LIMIT
from app.script.maps import MapLayout, Maps
from app.script.program import LOGIT_BYTES, Kind, Lanes, Program, check_logits_fit, opening


@dataclass(frozen=True)
class Block:
    """Convolution, ReLU, 2x2 pooling, requantisation; `clips`: whether the ceiling can be reached at all."""

    conv: Conv2d
    requantise: Requantise
    clips: bool


def convolved(model: IntegerModel, slots: int | None = None) -> Program:
    """Generate the program of a model of blocks and a last convolution that covers the whole map.

    `slots`: channels side by side in the first map, by default as many as one number holds. Raises
    ScriptError if the model is built otherwise or needs numbers that a default node does not compute with.
    """
    check_logits_fit(model)
    blocks, last = parse(model)
    first = blocks[0].conv
    size = lane_bytes(model)
    layout = MapLayout(first.height, first.width, slots or _most_slots(first, size), size)
    out = Maps()
    opening(out, model.pixels)
    out.spread(layout).name("map0.0")
    maps = 1
    lanes = [_lanes(layout)]
    for block in blocks:
        layout, maps = _block(out, block, layout, maps)
        lanes.append(_lanes(layout))
    _logits(out, last, layout, maps)
    return Program(Kind.PACKED, out.code, out.opcodes, model.classes, tuple(lanes), model.pixels)


def parse(model: IntegerModel) -> tuple[list[Block], Conv2d]:
    """The model as blocks and its last layer. Raises ScriptError if it is built otherwise."""
    layers = model.layers[:-1]
    size = lane_bytes(model)
    blocks = []
    for at in range(0, len(layers) - 1, 4):
        match layers[at : at + 4]:
            case (Conv2d() as conv, Relu(), MaxPool(), Requantise() as requantise):
                reached = int(model.ranges[at + 3].high.max()) >> requantise.shift
                blocks.append(Block(conv, _within(requantise, size), reached > requantise.ceiling))
            case other:
                kinds = ", ".join(layer.kind for layer in other)
                raise ScriptError(f"There is no Script for the layers {kinds} at this place.")
    last = layers[-1]
    if not blocks or not isinstance(last, Conv2d) or (last.output_height, last.output_width) != (1, 1):
        raise ScriptError("A convolutional model in Script ends with sums over the whole map.")
    if blocks[0].conv.channels != 1:
        raise ScriptError("A convolutional model in Script reads one grey image.")
    return blocks, last


def lane_bytes(model: IntegerModel) -> int:
    """Whole bytes of the narrowest lane that holds every sum of the model, and any image's pixels."""
    magnitude = max(PIXEL_MAX, *(proved.magnitude for proved in model.ranges[1:-1]))
    return magnitude.bit_length() // 8 + 1  # one bit for the sign


def _within(step: Requantise, size: int) -> Requantise:
    """A requantisation that does the same to every value of a lane, by numbers that fit the lane.

    A value stays below 2**top: shifted by top it is zero, and 2**top - 1 it never passes.
    """
    top = 8 * size - 1
    return Requantise(min(step.shift, top), min(step.ceiling, 2**top - 1), step.denominator)


def _lanes(layout: MapLayout) -> Lanes:
    """The lanes of one map, in which a layer reads its inputs and carries its sums."""
    count = layout.pixels * layout.slots
    return Lanes((8 * layout.size,) * count, (layout.top,) * count, "channel of a pixel")


def _most_slots(first: Conv2d, size: int) -> int:
    pixels = first.height * first.width + int(first.weights.shape[1])
    slots = 1
    while slots < first.filters and 2 * slots * size * pixels + 1 <= NUMBER_LIMIT:
        slots *= 2
    return slots


def _block(out: Maps, block: Block, layout: MapLayout, maps: int) -> tuple[MapLayout, int]:
    """(maps -- maps'): returns the layout and the number of the maps that come out."""
    conv = block.conv
    pooled = MapLayout(conv.output_height // 2, conv.output_width // 2, 2 * layout.slots, layout.size)
    below = maps
    below += _row_copies(out, layout, maps, int(conv.weights.shape[0]))
    below += _constants(out, block, layout, pooled)
    groups = -(-conv.filters // layout.slots)
    made = 0
    for group in range(groups):
        if conv.channels == 1:
            _sums_of_one_channel(out, conv, layout, group)
        else:
            _sums_of_many_channels(out, conv, layout, group, maps)
        out.relu(layout, "tops", 0)
        out.larger(layout, layout.slots, "tops", 0)
        out.larger(layout, layout.width * layout.slots, "tops", 0)
        _keep_pooled(out, layout, pooled)
        if group % 2:
            # Every second pixel is free after pooling: the slots of another group go there.
            out.forget().number(1 << (8 * layout.pixel_bytes)).op("MUL", "ADD")
        if group % 2 or group == groups - 1:
            ceilings = "ceilings" if block.clips else None
            out.requantise(pooled, block.requantise.shift, "pooled tops", "low cleared", ceilings)
            made += 1
        out.name(f"new map{group // 2}")
    out.drop_below(made, below).forget(made).name(*(f"map{index}.0" for index in range(made)))
    return pooled, made


def _row_copies(out: Maps, layout: MapLayout, maps: int, rows: int) -> int:
    """Each map moved up by 1, 2, ... rows, for the rows of a kernel; returns the number of items."""
    for index in range(maps):
        for row in range(1, rows):
            out.pick(f"map{index}.0").to_bytes(layout.length).cut_low(row * layout.row_bytes).op("BIN2NUM")
            out.name(f"map{index}.{row}")
    return maps * (rows - 1)


def _constants(out: Maps, block: Block, layout: MapLayout, pooled: MapLayout) -> int:
    """Offsets and masks of the block, made by doubling; returns the number of items."""
    full = (1 << (8 * layout.size)) - 1
    shift = block.requantise.shift
    out.uniform(layout, 1, _product_pixels(block.conv, layout)).name("ones")
    out.uniform(layout, layout.every_slot(layout.top), layout.pixels).name("tops")
    out.repeat(b"\xff" * layout.pixel_bytes + bytes(layout.pixel_bytes), pooled.pixels).name("even pixels")
    out.uniform(pooled, pooled.every_slot(pooled.top), pooled.pixels).name("pooled tops")
    out.uniform(pooled, pooled.every_slot(full >> shift << shift), pooled.pixels).name("low cleared")
    out.uniform(pooled, pooled.every_slot(block.requantise.ceiling), pooled.pixels).name("ceilings")
    count = 6
    if block.conv.channels > 1:
        first_slot = b"\xff" * layout.size + bytes(layout.pixel_bytes - layout.size)
        out.repeat(first_slot, layout.pixels).push(bytes(layout.size + 1)).op("CAT").name("first slots")
        count += 1
    return count


def _product_pixels(conv: Conv2d, layout: MapLayout) -> int:
    """Pixels that the product of a map and a row of the kernel reaches over."""
    return layout.pixels + int(conv.weights.shape[1]) - (conv.channels == 1)


def _sums_of_one_channel(out: Maps, conv: Conv2d, layout: MapLayout, group: int) -> None:
    """( -- x): the sums of `slots` filters over the image, lanes v + top.

    All other slots of the image are zero, so one product serves a filter per slot.
    """
    height, width = conv.weights.shape[:2]
    slots = layout.slots
    filters = range(group * slots, min((group + 1) * slots, conv.filters))
    offsets = [layout.top] * slots
    for slot, filter_ in enumerate(filters):
        offsets[slot] += int(conv.biases[filter_])
    out.pick("ones").number(layout.lanes(offsets)).op("MUL")
    for row in range(height):
        lanes = [0] * (width * slots)
        for column in range(width):
            for slot, filter_ in enumerate(filters):
                lanes[(width - 1 - column) * slots + slot] = int(conv.weights[row, column, 0, filter_])
        if any(lanes):
            out.pick(f"map0.{row}", 1).number(layout.lanes(lanes)).op("MUL", "ADD")
    out.to_bytes(_product_pixels(conv, layout) * layout.pixel_bytes + 1)
    out.cut_low((width - 1) * layout.pixel_bytes).op("BIN2NUM")


def _sums_of_many_channels(out: Maps, conv: Conv2d, layout: MapLayout, group: int, maps: int) -> None:
    """( -- x): the sums of `slots` filters over all channels of all maps, lanes v + top.

    A product's last lane of a pixel is the sum; the others mix channels of two pixels and are masked off.
    """
    slots = layout.slots
    row_lanes = int(conv.weights.shape[1]) * slots
    filters = list(range(group * slots, min((group + 1) * slots, conv.filters)))
    for filter_ in reversed(filters):
        below = 0 if filter_ == filters[-1] else 1
        offsets = [layout.top] * slots
        offsets[-1] += int(conv.biases[filter_])
        out.pick("ones", below).number(layout.lanes(offsets)).op("MUL")
        for index in range(maps):
            for row in range(int(conv.weights.shape[0])):
                lanes = _kernel_row(conv, layout, index, row, filter_)
                if any(lanes):
                    out.pick(f"map{index}.{row}", below + 1).number(layout.lanes(lanes)).op("MUL", "ADD")
        out.to_bytes(_product_pixels(conv, layout) * layout.pixel_bytes + 1)
        out.cut_low((row_lanes - 1) * layout.size).pick("first slots", below + 1).and_number()
        if below:
            out.op("SWAP").number(1 << (8 * layout.size)).op("MUL", "ADD")


def _kernel_row(conv: Conv2d, layout: MapLayout, index: int, row: int, filter_: int) -> list[int]:
    """Weights of one row of a kernel for the channels of one map, the lanes in reverse order."""
    slots, width = layout.slots, int(conv.weights.shape[1])
    lanes = [0] * (width * slots)
    for column in range(width):
        for slot in range(min(slots, conv.channels - index * slots)):
            weight = int(conv.weights[row, column, index * slots + slot, filter_])
            lanes[width * slots - 1 - (column * slots + slot)] = weight
    return lanes


def _keep_pooled(out: Maps, layout: MapLayout, pooled: MapLayout) -> None:
    """(x -- y): of every second row every second pixel, moved together; the pixels between become zero."""
    kept = 2 * pooled.width * layout.pixel_bytes
    out.to_bytes(layout.length)
    for row in range(pooled.height):
        out.number(kept).op("SPLIT")
        if row < pooled.height - 1:
            out.cut_low(2 * layout.row_bytes - kept)
    out.op("DROP", *["CAT"] * (pooled.height - 1))
    out.pick("even pixels", 1).and_number()


def _logits(out: Maps, last: Conv2d, layout: MapLayout, maps: int) -> None:
    """(maps -- logits): each the middle lane of products of maps and weights in reverse order."""
    lanes = layout.pixels * layout.slots
    length = 2 * lanes * layout.size + 1
    out.uniform(layout, layout.every_slot(layout.top), 2 * layout.pixels).name("tops")
    out.push(b"")
    for digit in range(last.filters):
        out.pick("tops", 1)
        for index in range(maps):
            weights = _whole_kernel(last, layout, index, digit)
            if any(weights):
                out.pick(f"map{index}.0", 2).number(layout.lanes(weights)).op("MUL", "ADD")
        out.to_bytes(length).cut_low((lanes - 1) * layout.size).number(layout.size).op("SPLIT", "DROP")
        out.push(b"\0").op("CAT", "BIN2NUM").number(layout.top - int(last.biases[digit])).op("SUB")
        out.number(LOGIT_BYTES).op("NUM2BIN", "CAT")
    out.name("logits").drop_below(1, maps + 1)


def _whole_kernel(last: Conv2d, layout: MapLayout, index: int, digit: int) -> list[int]:
    """The weights of one logit for the channels of one map, the lanes in reverse order."""
    slots = layout.slots
    weights = last.weights[..., index * slots : (index + 1) * slots, digit]
    lanes = [
        int(weights[row, column, slot]) if slot < weights.shape[2] else 0
        for row in range(layout.height)
        for column in range(layout.width)
        for slot in range(slots)
    ]
    return lanes[::-1]

"""The generator for layers of maps in any order: convolutions, pooling, requantisation, then dense layers.

A group of channels is one number: pixels in a row, a lane for each channel of the group in every pixel. Sums
are made group by group (`windows`), and what follows them works on whole groups (`lanes`). `docs/maps.md`
derives the layout and proves the lanes.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from app.errors import ScriptError
from app.fixedpoint import IntegerModel, LeakyRelu, MaxPool, Relu, Requantise, SumPool
from app.script import lanes, windows
from app.script.assembler import NUMBER_LIMIT, Assembler
from app.script.blocks import Block, Geometry, blocks_of, geometry, lane_bytes
from app.script.dense import joined, logits, stages_of
from app.script.maps import MapLayout, check_length
from app.script.program import Kind, Lanes, Program, check_logits_fit, opening
from app.script.stack import StackAssembler

T = TypeVar("T")

_TRIED = 4
"""Layouts of which the shortest Script is taken."""


def mapped(model: IntegerModel, slots: int | None = None) -> Program:
    """Generate the program of a model of layers of maps, dense layers behind them.

    `slots`: channels side by side in a pixel of the first map, by default those that make the shortest
    Script. Raises ScriptError if the model has layers that have no Script, or needs numbers that a default
    node does not compute with.
    """
    check_logits_fit(model)
    blocks, dense = blocks_of(model)
    if not blocks:
        raise ScriptError("A model without layers of maps has no Script of this form.")
    size = lane_bytes(model, blocks)
    if slots is not None:
        return _generated(model, blocks, dense, geometry(blocks, slots, size))
    programs = [_generated(model, blocks, dense, layout) for layout in _layouts(blocks, size)]
    return min(programs, key=lambda program: len(program.code))


def _layouts(blocks: list[Block], size: int) -> list[list[Geometry]]:
    """The layouts with most slots that fit a number: the more filters a product serves, the fewer products.

    Only slots that share a layer's filters evenly among its groups are tried. ScriptError if none fits.
    """
    even = {-(-block.made // groups) for block in blocks for groups in range(1, block.made + 1)}
    layouts = (geometry(blocks, slots, size) for slots in sorted(even, reverse=True))
    fitting = [layout for layout in layouts if max(_lengths(layout)) <= NUMBER_LIMIT]
    if not fitting:
        check_length(max(_lengths(geometry(blocks, 1, size))))
    return fitting[:_TRIED]


def _lengths(layout: list[Geometry]) -> list[int]:
    """Bytes of the longest numbers of every block."""
    return [
        max(step.length * step.sums.pixel_bytes, step.padded.length, step.makes.length) + 1 for step in layout
    ]


def _generated(model: IntegerModel, blocks: list[Block], dense: int, layout: list[Geometry]) -> Program:
    check_length(max(_lengths(layout)))
    out = StackAssembler().given("image")
    opening(out, model.pixels)
    _image(out, blocks[0], layout[0].reads)
    sizes = []
    for block, step in zip(blocks, layout, strict=True):
        _block(out, block, step)
        sizes.append(_lanes(step.sums))
    made, stages = layout[-1].makes, stages_of(model, dense)
    order = _folded(out, blocks[-1], made, _order(blocks[-1], made))
    orders = joined(out, order, _groups(blocks[-1].made, made), made.size, stages[0])
    end = Assembler()
    logits(end, stages, orders)
    sizes += [stage.lanes for stage in stages]
    code, opcodes = out.code + end.code, out.opcodes + end.opcodes
    return Program(Kind.PACKED, code, opcodes, model.classes, tuple(sizes), model.pixels)


def _groups(channels: int, layout: MapLayout) -> int:
    return -(-channels // layout.slots)


def _lanes(layout: MapLayout) -> Lanes:
    count = layout.pixels * layout.slots
    return Lanes((8 * layout.size,) * count, (layout.top,) * count, "channel of a pixel")


def _image(out: StackAssembler, block: Block, layout: MapLayout) -> None:
    """(image -- in0): the bytes of the image at the feet of their pixels."""
    gap = layout.width - block.width
    if gap:
        out.push(b"").op("SWAP")
        for row in range(block.height):
            # rows rest -- rows' rest
            out.number(block.width).op("SPLIT") if row < block.height - 1 else out.push(b"")
            out.op("TOALTSTACK").zeros(gap).op("CAT", "CAT", "FROMALTSTACK")
        out.op("DROP")
    spread(out, layout)
    out.name("in0")


def spread(out: StackAssembler, layout: MapLayout) -> None:
    """(bytes -- number): each byte moves to the foot of its pixel; the rest is zero.

    By halving, as bits are spread: while a block of bytes lies together, its upper half moves up to where it
    belongs. Byte i never passes its place, i times the bytes of a pixel.
    """
    length = layout.length - 1
    out.resized(layout.pixels, length)
    levels = (layout.pixels - 1).bit_length()
    for level in reversed(range(levels)):
        half = 1 << level
        # x -- lower halves, upper halves
        out.op("DUP").repeat(b"\xff", half)
        out.zeros(2 * half * layout.pixel_bytes - half).op("CAT", *["DUP", "CAT"] * (levels - 1 - level))
        out.number(length).op("SPLIT", "DROP", "AND", "TUCK", "XOR")
        out.zeros(half * (layout.pixel_bytes - 1)).op("SWAP", "CAT")
        out.number(length).op("SPLIT", "DROP", "OR")
    # A lane has two bytes or more, the upper ones zero, so the sign needs no byte of its own.
    out.op("BIN2NUM")


def _block(out: StackAssembler, block: Block, step: Geometry) -> None:
    """(in0 ... -- in0' ...): the maps of one block, under new names."""
    if block.written_out:
        _padded(out, block, step)
    sums = windows.window(block, step) if block.sums else None
    if sums:
        windows.channel_maps(out, block, step)
        windows.constants(out, sums)
    groups = _groups(block.made, step.sums)
    _constants(out, block, step)
    merged = step.makes.slots // step.sums.slots
    names: list[str] = []
    for group in range(groups):
        if sums:
            windows.group_sums(out, sums, group)
        else:
            out.roll(f"in{group}")
        _after(out, block, step)
        part = group == groups - 1 and block.made % step.sums.slots
        _compacted(out, block, step, group % merged, "valid part" if part else "valid full")
        if group % merged:
            out.op("ADD")
        else:
            names.append(f"out{len(names)}")
        out.name(names[-1])
    out.keep(names)
    out.rename(names, [f"in{index}" for index in range(len(names))])


def _padded(out: StackAssembler, block: Block, step: Geometry) -> None:
    """(in0 ... -- in0' ...): with the padding around the maps."""
    assert block.pad is not None
    layout, (top, _, left, _) = step.padded, block.padding
    lead = (top * layout.width + left) * layout.pixel_bytes
    names = [f"in{group}" for group in range(_groups(block.channels, layout))]
    last = block.channels - (len(names) - 1) * layout.slots
    if block.pad.value:
        for used in sorted({last, layout.slots} if len(names) > 1 else {last}):
            pixel = [block.pad.value] * used
            lanes.lattice(out, layout, pixel, (layout.height, layout.width), (1, 1))
            out.op("BIN2NUM")
            lanes.lattice(out, layout, pixel, (block.height, block.width), (1, 1))
            out.op("BIN2NUM").raised(lead).op("SUB").name(f"padding of {used}")
    for name in names:
        out.roll(name).raised(lead)
        if block.pad.value:
            out.pick(f"padding of {last if name == names[-1] else layout.slots}").op("ADD")
        out.name(name)
    out.keep(names)


def _constants(out: StackAssembler, block: Block, step: Geometry) -> None:
    """( -- ...): what the layers after the sums of every group need."""
    layout, full = step.sums if block.sums else step.padded, (1 << 8 * step.sums.size) - 1
    lanes.uniform(out, layout, layout.top)
    out.name(lanes.TOPS)
    for index, layer in enumerate(block.after):
        if isinstance(layer, LeakyRelu):
            for name, shift in (("drop", layer.drop), ("slope", layer.shift)):
                if shift:
                    lanes.uniform(out, layout, _cleared(full, shift))
                    out.to_bytes(layout.length).name(f"{name}{index}")
            lanes.uniform(out, layout, layout.top + layer.offset)
            out.name(f"offsets{index}")
        elif isinstance(layer, Requantise):
            shift = min(layer.shift, 8 * layout.size - 1)
            if shift:
                lanes.uniform(out, layout, _cleared(full, shift))
                out.to_bytes(layout.length).name(f"cleared{index}")
            lanes.uniform(out, layout, min(layer.ceiling, layout.top - 1))
            out.name(f"ceilings{index}")
        elif isinstance(layer, SumPool):
            _shares(out, block, layer, layout, index)
    for name, count in _valid(block, step).items():
        lanes.lattice(out, layout, [full] * count, block.size, block.dilation)
        out.name(name)


def _valid(block: Block, step: Geometry) -> dict[str, int]:
    """The masks that leave only values that count, each with the channels of its groups; none if all do."""
    layout = step.sums if block.sums else step.padded
    whole = block.size == (layout.height, layout.width) and block.dilation == (1, 1)
    full, part = divmod(block.made, layout.slots)
    # Lanes of channels that are not there hold no sums, but an offset reaches them too.
    offset = part and any(isinstance(layer, LeakyRelu) and layer.offset for layer in block.after)
    if whole and not offset:
        return {}
    return {**({"valid full": layout.slots} if full else {}), **({"valid part": part} if part else {})}


def _cleared(full: int, shift: int) -> int:
    return full >> shift << shift


def _after(out: StackAssembler, block: Block, step: Geometry) -> None:
    """(sums or number -- number): the layers after the sums of one group."""
    layout = step.sums if block.sums else step.padded
    down = right = 1
    if block.sums:
        down, right = block.sums.stride
    for index, layer in enumerate(block.after):
        match layer:
            case Relu():
                lanes.relu(out, layout)
            case LeakyRelu():
                names = f"drop{index}", f"slope{index}", f"offsets{index}"
                lanes.leaky(out, layout, layer, names)
            case Requantise():
                shift = min(layer.shift, 8 * layout.size - 1)
                lanes.divided(out, layout, shift, f"cleared{index}")
                lanes.capped(out, layout, f"ceilings{index}")
            case MaxPool():
                lanes.largest(out, layout, layer.size, (down, right))
            case SumPool():
                lanes.totals(out, layout, layer.size, (down, right))
                _shared(out, layer, layout, index)
        if isinstance(layer, MaxPool | SumPool):
            down, right = down * layer.stride[0], right * layer.stride[1]


def _compacted(out: StackAssembler, block: Block, step: Geometry, place: int, valid: str) -> None:
    """(number -- number): the values that count, moved together, in slots of their own; the rest is zero."""
    layout = step.sums if block.sums else step.padded
    if valid not in _valid(block, step):
        return
    out.to_bytes(layout.length).pick(valid).op("AND")
    if block.dilation == (1, 1):
        out.op("BIN2NUM")
        return
    rows, wanted = block.size[0], step.makes.row_bytes
    apart = block.dilation[0] * layout.row_bytes
    left = layout.length
    for _ in range(rows - 1):
        kept = min(wanted, apart)
        out.number(kept).op("SPLIT").cut_low(apart - kept)
        if wanted > kept:
            out.op("SWAP").zeros(wanted - kept).op("CAT", "SWAP")
        left -= apart
    out.resized(left, wanted).op(*["CAT"] * (rows - 1))
    # The last row may have been cut from a map without its sign's byte; its top lane is below top, so has no
    # sign.
    out.op("BIN2NUM").raised(place * layout.pixel_bytes)


def _order(block: Block, layout: MapLayout) -> list[int | None]:
    """Which input of the next layer each lane of all maps holds, map by map; None for a lane of zeros."""
    height, width = block.size
    order: list[int | None] = []
    for group in range(_groups(block.made, layout)):
        for row in range(layout.height):
            for column in range(layout.width):
                for channel in range(group * layout.slots, (group + 1) * layout.slots):
                    inside = row < height and column < width and channel < block.made
                    order.append((row * width + column) * block.made + channel if inside else None)
    return order


def _folded(
    out: StackAssembler, block: Block, layout: MapLayout, order: list[int | None]
) -> list[int | None]:
    """(in0 -- in0): while half of the last map's slots are empty, its upper half moves there; the new order.

    Lanes without an input would cost the dense layer a weight for every neuron.
    """
    used, lanes = block.made, layout.slots
    while 2 * used <= lanes and len(order) % (2 * lanes) == 0:
        half = len(order) // 2
        length = half * layout.size
        out.roll("in0").to_bytes(2 * length).number(length).op("SPLIT")
        out.zeros(used * layout.size).op("SWAP", "CAT").number(length).op("SPLIT", "DROP", "OR")
        out.op("BIN2NUM").name("in0")
        moved = [*[None] * used, *order[half:]]
        order = [moved[at] if known is None else known for at, known in enumerate(order[:half])]
        used *= 2
    return order


def _shares(out: StackAssembler, block: Block, layer: SumPool, layout: MapLayout, index: int) -> None:
    """( -- ...): for windows at the edge, which make up for what they lack, bytes that are 1 at their
    places."""
    factors = layer.parts // layer.counts
    for factor in np.unique(factors[factors > 1]):
        full = [(1 << 8 * layout.size) - 1] * layout.slots
        _stencil(out, layout, full, (factors == factor).tolist(), block.dilation)
        out.name(f"share{index}.{factor}")


def _shared(out: StackAssembler, layer: SumPool, layout: MapLayout, index: int) -> None:
    """(number -- number): sums of windows at the edge, times what makes up for the values they lack."""
    factors = layer.parts // layer.counts
    for factor in np.unique(factors[factors > 1]):
        out.op("DUP").to_bytes(layout.length).pick(f"share{index}.{factor}").and_number()
        out.number(int(factor) - 1).op("MUL", "ADD")


def _stencil(
    out: StackAssembler, layout: MapLayout, pixel: list[int], flags: list[list[bool]], step: tuple[int, int]
) -> None:
    """( -- bytes): `pixel` where a flag is set, flags step apart. As long as the layout's maps are as
    bytes."""
    unit, row = step[1] * layout.pixel_bytes, step[0] * layout.row_bytes
    out.push(b"")
    length = 0
    for line, count in _runs(flags):
        out.push(b"")
        for flag, columns in _runs(line):
            if flag:
                out.repeat(pixel[0].to_bytes(layout.size, "little"), len(pixel))
                out.resized(layout.pixel_bytes, unit).repeated(columns, unit).op("CAT")
            else:
                out.zeros(columns * unit).op("CAT")
        out.resized(len(line) * unit, layout.row_bytes).resized(layout.row_bytes, row).repeated(count, row)
        out.op("CAT")
        length += count * row
    out.resized(length, layout.length)


def _runs(values: Sequence[T]) -> list[tuple[T, int]]:
    """Values that follow each other and are equal, as one and its count."""
    return [(value, len(list(group))) for value, group in itertools.groupby(values)]

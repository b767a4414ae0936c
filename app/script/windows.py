"""Script for sums over windows: one product per channel and row of a kernel, for all filters of a group at
once.

A channel's map has its values at the foot of each pixel. Times a row of the kernel, whose columns stand in
reverse order with a lane for each filter, it holds in every pixel the row's sums for all those filters. The
rows' sums are added a row apart, and so the number is the product of the map and the whole kernel.

Weights of few bits share the strings that are pushed: each of `planes` rows or channels owns a plane of
`bits` bits in every lane, which a mask takes out. `docs/maps.md` derives it.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.fixedpoint import Conv2d, Depthwise
from app.script.blocks import Block, Geometry
from app.script.lanes import lattice
from app.script.stack import StackAssembler

_PER_PLANE = 14
_PER_PRODUCT = 6
_PER_MASK = 25
"""Bytes of Script, about: for one product with a plane, for one without, and for a plane's mask."""


@dataclass(frozen=True)
class Window:
    """How one block's sums are computed. `bits` of a weight; `planes` of weights in a lane, 1 if weights are
    pushed as they are, signed."""

    sums: Conv2d | Depthwise
    geometry: Geometry
    bits: int
    planes: int

    @property
    def slots(self) -> int:
        """Filters of one group."""
        return self.geometry.sums.slots

    @property
    def groups(self) -> int:
        """Groups of filters."""
        return -(-self.sums.filters // self.slots)

    @property
    def rows(self) -> int:
        """Rows of the kernel."""
        return self.sums.kernel[0]

    @property
    def lanes(self) -> int:
        """Lanes of one row of the kernel."""
        return self.sums.kernel[1] * self.slots


def window(block: Block, geometry: Geometry) -> Window:
    """The way that takes the fewest bytes of Script, about."""
    sums = block.sums
    assert sums is not None
    least, most = int(sums.weights.min()), int(sums.weights.max())
    bits = max(most.bit_length(), (-least - 1).bit_length() if least < 0 else 0) + 1
    plain = Window(sums, geometry, bits, 1)
    planes = min(8 * geometry.sums.size // bits, sums.kernel[0] * sums.channels)
    if isinstance(sums, Depthwise) or planes < 2:
        return plain
    if planes >= sums.kernel[0]:
        planes -= planes % sums.kernel[0]
    length, products = plain.lanes * geometry.sums.size, plain.groups * sums.kernel[0] * sums.channels
    pushed = -(-products // planes)
    shared = pushed * length + products * _PER_PLANE + planes * _PER_MASK
    return Window(sums, geometry, bits, planes) if shared < products * (length + _PER_PRODUCT) else plain


def channel_maps(out: StackAssembler, block: Block, geometry: Geometry) -> int:
    """(in0 ... -- m0 ...): a map of each channel, its values at the foot of each pixel; returns their
    number."""
    layout = geometry.padded
    groups = -(-block.channels // layout.slots)
    if block.channels == 1 or layout.slots == 1:
        for channel in range(block.channels):
            out.roll(f"in{channel}").name(f"m{channel}")
    else:
        lattice(out, layout, [(1 << 8 * layout.size) - 1], (layout.height, layout.width), (1, 1))
        out.name("feet")
        for group in range(groups):
            used = range(group * layout.slots, min((group + 1) * layout.slots, block.channels))
            out.roll(f"in{group}").to_bytes(layout.length)
            for channel in used:
                if channel < used[-1]:
                    out.op("DUP")
                out.pick("feet").and_number().name(f"m{channel}")
                if channel < used[-1]:
                    out.op("SWAP").cut_low(layout.size).zeros(layout.size).op("CAT")
    if block.pad and block.pad.constant:
        _inside(out, block, geometry)
        return block.channels + 1
    return block.channels


def _inside(out: StackAssembler, block: Block, geometry: Geometry) -> None:
    """( -- m): the channel that tells the map from its padding."""
    pad, layout = block.pad, geometry.padded
    assert pad is not None
    lattice(out, layout, [pad.constant], (block.height, block.width), (1, 1))
    out.op("BIN2NUM")
    if block.written_out:
        out.raised((pad.padding[0] * layout.width + pad.padding[2]) * layout.pixel_bytes)
    out.name(f"m{block.channels}")


def constants(out: StackAssembler, window: Window) -> None:
    """( -- ...): what the sums of all groups need."""
    geometry = window.geometry
    out.repeat((1).to_bytes(geometry.sums.pixel_bytes, "little"), geometry.length)
    # A pixel of one lane of one byte has no zero above its one.
    out.op("BIN2NUM").name("ones")
    if window.planes == 1:
        return
    for plane in range(window.planes):
        mask = ((1 << window.bits) - 1) << window.bits * plane
        out.repeat(mask.to_bytes(geometry.sums.size, "little"), window.lanes).push(b"\0").op("CAT")
        out.name(f"plane{plane}")
    _excess(out, window)


def _excess(out: StackAssembler, window: Window) -> None:
    """( -- number): half of 2**bits in place of every weight: what each sum is too large by."""
    layout = window.geometry.sums
    half = (1 << window.bits - 1).to_bytes(layout.size, "little")
    out.pick("m0")
    for channel in range(1, window.sums.channels):
        out.pick(f"m{channel}").op("ADD")
    out.repeat(half, window.lanes).push(b"\0").op("CAT", "BIN2NUM", "MUL").name("row")
    if window.rows > 1:
        out.op("DUP")
        for _ in range(window.rows - 1):
            out.raised(layout.row_bytes).pick("row").op("ADD")
        out.op("NIP")
    out.raised(window.geometry.lead * layout.pixel_bytes).name("excess")


def group_sums(out: StackAssembler, window: Window, group: int) -> None:
    """( -- sums): of one group's filters, as bytes of the sums' layout, lanes v + top."""
    layout, geometry = window.geometry.sums, window.geometry
    if window.planes == 1:
        _signed(out, window, group)
    elif window.planes >= window.rows:
        _rows_in_planes(out, window, group)
    else:
        _channels_in_planes(out, window, group)
    out.raised(geometry.lead * layout.pixel_bytes)
    if window.planes > 1:
        out.pick("excess").op("SUB")
    offsets = [layout.top] * layout.slots
    for slot, filter_ in enumerate(_filters(window, group)):
        offsets[slot] += int(window.sums.biases[filter_])
    out.pick("ones").number(layout.lanes(offsets)).op("MUL", "ADD")
    length = geometry.length * layout.pixel_bytes + 1
    out.to_bytes(length).cut_low(geometry.shift * layout.pixel_bytes)
    left = length - geometry.shift * layout.pixel_bytes
    if left > layout.length:
        out.number(layout.length - 1).op("SPLIT", "DROP").push(b"\0").op("CAT")


def _filters(window: Window, group: int) -> range:
    return range(group * window.slots, min((group + 1) * window.slots, window.sums.filters))


def _row(window: Window, group: int, channel: int, row: int) -> list[int] | None:
    """A row of the kernel for one channel, its columns in reverse order, a lane for each filter of the group;
    None if no filter of the group reads the channel."""
    sums, slots = window.sums, window.slots
    columns = sums.kernel[1]
    lanes = [0] * window.lanes
    for slot, filter_ in enumerate(_filters(window, group)):
        source = filter_
        if isinstance(sums, Depthwise):
            reads, source = divmod(filter_, int(sums.weights.shape[3]))
            if reads != channel:
                continue
        for column in range(columns):
            lanes[(columns - 1 - column) * slots + slot] = int(sums.weights[row, column, channel, source])
    return lanes if any(lanes) else None


def _signed(out: StackAssembler, window: Window, group: int) -> None:
    """( -- number): products of maps and signed rows."""
    layout = window.geometry.sums
    out.number(0)
    some = False
    for row in range(window.rows):
        if some:
            out.raised(layout.row_bytes)
        for channel in range(window.sums.channels):
            lanes = _row(window, group, channel, row)
            if lanes:
                out.number(layout.lanes(lanes)).pick(f"m{channel}").op("MUL", "ADD")
                some = True


def _rows_in_planes(out: StackAssembler, window: Window, group: int) -> None:
    """( -- number): a string of weights holds all rows of one channel, or of several."""
    rows, each = window.rows, window.planes // window.rows
    strings = [
        [(row, first + more) for row in range(rows) for more in range(each)]
        for first in range(0, window.sums.channels, each)
    ]
    _shared(out, window, group, strings)
    # The topmost plane is that of the first row, which lies furthest up.
    for plane in reversed(range(window.planes - 1)):
        out.number(1 << window.bits).op("DIV")
        if plane % each == each - 1:
            out.raised(window.geometry.sums.row_bytes)
        out.op("ADD")


def _channels_in_planes(out: StackAssembler, window: Window, group: int) -> None:
    """( -- number): a string of weights holds one row of several channels."""
    for row in range(window.rows):
        if row:
            out.raised(window.geometry.sums.row_bytes).name("total")
        strings = [
            [(row, first + more) for more in range(window.planes)]
            for first in range(0, window.sums.channels, window.planes)
        ]
        _shared(out, window, group, strings)
        for _ in range(window.planes - 1):
            out.number(1 << window.bits).op("DIV", "ADD")
        if row:
            out.op("ADD")


def _shared(out: StackAssembler, window: Window, group: int, strings: list[list[tuple[int, int]]]) -> None:
    """( -- total ... total): of each plane the sum of its products, the first entry's on top.

    `strings`: of each string of weights the row and channel that own its planes, from the topmost plane down.
    A sum is 2**(bits*plane) times too large: the plane's shift is still in it.
    """
    planes = window.planes
    for _ in range(planes):
        out.number(0)
    for owners in strings:
        out.push(_weights(window, group, owners))
        present = [at for at, (_, channel) in enumerate(owners) if channel < window.sums.channels]
        for at in reversed(range(planes)):
            # The totals below go round: the one at the bottom is added to, and comes to the top.
            if at not in present:
                out.rotate(planes).op("SWAP")
                continue
            last = at == present[0]
            if not last:
                out.op("DUP")
            out.pick(f"plane{planes - 1 - at}").and_number().pick(f"m{owners[at][1]}").op("MUL")
            out.rotate(planes + 1 - last).op("ADD")
            if not last:
                out.op("SWAP")


def _weights(window: Window, group: int, owners: list[tuple[int, int]]) -> bytes:
    """Rows of several owners in one string, each weight plus half of 2**bits in its owner's plane."""
    half = 1 << window.bits - 1
    lanes = [0] * window.lanes
    for plane, (row, channel) in zip(reversed(range(window.planes)), owners, strict=True):
        if channel < window.sums.channels:
            weights = _row(window, group, channel, row) or [0] * window.lanes
            lanes = [
                lane | weight + half << window.bits * plane
                for lane, weight in zip(lanes, weights, strict=True)
            ]
    return b"".join(lane.to_bytes(window.geometry.sums.size, "little") for lane in lanes) + b"\0"

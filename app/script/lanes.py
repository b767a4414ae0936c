"""Script that works on every lane of a map at once.

Each function takes the map on top of the stack: as a number whose lanes hold values from 0 to below top, or,
where it says "sums", as bytes whose lanes hold v + top. Constants that it needs are picked by name.
`docs/maps.md` derives every operation.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.fixedpoint import LeakyRelu
from app.script.maps import MapLayout
from app.script.stack import StackAssembler

TOPS = "tops"


def uniform(out: StackAssembler, layout: MapLayout, value: int, pixels: int | None = None) -> None:
    """( -- number): `value`, 0 or more, in every lane."""
    lanes = (layout.pixels if pixels is None else pixels) * layout.slots
    out.repeat(value.to_bytes(layout.size, "little"), lanes).push(b"\0").op("CAT", "BIN2NUM")


def lattice(
    out: StackAssembler,
    layout: MapLayout,
    pixel: Sequence[int],
    count: tuple[int, int],
    step: tuple[int, int],
) -> None:
    """( -- bytes): `pixel`, a value for each of a pixel's first slots, at count[0] x count[1] pixels that lie
    step apart, from the first on; zero elsewhere. As long as the layout's maps are as bytes."""
    lanes = [value.to_bytes(layout.size, "little") for value in pixel]
    if len(set(lanes)) == 1:
        out.repeat(lanes[0], len(lanes))
    else:
        out.push(b"".join(lanes))
    unit, row = step[1] * layout.pixel_bytes, step[0] * layout.row_bytes
    out.resized(len(lanes) * layout.size, unit).repeated(count[1], unit)
    out.resized(count[1] * unit, layout.row_bytes)
    if count[0] > 1:
        out.resized(layout.row_bytes, row).repeated(count[0], row)
        out.resized(count[0] * row, layout.length)
    else:
        out.resized(layout.row_bytes, layout.length)


def relu(out: StackAssembler, layout: MapLayout) -> None:
    """(sums -- number): max(v, 0)."""
    # The top bits alone are 2**(n-1) where v >= 0. Less itself divided by 2**(n-1) that is 2**(n-1) - 1: all
    # of v's own bits.
    out.op("DUP").pick(TOPS).op("AND", "BIN2NUM", "DUP").number(layout.top).op("DIV", "SUB")
    out.to_bytes(layout.length).and_number()


def below_zero(out: StackAssembler, layout: MapLayout) -> None:
    """(sums -- number): max(-v, 0)."""
    out.op("BIN2NUM").pick(TOPS).op("DUP", "ADD", "SWAP", "SUB").to_bytes(layout.length)
    relu(out, layout)


def divided(out: StackAssembler, layout: MapLayout, shift: int, cleared: str) -> None:
    """(number -- number): v div 2**shift. `cleared`: bytes with all but the lowest `shift` bits of each
    lane."""
    if shift:
        # With a lane's low bits cleared the division is exact: nothing spills into the lane below.
        out.to_bytes(layout.length).pick(cleared).and_number().number(1 << shift).op("DIV")


def leaky(out: StackAssembler, layout: MapLayout, layer: LeakyRelu, names: Sequence[str]) -> None:
    """(sums -- sums): the layer's slope below zero, and its offset. `names`: of the constants, see
    `leaky_names`."""
    drop, shift, offsets = names
    out.op("DUP")
    below_zero(out, layout)
    divided(out, layout, layer.drop, drop)
    if layer.numerator > 1:
        out.number(layer.numerator).op("MUL")
    divided(out, layout, layer.shift, shift)
    out.op("SWAP")
    relu(out, layout)
    out.op("SWAP", "SUB").pick(offsets).op("ADD").to_bytes(layout.length)


def moved(out: StackAssembler, layout: MapLayout, pixels: int) -> None:
    """(number -- number number'): beside the map, the map moved down by pixels, so that lane p holds p +
    pixels."""
    out.op("DUP").to_bytes(layout.length).cut_low(pixels * layout.pixel_bytes).op("BIN2NUM")


def largest(out: StackAssembler, layout: MapLayout, size: tuple[int, int], step: tuple[int, int]) -> None:
    """(number -- number): the largest of size[0] x size[1] values that lie step apart, from each lane on."""
    for count, pixels in ((size[1], step[1]), (size[0], step[0] * layout.width)):
        reach = 1
        while reach < count:
            further = min(reach, count - reach)
            moved(out, layout, further * pixels)
            # max(x, z) = z + relu(x - z)
            out.op("TUCK", "SUB").pick(TOPS).op("ADD").to_bytes(layout.length)
            relu(out, layout)
            out.op("ADD")
            reach += further


def totals(out: StackAssembler, layout: MapLayout, size: tuple[int, int], step: tuple[int, int]) -> None:
    """(number -- number): the sum of size[0] x size[1] values that lie step apart, from each lane on."""
    for count, pixels in ((size[1], step[1]), (size[0], step[0] * layout.width)):
        # From one value on, reading the count's bits: double, and add one more where a bit is set.
        once = "1" in bin(count)[3:]
        if once:
            out.name("one").op("DUP")
        reach = 1
        for bit in bin(count)[3:]:
            moved(out, layout, reach * pixels)
            out.op("ADD")
            reach *= 2
            if bit == "1":
                out.to_bytes(layout.length).cut_low(pixels * layout.pixel_bytes).op("BIN2NUM")
                out.pick("one").op("ADD")
                reach += 1
        if once:
            out.op("NIP")


def capped(out: StackAssembler, layout: MapLayout, ceilings: str) -> None:
    """(number -- number): min(v, c), with c in every lane of `ceilings`."""
    # min(v, c) = v - relu(v - c)
    out.op("DUP").pick(ceilings).op("SUB").pick(TOPS).op("ADD").to_bytes(layout.length)
    relu(out, layout)
    out.op("SUB")

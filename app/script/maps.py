"""Feature maps as big integers, and the Script that works on all their lanes at once.

A map is one number: pixel p (row by row) owns `slots` lanes of `size` bytes each, lane p*slots + c holds the
value of the pixel's channel c. `docs/convolution.md` derives every operation here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import ScriptError
from app.script.assembler import NUMBER_LIMIT, Assembler


@dataclass(frozen=True)
class MapLayout:
    """How maps lie in a number: `height` by `width` pixels of `slots` lanes of `size` bytes."""

    height: int
    width: int
    slots: int
    size: int

    @property
    def pixels(self) -> int:
        """Pixels of the map."""
        return self.height * self.width

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one pixel, all its slots."""
        return self.slots * self.size

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return self.width * self.pixel_bytes

    @property
    def length(self) -> int:
        """Bytes of a map as a string: its lanes, and a zero byte for the sign."""
        return self.pixels * self.pixel_bytes + 1

    @property
    def top(self) -> int:
        """The offset of a lane, 2**(bits - 1): a sum v is carried as v + top, so its top bit is v >= 0."""
        return 1 << (8 * self.size - 1)

    def every_slot(self, value: int) -> int:
        """`value` in each slot of one pixel."""
        return self.lanes([value] * self.slots)

    def lanes(self, values: Sequence[int]) -> int:
        """Signed values in a row of lanes, the first lowest."""
        return sum(value << (8 * self.size * lane) for lane, value in enumerate(values))


class Maps(Assembler):
    """An assembler that knows by name what lies on the stack, so that items are picked by name."""

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []

    def name(self, *names: str) -> Maps:
        """Name the items that now lie above the named ones, the top one last."""
        self._names += names
        return self

    def forget(self, count: int = 1) -> Maps:
        """The top `count` named items have been consumed."""
        del self._names[-count:]
        return self

    def pick(self, name: str, above: int = 0) -> Maps:
        """( -- item): copy a named item; `above` counts unnamed items on top of the named ones."""
        places = [place for place, known in enumerate(self._names) if known == name]
        if not places:
            raise ScriptError(f"There is no {name} on the stack.")
        depth = len(self._names) - 1 - places[-1] + above
        if depth < 2:
            self.op("OVER" if depth else "DUP")
        else:
            self.number(depth).op("PICK")
        return self

    def drop(self, count: int) -> Maps:
        """Drop the top `count` named items."""
        self.op(*["2DROP"] * (count // 2), *["DROP"] * (count % 2))
        return self.forget(count)

    def drop_below(self, kept: int, count: int) -> Maps:
        """Drop `count` named items that lie below the top `kept`, which keep their order."""
        self.op(*["TOALTSTACK"] * kept)
        names = self._names[len(self._names) - kept :]
        self.forget(kept).drop(count)
        self.op(*["FROMALTSTACK"] * kept)
        return self.name(*names)

    def repeat(self, pattern: bytes, count: int) -> Maps:
        """( -- bytes): the pattern `count` times, by doubling."""
        self.push(pattern)
        # Reading the count's bits from the second highest on: double, and add one more where a bit is set.
        for bit in bin(count)[3:]:
            self.op("DUP", "CAT")
            if bit == "1":
                self.push(pattern).op("CAT")
        return self

    def zeros(self, count: int) -> Maps:
        """( -- bytes): `count` zero bytes."""
        self.number(0).number(count).op("NUM2BIN")
        return self

    def spread(self, layout: MapLayout) -> Maps:
        """(image -- map): each pixel's byte moves to the foot of its lanes; the rest is zero.

        By halving, as bits are spread: while a block of bytes lies together, its upper half moves up to where
        it belongs. Byte i never passes its place, i times the bytes of a pixel.
        """
        check_length(layout.length)
        length = layout.length - 1  # a pixel's last byte is zero, so the sign needs no byte of its own
        self.zeros(length - layout.pixels).op("CAT")
        levels = (layout.pixels - 1).bit_length()
        for level in reversed(range(levels)):
            half = 1 << level
            # x -- lower halves, upper halves
            self.op("DUP").repeat(b"\xff", half)
            self.zeros(2 * half * layout.pixel_bytes - half).op("CAT", *["DUP", "CAT"] * (levels - 1 - level))
            self.number(length).op("SPLIT", "DROP", "AND", "TUCK", "XOR")
            self.zeros(half * (layout.pixel_bytes - 1)).op("SWAP", "CAT")
            self.number(length).op("SPLIT", "DROP", "OR")
        self.op("BIN2NUM")
        return self

    def uniform(self, layout: MapLayout, pixel: int, pixels: int) -> Maps:
        """( -- number): the lanes `pixel` (not negative) in each of `pixels` pixels."""
        check_length(pixels * layout.pixel_bytes + 1)
        self.repeat(pixel.to_bytes(layout.pixel_bytes, "little"), pixels)
        self.push(b"\0").op("CAT", "BIN2NUM")
        return self

    def to_bytes(self, length: int) -> Maps:
        """(number -- bytes) of exactly `length`, as bitwise opcodes want both sides."""
        self.number(length).op("NUM2BIN")
        return self

    def cut_low(self, count: int) -> Maps:
        """(bytes -- bytes'): without the lowest `count` bytes."""
        if count:
            self.number(count).op("SPLIT", "NIP")
        return self

    def relu(self, layout: MapLayout, tops: str, above: int) -> Maps:
        """(x -- y): lanes v + top become max(v, 0). `above` counts unnamed items below x."""
        self.to_bytes(layout.length)
        # The top bits alone are 2**(n-1) where v >= 0. Less itself divided by 2**(n-1) that is 2**(n-1) - 1:
        # all of v's own bits.
        self.op("DUP").pick(tops, above + 2).op("AND", "BIN2NUM")
        self.op("DUP").number(layout.top).op("DIV", "SUB")
        return self.to_bytes(layout.length).and_number()

    def and_number(self) -> Maps:
        """(bytes bytes' -- number)."""
        self.op("AND", "BIN2NUM")
        return self

    def larger(self, layout: MapLayout, lanes: int, tops: str, above: int) -> Maps:
        """(x -- y): each lane becomes the larger of itself and the lane `lanes` above; values below top."""
        self.op("DUP").to_bytes(layout.length).cut_low(lanes * layout.size).op("BIN2NUM")
        # max(x, z) = z + relu(x - z)
        self.op("TUCK", "SUB").pick(tops, above + 2).op("ADD")
        self.relu(layout, tops, above + 1).op("ADD")
        return self

    def requantise(
        self, layout: MapLayout, shift: int, tops: str, low_cleared: str, ceilings: str | None
    ) -> Maps:
        """(x -- y): lanes become min(v div 2**shift, ceiling); nothing unnamed lies below x."""
        if shift:
            # With a lane's low bits cleared the division is exact: nothing spills into the lane below.
            self.to_bytes(layout.length).pick(low_cleared, 1).and_number()
            self.number(1 << shift).op("DIV")
        if ceilings is not None:
            # min(v, c) = v - relu(v - c)
            self.op("DUP").pick(ceilings, 2).op("SUB").pick(tops, 2).op("ADD")
            self.relu(layout, tops, 1).op("SUB")
        return self


def check_length(length: int) -> None:
    """Raise ScriptError if a number of `length` bytes is more than a default node computes with."""
    if length > NUMBER_LIMIT:
        raise ScriptError(
            "A feature map does not fit in one number.",
            why=f"It takes {length:,} bytes; a default node computes with {NUMBER_LIMIT:,}.",
            hint="Use smaller maps, weights or activations.",
        )

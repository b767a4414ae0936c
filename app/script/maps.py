"""Feature maps as big integers: how they lie in a number.

A map is one number: pixel p (row by row) owns `slots` lanes of `size` bytes each, lane p*slots + c holds the
value of the pixel's channel c. `docs/maps.md` derives the layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import ScriptError
from app.script.assembler import NUMBER_LIMIT


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

    def lanes(self, values: Sequence[int]) -> int:
        """Signed values in a row of lanes, the first lowest."""
        return sum(value << (8 * self.size * lane) for lane, value in enumerate(values))


def check_length(length: int) -> None:
    """Raise ScriptError if a number of `length` bytes is more than a default node computes with."""
    if length > NUMBER_LIMIT:
        raise ScriptError(
            "A feature map does not fit in one number.",
            why=f"It takes {length:,} bytes; a default node computes with {NUMBER_LIMIT:,}.",
            hint="Use smaller maps, weights or activations.",
        )

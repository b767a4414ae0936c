"""A cursor over a stranger's bytes."""

from __future__ import annotations

from app.errors import ProofError

__all__ = ["Reader", "varint"]


class Reader:
    """Takes bytes from the front. ProofError where fewer are left than are asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    @property
    def left(self) -> int:
        """Bytes not taken yet."""
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > self.left:
            raise ProofError("The proof file ends too early.", hint="Get the file again.")
        self.at += count
        return self.data[self.at - count : self.at]

    def varint(self) -> int:
        """A number of 1, 3, 5 or 9 bytes, in its shortest form (Bitcoin's CompactSize)."""
        first = self.take(1)[0]
        if first < 0xFD:
            return first
        size = 1 << (first - 0xFC)
        value = int.from_bytes(self.take(size), "little")
        if len(varint(value)) != size + 1:
            raise ProofError("The proof file holds a number in a longer form than it needs.")
        return value

    def count(self, what: str, least: int) -> int:
        """How many items follow, each of at least `least` bytes; no more than the bytes left can hold."""
        number = self.varint()
        if number * least > self.left:
            raise ProofError(f"The proof file names {number:,} {what}, more than it can hold.")
        return number


def varint(value: int) -> bytes:
    """A number from 0 to 2^64 - 1 as Bitcoin's CompactSize."""
    if value < 0xFD:
        return bytes([value])
    for first, size in ((0xFD, 2), (0xFE, 4), (0xFF, 8)):
        if value < 1 << (8 * size):
            return bytes([first]) + value.to_bytes(size, "little")
    raise ValueError(f"{value} does not fit 64 bits")

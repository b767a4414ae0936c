"""An assembler that follows the stack, so that items are picked by name instead of by counting."""

from __future__ import annotations

from app.errors import ScriptError
from app.script.assembler import Assembler

_EFFECTS = {
    **dict.fromkeys(("ADD", "SUB", "MUL", "DIV", "MOD", "MAX", "MIN", "AND", "OR", "XOR"), (2, 1)),
    **dict.fromkeys(("CAT", "NUM2BIN"), (2, 1)),
    **dict.fromkeys(("BIN2NUM", "1ADD", "1SUB", "NEGATE"), (1, 1)),
    "SPLIT": (2, 2),
    "0": (0, 1),
    "SIZE": (0, 1),
    "NUMEQUALVERIFY": (2, 0),
}
"""Opcodes whose results have no name: how many items they take and leave."""


class StackAssembler(Assembler):
    """Knows the items on both stacks, some by name. Raises ScriptError on an opcode it cannot follow.

    >>> StackAssembler().number(7).name("seven").number(8).pick("seven").op("ADD").code.hex()
    '57587893'
    """

    def __init__(self) -> None:
        super().__init__()
        self._stack: list[str] = []
        self._alt: list[str] = []

    @property
    def depth(self) -> int:
        """Items on the main stack, of those that this program put there."""
        return len(self._stack)

    def given(self, name: str) -> StackAssembler:
        """An item of that name is on the stack before the first opcode."""
        self._stack.append(name)
        return self

    def name(self, name: str) -> StackAssembler:
        """Name the top item."""
        self._stack[-1] = name
        return self

    def number(self, value: int) -> StackAssembler:
        super().number(value)
        self._stack.append("")
        return self

    def push(self, item: bytes) -> StackAssembler:
        super().push(item)
        self._stack.append("")
        return self

    def op(self, *names: str) -> StackAssembler:
        for name in names:
            super().op(name)
            self._follow(name)
        return self

    def pick(self, name: str) -> StackAssembler:
        """( -- item): copy the topmost item of that name."""
        depth = self._depth_of(name)
        if depth < 2:
            return self.op("OVER" if depth else "DUP")
        super().number(depth)
        super().op("PICK")
        self._stack.append("")
        return self

    def roll(self, name: str) -> StackAssembler:
        """(item ... -- ... item): move the topmost item of that name to the top, where it has no name."""
        return self.rotate(self._depth_of(name)).name("")

    def rotate(self, depth: int) -> StackAssembler:
        """Move the item below `depth` others to the top, with its name."""
        if depth < 3:
            return self.op(*([], ["SWAP"], ["ROT"])[depth])
        super().number(depth)
        super().op("ROLL")
        self._stack.append(self._stack.pop(-1 - depth))
        return self

    def keep(self, names: list[str]) -> StackAssembler:
        """Drop all items but the top ones, which are the named ones in this order."""
        if self._stack[len(self._stack) - len(names) :] != names:
            raise ScriptError("The items to be kept are not on top of the stack.")
        dropped = len(self._stack) - len(names)
        self.op(*["TOALTSTACK"] * len(names))
        self.op(*["2DROP"] * (dropped // 2), *["DROP"] * (dropped % 2))
        return self.op(*["FROMALTSTACK"] * len(names))

    def rename(self, names: list[str], new: list[str]) -> StackAssembler:
        """Give the top items, which are the named ones in this order, new names."""
        if self._stack[len(self._stack) - len(names) :] != names:
            raise ScriptError("The items to be renamed are not on top of the stack.")
        self._stack[len(self._stack) - len(names) :] = new
        return self

    def zeros(self, count: int) -> StackAssembler:
        """( -- bytes): `count` zero bytes."""
        if count < 4:
            return self.push(bytes(count))
        return self.number(0).number(count).op("NUM2BIN")

    def repeat(self, pattern: bytes, count: int) -> StackAssembler:
        """( -- bytes): the pattern `count` times, by doubling."""
        if len(pattern) * count <= 8:
            return self.push(pattern * count)
        return self.push(pattern).repeated(count, len(pattern))

    def repeated(self, count: int, length: int) -> StackAssembler:
        """(bytes -- bytes'): `count` times what is on top, `length` bytes, by doubling."""
        if count == 0:
            return self.op("DROP").push(b"")
        bits = bin(count)[3:]
        # Reading the count's bits from the second highest on: double, and add one more where a bit is set.
        once = "1" in bits
        if once:
            self.op("DUP")
        for bit in bits:
            self.op("DUP", "CAT")
            if bit == "1":
                self.op("OVER", "CAT")
        return self.op("NIP") if once else self

    def resized(self, length: int, wanted: int) -> StackAssembler:
        """(bytes -- bytes'): `length` bytes cut, or filled up with zeros, to `wanted`."""
        if wanted > length:
            return self.zeros(wanted - length).op("CAT")
        return self.number(wanted).op("SPLIT", "DROP") if wanted < length else self

    def to_bytes(self, length: int) -> StackAssembler:
        """(number -- bytes) of exactly `length`, as bitwise opcodes want both sides."""
        return self.number(length).op("NUM2BIN")

    def cut_low(self, count: int) -> StackAssembler:
        """(bytes -- bytes'): without the lowest `count` bytes."""
        return self.number(count).op("SPLIT", "NIP") if count else self

    def raised(self, count: int) -> StackAssembler:
        """(number -- number'): times 256**count, whatever its sign: zero bytes below its magnitude."""
        return self.zeros(count).op("SWAP", "CAT", "BIN2NUM") if count else self

    def and_number(self) -> StackAssembler:
        """(bytes bytes' -- number)."""
        return self.op("AND", "BIN2NUM")

    def _depth_of(self, name: str) -> int:
        for depth, known in enumerate(reversed(self._stack)):
            if known == name:
                return depth
        raise ScriptError(f"There is no {name} on the stack.")

    def _follow(self, name: str) -> None:
        stack = self._stack
        match name:
            case "DUP":
                stack.append("")
            case "2DUP":
                stack += ["", ""]
            case "OVER":
                stack.append("")
            case "SWAP":
                stack[-2:] = stack[-1], stack[-2]
            case "ROT":
                stack[-3:] = stack[-2], stack[-1], stack[-3]
            case "TUCK":
                stack.insert(len(stack) - 2, "")
            case "NIP":
                del stack[-2]
            case "DROP" | "2DROP":
                del stack[-1 if name == "DROP" else -2 :]
            case "TOALTSTACK":
                self._alt.append(stack.pop())
            case "FROMALTSTACK":
                stack.append(self._alt.pop())
            case _ if name in _EFFECTS:
                taken, left = _EFFECTS[name]
                del stack[len(stack) - taken :]
                stack += [""] * left
            case _:
                raise ScriptError(f"What OP_{name} does to the stack is not known here.")

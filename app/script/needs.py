"""What a program takes of what a node limits: proved for any image, without running it.

The script is followed with bounds in place of values: of every item on the stacks how long it can be, and how
large as a number. Only what a push says is known exactly; a generator's counts and places are all pushed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bitcoinx import Ops, Script, item_to_int

from app.errors import ScriptError
from app.script.limits import ITEM_BYTES
from app.script.program import Program

__all__ = ["Needs", "needs_of"]

_KNOWN_BYTES = 9
"""Longer pushes are weights and masks: none is a count or a place."""


@dataclass(frozen=True)
class Needs:
    """What a program takes at most, whatever the image: bytes of the longest number that it computes with,
    and of both stacks together as a node counts them; and how many of its opcodes multiply.
    """

    longest_number: int
    memory: int
    multiplications: int


def needs_of(program: Program, pixels: int) -> Needs:
    """What a program for images of `pixels` bytes takes. Raises ScriptError if it is not what a generator
    makes.
    """
    machine = _Machine([_Item(pixels, 256**pixels)])
    for op, item in Script(program.code).ops_and_items():
        machine.step(op, item)
    return Needs(machine.longest, machine.most, machine.multiplications)


@dataclass(frozen=True)
class _Item:
    """`length` in bytes and `bound` of the magnitude as a number, at most; `value` if it is known."""

    length: int
    bound: int
    value: int | None = None


def _of_number(bound: int, value: int | None = None) -> _Item:
    """The longest number of a magnitude; one bit of it is the sign."""
    return _Item(bound.bit_length() // 8 + 1, bound, value)


_BOUNDS: dict[str, Callable[[_Item, _Item], int]] = {
    "ADD": lambda a, b: a.bound + b.bound,
    "SUB": lambda a, b: a.bound + b.bound,
    "MUL": lambda a, b: a.bound * b.bound,
    "DIV": lambda a, b: a.bound // abs(b.value) if b.value else a.bound,
    "MOD": lambda a, b: min(a.bound, b.bound),
    "MAX": lambda a, b: max(a.bound, b.bound),
    "MIN": lambda a, b: max(a.bound, b.bound),
}
"""How large a result can be, of two numbers."""

_NAMES = {int(op): op.name.removeprefix("OP_") for op in Ops}


class _Machine:
    """Both stacks, and the most that has been on them."""

    def __init__(self, stack: list[_Item]) -> None:
        self.stack, self.alt = stack, list[_Item]()
        self.held = sum(item.length + ITEM_BYTES for item in stack)
        self.longest = self.most = self.multiplications = 0

    def step(self, op: int, item: bytes | None) -> None:
        """Follow one opcode or push."""
        if item is not None:
            value = item_to_int(item) if len(item) <= _KNOWN_BYTES else None
            bound = abs(value) if value is not None else int.from_bytes(item, "little")
            self._push(_Item(len(item), bound, value))
            return
        name = _NAMES.get(int(op), "")
        if name in _BOUNDS:
            b, a = self._pop(), self._pop()
            self.multiplications += name == "MUL"
            made = _of_number(_BOUNDS[name](a, b), self._known(name, a, b))
            self.longest = max(self.longest, made.length, a.length, b.length)
            self._push(made)
        else:
            self._move(name)

    @staticmethod
    def _known(name: str, a: _Item, b: _Item) -> int | None:
        if a.value is None or b.value is None:
            return None
        return {"ADD": a.value + b.value, "SUB": a.value - b.value, "MUL": a.value * b.value}.get(name)

    def _move(self, name: str) -> None:
        """An opcode that is not arithmetic on two numbers."""
        stack = self.stack
        match name:
            case "SPLIT":
                place, item = self._place(), self._pop()
                for length in (min(place, item.length), max(item.length - place, 0)):
                    self._push(_Item(length, min(item.bound, 256**length)))
            case "CAT":
                b, a = self._pop(), self._pop()
                self._push(_Item(a.length + b.length, 256 ** (a.length + b.length)))
            case "NUM2BIN":
                length, item = self._place(), self._pop()
                self._push(_Item(length, item.bound))
            case "BIN2NUM":
                item = self._pop()
                self.longest = max(self.longest, item.length)
                self._push(_Item(min(item.length, item.bound.bit_length() // 8 + 1), item.bound))
            case "AND" | "OR" | "XOR":
                b, a = self._pop(), self._pop()
                length = max(a.length, b.length)
                self._push(_Item(length, min(a.bound, b.bound) if name == "AND" else 256**length))
            case "1SUB" | "1ADD":
                self._push(_of_number(self._pop().bound + 1))
            case "SIZE":
                self._push(_of_number(stack[-1].length, stack[-1].length))
            case "NUMEQUALVERIFY" | "2DROP":
                for item in (self._pop(), self._pop()):
                    self.longest = max(self.longest, item.length if name != "2DROP" else 0)
            case "DROP":
                self._pop()
            case "NIP":
                self._pop(1)
            case "DUP" | "OVER":
                self._push(stack[-1 if name == "DUP" else -2])
            case "2DUP":
                for item in stack[-2:]:
                    self._push(item)
            case "TUCK":
                stack.insert(len(stack) - 2, stack[-1])
                self._hold(stack[-1], 1)
            case "SWAP" | "ROT":
                stack.append(stack.pop(-2 if name == "SWAP" else -3))
            case "PICK":
                self._push(stack[-1 - self._place()])
            case "ROLL":
                stack.append(stack.pop(-1 - self._place()))
            case "TOALTSTACK":
                self.alt.append(stack.pop())
            case "FROMALTSTACK":
                stack.append(self.alt.pop())
            case _:
                raise ScriptError(f"What OP_{name or '?'} makes cannot be told without running it.")

    def _place(self) -> int:
        item = self._pop()
        self.longest, value = max(self.longest, item.length), item.value
        if value is None or value < 0:
            raise ScriptError(
                "The script computes a place or a length that cannot be told without running it."
            )
        return value

    def _push(self, item: _Item) -> None:
        self.stack.append(item)
        self._hold(item, 1)

    def _pop(self, depth: int = 0) -> _Item:
        item = self.stack.pop(-1 - depth)
        self._hold(item, -1)
        return item

    def _hold(self, item: _Item, count: int) -> None:
        self.held += count * (item.length + ITEM_BYTES)
        self.most = max(self.most, self.held)

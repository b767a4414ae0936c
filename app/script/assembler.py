"""A small assembler: opcodes by name, numbers and bytes as minimal pushes.

Opcodes, script numbers and push rules are bitcoinX's.
"""

from __future__ import annotations

from typing import TypeVar

from bitcoinx import Ops, push_int, push_item

from app.errors import ScriptError
from app.script.limits import NUMBER_LIMIT

__all__ = ["NUMBER_LIMIT", "Assembler"]

Self = TypeVar("Self", bound="Assembler")


class Assembler:
    """Collects opcodes and pushes; `code` is the script so far.

    >>> Assembler().number(17).op("ADD", "SWAP").code.hex()
    '0111937c'
    """

    def __init__(self) -> None:
        self._code = bytearray()
        self.opcodes = 0
        """Opcodes that do something: pushes are not counted, as nodes do not count them."""

    @property
    def code(self) -> bytes:
        """The script assembled so far."""
        return bytes(self._code)

    def op(self: Self, *names: str) -> Self:
        """Append opcodes, named without their `OP_`."""
        for name in names:
            try:
                self._code.append(Ops["OP_" + name])
            except KeyError:
                raise ScriptError(f"There is no opcode OP_{name}.") from None
            self.opcodes += 1
        return self

    def number(self: Self, value: int) -> Self:
        """Push a script number: OP_0, OP_1 to OP_16, OP_1NEGATE, else its shortest encoding.

        Raises ScriptError where a default node would refuse to compute with it.
        """
        if value.bit_length() + 1 > 8 * NUMBER_LIMIT:  # one bit for the sign
            raise ScriptError(
                f"A number of {value.bit_length() // 8 + 1:,} bytes does not fit in a script.",
                why=f"A default node computes with numbers of up to {NUMBER_LIMIT:,} bytes.",
                hint="Use a model with fewer neurons in a layer.",
            )
        self._code += push_int(value)
        return self

    def push(self: Self, item: bytes) -> Self:
        """Push bytes as they are, by the shortest opcode."""
        self._code += push_item(item)
        return self

"""How near a contract is to each limit of a node."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from bitcoinx import InterpreterLimits, InterpreterState, MinerPolicy, Script
from bitcoinx.interpreter import LimitedStack

from app.contract.classifier import DigitContract
from app.picture import PIXELS
from app.script import Program
from app.script.limits import MILLISECONDS_LIMIT, NUMBER_LIMIT, OPCODE_LIMIT, SCRIPT_LIMIT, STACK_LIMIT

__all__ = ["Margin", "Needs", "margins", "margins_of", "needs_of"]

_ROOM = 2**32 - 1
_PICTURES = (bytes(PIXELS), b"\xff" * PIXELS)
"""No ink and all ink: the sums are 0, or as large as any picture's."""


@dataclass(frozen=True)
class Margin:
    """What a contract takes of one thing that a node limits; `taken` is None where it was not measured."""

    what: str
    taken: float | None
    limit: float

    @property
    def left(self) -> float | None:
        """The share of the limit that is left, 0 to 1; below 0 where the limit is passed."""
        return None if self.taken is None else 1.0 - self.taken / self.limit

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {**asdict(self), "left": self.left}


@dataclass(frozen=True)
class Needs:
    """What one run of a program takes: bytes of the longest number that it computes with, and bytes of both
    stacks together as a node counts them."""

    longest_number: int
    memory: int


def margins(contract: DigitContract, milliseconds: float | None = None) -> list[Margin]:
    """Every margin of a contract. `milliseconds`: of one spend in a node, if it was measured."""
    needs = needs_of(contract.program)
    size, opcodes = len(contract.locking_script), contract.opcodes
    return margins_of(size, needs.longest_number, needs.memory, opcodes, milliseconds)


def margins_of(
    script_bytes: int, longest_number: int, memory: int, opcodes: int, milliseconds: float | None
) -> list[Margin]:
    """The same from figures: the first four limits are a default node's policy, the last is Teranode's."""
    return [
        Margin("script, bytes", script_bytes, SCRIPT_LIMIT),
        Margin("longest number, bytes", longest_number, NUMBER_LIMIT),
        Margin("memory, bytes", memory, STACK_LIMIT),
        Margin("time in a node, ms", milliseconds, MILLISECONDS_LIMIT),
        Margin("opcodes (Teranode)", opcodes, OPCODE_LIMIT),
    ]


def needs_of(program: Program) -> Needs:
    """Run the program in bitcoinX, without limits, on a picture with no ink and on one that is all ink."""
    limits = _MeteredLimits()
    meter = _Meter()
    for picture in _PICTURES:
        state = InterpreterState(limits)
        state.stack = _MeteredStack(_ROOM, meter)
        state.alt_stack = state.stack.make_child_stack()
        state.stack.append(picture)
        state.evaluate_script(Script(program.code))
    return Needs(limits.longest_number, meter.most)


class _MeteredLimits(InterpreterLimits):
    """No limits of size; notes the longest operand."""

    def __init__(self) -> None:
        super().__init__(
            MinerPolicy(_ROOM, _ROOM, _ROOM, _ROOM, _ROOM), is_genesis_enabled=True, is_consensus=False
        )
        self.longest_number = 0

    def validate_number_length(self, size: int, *, limit: int | None = None) -> None:
        """Called by the interpreter for every number that it reads from the stack."""
        self.longest_number = max(self.longest_number, size)
        super().validate_number_length(size, limit=limit)


@dataclass
class _Meter:
    """The most bytes that two stacks have held together."""

    most: int = 0


class _MeteredStack(LimitedStack):
    """A stack of the interpreter; notes how much it and its child hold."""

    def __init__(self, limit: int, meter: _Meter) -> None:
        super().__init__(limit)
        self._meter = meter

    def make_child_stack(self) -> _MeteredStack:
        """The other stack, which shares this one's limit."""
        child = _MeteredStack(0, self._meter)
        child.parent = self
        return child

    def append(self, item: bytes) -> None:
        """Put an item on top."""
        super().append(item)
        self._note()

    def insert(self, index: int, item: bytes) -> None:
        """Put an item beneath others."""
        super().insert(index, item)
        self._note()

    def __setitem__(self, key: int, item: bytes) -> None:
        super().__setitem__(key, item)
        self._note()

    def _note(self) -> None:
        self._meter.most = max(self._meter.most, self.combined_size())

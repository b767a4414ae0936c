"""A run of a program in the interpreter, watched: how far it is, and the long number that it computes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bitcoinx
from bitcoinx import InterpreterLimits, InterpreterState, Ops, Script, item_to_int

from app.errors import ScriptError
from app.script.program import Lanes, Program
from app.script.run import logits_from_bytes, policy_limits

__all__ = ["Sample", "Trace", "trace_program"]

MOST_LANES = 64
"""Values that a sample shows of its number."""


@dataclass(frozen=True)
class Sample:
    """A moment of a run: opcodes executed (without pushes), bytes of Script read, multiplications so far.

    `lanes`: the longest number on the stack, 0 to 255 for each lane, or for each stretch of its bytes where
    it has no lanes.
    """

    opcodes: int
    position: int
    multiplications: int
    lanes: bytes


@dataclass(frozen=True)
class Trace:
    """Samples of a run in order, the last one at its end; the Script's length in bytes; what it read."""

    samples: tuple[Sample, ...]
    total: int
    digit: int


class _Watched(InterpreterState):
    """An interpreter that takes a sample whenever another stretch of Script has been read."""

    def __init__(self, limits: InterpreterLimits, code: bytes, lanes: Sequence[Lanes], every: int) -> None:
        super().__init__(limits)
        self.samples: list[Sample] = []
        self._code, self._lanes, self._every = code, lanes, every
        self._due, self._counted, self._multiplications = 0, 0, 0

    def validate_stack_size(self) -> None:
        """Called by the interpreter after each step."""
        super().validate_stack_size()
        position = int(self.iterator.position())
        # The last byte read is an opcode only if one was counted: else it belongs to a pushed number.
        if self.op_count != self._counted:
            self._counted = self.op_count
            self._multiplications += self._code[position - 1] == Ops.OP_MUL
        if position >= self._due or position == len(self._code):
            self._due = position + self._every
            longest = max(self.stack, key=len, default=b"")
            shown = _shown(longest, self._lanes)
            self.samples.append(Sample(self.op_count, position, self._multiplications, shown))


def trace_program(
    program: Program, image: bytes, samples: int = 60, limits: InterpreterLimits | None = None
) -> Trace:
    """Run a program on an image (784 bytes) and sample it about `samples` times.

    `limits` are the default node's policy unless given. ScriptError if the script fails.
    """
    every = max(1, len(program.code) // samples)
    state = _Watched(limits or policy_limits(), program.code, program.lanes, every)
    try:
        state.stack.append(image)
        state.evaluate_script(Script(program.code))
    except (bitcoinx.errors.InterpreterError, bitcoinx.ScriptError) as error:
        raise ScriptError("The script failed.", why=f"{str(error) or type(error).__name__}.") from error
    logits = logits_from_bytes(state.stack[-1], program.classes)
    return Trace(tuple(state.samples), len(program.code), logits.index(max(logits)))


def _shown(item: bytes, layers: Sequence[Lanes]) -> bytes:
    """A number as at most MOST_LANES values, 0 to 255."""
    fitting = [
        lanes
        for lanes in layers
        if lanes.shifts[-1] < 8 * len(item) <= lanes.shifts[-1] + lanes.widths[-1] + 16
    ]
    if fitting:
        return _of_lanes(abs(item_to_int(item)), fitting[0])
    stretch = max(1, -(-len(item) // MOST_LANES))
    return bytes(max(item[start : start + stretch]) for start in range(0, len(item), stretch))


def _of_lanes(number: int, lanes: Lanes) -> bytes:
    """How far each lane stands from its zero, the farthest one 255."""
    values = [
        abs((number >> shift) % (1 << width) - offset)
        for shift, width, offset in zip(lanes.shifts, lanes.widths, lanes.offsets, strict=True)
    ]
    most = max(1, *values)
    step = max(1, -(-len(values) // MOST_LANES))
    return bytes(max(values[i : i + step]) * 255 // most for i in range(0, len(values), step))

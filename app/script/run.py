"""Run a program in bitcoinX's Script interpreter, under the limits of a default node."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import bitcoinx
from bitcoinx import InterpreterFlags, InterpreterLimits, InterpreterState, MinerPolicy, Script, item_to_int
from bitcoinx.errors import StackMemoryUsageError, TooManyOps

from app.errors import ScriptError
from app.script.limits import NUMBER_LIMIT, SCRIPT_LIMIT, STACK_LIMIT
from app.script.program import LOGIT_BYTES, Program

__all__ = [
    "DEFAULT_POLICY",
    "SCRIPT_LIMIT",
    "ScriptReading",
    "logits_from_bytes",
    "policy_limits",
    "run_program",
]

DEFAULT_POLICY = MinerPolicy(
    max_script_size=SCRIPT_LIMIT,
    max_script_num_length=NUMBER_LIMIT,
    max_stack_memory_usage=STACK_LIMIT,
    max_ops_per_script=2**32 - 1,
    max_pubkeys_per_multisig=2**32 - 1,
)
"""What a BSV node (1.0.13 and 1.2.2) allows by default."""


@dataclass(frozen=True)
class ScriptReading:
    """What the Script itself computes for one image."""

    digit: int
    logits: tuple[int, ...]
    milliseconds: float


class BoundedLimits(InterpreterLimits):
    """A node's limits, which also bound what one opcode makes and, if asked, how long a script runs.

    bitcoinX looks at the memory of the stack when an item lies on it: OP_NUM2BIN alone could make 2 GB first.
    """

    def __init__(
        self, policy: MinerPolicy, flags: InterpreterFlags | str = "standard", seconds: float = math.inf
    ) -> None:
        """`flags`: rules of verification, "standard" and "consensus" being the policy's own.

        `seconds`: from now; afterwards the next opcode is refused.
        """
        super().__init__(policy, is_genesis_enabled=True, is_consensus=False, base_flags=flags)
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds

    def validate_item_size(self, size: int) -> None:
        """Refuse an item that alone would fill the stack's memory."""
        if size > self.stack_memory_usage:
            raise StackMemoryUsageError(f"an item of {size:,} bytes exceeds the limit of the stack's memory")

    @property
    def ops_per_script(self) -> int:
        """The most opcodes. It is read at every opcode, so the time limit is checked here too."""
        if time.monotonic() > self._deadline:
            raise TooManyOps(f"it ran longer than {self._seconds:g} seconds")
        return int(self.policy.max_ops_per_script)


def policy_limits() -> InterpreterLimits:
    """Limits of a default node judging a transaction that is to be relayed."""
    return BoundedLimits(DEFAULT_POLICY)


def run_program(program: Program, image: bytes, limits: InterpreterLimits | None = None) -> ScriptReading:
    """Run the program on an image. `limits` are the default node's policy unless given.

    Raises ScriptError, with the interpreter's words, if the script fails or leaves anything but logits.
    """
    state = InterpreterState(limits or policy_limits())
    start = time.perf_counter()
    try:
        state.stack.append(image)
        state.evaluate_script(Script(program.code))
    except (bitcoinx.errors.InterpreterError, bitcoinx.ScriptError) as error:
        raise ScriptError("The script failed.", why=f"{str(error) or type(error).__name__}.") from error
    elapsed = (time.perf_counter() - start) * 1000
    if len(state.stack) != 1 or len(state.alt_stack):
        raise ScriptError("The script left more on the stack than its logits.")
    logits = logits_from_bytes(state.stack[-1], program.classes)
    return ScriptReading(logits.index(max(logits)), logits, elapsed)


def logits_from_bytes(packed: bytes, classes: int) -> tuple[int, ...]:
    """Read the logits a program leaves: LOGIT_BYTES signed bytes each, the lowest class first."""
    if len(packed) != classes * LOGIT_BYTES:
        raise ScriptError(f"{len(packed)} bytes are not {classes} logits.")
    return tuple(
        item_to_int(packed[start : start + LOGIT_BYTES]) for start in range(0, len(packed), LOGIT_BYTES)
    )

"""Judge on this machine, in bitcoinX's interpreter, what a node would judge."""

from __future__ import annotations

import time
from dataclasses import dataclass

import bitcoinx
import numpy as np
import numpy.typing as npt
from bitcoinx import InterpreterLimits, Tx

from app.contract.classifier import program_for
from app.contract.rules import limits_for
from app.contract.spend import input_context
from app.fixedpoint import IntegerModel
from app.script import Kind, ScriptReading, run_program
from app.script.run import policy_limits
from app.script.trace import Trace, trace_program

_FALSE = "The script ran to its end and left false: the claim is wrong."


@dataclass(frozen=True)
class Judgement:
    """What the interpreter finds about a spend.

    `reason` is empty if it accepts. `disagrees`: the script ran to its end and left false, which the contract
    does if, and only if, the claimed digit is not the one the model reads. Any other reason says nothing
    about the claim.
    """

    accepted: bool
    reason: str
    milliseconds: float
    disagrees: bool = False


def judge_spend(
    tx: Tx, value: int, locking_script: bytes, limits: InterpreterLimits | None = None, index: int = 0
) -> Judgement:
    """Run one input of a transaction against the output it spends (`value` in satoshis).

    `limits` are a default node's policy unless given: would it relay this?
    """
    context = input_context(tx, value, locking_script, index)
    start = time.perf_counter()
    accepted, reason = False, ""
    try:
        accepted = bool(context.verify_input(limits or policy_limits()))
        reason = "" if accepted else _FALSE
    except (bitcoinx.errors.InterpreterError, bitcoinx.ScriptError) as error:
        reason = str(error) or type(error).__name__
    except (ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        # A stranger's script may raise errors that the library does not document.
        reason = f"It cannot be run here: {str(error) or type(error).__name__}"
    return Judgement(accepted, reason, (time.perf_counter() - start) * 1000, reason == _FALSE)


class ScriptJudge:
    """The contract's own model Script, run on an image without any transaction."""

    def __init__(self, model: IntegerModel, kind: Kind = Kind.PACKED) -> None:
        self.program = program_for(model, kind)

    def read(self, image: npt.NDArray[np.uint8]) -> ScriptReading:
        """The Script's logits and class for a 28x28 uint8 image."""
        return run_program(self.program, image.tobytes(), limits_for(self.program))

    def trace(self, image: npt.NDArray[np.uint8]) -> Trace:
        """A run of the Script on a 28x28 uint8 image, sampled so that its progress can be shown."""
        return trace_program(self.program, image.tobytes(), limits=limits_for(self.program))

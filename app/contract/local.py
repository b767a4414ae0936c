"""Judge on this machine, in bitcoinX's interpreter, what a node would judge."""

from __future__ import annotations

import time
from dataclasses import dataclass

import bitcoinx
import numpy as np
import numpy.typing as npt
from bitcoinx import InterpreterLimits, Tx

from app.contract.classifier import program_for
from app.contract.spend import input_context
from app.fixedpoint import IntegerModel
from app.script import Kind, Program, ScriptReading, run_program
from app.script.run import DEFAULT_POLICY, SCRIPT_LIMIT, policy_limits
from app.script.trace import Trace, trace_program

RAISED_SCRIPT_LIMIT = 10_000_000
"""Script bytes on a node whose policy is raised for the unrolled contract."""
ROOM_FOR_CONTRACT = 2_000
"""Bytes of a locking script around its program, at most."""


@dataclass(frozen=True)
class Judgement:
    """The interpreter's word on a spend; `reason` is empty if it accepts."""

    accepted: bool
    reason: str
    milliseconds: float


def needs_raised_policy(program: Program) -> bool:
    """Whether a default node refuses the contract that holds this program, for its size."""
    return len(program.code) + ROOM_FOR_CONTRACT > SCRIPT_LIMIT


def limits_for(form: Kind | Program) -> InterpreterLimits:
    """A default node's policy; with the script size raised for the unrolled contract and large programs."""
    raised = needs_raised_policy(form) if isinstance(form, Program) else form is Kind.UNROLLED
    if not raised:
        return policy_limits()
    policy = bitcoinx.MinerPolicy(
        RAISED_SCRIPT_LIMIT,
        DEFAULT_POLICY.max_script_num_length,
        DEFAULT_POLICY.max_stack_memory_usage,
        DEFAULT_POLICY.max_ops_per_script,
        DEFAULT_POLICY.max_pubkeys_per_multisig,
    )
    return InterpreterLimits(policy, is_genesis_enabled=True, is_consensus=False)


def judge_spend(
    tx: Tx, value: int, locking_script: bytes, limits: InterpreterLimits | None = None, index: int = 0
) -> Judgement:
    """Run one input of a transaction against the output it spends (`value` in satoshis).

    `limits` are a default node's policy unless given: would it relay this?
    """
    context = input_context(tx, value, locking_script, index)
    start = time.perf_counter()
    try:
        accepted = context.verify_input(limits or policy_limits())
        reason = "" if accepted else "The script ran to its end and left false: the claim is wrong."
    except (bitcoinx.errors.InterpreterError, bitcoinx.ScriptError) as error:
        accepted, reason = False, str(error) or type(error).__name__
    return Judgement(accepted, reason, (time.perf_counter() - start) * 1000)


class ScriptJudge:
    """The contract's own model Script, run on an image without any transaction."""

    def __init__(self, model: IntegerModel, kind: Kind = Kind.PACKED) -> None:
        self.program = program_for(model, kind)

    def read(self, image: npt.NDArray[np.uint8]) -> ScriptReading:
        """The Script's logits and class for a 28x28 uint8 image."""
        return run_program(self.program, image.tobytes(), limits_for(self.program))

    def trace(self, image: npt.NDArray[np.uint8]) -> Trace:
        """A run of the Script on a 28x28 uint8 image, sampled: how far it is, for a person to see."""
        return trace_program(self.program, image.tobytes(), limits=limits_for(self.program))

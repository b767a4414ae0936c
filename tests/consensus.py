"""The rules of a block, beside the policy of a node that the program itself goes by."""

from __future__ import annotations

from bitcoinx import InterpreterLimits

from app.script.run import DEFAULT_POLICY


def consensus_limits() -> InterpreterLimits:
    """What any node holds a block to, and no more: no clean stack, no minimal pushes, large scripts."""
    return InterpreterLimits(
        DEFAULT_POLICY, is_genesis_enabled=True, is_consensus=True, base_flags="consensus"
    )

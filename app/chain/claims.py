"""A claim on its way: its stages, what the other judges read, and the chain's verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from app.chain.ledger.records import Verification, VerificationState

__all__ = ["ChainVerdict", "ClaimStage", "Readings", "StageCallback", "is_taken", "verdict_of"]


class ClaimStage(Enum):
    """What has just happened to a submission, in this order."""

    READY = "contract ready"
    SIGNED = "signed"
    ACCEPTED = "accepted by the node"
    REFUSED = "refused by the node"
    CONFIRMED = "in a block"


StageCallback = Callable[[ClaimStage, str], None]


@dataclass(frozen=True)
class Readings:
    """What the other two judges read, for the ledger."""

    float_digit: int
    probabilities: Sequence[float]
    fixed_digit: int
    logits: Sequence[int]


@dataclass(frozen=True)
class ChainVerdict:
    """The chain's verdict on one claim.

    `accepted`: the contract agrees. `reason`: the node's message for a refusal. `fee` in satoshis,
    `size` and `script_bytes` in bytes; the block is None until there is one.
    """

    network: str
    txid: str
    claimed: int
    accepted: bool
    reason: str | None
    block_height: int | None
    block_hash: str | None
    fee: int
    size: int
    script_bytes: int


def is_taken(record: Verification) -> bool:
    """Whether the node took the claim: it is accepted, in a block or not yet."""
    return record.state in (VerificationState.ACCEPTED, VerificationState.CONFIRMED)


def verdict_of(record: Verification, network: str) -> ChainVerdict:
    """A recorded verification as a verdict."""
    accepted = is_taken(record)
    return ChainVerdict(
        network=network,
        txid=record.txid,
        claimed=record.claim,
        accepted=accepted,
        reason=record.reason or None,
        block_height=record.block_height,
        block_hash=record.block_hash,
        fee=record.fee,
        size=record.size,
        script_bytes=record.script_bytes,
    )

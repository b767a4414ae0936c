"""Sending a transaction to a node, and what its answer means."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from bitcoinx import double_sha256, hash_to_hex_str

from app.chain.rpc import Rpc, clean_text
from app.chain.transactions import find_transaction
from app.errors import ChainError, RpcError

__all__ = ["Refusal", "Sent", "classify", "send"]

_SEND_SECONDS = 120.0
_DECODE, _MISSING, _REJECTED, _KNOWN = -22, -25, -26, -27


class Refusal(enum.Enum):
    """Why a node refused a transaction."""

    SCRIPT = "script"
    """A script failed under the rules every node follows: a verdict, not an error."""
    POLICY = "policy"
    """This node does not relay it, though the chain's rules may allow it."""
    FEE = "fee"
    MISSING_INPUTS = "missing-inputs"
    """A coin it spends is unknown to the node or already spent."""
    UNKNOWN_PARENT = "unknown-parent"
    """Nobody says that a coin is spent: the transaction that made it was not found, so nothing was judged."""
    LONG_CHAIN = "long-chain"
    """It hangs on too many transactions that wait for a block."""
    CONFLICT = "conflict"
    """A waiting transaction spends the same coin."""
    OTHER = "other"


@dataclass(frozen=True)
class Sent:
    """A node's answer. `reason` is its own words on a refusal, `txid` our own double SHA-256."""

    accepted: bool
    txid: str
    reason: str = ""
    refusal: Refusal | None = None


# The first sign found decides, so what is more particular stands first. Words of BSV 1.0.13.
_SIGNS = (
    ("non-mandatory-script-verify-flag", Refusal.POLICY),
    # The node has run the script a second time under the chain's own limits, and it failed there too.
    ("mandatory-script-verify-flag-failed", Refusal.SCRIPT),
    ("txn-mempool-conflict", Refusal.CONFLICT),
    ("txn-double-spend-detected", Refusal.CONFLICT),
    ("missing inputs", Refusal.MISSING_INPUTS),
    ("missingorspent", Refusal.MISSING_INPUTS),
    ("absurdly-high-fee", Refusal.FEE),
    ("mempool min fee not met", Refusal.FEE),
    ("insufficient priority", Refusal.FEE),
    ("min relay fee not met", Refusal.FEE),
    ("mempool full", Refusal.FEE),
    ("too-long-mempool-chain", Refusal.LONG_CHAIN),
    ("policy", Refusal.POLICY),
    ("too-long-validation-time", Refusal.POLICY),
    ("dust", Refusal.POLICY),
    ("scriptpubkey", Refusal.POLICY),
    ("scriptsig", Refusal.POLICY),
    ("datacarrier", Refusal.POLICY),
    ("nonstandard", Refusal.POLICY),
    ("tx-size", Refusal.POLICY),
    ("version", Refusal.POLICY),
)


def classify(message: str) -> Refusal:
    """The kind of refusal behind a node's words."""
    words = message.lower()
    return next((kind for sign, kind in _SIGNS if sign in words), Refusal.OTHER)


def send(rpc: Rpc, raw: bytes) -> Sent:
    """Give a serialised transaction to the node. One that it already has, waiting or in a block, is accepted.

    RpcError where the node could not judge it, ChainError where it names another txid than ours.
    """
    txid = hash_to_hex_str(double_sha256(raw))
    try:
        answer = rpc.call("sendrawtransaction", raw.hex(), timeout=_SEND_SECONDS)
    except RpcError as error:
        if error.code not in (_DECODE, _MISSING, _REJECTED, _KNOWN):
            raise
        if error.code == _KNOWN or "already-known" in error.message or "already-in-mempool" in error.message:
            return Sent(True, txid)
        refusal = classify(error.message)
        # Of a transaction in a block whose outputs are all spent, the node says that its inputs are missing.
        if refusal is Refusal.MISSING_INPUTS and find_transaction(rpc, txid) is not None:
            return Sent(True, txid)
        return Sent(False, txid, error.message, refusal)
    if answer != txid:
        raise ChainError(
            "The node took the transaction under another txid than ours.",
            why=f"It says {clean_text(str(answer), 80)}; ours is {txid}.",
            hint="Do not trust this node; use another one.",
        )
    return Sent(True, txid)

"""A refusal that is no verdict, as an error with the next step."""

from __future__ import annotations

from app.chain.backends.base import Refusal, Sent
from app.errors import ChainError

__all__ = ["refused"]

_HINTS = {
    Refusal.POLICY: "Use the embedded node, or one whose policy allows it.",
    Refusal.FEE: "Nothing was spent. Try again: the node's fee rate is looked up each time.",
    Refusal.LONG_CHAIN: "Nothing was spent. Wait for the next block, then try again.",
    Refusal.MISSING_INPUTS: "Is another program using the same wallet? Try again when it has finished.",
    Refusal.UNKNOWN_PARENT: "Nothing was spent. Try again in a few minutes, or name another ARC.",
    Refusal.CONFLICT: "Is another program using the same wallet? Try again when it has finished.",
}
_OTHERWISE = "Nothing was spent. Try again, or use another node."


def refused(what: str, sent: Sent) -> ChainError:
    """The error for a transaction that the node refused, with its reason."""
    hint = _HINTS.get(sent.refusal, _OTHERWISE) if sent.refusal is not None else _OTHERWISE
    return ChainError(what, why=f"It says: {sent.reason}.", hint=hint)

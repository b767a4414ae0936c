"""Classify a node's reasons for refusing a transaction."""

from __future__ import annotations

from app.chain.backends.base import Refusal

__all__ = ["classify"]

# The first match decides, so the more specific ones stand first. Messages of BSV 1.0.13.
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
    """The kind of refusal that a node's message names."""
    words = message.lower()
    return next((kind for sign, kind in _SIGNS if sign in words), Refusal.OTHER)

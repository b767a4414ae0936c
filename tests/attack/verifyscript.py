"""The node's `verifyscript`: spends judged under the flags that a test names."""

from __future__ import annotations

from collections.abc import Sequence

from app.chain.backends.rpc import Rpc

CONSENSUS = 1 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 14 | 1 << 16 | 1 << 18 | 1 << 19
"""Script flags of 1.0.13 for a block after genesis: P2SH (without effect then), STRICTENC, DERSIG, LOW_S,
SIGPUSHONLY, NULLFAIL, SIGHASH_FORKID, GENESIS and UTXO_AFTER_GENESIS."""
POLICY = CONSENSUS | 1 << 4 | 1 << 6 | 1 << 7 | 1 << 8
"""And what a relaying node adds: NULLDUMMY, MINIMALDATA, DISCOURAGE_UPGRADABLE_NOPS, CLEANSTACK."""
_BATCH = 20


def verdicts(rpc: Rpc, spends: Sequence[dict[str, object]], flags: int) -> list[str]:
    """The node's word on each spend, "ok" or "error". A spend is the call's own: `tx` in hexadecimal, `n` the
    input, and `txo` the output that is spent, where the node does not have it.
    """
    words = []
    for start in range(0, len(spends), _BATCH):
        asked = [{**one, "flags": flags, "reportflags": True} for one in spends[start : start + _BATCH]]
        answer = rpc.call("verifyscript", asked, False, 60_000, timeout=120)
        assert {entry["flags"] for entry in answer} == {flags}
        words += [entry["result"] for entry in answer]
    return words

"""Spends in an interpreter of others: bsv-sdk's, which has the rules since Chronicle too."""

from __future__ import annotations

import functools

import bsv
from bsv import Transaction
from bsv.script.spend import Spend


def spend_of(tx: Transaction, value: int, locking_script: bytes, index: int = 0) -> Spend:
    """Input `index` of a transaction, ready to be validated; it spends `value` satoshis that are locked by
    `locking_script`.
    """
    source = tx.inputs[index]
    return Spend(
        {
            "sourceTXID": source.source_txid,
            "sourceOutputIndex": source.source_output_index,
            "sourceSatoshis": value,
            "lockingScript": _parsed(locking_script),
            "transactionVersion": tx.version,
            "otherInputs": [one for one in tx.inputs if one is not source],
            "inputIndex": index,
            "unlockingScript": source.unlocking_script,
            "outputs": tx.outputs,
            "inputSequence": source.sequence,
            "lockTime": tx.locktime,
        }
    )


def accepts(raw: bytes, value: int, locking_script: bytes, index: int = 0) -> bool:
    """Whether input `index` of a transaction passes. It may be forged, and nothing that bsv-sdk can read."""
    tx = Transaction.from_hex(raw.hex())
    if tx is None:
        return False
    try:
        return bool(spend_of(tx, value, locking_script, index).validate())
    except (RuntimeError, ValueError, TypeError, IndexError, OverflowError):
        return False


@functools.lru_cache(maxsize=4)
def _parsed(script: bytes) -> bsv.Script:
    return bsv.Script(script)

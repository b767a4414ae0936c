"""What the owner signs: an output of the claim's transaction that commits to image and digit.

The contract checks that the owner signed the transaction, and that the model reads the digit in the image.
The signature does not cover the unlocking script, in which image and digit stand: somebody who sees a claim
can put another image with its own true digit into it, and it stays valid under a new txid. It does cover the
outputs. One of them therefore carries, behind OP_FALSE OP_RETURN, a tag and SHA-256(image || digit),
the digit as a minimal script number (0 is no byte), and a verifier compares it.

The contract could demand it: it would check the preimage of the signature's digest (OP_PUSH_TX) and compare
the hash of the outputs in it. Estimated cost: some 500 bytes more in each claim, 600 in each contract.
"""

from __future__ import annotations

import enum
import hashlib

from bitcoinx import SigHash, Tx, int_to_item, push_item

__all__ = ["Statement", "statement_in", "statement_script"]

_TAG = b"inkproof"
_PREFIX = bytes.fromhex("006a") + push_item(_TAG)  # OP_FALSE OP_RETURN: an output nobody can spend


class Statement(enum.Enum):
    """What the owner's signature says of image and digit."""

    SIGNED = "signed by the owner"
    OTHER = "not what the owner signed"
    """The owner signed another image or digit."""
    ABSENT = "the owner's signature does not cover image and digit"


def statement_script(image: bytes, digit: int) -> bytes:
    """The locking script of the output that commits to a claim: that the image shows this digit."""
    return _PREFIX + push_item(hashlib.sha256(image + int_to_item(digit)).digest())


def statement_in(tx: Tx, image: bytes, digit: int, signature: bytes) -> Statement:
    """Compare a claim with what its transaction's outputs commit to.

    `signature`: the owner's, with its sighash byte; that it is valid is the script's to find out.
    """
    if not signature or signature[-1] & 0x1F != SigHash.ALL:
        return Statement.ABSENT  # some outputs are not signed
    scripts = [output.script_pubkey.to_bytes() for output in tx.outputs]
    stated = [script for script in scripts if script.startswith(_PREFIX)]
    if not stated:
        return Statement.ABSENT
    return Statement.SIGNED if statement_script(image, digit) in stated else Statement.OTHER

"""The rules a spend is judged by: a default node's policy, the chain's own, and those since Chronicle.

Chronicle (mainnet, block 943,816) frees transactions of a version above 1 from the rules against
malleability: their unlocking scripts may compute, leave items beneath, push and write numbers longer than
necessary, and sign with a high S. A signature may ask for the original digest (`ORIGINAL_DIGEST`). What each
means for a claim: docs/chronicle.md. Sources: test/functional/chronicle_upgrade_tests of the node's source;
release notes of Bitcoin SV 1.2.0; script/spend.py, transaction_preimage.py and constants.py of bsv-sdk 2.4.0.
"""

from __future__ import annotations

import bitcoinx
from bitcoinx import InterpreterFlags, InterpreterLimits, MinerPolicy, SigHash, Tx, TxInputContext

from app.script import Kind, Program
from app.script.run import DEFAULT_POLICY, SCRIPT_LIMIT, BoundedLimits, policy_limits

__all__ = [
    "ORIGINAL_DIGEST",
    "RAISED_SCRIPT_LIMIT",
    "SpendContext",
    "limits_for",
    "limits_in_block",
    "needs_raised_policy",
]

ORIGINAL_DIGEST = 0x20
"""The bit of a sighash byte that asks for the digest of before the fork (SIGHASH_CHRONICLE)."""
RAISED_SCRIPT_LIMIT = 10_000_000
"""Script bytes on a node whose policy is raised for the unrolled contract."""
_ROOM_FOR_CONTRACT = 2_000
"""Bytes of a locking script around its program, at most."""
_RELAXED = InterpreterFlags.ENABLE_FORKID | InterpreterFlags.REQUIRE_STRICT_DER
_SECONDS = 30.0
_STRANGERS_POLICY = MinerPolicy(
    max_script_size=SCRIPT_LIMIT,
    max_script_num_length=DEFAULT_POLICY.max_script_num_length,
    max_stack_memory_usage=16_000_000,
    max_ops_per_script=DEFAULT_POLICY.max_ops_per_script,
    max_pubkeys_per_multisig=20,
)
"""For scripts that are not ours: a few opcodes on 100 MB would take minutes here."""


class _RelaxedLimits(BoundedLimits):
    """The rules for a transaction of a version above 1."""

    def validate_signature(self, signature: bytes) -> None:
        """Check a signature's form; the bit that asks for the original digest is allowed."""
        if signature:
            signature = signature[:-1] + bytes([signature[-1] & ~ORIGINAL_DIGEST])
        super().validate_signature(signature)


class _OriginalDigest(SigHash):
    """A sighash type under which bitcoinX computes the digest of before the fork."""

    def has_forkid(self) -> bool:
        return False


class SpendContext(TxInputContext):
    """An input together with the output it spends; knows the original digest."""

    def check_sig(self, signature: bytes, public_key: bytes, script_code: bitcoinx.Script) -> bool:
        """Whether a signature (DER and sighash byte, both well-formed) is by this key."""
        if not signature or not signature[-1] & ORIGINAL_DIGEST:
            return bool(super().check_sig(signature, public_key, script_code))
        try:
            key = bitcoinx.PublicKey.from_bytes(public_key)
        except ValueError:
            return False
        kind = _OriginalDigest(signature[-1])
        digest = self.tx.signature_hash(self.input_index, self.utxo.value, script_code, kind)
        der = bitcoinx.Signature.parse_lax_to_der(signature[:-1])
        return bool(key.verify_der_signature(der, digest, hasher=None))


def needs_raised_policy(program: Program) -> bool:
    """Whether a default node refuses the contract that holds this program, for its size."""
    return len(program.code) + _ROOM_FOR_CONTRACT > SCRIPT_LIMIT


def limits_for(form: Kind | Program) -> InterpreterLimits:
    """A default node's policy; with the script size raised for the unrolled contract and large programs."""
    return BoundedLimits(_raised()) if _is_raised(form) else policy_limits()


def limits_in_block(tx: Tx, program: Program | None, *, seconds: float = _SECONDS) -> InterpreterLimits:
    """The rules a block is held to, for one of its transactions; bounded in memory and time.

    `program`: that of the contract if it is a known one. For any other script the memory is bounded more
    tightly than by a node. `seconds`: how long it may run, from now.
    """
    relaxed = tx.version > 1
    kind, flags = (_RelaxedLimits, _RELAXED) if relaxed else (BoundedLimits, "consensus")
    if program is None:
        return kind(_STRANGERS_POLICY, flags, seconds)
    return kind(_raised() if _is_raised(program) else DEFAULT_POLICY, flags, seconds)


def _is_raised(form: Kind | Program) -> bool:
    return needs_raised_policy(form) if isinstance(form, Program) else form is Kind.UNROLLED


def _raised() -> MinerPolicy:
    return MinerPolicy(
        RAISED_SCRIPT_LIMIT,
        DEFAULT_POLICY.max_script_num_length,
        DEFAULT_POLICY.max_stack_memory_usage,
        DEFAULT_POLICY.max_ops_per_script,
        DEFAULT_POLICY.max_pubkeys_per_multisig,
    )

"""What a claim's transaction and the one that it spends show, by themselves: no chain is asked.

Only a contract that can be rebuilt, byte for byte, from a known model and an owner is one of Inkproof's. No
other Script is run: what a stranger's Script accepts proves nothing about a digit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from bitcoinx import Tx, hash_to_hex_str

from app.contract import Claim, Judgement, Statement, judge_spend, read_claim, statement_in
from app.contract.bounty import recognise
from app.contract.classifier import owner_of
from app.contract.rules import limits_in_block
from app.errors import ChainError, ContractError
from app.script import Program

__all__ = ["Candidate", "Examination", "Held", "examine", "kind_of_transaction", "parse"]


@dataclass(frozen=True)
class Candidate:
    """A model whose contract a locking script may be: its name, the SHA-256 of its integers, its program."""

    name: str
    sha256: str
    program: Program


@dataclass(frozen=True)
class Held:
    """What a known contract holds: a candidate, and the public key hash of its owner (20 bytes)."""

    candidate: Candidate
    owner: bytes


@dataclass(frozen=True)
class Examination:
    """What a spend of a contract shows. `value` and `fee` in satoshis, sizes in bytes.

    `held`: the known contract that it spends; None for any other output. `claim`: the arguments that were
    pushed; None where they are no claim. `judgement`: a fresh run of a known contract's Script here, under
    the rules of a block; None where none was run. `statement`: whether the owner signed this image and this
    digit; None where no known contract has checked a signature.
    """

    txid: str
    deployment: str
    held: Held | None
    claim: Claim | None
    judgement: Judgement | None
    statement: Statement | None
    script_bytes: int
    script_sha256: str
    value: int
    fee: int
    size: int

    @property
    def known(self) -> bool:
        """Whether it spends a contract rebuilt from a known model and its owner."""
        return self.held is not None

    @property
    def accepted(self) -> bool:
        """Whether a known contract's Script accepts the claim."""
        return self.judgement is not None and self.judgement.accepted

    @property
    def proved(self) -> bool:
        """Whether the model of a known contract reads the claimed digit in the image."""
        return self.known and self.claim is not None and self.accepted


def examine(tx: Tx, parent: Tx, candidates: Iterable[Candidate], index: int = 0) -> Examination:
    """Take a spend apart and run it again. `parent` holds the output that input `index` of `tx` spends.

    Candidates are tried in their order, and no further than needed. ChainError where `parent` is another
    transaction or has no such output.
    """
    spent = tx.inputs[index]
    parent_id = hash_to_hex_str(spent.prev_hash)
    if parent.hex_hash() != parent_id:
        raise ChainError(f"Transaction {tx.hex_hash()} spends {parent_id}, which is not there.")
    if spent.prev_idx >= len(parent.outputs):
        raise ChainError(f"Transaction {parent_id} has no output {spent.prev_idx}.")
    output = parent.outputs[spent.prev_idx]
    script = output.script_pubkey.to_bytes()
    held = _recognise(script, candidates)
    claim, judgement, statement = None, None, None
    if held is not None:
        claim = _claim_of(tx, index)
        limits = limits_in_block(tx, held.candidate.program)
        judgement = judge_spend(tx, output.value, script, limits, index)
        if claim is not None and judgement.accepted:
            statement = statement_in(tx, claim.image, claim.digit, claim.signature)
    return Examination(
        txid=tx.hex_hash(),
        deployment=f"{parent_id}:{spent.prev_idx}",
        held=held,
        claim=claim,
        judgement=judgement,
        statement=statement,
        script_bytes=len(script),
        script_sha256=hashlib.sha256(script).hexdigest(),
        value=output.value,
        fee=output.value - tx.total_output_value(),
        size=tx.size(),
    )


def parse(raw: bytes, txid: str) -> Tx:
    """A transaction from its bytes. ChainError where they are not one."""
    try:
        return Tx.from_bytes(raw)
    except Exception as error:  # a stranger's bytes: bitcoinX documents no exceptions for malformed ones
        raise ChainError(f"Transaction {txid} cannot be read.", why=f"{error}.") from error


def kind_of_transaction(tx: Tx, candidates: Iterable[Candidate]) -> str:
    """What a transaction that makes no claim is, in words: "a coinbase", "a step of a bounty, ..."."""
    if tx.is_coinbase():
        return "a coinbase: it pays a miner for a block"
    scripts = {output.script_pubkey.to_bytes() for output in tx.outputs}
    if any(recognise(script) is not None for script in scripts):
        return "a step of a bounty, which holds coins for an image: see `inkproof bounty list --bounty`"
    for candidate in candidates:
        if any(owner_of(script, candidate.program) is not None for script in scripts):
            return f"a deployment of the contract of {candidate.name}: a claim will spend it"
    return "not a claim and not a deployment: a payment, or something else"


def _claim_of(tx: Tx, index: int) -> Claim | None:
    try:
        return read_claim(tx, index)
    except ContractError:
        return None


def _recognise(script: bytes, candidates: Iterable[Candidate]) -> Held | None:
    for candidate in candidates:
        owner = owner_of(script, candidate.program)
        if owner is not None:
            return Held(candidate, owner)
    return None

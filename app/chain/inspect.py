"""The check a third person makes: from a transaction and the one it spends, what is claimed, and is it so?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bitcoinx import Tx, hash_to_hex_str

from app.chain.backends.base import Backend, Found
from app.contract import Claim, Judgement, Statement, judge_spend, read_claim, statement_in
from app.contract.classifier import owner_of
from app.contract.rules import limits_in_block
from app.errors import ChainError
from app.script import Program
from app.text import clean_text


@dataclass(frozen=True)
class Inspection:
    """What a verification's transaction shows.

    `program`: the known program its contract holds, None for a contract that is not ours. `judgement`:
    a fresh run of the whole script on this machine, under the rules of a block. `statement`: whether the
    owner signed this image and this digit; None where no known contract has checked a signature. `value` and
    `fee` in satoshis.
    """

    txid: str
    claim: Claim
    deployment: str
    script_bytes: int
    script_sha256: str
    program: Program | None
    owner: bytes | None
    value: int
    fee: int
    size: int
    block_height: int | None
    block_hash: str | None
    judgement: Judgement
    statement: Statement | None


def checked_txid(text: str) -> str:
    """A txid as it is written everywhere: 64 hexadecimal digits, lower case. ChainError for anything else."""
    txid = text.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", txid):
        raise ChainError(
            f"{clean_text(txid, 80)!r} is not a txid.",
            hint="A txid is 64 hexadecimal digits: see `inkproof history`.",
        )
    return txid


def inspect(backend: Backend, txid: str, programs: Iterable[Program]) -> Inspection:
    """Take a verification apart and run it again. ChainError if there is no such transaction.

    Nothing is believed but the bytes, and those are held to the txids that commit to them. `programs` are
    tried in their order, and no further than needed.
    """
    txid = checked_txid(txid)
    found = _demand(backend, txid)
    tx = _parse(found.raw, txid)
    claim = read_claim(tx)
    spent = tx.inputs[0]
    parent_id = hash_to_hex_str(spent.prev_hash)
    parent = _parse(_demand(backend, parent_id).raw, parent_id)
    if spent.prev_idx >= len(parent.outputs):
        raise ChainError(f"Transaction {parent_id} has no output {spent.prev_idx}.")
    output = parent.outputs[spent.prev_idx]
    script = output.script_pubkey.to_bytes()
    program, owner = _recognise(script, programs)
    judgement = judge_spend(tx, output.value, script, limits_in_block(tx, program))
    statement = None
    if program is not None and judgement.accepted:
        statement = statement_in(tx, claim.image, claim.digit, claim.signature)
    return Inspection(
        txid=txid,
        claim=claim,
        deployment=f"{parent_id}:{spent.prev_idx}",
        script_bytes=len(script),
        script_sha256=hashlib.sha256(script).hexdigest(),
        program=program,
        owner=owner,
        value=output.value,
        fee=output.value - tx.total_output_value(),
        size=tx.size(),
        block_height=found.block_height,
        block_hash=found.block_hash,
        judgement=judgement,
        statement=statement,
    )


def _demand(backend: Backend, txid: str) -> Found:
    found = backend.find(txid)
    if found is None:
        raise ChainError(
            f"The node does not know transaction {txid}.",
            why="A claim that was refused is never on the chain.",
            hint="See `inkproof history`; is this the node and the network it was sent to?",
        )
    if not found.raw:
        raise ChainError(
            f"Transaction {txid} is on its way, but its bytes are not shown yet.",
            hint="Try again in a minute.",
        )
    return found


def _parse(raw: bytes, txid: str) -> Tx:
    try:
        return Tx.from_bytes(raw)
    except Exception as error:  # a stranger's bytes: bitcoinX names no family of errors for them
        raise ChainError(f"Transaction {txid} cannot be read.", why=f"{error}.") from error


def _recognise(script: bytes, programs: Iterable[Program]) -> tuple[Program | None, bytes | None]:
    for program in programs:
        owner = owner_of(script, program)
        if owner is not None:
            return program, owner
    return None, None

"""The check a third person makes with a chain at hand: fetch a claim and what it spends, and run it again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bitcoinx import Tx, hash_to_hex_str

from app.chain.backends.base import Backend, Found
from app.chain.proof.examine import Candidate, Examination, examine, kind_of_transaction, parse
from app.errors import ChainError
from app.text import clean_text

__all__ = ["Inspection", "checked_txid", "inspect"]

Candidates = Callable[[int], Iterable[Candidate]]
"""The contracts that are known: for a locking script of so many bytes, the likeliest first."""


@dataclass(frozen=True)
class Inspection:
    """What a transaction shows: an examination of what it spends, and the block that it is in.

    `examination` is None where it spends nothing that could be a contract (a coinbase). `kind` says in words
    what a transaction is that spends no known contract; it is empty for a claim.
    """

    txid: str
    examination: Examination | None
    kind: str
    block_height: int | None
    block_hash: str | None

    @property
    def proved(self) -> bool:
        """Whether the model of a known contract reads the claimed digit in the image."""
        return self.examination is not None and self.examination.proved


def checked_txid(text: str) -> str:
    """A txid as it is written everywhere: 64 hexadecimal digits, lower case. ChainError for anything else."""
    txid = text.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{64}", txid):
        raise ChainError(
            f"{clean_text(txid, 80)!r} is not a txid.",
            hint="A txid is 64 hexadecimal digits: see `inkproof history`.",
        )
    return txid


def inspect(backend: Backend, txid: str, candidates: Candidates) -> Inspection:
    """Take a transaction apart and run the contract again. ChainError if there is no such transaction.

    Only the bytes are believed, and they are checked against the txids that commit to them. `candidates`
    gives the contracts that are known, from the start at each call.
    """
    txid = checked_txid(txid)
    found = demand(backend, txid)
    tx = parse(found.raw, txid)
    examination = None
    if not tx.is_coinbase():
        parent = _parent(backend, tx)
        examination = examine(tx, parent, candidates(_longest_script(parent)))
    claimed = examination is not None and examination.known
    kind = "" if claimed else kind_of_transaction(tx, candidates(_longest_script(tx)))
    return Inspection(txid, examination, kind, found.block_height, found.block_hash)


def demand(backend: Backend, txid: str) -> Found:
    """A transaction with its bytes. ChainError where the chain does not show it."""
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


def _longest_script(tx: Tx) -> int:
    """Bytes of the longest locking script among the outputs: a contract is longer than a payment."""
    return max((len(output.script_pubkey.to_bytes()) for output in tx.outputs), default=0)


def _parent(backend: Backend, tx: Tx) -> Tx:
    parent_id = hash_to_hex_str(tx.inputs[0].prev_hash)
    return parse(demand(backend, parent_id).raw, parent_id)

"""A proof file made from a chain that shows the claim, or from the ledger while no block holds it."""

from __future__ import annotations

from dataclasses import dataclass

from bitcoinx import Tx, hash_to_hex_str, hex_str_to_hash

from app.chain.backends.base import Backend, Found
from app.chain.proof.beef import Beef, Member
from app.chain.proof.merkle import MerklePath
from app.errors import ProofError

__all__ = ["Proof", "make_proof"]


@dataclass(frozen=True)
class Proof:
    """A proof file. `block_height` is that of the claim; None where no block holds it yet.

    `headers`: the headers (80 bytes each) of the claim's block and of those after it, as far as they were
    asked for.
    """

    beef: Beef
    block_height: int | None
    headers: bytes


def make_proof(backend: Backend, txid: str, known: dict[str, bytes], headers: int = 0) -> Proof:
    """Gather a claim, what it spends, and the Merkle paths of those that are in a block.

    `known`: transactions by txid that need not be asked for, for instance from the ledger. `headers`: how
    many block headers to fetch, from the claim's block on. ProofError where the chain shows no such
    transaction.
    """
    paths: list[MerklePath] = []
    claim = _found(backend, txid, known)
    source = Tx.from_bytes(claim.raw).inputs[0]
    parent_id = hash_to_hex_str(source.prev_hash)
    parent = _found(backend, parent_id, known)
    members = [_member(backend, name, found, paths) for name, found in ((parent_id, parent), (txid, claim))]
    taken = []
    if claim.block_height is not None:
        for height in range(claim.block_height, claim.block_height + headers):
            header = backend.header(height)
            if header is None:
                break
            taken.append(header)
    return Proof(Beef(tuple(paths), tuple(members)), claim.block_height, b"".join(taken))


def _found(backend: Backend, txid: str, known: dict[str, bytes]) -> Found:
    found = backend.find(txid)
    if found is not None and found.raw:
        return found
    if known.get(txid):
        place = (found.block_hash, found.block_height) if found else (None, None)
        return Found(known[txid], *place)
    raise ProofError(
        f"The chain does not show transaction {txid}.",
        why="A claim that was refused is never on the chain.",
        hint="See `inkproof history`; is this the node and the network it was sent to?",
    )


def _member(backend: Backend, txid: str, found: Found, paths: list[MerklePath]) -> Member:
    if found.block_hash is None:
        return Member(found.raw, None)
    told = backend.block_proof(txid, found.block_hash)
    paths.append(MerklePath.of_branch(told.height, told.index, hex_str_to_hash(txid), told.branch))
    return Member(found.raw, len(paths) - 1)

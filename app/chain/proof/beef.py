"""BEEF: transactions with the Merkle paths of those that are in a block (BRC-62, BRC-95, BRC-96)."""

from __future__ import annotations

import io
from dataclasses import dataclass

from bitcoinx import Tx, double_sha256

from app.chain.proof.merkle import MerklePath, shown
from app.chain.proof.reader import Reader, varint
from app.errors import ProofError

__all__ = ["MAX_BYTES", "Beef", "Member"]

MAX_BYTES = 32 * 1024 * 1024
"""Bytes of the largest proof file that is read: a deployment is at most a few megabytes."""

_V1, _V2 = bytes.fromhex("0100beef"), bytes.fromhex("0200beef")
_ATOMIC = bytes.fromhex("01010101")
_LEAST_PATH = 4
_LEAST_TX = 11
_INNER_NODE = 64
"""Bytes of what a Merkle tree hashes at an inner node: a "transaction" of that size could be one."""


@dataclass(frozen=True)
class Member:
    """One transaction of a file: its bytes, and which of the file's Merkle paths holds it, if any does."""

    raw: bytes
    path: int | None

    @property
    def hash(self) -> bytes:
        """Its txid in the order of the wire."""
        digest: bytes = double_sha256(self.raw)
        return digest

    @property
    def tx(self) -> Tx:
        """The transaction, parsed."""
        return Tx.from_bytes(self.raw)


@dataclass(frozen=True)
class Beef:
    """Merkle paths and transactions, ancestors first. The last one is the subject: what the file is about."""

    paths: tuple[MerklePath, ...]
    members: tuple[Member, ...]

    @property
    def subject(self) -> Member:
        """The transaction that the file is about."""
        return self.members[-1]

    def member(self, txid: bytes) -> Member | None:
        """The transaction with this txid (order of the wire)."""
        return next((member for member in self.members if member.hash == txid), None)

    def path_of(self, member: Member) -> MerklePath | None:
        """The Merkle path that holds a transaction; None if it was in no block when the file was made."""
        return None if member.path is None else self.paths[member.path]

    def to_bytes(self) -> bytes:
        """The file: Atomic BEEF around BEEF version 1."""
        parts = [_ATOMIC, self.subject.hash, _V1, varint(len(self.paths))]
        parts += [path.to_bytes() for path in self.paths]
        parts.append(varint(len(self.members)))
        for member in self.members:
            parts += [member.raw, b"\x00" if member.path is None else b"\x01" + varint(member.path)]
        return b"".join(parts)

    @classmethod
    def parse(cls, data: bytes) -> Beef:
        """Read a BEEF of version 1 or 2, atomic or not. ProofError for anything else.

        All of it is checked that can be without a chain: every transaction is the subject or an ancestor of
        it, parents stand before children, each named Merkle path holds its transaction, and no two
        transactions spend one output.
        """
        if len(data) > MAX_BYTES:
            raise ProofError(f"The proof file has {len(data):,} bytes; at most {MAX_BYTES:,} are read.")
        reader = Reader(data)
        named = None
        head = reader.take(4)
        if head == _ATOMIC:
            named, head = reader.take(32), reader.take(4)
        if head not in (_V1, _V2):
            raise ProofError(
                "This is not a proof file.",
                why="It does not begin as BEEF does (BRC-62).",
                hint="`inkproof proof TXID -o FILE` makes one.",
            )
        paths = tuple(MerklePath.read(reader) for _ in range(reader.count("Merkle paths", _LEAST_PATH)))
        count = reader.count("transactions", _LEAST_TX)
        members = tuple(_read_member(reader, head == _V2, len(paths)) for _ in range(count))
        if reader.left:
            raise ProofError(f"{reader.left:,} bytes follow the end of the proof.")
        if not members:
            raise ProofError("The proof file holds no transaction.")
        beef = cls(paths, members)
        _check(beef, named)
        return beef


def _read_member(reader: Reader, version_2: bool, paths: int) -> Member:
    path = None
    if version_2:
        form = reader.take(1)[0]
        if form == 2:
            raise ProofError("The proof file names a transaction without holding it.")
        if form > 2:
            raise ProofError("The proof file holds a transaction in an unknown form.")
        path = reader.varint() if form == 1 else None
        raw = _read_transaction(reader)
    else:
        raw = _read_transaction(reader)
        flag = reader.take(1)[0]
        if flag > 1:
            raise ProofError("The proof file holds a transaction in an unknown form.")
        path = reader.varint() if flag else None
    if path is not None and path >= paths:
        raise ProofError(f"The proof file names Merkle path {path:,} and holds {paths:,}.")
    return Member(raw, path)


def _read_transaction(reader: Reader) -> bytes:
    stream = io.BytesIO(reader.data)
    stream.seek(reader.at)
    try:
        tx = Tx.read(stream.read)
        whole = tx.to_bytes()
    # A stranger's bytes: bitcoinX documents no exceptions for malformed ones.
    except Exception as error:
        raise ProofError("A transaction in the proof file cannot be read.", why=f"{error}.") from error
    raw = reader.take(stream.tell() - reader.at)
    if raw != whole:
        raise ProofError("A transaction in the proof file is not written in its shortest form.")
    if len(raw) == _INNER_NODE:
        raise ProofError("A transaction in the proof file could be a node of a Merkle tree: it has 64 bytes.")
    return raw


def _check(beef: Beef, named: bytes | None) -> None:
    hashes = [member.hash for member in beef.members]
    if len(set(hashes)) != len(hashes):
        raise ProofError("The proof file holds one transaction twice.")
    if named is not None and named != hashes[-1]:
        raise ProofError("The proof file is about another transaction than the one it ends with.")
    for member, digest in zip(beef.members, hashes, strict=True):
        path = beef.path_of(member)
        if path is not None and path.index_of(digest) is None:
            raise ProofError(f"The Merkle path of transaction {shown(digest)} is for another transaction.")
    _check_ancestry(beef, hashes)


def _check_ancestry(beef: Beef, hashes: list[bytes]) -> None:
    places = {digest: place for place, digest in enumerate(hashes)}
    spent: set[tuple[bytes, int]] = set()
    needed = {len(hashes) - 1}
    for place in reversed(range(len(hashes))):
        if place not in needed:
            raise ProofError(
                f"Transaction {shown(hashes[place])} in the proof file has nothing to do with the claim."
            )
        for source in beef.members[place].tx.inputs:
            outpoint = (source.prev_hash, source.prev_idx)
            if outpoint in spent:
                raise ProofError(
                    f"Two inputs in the proof file spend output {shown(source.prev_hash)}:{source.prev_idx}."
                )
            spent.add(outpoint)
            parent = places.get(source.prev_hash)
            if parent is not None:
                if parent >= place:
                    raise ProofError("A transaction in the proof file stands before one that it spends.")
                needed.add(parent)

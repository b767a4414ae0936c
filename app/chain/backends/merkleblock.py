"""A node's proof that transactions are in a block: the CMerkleBlock of `gettxoutproof`.

The layout is that of the node's merkleblock.h and CPartialMerkleTree: a header, the number of transactions,
hashes, and bits that say, depth first, which nodes lead to a transaction that was asked for.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

from bitcoinx import double_sha256, read_le_uint32, read_varbytes, read_varint

from app.errors import ChainError

__all__ = ["merkle_branch"]

_HEADER_BYTES = 80
_MAX_TRANSACTIONS = 1 << 31


class _Tree:
    """One walk through a partial Merkle tree in which one transaction was asked for."""

    def __init__(self, transactions: int, hashes: list[bytes], bits: Iterator[int], wanted: bytes) -> None:
        self.transactions = transactions
        self.hashes = iter(hashes)
        self.bits = bits
        self.wanted = wanted
        self.index: int | None = None
        self.branch: list[bytes | None] = []

    def width(self, level: int) -> int:
        """Nodes of a level; level 0 holds the transactions."""
        return (self.transactions + (1 << level) - 1) >> level

    def walk(self, level: int, place: int) -> bytes:
        """The hash of a node. ChainError where the tree holds too little."""
        bit, below = next(self.bits, None), self.index
        if bit is None:
            raise ChainError("The node's proof of a transaction ends too early.")
        if level == 0 or not bit:
            digest = next(self.hashes, None)
            if digest is None:
                raise ChainError("The node's proof of a transaction ends too early.")
            if level == 0 and bit and digest == self.wanted:
                self.index = place
            return digest
        left = self.walk(level - 1, place * 2)
        found_left = self.index is not None and below is None
        right = self.walk(level - 1, place * 2 + 1) if place * 2 + 1 < self.width(level - 1) else None
        if found_left:
            self.branch.append(right)
        elif self.index is not None and below is None:
            self.branch.append(left)
        digest = double_sha256(left + (left if right is None else right))
        return bytes(digest)


def merkle_branch(raw: bytes, txid: bytes) -> tuple[bytes, int, tuple[bytes | None, ...]]:
    """Header, place in the block, and siblings from the bottom up, out of a CMerkleBlock.

    `txid` in the order of the wire. ChainError unless the tree holds it and leads to the header's Merkle
    root.
    """
    header, stream = raw[:_HEADER_BYTES], io.BytesIO(raw[_HEADER_BYTES:])
    try:
        transactions = read_le_uint32(stream.read)
        count = read_varint(stream.read)
        if count * 32 > len(raw):
            raise ChainError("The node's proof of a transaction names more hashes than it holds.")
        hashes = [stream.read(32) for _ in range(count)]
        flags = read_varbytes(stream.read)
    except ChainError:
        raise
    # A stranger's bytes: bitcoinX documents no exceptions for malformed ones.
    except Exception as error:
        raise ChainError("The node's proof of a transaction cannot be read.", why=f"{error}.") from error
    if not 0 < transactions < _MAX_TRANSACTIONS:
        raise ChainError("The node's proof of a transaction is for an impossible block.")
    tree = _Tree(transactions, hashes, (byte >> bit & 1 for byte in flags for bit in range(8)), txid)
    levels = (transactions - 1).bit_length()
    root = tree.walk(levels, 0)
    if tree.index is None or root != header[36:68] or len(tree.branch) != levels:
        raise ChainError("The node's proof of a transaction does not lead to its block.")
    return header, tree.index, tuple(tree.branch)

"""Merkle paths in BUMP, the form of BRC-74."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bitcoinx import double_sha256, hash_to_hex_str

from app.chain.proof.reader import Reader, varint
from app.errors import ProofError

__all__ = ["Leaf", "MerklePath"]

_MAX_LEVELS = 64
_DUPLICATE, _TXID = 1, 2
_LEAF_BYTES = 2
"""Bytes of the shortest leaf: offset and flags."""


@dataclass(frozen=True)
class Leaf:
    """One node of a level: its place from the left, and its hash; None stands for a copy of its left
    sibling."""

    offset: int
    hash: bytes | None
    is_txid: bool = False


@dataclass(frozen=True)
class MerklePath:
    """The nodes of a block's Merkle tree that lead from transactions to its root.

    `height` is that of the block. `levels[0]` are leaves of the tree, each further level the nodes above, as
    far as they cannot be computed from those beneath. Making one raises ProofError unless all leaves lead to
    one root.
    """

    height: int
    levels: tuple[tuple[Leaf, ...], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "_root", self._computed_root())

    @classmethod
    def of_branch(cls, height: int, index: int, txid: bytes, branch: Sequence[bytes | None]) -> MerklePath:
        """The path of the transaction at place `index` of its block; `branch`: siblings from the bottom up.

        A sibling of None is a copy of the node itself, as at the right end of a level with an odd count.
        """
        levels = []
        for level, sibling in enumerate(branch):
            leaves = [Leaf((index >> level) ^ 1, sibling)]
            if level == 0:
                leaves.append(Leaf(index, txid, is_txid=True))
            levels.append(tuple(sorted(leaves, key=lambda leaf: leaf.offset)))
        if not levels:  # the only transaction of its block is its own root
            levels.append((Leaf(0, txid, is_txid=True),))
        return cls(height, tuple(levels))

    @classmethod
    def read(cls, reader: Reader) -> MerklePath:
        """Parse one path. ProofError for anything that is not one."""
        height = reader.varint()
        depth = reader.take(1)[0]
        if not 1 <= depth <= _MAX_LEVELS or height > 0xFFFFFFFF:
            raise ProofError("A Merkle path in the proof file has an impossible size.")
        levels = []
        for _ in range(depth):
            leaves = [cls._read_leaf(reader) for _ in range(reader.count("Merkle nodes", _LEAF_BYTES))]
            if len({leaf.offset for leaf in leaves}) != len(leaves):
                raise ProofError("A Merkle path in the proof file names one node twice.")
            levels.append(tuple(leaves))
        return cls(height, tuple(levels))

    @staticmethod
    def _read_leaf(reader: Reader) -> Leaf:
        offset = reader.varint()
        flags = reader.take(1)[0]
        if flags not in (0, _DUPLICATE, _TXID):
            raise ProofError("A Merkle path in the proof file holds a node of an unknown kind.")
        digest = None if flags & _DUPLICATE else reader.take(32)
        return Leaf(offset, digest, bool(flags & _TXID))

    def to_bytes(self) -> bytes:
        """The path in BUMP's binary form."""
        parts = [varint(self.height), bytes([len(self.levels)])]
        for leaves in self.levels:
            parts.append(varint(len(leaves)))
            for leaf in leaves:
                flags = _DUPLICATE if leaf.hash is None else _TXID if leaf.is_txid else 0
                parts += [varint(leaf.offset), bytes([flags]), leaf.hash or b""]
        return b"".join(parts)

    @property
    def root(self) -> bytes:
        """The Merkle root that all leaves lead to, in the order of a block header (32 bytes)."""
        root: bytes = self._root  # type: ignore[attr-defined]
        return root

    def index_of(self, txid: bytes) -> int | None:
        """The place of a transaction in its block (its hash in the order of the wire); None if it is not
        here."""
        return next((leaf.offset for leaf in self.levels[0] if leaf.hash == txid), None)

    def _computed_root(self) -> bytes:
        """Compute each level from the one beneath; a node that is also given must be the computed one."""
        known: dict[int, bytes | None] = {leaf.offset: leaf.hash for leaf in self.levels[0]}
        if len(self.levels) == 1 and len(known) == 1 and known.get(0) is not None:
            return known[0]  # type: ignore[return-value]
        for level in range(len(self.levels)):
            given = (
                {leaf.offset: leaf.hash for leaf in self.levels[level + 1]}
                if level + 1 < len(self.levels)
                else {}
            )
            above = _parents(known)
            for offset, digest in given.items():
                if above.setdefault(offset, digest) != digest:
                    raise ProofError("A Merkle path in the proof file contradicts itself.")
            known = above
        if set(known) != {0} or known[0] is None:
            raise ProofError("A Merkle path in the proof file does not lead to one root.")
        return known[0]


def _parents(level: dict[int, bytes | None]) -> dict[int, bytes | None]:
    """The nodes above a level. ProofError for a node without its sibling."""
    parents: dict[int, bytes | None] = {}
    for offset, digest in level.items():
        if offset ^ 1 not in level:
            raise ProofError(f"A Merkle path in the proof file lacks the sibling of node {offset:,}.")
        if offset & 1:
            continue
        right = level[offset + 1]
        if digest is None:
            raise ProofError("A Merkle path in the proof file holds a copy without its original.")
        parents[offset >> 1] = double_sha256(digest + (digest if right is None else right))
    return parents


def shown(digest: bytes) -> str:
    """A hash as it is written for people: hexadecimal, in reverse order."""
    text: str = hash_to_hex_str(digest)
    return text

"""Whether a proof file proves what it says, without a chain; and whether its block is on a chain that is at
hand."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bitcoinx import hash_to_hex_str

from app.chain.proof.beef import Beef
from app.chain.proof.examine import Candidate, Examination, examine
from app.chain.proof.headers import Header, work_of
from app.chain.proof.merkle import MerklePath, shown
from app.errors import ProofError

__all__ = ["BlockState", "Checked", "HeaderAt", "check"]

HeaderAt = Callable[[int], "bytes | None"]
"""The header (80 bytes) of the block at a height of some chain; None where that chain is shorter."""


class BlockState(enum.Enum):
    """What is known of the block that the claim is said to be in."""

    NONE = "none"
    """The file names no block: it was made before there was one."""
    OPEN = "open"
    """The Merkle path leads to a root, and no header was given to compare it with."""
    FOUND = "found"
    """A header with that root was found, with its work."""
    CONTRADICTED = "contradicted"
    """The headers that were given have no such root at that place."""


@dataclass(frozen=True)
class Checked:
    """What a proof file shows. `block_height` and `merkle_root` as the file has them, None without a block.

    `buried`: headers after the claim's, and `work`: hashes in all headers from the claim's on; 0 unless read
    from headers.
    """

    examination: Examination
    block_state: BlockState
    block_height: int | None = None
    merkle_root: str | None = None
    block_hash: str | None = None
    buried: int = 0
    work: int = 0

    @property
    def proved(self) -> bool:
        """Whether a known model reads the claimed digit in the image, and nothing that was given contradicts
        the block."""
        return self.examination.proved and self.block_state is not BlockState.CONTRADICTED


def check(
    data: bytes,
    candidates: Iterable[Candidate],
    headers: Sequence[Header] = (),
    header_at: HeaderAt | None = None,
) -> Checked:
    """Check a proof file. ProofError where it is not one, or holds no claim.

    `headers` follow one another, as `read_headers` gives them; `header_at` asks a chain. Headers take
    precedence.
    """
    beef = Beef.parse(data)
    claim = beef.subject
    tx = claim.tx
    parent = None if tx.is_coinbase() else beef.member(tx.inputs[0].prev_hash)
    if parent is None:
        raise ProofError(
            "The proof file does not hold what its last transaction spends.",
            why="Without that the contract cannot be run again.",
            hint="Ask for a file made by `inkproof proof`.",
        )
    examination = examine(tx, parent.tx, candidates)
    path = beef.path_of(claim)
    if path is None:
        return Checked(examination, BlockState.NONE)
    found = Checked(examination, BlockState.OPEN, path.height, shown(path.root))
    if headers:
        return _among(headers, found, path)
    return found if header_at is None else _on_chain(header_at, found, path)


def _among(headers: Sequence[Header], found: Checked, path: MerklePath) -> Checked:
    place = next((at for at, header in enumerate(headers) if header.merkle_root == path.root), None)
    if place is None:
        return Checked(found.examination, BlockState.CONTRADICTED, found.block_height, found.merkle_root)
    return Checked(
        found.examination,
        BlockState.FOUND,
        found.block_height,
        found.merkle_root,
        hash_to_hex_str(headers[place].hash),
        len(headers) - place - 1,
        work_of(headers[place:]),
    )


def _on_chain(header_at: HeaderAt, found: Checked, path: MerklePath) -> Checked:
    raw = header_at(path.height)
    header = Header(raw) if raw is not None and len(raw) == 80 else None
    if header is None or header.merkle_root != path.root or not header.has_work:
        return Checked(found.examination, BlockState.CONTRADICTED, found.block_height, found.merkle_root)
    return Checked(
        found.examination,
        BlockState.FOUND,
        found.block_height,
        found.merkle_root,
        hash_to_hex_str(header.hash),
        work=header.work,
    )

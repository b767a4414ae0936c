"""Block headers: 80 bytes each, linked by their hashes, with work in them (the node's block header,
chain.h)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bitcoinx import double_sha256

from app.chain.proof.merkle import shown
from app.errors import ProofError

__all__ = ["HEADER_BYTES", "Header", "read_headers", "work_of"]

HEADER_BYTES = 80
_MAX_HEADERS = 2_000_000
"""About twice the length of the longest chain there is."""


@dataclass(frozen=True)
class Header:
    """One block header, as bytes."""

    raw: bytes

    @property
    def hash(self) -> bytes:
        """The block's hash, in the order of the wire."""
        digest: bytes = double_sha256(self.raw)
        return digest

    @property
    def previous(self) -> bytes:
        """The hash of the block before it."""
        return self.raw[4:36]

    @property
    def merkle_root(self) -> bytes:
        """The root of the Merkle tree of its transactions."""
        return self.raw[36:68]

    @property
    def target(self) -> int:
        """The number that the hash may not exceed; 0 where the header names none that is possible.

        The node's arith_uint256::SetCompact: three bytes of mantissa, one of exponent.
        """
        bits = int.from_bytes(self.raw[72:76], "little")
        exponent, mantissa = bits >> 24, bits & 0x7FFFFF
        if bits & 0x800000:
            return 0
        target = mantissa << 8 * (exponent - 3) if exponent > 3 else mantissa >> 8 * (3 - exponent)
        return target if target < 1 << 256 else 0

    @property
    def work(self) -> int:
        """Hashes that it takes on average to find such a header."""
        return (1 << 256) // (self.target + 1) if self.target else 0

    @property
    def has_work(self) -> bool:
        """Whether its hash meets its own target."""
        return self.target > 0 and int.from_bytes(self.hash, "little") <= self.target


def read_headers(data: bytes) -> list[Header]:
    """Headers that follow one another, each with the work it names. ProofError for anything else.

    `data`: 80 bytes a header, the oldest first.
    """
    if not data or len(data) % HEADER_BYTES:
        raise ProofError(
            "That is not a file of block headers.",
            why=f"Headers have {HEADER_BYTES} bytes; it has {len(data):,}.",
        )
    if len(data) > HEADER_BYTES * _MAX_HEADERS:
        raise ProofError(f"At most {_MAX_HEADERS:,} block headers are read.")
    headers = [Header(data[at : at + HEADER_BYTES]) for at in range(0, len(data), HEADER_BYTES)]
    before = None
    for number, header in enumerate(headers):
        if before is not None and header.previous != before:
            raise ProofError(f"Block header {number + 1:,} of the file does not follow the one before it.")
        if not header.has_work:
            raise ProofError(
                f"Block header {number + 1:,} of the file ({shown(header.hash)}) lacks its work."
            )
        before = header.hash
    return headers


def work_of(headers: Sequence[Header]) -> int:
    """Hashes that it takes on average to find all of them."""
    return sum(header.work for header in headers)

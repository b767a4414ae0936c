"""What Inkproof asks of a chain; a node's JSON-RPC or public services answer."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bitcoinx import TxOutput, double_sha256

from app.chain.networks import Network
from app.chain.wallet.coins import Coin
from app.chain.wallet.key import Wallet
from app.errors import ChainError

__all__ = ["Backend", "BlockProof", "Found", "Refusal", "Sent", "Tip", "checked_fee_rate"]


class Refusal(enum.Enum):
    """Why a node refused a transaction."""

    SCRIPT = "script"
    """A script failed under the rules every node follows: a verdict, not an error."""
    POLICY = "policy"
    """This node does not relay it, though the chain's rules may allow it."""
    FEE = "fee"
    MISSING_INPUTS = "missing-inputs"
    """A coin it spends is unknown to the node or already spent."""
    UNKNOWN_PARENT = "unknown-parent"
    """Nobody says that a coin is spent: the transaction that made it was not found, so nothing was judged."""
    LONG_CHAIN = "long-chain"
    """It depends on too many unconfirmed transactions."""
    CONFLICT = "conflict"
    """An unconfirmed transaction spends the same coin."""
    OTHER = "other"


@dataclass(frozen=True)
class Sent:
    """A node's answer. `reason` is its message for a refusal, `txid` is computed here."""

    accepted: bool
    txid: str
    reason: str = ""
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Found:
    """A transaction that is known: its bytes and, if it is in a block, which and where.

    `raw` is empty where only its whereabouts are known: a service has it, and no explorer shows it yet.
    """

    raw: bytes
    block_hash: str | None
    block_height: int | None


@dataclass(frozen=True)
class BlockProof:
    """That a transaction is in a block: the block's header, its height, and the Merkle branch.

    `header`: 80 bytes. `index`: the transaction's place in the block. `branch`: the sibling at each level of
    the Merkle tree from the bottom up, in the order of the wire; None for a copy of the node itself.
    """

    header: bytes
    height: int
    index: int
    branch: tuple[bytes | None, ...]

    def root(self, txid: bytes) -> bytes:
        """The Merkle root that the branch leads to from a transaction (its hash in the order of the wire)."""
        node, index = txid, self.index
        for sibling in self.branch:
            other = node if sibling is None else sibling
            node = double_sha256(other + node if index & 1 else node + other)
            index >>= 1
        return node


@dataclass(frozen=True)
class Tip:
    """The newest block of the chain: its height, and its hash in hex."""

    height: int
    block_hash: str


class Backend(Protocol):
    """One way to one network's chain.

    Every answer is a stranger's: bounded, parsed strictly, and what can be computed here is compared with
    what was computed here. ChainError where there is no answer, or none that can be believed.
    """

    def name(self) -> str:
        """The name of what answers, fit to be shown."""

    def tip(self) -> Tip:
        """The newest block."""

    def coins(self, wallet: Wallet) -> list[Coin]:
        """The wallet's coins that can be spent now, the unconfirmed ones included and last."""

    def fee_rate(self) -> int:
        """Satoshis per 1000 bytes with which a transaction is relayed and mined."""

    def script_limit(self) -> int | None:
        """The longest script that is let through, in bytes, where coins would be lost behind a longer one."""

    def send(self, raw: bytes, spent: Sequence[TxOutput] = ()) -> Sent:
        """Give a serialised transaction to the network; one that it already has is accepted.

        `spent` are the outputs that its inputs spend, in their order, where the caller knows them: some
        services check the fee with them. ChainError where nobody judged the transaction, PendingError where
        the judgement is still to come.
        """

    def find(self, txid: str) -> Found | None:
        """What is known of a transaction, its bytes checked against its txid; None if nothing is known of it.

        PendingError where it is on its way and may still be refused.
        """

    def stands(self, block_hash: str) -> bool:
        """Whether a block is in the chain: known, and not orphaned."""

    def is_unspent(self, txid: str, index: int) -> bool:
        """Whether the output exists and is unspent, unconfirmed transactions taken into account."""

    def spender(self, txid: str, index: int, since: int) -> str | None:
        """The transaction, in a block from height `since` on or waiting, that spends an output; None if none.

        ChainError where that cannot be found out.
        """

    def block_proof(self, txid: str, block_hash: str) -> BlockProof:
        """The Merkle branch of a transaction in a block, and the block's header.

        ChainError where the answer is not a proof, or does not lead to the header's Merkle root.
        """

    def header(self, height: int) -> bytes | None:
        """The header (80 bytes) of the block at a height of the chain; None where the chain is shorter."""

    def mine(self, address: str, count: int) -> list[str]:
        """Mine blocks that pay `address`; their hashes. ChainError where blocks are others' work."""


def checked_fee_rate(rate: int, network: Network, who: str) -> int:
    """A rate (satoshis per 1000 bytes) that `who` asks. ChainError if it is past the network's ceiling."""
    if rate > network.fee_ceiling:
        raise ChainError(
            f"{who} asks {rate:,} satoshis per 1000 bytes.",
            why=f"More than {network.fee_ceiling:,} is not believed on {network.name}.",
            hint="Use another node.",
        )
    return rate

"""What Inkproof asks of a chain, whoever answers: a node's JSON-RPC, or the public services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bitcoinx import TxOutput

from app.chain.broadcast import Sent
from app.chain.coins import Coin
from app.chain.transactions import Found
from app.chain.wallet import Wallet
from app.errors import ChainError

__all__ = ["Backend", "PendingError", "Tip"]


class PendingError(ChainError):
    """The network has a transaction, and has not said yet what it makes of it."""


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
        """Who answers, in words fit to show."""

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
        """What is known of a transaction, its bytes held to its txid; None if nothing is known of it.

        PendingError where it is on its way and may still be refused.
        """

    def stands(self, block_hash: str) -> bool:
        """Whether a block is in the chain: known, and not taken back."""

    def is_unspent(self, txid: str, index: int) -> bool:
        """Whether the output exists and is unspent, waiting transactions taken into account."""

    def mine(self, address: str, count: int) -> list[str]:
        """Mine blocks that pay `address`; their hashes. ChainError where blocks are others' work."""

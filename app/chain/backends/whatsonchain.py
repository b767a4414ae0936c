"""WhatsOnChain's API: coins of an address, transactions, and what has been spent.

Documented at docs.whatsonchain.com. A thin client of our own: the maintained SDK (bsv-sdk) lives beside
bitcoinX 0.6.0, but its clients read answers of any size, hide every failure behind one code, compare no
txid, and bring an asynchronous HTTP stack along.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from bitcoinx import double_sha256, hash_to_hex_str, hex_str_to_hash

from app.chain.backends.base import Tip
from app.chain.backends.http import Peer, parse_json
from app.chain.backends.rpc import MAX_MONEY
from app.chain.backends.services import Services
from app.chain.networks import Network
from app.chain.wallet.coins import Coin
from app.errors import ChainError, UnreachableError
from app.text import clean_text

__all__ = ["WhatsOnChain"]

_LARGEST_RAW = 32 * 1024 * 1024
_TRIES = 4
_MAX_LEVELS = 64


class WhatsOnChain:
    """One network's part of the service. Every answer is checked before it is used."""

    def __init__(self, network: Network, services: Services) -> None:
        self.network = network
        self._url = services.woc_url
        self._pace = services.pace
        self._patience = services.patience
        self._free_at = 0.0
        self._peer = Peer(
            name="WhatsOnChain",
            nobody="No explorer",
            kind="WhatsOnChain's API",
            url=services.woc_url,
            absent_hint="Is this machine online? Another address can be named in INKPROOF_WOC_URL.",
            garbage_hint="Try again later; another address can be named in INKPROOF_WOC_URL.",
        )

    def tip(self) -> Tip:
        """The newest block. ChainError if the service is on another network than ours."""
        info = self._peer.mapping(self._demand("/chain/info"))
        chain, height, block_hash = info.get("chain"), info.get("blocks"), info.get("bestblockhash")
        if chain != self.network.chain:
            raise ChainError(
                f"The explorer at {self._url} is on another network than {self.network.name}.",
                why=f"It says: {clean_text(str(chain), 40)}.",
                hint="Check INKPROOF_WOC_URL.",
            )
        return Tip(self._peer.count(height), self._peer.hash(block_hash))

    def coins(self, address: str) -> list[Coin]:
        """Unspent outputs of an address: the first thousand confirmed ones and all unconfirmed ones."""
        status, answer = self._ask(f"/address/{address}/unspent/all")
        if status == 404:
            return []  # an address that nobody has paid yet
        page = self._peer.mapping(self._json(status, answer))
        error, rows = page.get("error"), page.get("result")
        if error:
            raise ChainError("The explorer does not list our coins.", why=f"{clean_text(str(error), 200)}.")
        if rows is None:
            return []
        if not isinstance(rows, list):
            self._peer.garbage("Its list of coins cannot be read.")
        height = self.tip().height
        return [self._coin(row, height) for row in map(self._peer.mapping, rows) if not self._is_taken(row)]

    def place(self, txid: str) -> tuple[str, int] | tuple[None, None] | None:
        """The block (hash, height) of a transaction, (None, None) while it waits, None if it is unknown."""
        details = self._details(f"/tx/hash/{txid}", "transaction", "txid", txid)
        if details is None:
            return None
        block_hash, confirmations = details.get("blockhash"), details.get("confirmations")
        # An unconfirmed one has neither, or an empty and a zero one.
        if not block_hash or self._peer.confirmations(confirmations or 0) < 1:
            return None, None
        return self._peer.hash(block_hash), self._peer.count(details.get("blockheight"))

    def stands(self, block_hash: str) -> bool:
        """Whether a block is in the chain, and not orphaned."""
        details = self._details(f"/block/hash/{block_hash}", "block", "hash", block_hash)
        return details is not None and self._peer.confirmations(details.get("confirmations")) >= 1

    def raw(self, txid: str) -> bytes | None:
        """The bytes of a transaction as the service has them; None if it has none."""
        status, answer = self._ask(f"/tx/{txid}/hex", _LARGEST_RAW)
        if status == 404:
            return None
        if status != 200:
            self._refuse(status)
        try:
            return bytes.fromhex(answer.decode("ascii").strip().strip('"'))
        except ValueError as error:
            self._peer.garbage("A transaction's bytes cannot be read.", error)

    def header(self, block: str | int) -> tuple[bytes, int] | None:
        """The header (80 bytes) and the height of a block, named by hash or height; None if there is none."""
        status, answer = self._ask(f"/block/{block}/header")
        if status == 404:
            return None
        told = self._peer.mapping(self._json(status, answer))
        try:
            numbers = (int(told[key]).to_bytes(4, "little") for key in ("version", "time", "nonce"))
            version, time_, nonce = numbers
            bits = bytes.fromhex(told["bits"])[::-1]
            before = bytes.fromhex(told.get("previousblockhash") or "00" * 32)[::-1]
            header = version + before + bytes.fromhex(told["merkleroot"])[::-1] + time_ + bits + nonce
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            self._peer.garbage("A block's header cannot be read.", error)
        if len(header) != 80 or hash_to_hex_str(double_sha256(header)) != told.get("hash"):
            self._peer.garbage("A block's header does not have the hash that goes with it.")
        height = self._peer.count(told.get("height"))
        if block not in (height, told.get("hash")):
            self._peer.garbage("It answered about another block.")
        return header, height

    def branch(self, txid: str, block_hash: str) -> tuple[int, tuple[bytes | None, ...]] | None:
        """Place of a transaction in its block, and its Merkle branch (the TSC form); None if there is none.

        Siblings from the bottom up, in the order of the wire; None for a copy.
        """
        status, answer = self._ask(f"/tx/{txid}/proof/tsc")
        rows = None if status == 404 else self._json(status, answer)
        if not rows:
            return None
        row = self._peer.mapping(rows[0] if isinstance(rows, list) else rows)
        nodes = row.get("nodes")
        if row.get("txOrId") != txid or row.get("target") != block_hash:
            self._peer.garbage("It answered about another transaction.")
        if not isinstance(nodes, list) or len(nodes) > _MAX_LEVELS:
            self._peer.garbage("A Merkle branch cannot be read.")
        branch = tuple(None if node == "*" else hex_str_to_hash(self._peer.hash(node)) for node in nodes)
        return self._peer.count(row.get("index")), branch

    def spender(self, txid: str, index: int) -> str | None:
        """The transaction, in a block or waiting, that spends an output; None if none is known."""
        status, answer = self._ask(f"/tx/{txid}/{index}/spent")
        if status == 404:
            return None
        return self._peer.hash(self._peer.mapping(self._json(status, answer)).get("txid"))

    def _details(self, path: str, what: str, key: str, name: str) -> Mapping[str, Any] | None:
        """The service's record of a block or a transaction, checked against the name that was asked for; None
        if unknown."""
        status, answer = self._ask(path)
        if status == 404:
            return None
        details = self._peer.mapping(self._json(status, answer))
        if details.get(key) != name:
            self._peer.garbage(f"It answered about another {what}.")
        return details

    def _coin(self, row: Mapping[str, Any], tip: int) -> Coin:
        height = self._peer.count(row.get("height") or 0)
        value = self._peer.count(row.get("value"), MAX_MONEY)
        index = self._peer.count(row.get("tx_pos"))
        return Coin(
            self._peer.hash(row.get("tx_hash")), index, value, max(1, tip - height + 1) if height else 0
        )

    @staticmethod
    def _is_taken(row: Mapping[str, Any]) -> bool:
        return row.get("isSpentInMempoolTx") is True

    def _demand(self, path: str) -> Any:
        return self._json(*self._ask(path))

    def _json(self, status: int, answer: bytes) -> Any:
        if status != 200:
            self._refuse(status)
        try:
            return parse_json(answer)
        except (ValueError, RecursionError) as error:
            self._peer.garbage("The answer is not JSON.", error)

    def _refuse(self, status: int) -> None:
        if status in (401, 403):
            raise UnreachableError(
                f"WhatsOnChain at {self._url} does not answer this machine (HTTP status {status}).",
                hint="Wait a while, or name another address in INKPROOF_WOC_URL.",
            )
        if status == 429 or status >= 500:
            raise UnreachableError(
                f"WhatsOnChain at {self._url} is too busy to answer (HTTP status {status}).",
                hint="Try again in a moment.",
            )
        self._peer.garbage(f"It answered with HTTP status {status}.")

    def _ask(self, path: str, largest: int | None = None) -> tuple[int, bytes]:
        for left in reversed(range(_TRIES)):
            time.sleep(max(0.0, self._free_at - time.monotonic()))
            self._free_at = time.monotonic() + self._pace
            status, answer = self._peer.exchange(
                "GET",
                self._url + path,
                limit=self._patience.answer,
                largest=largest or self._patience.largest,
                headers={},
            )
            if status != 429 or not left:
                break
            self._free_at = time.monotonic() + self._patience.again
        return status, answer

"""Our own account of the wallet's coins, computed from a node's blocks and its unconfirmed transactions.

A node without a wallet keeps none; one with a wallet looks through every transaction it has ever seen at each
listing. Here a listing costs the blocks that are new, and the coins that are unspent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

from bitcoinx import Tx, double_sha256, hash_to_hex_str, read_varint

from app.chain.backends.base import Tip
from app.chain.backends.rpc import Rpc
from app.chain.wallet.coins import Coin
from app.errors import ChainError, RpcError

__all__ = ["Account", "OwnBlock", "OwnCoin", "Store"]

_MATURITY = 100
"""Blocks on top of a coinbase before it can be spent."""
_TRIES = 20
_GONE = -5
_MOST_KNOWN = 20_000
"""Transactions that are remembered: some megabytes."""

Outpoint = tuple[str, int]


@dataclass(frozen=True)
class OwnCoin:
    """An output that pays us: outpoint, satoshis, the height of its block, and whether a miner's pay."""

    txid: str
    index: int
    value: int
    height: int
    coinbase: bool


@dataclass(frozen=True)
class OwnBlock:
    """What a block holds for us: coins it creates for us, and all outpoints that it spends."""

    height: int
    block_hash: str
    created: tuple[OwnCoin, ...]
    spent: tuple[Outpoint, ...]


@dataclass(frozen=True)
class _Moved:
    """What a transaction does to coins: the outpoints it spends; index and value of outputs that pay us."""

    spent: tuple[Outpoint, ...]
    ours: tuple[tuple[int, int], ...]


class Store(Protocol):
    """Where the account keeps what it has read: see `ledger.coinstore.CoinStore`."""

    def hash_at(self, height: int) -> str | None:
        """The block at a height, None beyond what is kept."""

    def replace(self, fork: int, parent: str | None, blocks: Sequence[OwnBlock]) -> bool:
        """Put blocks above height `fork`, in the place of others; False if `parent` is not there."""

    def unspent(self) -> list[OwnCoin]:
        """The coins that no block has spent."""


class Account:
    """The coins of one locking script on one node's chain."""

    def __init__(self, rpc: Rpc, store: Store, script: bytes) -> None:
        self._rpc = rpc
        self._store = store
        self._script = script
        self._known: OrderedDict[str, _Moved] = OrderedDict()

    def note(self, txid: str, tx: Tx) -> None:
        """Remember a transaction that is sent, so that the node need not be asked for it."""
        self._known[txid] = _Moved(tuple(_spent(tx)), tuple(self._ours(tx)))
        while len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)

    def coins(self) -> list[Coin]:
        """Coins that can be spent now; those of unconfirmed transactions come last."""
        for _ in range(_TRIES):
            tip = self._read_blocks()
            waiting = self._read_waiting()
            # A block mined between the two questions would hide the transactions that it took out of the
            # mempool.
            if waiting is not None and self._tip() == tip:
                return self._spendable(tip.height, waiting)
        raise ChainError("The node's chain changes faster than it can be read.", hint="Try again.")

    def total(self) -> int:
        """Satoshis of all coins in blocks, those that cannot be spent yet included."""
        self._read_blocks()
        return sum(coin.value for coin in self._store.unspent())

    def _spendable(self, height: int, waiting: dict[str, _Moved]) -> list[Coin]:
        taken = {outpoint for moved in waiting.values() for outpoint in moved.spent}
        coins = [
            Coin(coin.txid, coin.index, coin.value, height - coin.height + 1)
            for coin in self._store.unspent()
            if not coin.coinbase or height - coin.height >= _MATURITY
        ]
        for txid, moved in waiting.items():
            coins += [Coin(txid, index, value, 0) for index, value in moved.ours]
        free = [coin for coin in coins if (coin.txid, coin.index) not in taken]
        return sorted(free, key=lambda coin: (-coin.confirmations, coin.txid, coin.index))

    def _tip(self) -> Tip:
        info = self._rpc.peer.mapping(self._rpc.call("getblockchaininfo"))
        return Tip(self._rpc.peer.count(info.get("blocks")), self._rpc.peer.hash(info.get("bestblockhash")))

    def _read_blocks(self) -> Tip:
        """Read blocks from the node's newest one back to one that the store holds, and store them."""
        for _ in range(_TRIES):
            tip = self._tip()
            new: list[OwnBlock] = []
            height, block_hash = tip.height, tip.block_hash
            while height > 0 and (known := self._store.hash_at(height)) != block_hash:
                block, block_hash = self._block(height, block_hash)
                new.append(block)
                height -= 1
            parent = None if height == 0 else known
            if (not new and self._store.hash_at(height + 1) is None) or self._store.replace(
                height, parent, new[::-1]
            ):
                return tip
        raise ChainError("The account of coins is being changed by other programs.", hint="Try again.")

    def _block(self, height: int, block_hash: str) -> tuple[OwnBlock, str]:
        """A block, checked against its hash, and the hash of the one before it."""
        try:
            raw = bytes.fromhex(self._rpc.call("getblock", block_hash, 0))
        except (TypeError, ValueError):
            self._rpc.peer.garbage("A block cannot be read.")
        if hash_to_hex_str(double_sha256(raw[:80])) != block_hash:
            self._rpc.peer.garbage("It sent another block than it was asked for.")
        created: list[OwnCoin] = []
        spent: list[Outpoint] = []
        for position, tx in enumerate(self._transactions(raw)):
            txid = hash_to_hex_str(tx.hash())
            spent += _spent(tx) if position else []
            for index, value in self._ours(tx):
                created.append(OwnCoin(txid, index, value, height, position == 0))
        return OwnBlock(height, block_hash, tuple(created), tuple(spent)), hash_to_hex_str(raw[4:36])

    def _transactions(self, raw: bytes) -> Iterator[Tx]:
        stream = BytesIO(raw)
        stream.seek(80)
        try:
            for _ in range(read_varint(stream.read)):
                yield Tx.read(stream.read)
        except Exception as error:  # bitcoinX documents no exceptions for malformed bytes
            self._rpc.peer.garbage("A block cannot be read.", error)

    def _read_waiting(self) -> dict[str, _Moved] | None:
        """The unconfirmed transactions; None if one of them left the mempool in the meantime."""
        txids = self._rpc.call("getrawmempool")
        if not isinstance(txids, list):
            self._rpc.peer.garbage("Its list of unconfirmed transactions cannot be read.")
        waiting: dict[str, _Moved] = {}
        for txid in map(self._rpc.peer.hash, txids):
            if (moved := self._known.get(txid)) is None:
                tx = self._transaction(txid)
                if tx is None:
                    return None
                self.note(txid, tx)
                moved = self._known[txid]
            waiting[txid] = moved
        return waiting

    def _transaction(self, txid: str) -> Tx | None:
        try:
            raw = bytes.fromhex(self._rpc.call("getrawtransaction", txid))
            tx = Tx.from_bytes(raw)
        except RpcError as error:
            if error.code != _GONE:
                raise
            return None
        except Exception as error:  # as above
            if isinstance(error, ChainError):
                raise
            self._rpc.peer.garbage("A transaction cannot be read.", error)
        if hash_to_hex_str(double_sha256(raw)) != txid:
            self._rpc.peer.garbage("It sent another transaction than it was asked for.")
        return tx

    def _ours(self, tx: Tx) -> list[tuple[int, int]]:
        """Index and value of the outputs that pay us."""
        return [
            (index, output.value)
            for index, output in enumerate(tx.outputs)
            if output.script_pubkey.to_bytes() == self._script
        ]


def _spent(tx: Tx) -> list[Outpoint]:
    return [(hash_to_hex_str(source.prev_hash), source.prev_idx) for source in tx.inputs]

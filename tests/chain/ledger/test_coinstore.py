"""What a listing of coins costs depends on the coins that are there, and not on those that were spent."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

from app.chain.backends.account import OwnBlock, OwnCoin
from app.chain.ledger.coinstore import CoinStore

UNSPENT = 50
"""Coins that are left by every block."""


class Chain:
    """Blocks that each pay 20 coins, and spend the oldest beyond the newest UNSPENT."""

    def __init__(self, store: CoinStore) -> None:
        self.store = store
        self.coins: list[OwnCoin] = []
        self._random = random.Random(5)
        self._height, self._hash = 0, None

    def grow(self, blocks: int) -> None:
        for _ in range(blocks):
            self._height += 1
            made = [OwnCoin(self._txid(), 0, 1_000, self._height, number == 0) for number in range(20)]
            self.coins += made
            spent, self.coins = self.coins[:-UNSPENT], self.coins[-UNSPENT:]
            outpoints = tuple((coin.txid, coin.index) for coin in spent)
            block = OwnBlock(self._height, self._txid(), tuple(made), outpoints)
            assert self.store.replace(self._height - 1, self._hash, [block])
            self._hash = block.block_hash

    def steps(self) -> int:
        """Instructions of SQLite's machine that one listing takes, in tens."""
        steps = 0

        def count() -> None:
            nonlocal steps
            steps += 1

        self.store._db.set_progress_handler(count, 10)
        listed = self.store.unspent()
        self.store._db.set_progress_handler(None, 0)
        assert sorted(listed, key=lambda coin: coin.txid) == sorted(self.coins, key=lambda coin: coin.txid)
        return steps

    def _txid(self) -> str:
        return f"{self._random.getrandbits(256):064x}"


def test_a_listing_costs_the_same_after_many_coins_were_spent(tmp_path: Path) -> None:
    with contextlib.closing(CoinStore(tmp_path / "coins.sqlite", "owner")) as store:
        chain = Chain(store)
        chain.grow(10)
        few = chain.steps()
        chain.grow(200)
        assert 0 < few <= chain.steps() <= 1.1 * few

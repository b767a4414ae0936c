"""The wallet's coins: choosing some of them, and what their bytes cost. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import WalletError

__all__ = ["QUOTED_RATES", "Coin", "fee_for", "gather", "select"]

QUOTED_RATES = (1, 100)
"""Satoshis per 1000 bytes at which fees are quoted: the usual floor of test networks, and of mainnet."""

_JUST_RIPE = range(100, 111)
"""Confirmations of a coinbase that became spendable recently."""


@dataclass(frozen=True)
class Coin:
    """An unspent P2PKH output of the wallet: outpoint, satoshis, and blocks on top of it (0: in no block)."""

    txid: str
    index: int
    value: int
    confirmations: int


def select(coins: Sequence[Coin], need: int, each: int = 0) -> list[Coin]:
    """Coins worth at least `need` satoshis: confirmed before unconfirmed, then the largest first.

    `each` is what it costs to spend one: a coin counts for what it is worth beyond that, or not at all.
    WalletError if all of them together are not worth enough.
    """
    chosen: list[Coin] = []
    total = 0
    worth = [coin for coin in coins if coin.value > each]
    for coin in sorted(worth, key=lambda coin: (coin.confirmations == 0, -coin.value, coin.txid, coin.index)):
        if total >= need:
            break
        chosen.append(coin)
        total += coin.value - each
    if total < need:
        held = sum(coin.value for coin in coins)
        net = "" if total == held else f", of which {total:,} are left when the coins' own fee is paid"
        raise WalletError(
            "The wallet does not hold enough coins.",
            why=f"{need:,} satoshis are needed; it holds {held:,}{net}.",
        )
    return chosen


def gather(coins: Sequence[Coin], chosen: Sequence[Coin], most: int, each: int) -> list[Coin]:
    """The chosen coins, and up to `most` others that the change then holds together: the smallest first.

    Only confirmed ones that are worth more than `each`, what it costs to spend one. So the number of coins
    that transactions leave behind does not keep growing. A coinbase that has just become spendable is left
    alone: if the newest blocks are orphaned it is not spendable any more, and what was made of it would be
    lost.
    """
    left = {(coin.txid, coin.index) for coin in coins} - {(coin.txid, coin.index) for coin in chosen}
    small = [
        coin
        for coin in coins
        if coin.confirmations
        and coin.confirmations not in _JUST_RIPE
        and coin.value > each
        and (coin.txid, coin.index) in left
    ]
    return [*chosen, *sorted(small, key=lambda coin: (coin.value, coin.txid, coin.index))[:most]]


def fee_for(size: int, rate: int) -> int:
    """Satoshis for `size` bytes at `rate` satoshis per 1000 bytes, rounded up."""
    return -(-size * rate // 1000)

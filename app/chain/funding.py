"""What the wallet holds, and earning more where the network allows it."""

from __future__ import annotations

from app.chain.backends.base import Backend
from app.chain.wallet.coins import Coin, gather, select
from app.chain.wallet.key import Wallet
from app.errors import WalletError
from app.progress import Progress

__all__ = ["balance", "fund"]

# A coinbase can be spent once 100 blocks follow it.
_MATURITY = 101
_MORE_BLOCKS = 50
_MOST_GATHERED = 100


def balance(backend: Backend, wallet: Wallet) -> int:
    """Satoshis the wallet can spend now."""
    return sum(coin.value for coin in backend.coins(wallet))


def fund(
    backend: Backend, wallet: Wallet, need: int, progress: Progress, each: int = 0, *, extra: int = 0
) -> list[Coin]:
    """Coins worth at least `need` satoshis beyond what `each` costs to spend, as `select` chooses them.

    `extra`: how many small coins are added to be held together by the change; more where there are very many,
    for listing them takes time. Where the network allows it,
    blocks are mined to earn coins. WalletError names the address to send them to where it does not.
    """
    coins = backend.coins(wallet)
    for _ in range(_MORE_BLOCKS):
        if sum(max(coin.value - each, 0) for coin in coins) >= need or not wallet.network.may_mine:
            break
        # The first time 101 blocks make one coin; after that each block lets one more ripen.
        blocks = 1 if coins else _MATURITY
        progress(f"Mining {blocks} block{'s' if blocks > 1 else ''} on the private chain to earn coins", None)
        backend.mine(wallet.address, blocks)
        coins = backend.coins(wallet)
    if extra:
        extra = max(extra, min(_MOST_GATHERED, len(coins) // 10))
    try:
        return gather(coins, select(coins, need, each), extra, each)
    except WalletError as error:
        error.hint = f"Send coins to {wallet.address} on {wallet.network.name}."
        raise

"""All coins out: to another wallet, before this one is given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bitcoinx import Address, P2PKH_Address, Tx, TxOutput

from app.chain.backends.base import Backend
from app.chain.wallet.coins import Coin, fee_for
from app.chain.wallet.key import Wallet
from app.chain.wallet.transactions import SIGNED_INPUT, build_payment
from app.errors import ChainError, WalletError
from app.text import clean_text

__all__ = ["Sweep", "plan_sweep", "recipient", "send_sweep"]

_COINS = 500
"""Coins in one transaction."""


@dataclass(frozen=True)
class Sweep:
    """Signed transactions that leave nothing behind but coins that are not worth their own fee.

    `amount` arrives and `fee` is paid, in satoshis; `left` coins stay.
    """

    transactions: tuple[tuple[Tx, tuple[Coin, ...]], ...]
    amount: int
    fee: int
    left: int


def recipient(text: str, wallet: Wallet) -> bytes:
    """The locking script of an address. WalletError if it is not an address on the wallet's network, or is
    our own."""
    try:
        address = Address.from_string(text.strip(), wallet.network.keys)
    except ValueError:
        address = None
    if not isinstance(address, P2PKH_Address):
        raise WalletError(
            f"{clean_text(text, 60)!r} is not an address on {wallet.network.name}.",
            hint=f"An address there looks like {wallet.address}.",
        )
    script = bytes(address.to_script())
    if script == bytes(wallet.locking_script):
        raise WalletError("That is this wallet's own address.", hint="Name the address of another wallet.")
    return script


def plan_sweep(
    coins: Sequence[Coin], script: bytes, wallet: Wallet, rate: int, *, most: int = _COINS
) -> Sweep:
    """Sign what it takes to send all coins to `script` at `rate` satoshis per 1000 bytes.

    Each transaction takes `most` coins at most. Coins that are not worth the fee of sending them are left.
    WalletError if there are no others.
    """
    if not coins:
        raise WalletError("The wallet is empty.")
    each = fee_for(SIGNED_INPUT, rate)
    ordered = sorted(coins, key=lambda coin: -coin.value)
    # Where no coin is worth its fee, the payment says so of the best one.
    worth = [coin for coin in ordered if coin.value > each] or ordered[:1]
    transactions: list[tuple[Tx, tuple[Coin, ...]]] = []
    amount, fees, left = 0, 0, len(coins)
    for start in range(0, len(worth), most):
        part = tuple(worth[start : start + most])
        try:
            tx, fee = build_payment(script, part, wallet, rate)
        except WalletError:
            if not transactions:
                raise
            break  # the last few do not pay for a transaction of their own
        transactions.append((tx, part))
        amount += tx.total_output_value()
        fees += fee
        left -= len(part)
    return Sweep(tuple(transactions), amount, fees, left)


def send_sweep(backend: Backend, wallet: Wallet, sweep: Sweep) -> list[str]:
    """Send the transactions in turn; their txids. ChainError where one is refused, with those sent before."""
    txids: list[str] = []
    for tx, coins in sweep.transactions:
        sent = backend.send(tx.to_bytes(), [TxOutput(coin.value, wallet.locking_script) for coin in coins])
        if not sent.accepted:
            raise ChainError(
                "The coins were not taken." if not txids else "Only a part of the coins was taken.",
                why=f"The answer was: {sent.reason}."
                + (f" Sent before: {', '.join(txids)}." if txids else ""),
                hint="Is another program using the same wallet? Try again: what is left goes out then.",
            )
        txids.append(sent.txid)
    return txids

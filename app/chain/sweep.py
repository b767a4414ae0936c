"""All coins out: to another wallet, before this one is given up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bitcoinx import Address, P2PKH_Address, Tx, TxOutput

from app.chain.backend import Backend
from app.chain.coins import Coin
from app.chain.rpc import clean_text
from app.chain.transactions import build_payment
from app.chain.wallet import Wallet
from app.errors import ChainError, WalletError

__all__ = ["Sweep", "plan_sweep", "recipient", "send_sweep"]

_COINS = 500
"""Coins in one transaction."""


@dataclass(frozen=True)
class Sweep:
    """Signed transactions that leave nothing behind. `amount` arrives and `fee` is paid, in satoshis."""

    transactions: tuple[tuple[Tx, tuple[Coin, ...]], ...]
    amount: int
    fee: int


def recipient(text: str, wallet: Wallet) -> bytes:
    """The locking script of an address. WalletError if it is none on the wallet's network, or our own."""
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


def plan_sweep(coins: Sequence[Coin], script: bytes, wallet: Wallet, rate: int) -> Sweep:
    """Sign what it takes to send all coins to `script` at `rate` satoshis per 1000 bytes.

    WalletError if there is nothing worth sending.
    """
    if not coins:
        raise WalletError("The wallet is empty.")
    ordered = sorted(coins, key=lambda coin: -coin.value)
    transactions, amount, fees = [], 0, 0
    for start in range(0, len(ordered), _COINS):
        part = tuple(ordered[start : start + _COINS])
        tx, fee = build_payment(script, part, wallet, rate)
        transactions.append((tx, part))
        amount += tx.total_output_value()
        fees += fee
    return Sweep(tuple(transactions), amount, fees)


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

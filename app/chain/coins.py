"""Coins of the wallet, choosing and earning them, and fees; and how a node's watch-only wallet lists them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.chain.binary import Progress
from app.chain.networks import Network
from app.chain.rpc import METHOD_NOT_FOUND, Rpc, satoshis
from app.chain.wallet import Wallet
from app.errors import ChainError, RpcError, WalletError

if TYPE_CHECKING:
    from app.chain.backend import Backend

__all__ = ["Coin", "balance", "believed", "fee_for", "fee_rate", "fund", "list_coins", "select"]

# What nodes ask in practice is 1 to 50 satoshis per 1000 bytes; the upper end where a node names no rate.
_USUAL_RATE = 50
# A coinbase can be spent once 100 blocks follow it.
_MATURITY = 101
_MORE_BLOCKS = 50
_RESCAN_SECONDS = 3600.0
_LABEL = "inkproof"


@dataclass(frozen=True)
class Coin:
    """An unspent P2PKH output of the wallet: outpoint, satoshis, and blocks on top of it (0: in no block)."""

    txid: str
    index: int
    value: int
    confirmations: int


def list_coins(rpc: Rpc, wallet: Wallet) -> list[Coin]:
    """The wallet's coins that can be spent now, the unconfirmed ones included and last."""
    watch(rpc, wallet)
    rows = _wallet_call(rpc, "listunspent", 0, 9_999_999, [wallet.address])
    if not isinstance(rows, list):
        raise ChainError("The node's list of coins cannot be read.")
    script = wallet.locking_script.to_hex()
    coins = [_coin(row) for row in rows if isinstance(row, dict) and row.get("scriptPubKey") == script]
    return sorted(coins, key=lambda coin: (-coin.confirmations, coin.txid, coin.index))


def balance(backend: Backend, wallet: Wallet) -> int:
    """Satoshis the wallet can spend now."""
    return sum(coin.value for coin in backend.coins(wallet))


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


def fund(backend: Backend, wallet: Wallet, need: int, progress: Progress, each: int = 0) -> list[Coin]:
    """Coins worth at least `need` satoshis beyond what `each` costs to spend, as `select` chooses them.

    Where the network allows it, blocks are mined to earn them. WalletError names the address to send coins
    to where it does not.
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
    try:
        return select(coins, need, each)
    except WalletError as error:
        error.hint = f"Send coins to {wallet.address} on {wallet.network.name}."
        raise


def fee_rate(rpc: Rpc, network: Network) -> int:
    """Satoshis per 1000 bytes that this node relays and mines for.

    It is the highest of the rates the node names: 1.0.13 says 0 for the first two, takes a transaction
    that pays less than the third, and then never mines it.
    """
    named = [_rate(rpc, "getnetworkinfo", "relayfee"), _rate(rpc, "getmempoolinfo", "mempoolminfee")]
    try:
        named.append(_rate(rpc, "getsettings", "minminingtxfee"))
    except RpcError as error:
        if error.code != METHOD_NOT_FOUND:
            raise
    return believed(max(named) or _USUAL_RATE, network, "The node")


def believed(rate: int, network: Network, who: str) -> int:
    """A rate (satoshis per 1000 bytes) that `who` asks. ChainError if it is past the network's ceiling."""
    if rate > network.fee_ceiling:
        raise ChainError(
            f"{who} asks {rate:,} satoshis per 1000 bytes.",
            why=f"More than {network.fee_ceiling:,} is not believed on {network.name}.",
            hint="Use another node.",
        )
    return rate


def fee_for(size: int, rate: int) -> int:
    """Satoshis for `size` bytes at `rate` satoshis per 1000 bytes, rounded up."""
    return -(-size * rate // 1000)


def _rate(rpc: Rpc, method: str, field: str) -> int:
    answer = rpc.call(method)
    if not isinstance(answer, dict):
        raise ChainError(f"The node's answer to {method} cannot be read.")
    return satoshis(answer.get(field, 0))


def watch(rpc: Rpc, wallet: Wallet) -> None:
    """Make the node's wallet watch our address, once; it looks through its blocks for earlier coins."""
    known = _wallet_call(rpc, "validateaddress", wallet.address)
    if not isinstance(known, dict) or known.get("isvalid") is not True:
        raise WalletError(
            f"The node does not take {wallet.address} for an address of its network.",
            hint=f"Is the node on {wallet.network.name}?",
        )
    if not known.get("iswatchonly") and not known.get("ismine"):
        _wallet_call(rpc, "importaddress", wallet.address, _LABEL, True, timeout=_RESCAN_SECONDS)


def _wallet_call(rpc: Rpc, method: str, *params: Any, timeout: float | None = None) -> Any:
    try:
        return rpc.call(method, *params, timeout=timeout)
    except RpcError as error:
        if error.code != METHOD_NOT_FOUND:
            raise
        raise ChainError(
            "The node keeps no account of coins.",
            why=f"Its wallet is switched off (it does not know {method}).",
            hint="Start it without -disablewallet, or use another node.",
        ) from error


def _coin(row: dict[str, Any]) -> Coin:
    txid, index, confirmations = row.get("txid"), row.get("vout"), row.get("confirmations")
    if (
        not isinstance(txid, str)
        or not re.fullmatch(r"[0-9a-f]{64}", txid)
        or not _is_count(index)
        or not _is_count(confirmations)
    ):
        raise ChainError("The node's list of coins cannot be read.")
    value = satoshis(row.get("amount"))
    return Coin(txid, int(str(index)), value, int(str(confirmations)))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32

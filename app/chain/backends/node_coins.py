"""The wallet's coins and the fee rate, as a node's JSON-RPC gives them."""

from __future__ import annotations

import re
from typing import Any

from app.chain.backends.base import checked_fee_rate
from app.chain.backends.rpc import METHOD_NOT_FOUND, Rpc, satoshis
from app.chain.networks import Network
from app.chain.wallet.coins import Coin
from app.chain.wallet.key import Wallet
from app.errors import ChainError, NoWalletError, RpcError, WalletError

__all__ = ["fee_rate", "list_coins", "watch"]

_USUAL_RATE = 100
"""Satoshis per 1000 bytes where a node names no rate: the usual floor of miners."""
_RESCAN_SECONDS = 3600.0
_LABEL = "inkproof"


def list_coins(rpc: Rpc, wallet: Wallet) -> list[Coin]:
    """The wallet's coins that can be spent now, the unconfirmed ones included and last."""
    watch(rpc, wallet)
    rows = _wallet_call(rpc, "listunspent", 0, 9_999_999, [wallet.address])
    if not isinstance(rows, list):
        raise ChainError("The node's list of coins cannot be read.")
    script = wallet.locking_script.to_hex()
    coins = [_coin(row) for row in rows if isinstance(row, dict) and row.get("scriptPubKey") == script]
    return sorted(coins, key=lambda coin: (-coin.confirmations, coin.txid, coin.index))


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
    return checked_fee_rate(max(named) or _USUAL_RATE, network, "The node")


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


def _rate(rpc: Rpc, method: str, field: str) -> int:
    answer = rpc.call(method)
    if not isinstance(answer, dict):
        raise ChainError(f"The node's answer to {method} cannot be read.")
    return satoshis(answer.get(field, 0))


def _wallet_call(rpc: Rpc, method: str, *params: Any, timeout: float | None = None) -> Any:
    try:
        return rpc.call(method, *params, timeout=timeout)
    except RpcError as error:
        if error.code != METHOD_NOT_FOUND:
            raise
        raise NoWalletError(
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

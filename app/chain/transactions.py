"""The deployment transaction, and finding transactions again on a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bitcoinx
from bitcoinx import Script, Tx, TxInput, TxOutput

from app.chain.coins import Coin, fee_for
from app.chain.rpc import METHOD_NOT_FOUND, Rpc
from app.chain.wallet import Wallet
from app.contract.spend import SIGHASH
from app.errors import ChainError, RpcError, WalletError

_FINAL = 0xFFFFFFFF
_UNKNOWN = -5
SIGNED_INPUT = 148
"""Bytes of a signed P2PKH input, at most."""
_DUST = 1_000
"""Change below this many satoshis is left to the miner: it would cost more trouble than it is worth."""


@dataclass(frozen=True)
class Found:
    """A transaction that is known: its bytes and, if it is in a block, which and where.

    `raw` is empty where only its whereabouts are known: a service has it, and no explorer shows it yet.
    """

    raw: bytes
    block_hash: str | None
    block_height: int | None


def deployment_size(locking_script: bytes, inputs: int) -> int:
    """Bytes of a signed deployment with that many inputs, at most."""
    return len(locking_script) + 9 + 8 + inputs * SIGNED_INPUT + 34 + 10


def build_deployment(
    locking_script: bytes, value: int, coins: Sequence[Coin], wallet: Wallet, rate: int
) -> tuple[Tx, int]:
    """The signed transaction that puts `value` satoshis under the contract, and its fee.

    Output 0 is the contract, output 1 the change, if there is enough of it. WalletError if the coins do not
    pay for both.
    """
    fee = fee_for(deployment_size(locking_script, len(coins)), rate)
    change = sum(coin.value for coin in coins) - value - fee
    if change < 0:
        raise WalletError(
            "The coins do not pay for the deployment.",
            why=f"{value:,} satoshis and a fee of {fee:,} are needed; {-change:,} are missing.",
        )
    outputs = [TxOutput(value, Script(locking_script))]
    if change >= _DUST:
        outputs.append(TxOutput(change, wallet.locking_script))
    else:
        fee += change
    return _signed(coins, outputs, wallet), fee


def build_payment(locking_script: bytes, coins: Sequence[Coin], wallet: Wallet, rate: int) -> tuple[Tx, int]:
    """The signed transaction that pays all of `coins` to one locking script, and its fee.

    WalletError if they are not worth their own fee.
    """
    fee = fee_for(deployment_size(locking_script, len(coins)), rate)
    value = sum(coin.value for coin in coins) - fee
    if value <= 0:
        raise WalletError(
            "The coins are not worth the fee of sending them.", why=f"That would be {fee:,} satoshis."
        )
    return _signed(coins, [TxOutput(value, Script(locking_script))], wallet), fee


def _signed(coins: Sequence[Coin], outputs: list[TxOutput], wallet: Wallet) -> Tx:
    inputs = [TxInput(bitcoinx.hex_str_to_hash(c.txid), c.index, Script(), _FINAL) for c in coins]
    tx = Tx(1, inputs, outputs, 0)
    for position, coin in enumerate(coins):
        digest = tx.signature_hash(position, coin.value, wallet.locking_script, SIGHASH)
        signature = wallet.key.sign(digest, None) + bytes([SIGHASH])
        inputs[position].script_sig = Script() << signature << wallet.public_key.to_bytes()
    return tx


def find_transaction(rpc: Rpc, txid: str) -> Found | None:
    """What the node knows of a transaction; None if nothing. What it sends is held to its txid."""
    answer = _ask_for(rpc, txid)
    if answer is None:
        return None
    try:
        raw = bytes.fromhex(answer["hex"])
    except (KeyError, TypeError, ValueError):
        raise ChainError(f"The node's answer about transaction {txid} cannot be read.") from None
    if bitcoinx.hash_to_hex_str(bitcoinx.double_sha256(raw)) != txid:
        raise ChainError(
            f"The node sent another transaction than {txid}.", hint="Do not trust this node; use another one."
        )
    block_hash = answer.get("blockhash")
    confirmations = answer.get("confirmations", 0)
    if not isinstance(block_hash, str) or not isinstance(confirmations, int) or confirmations < 1:
        return Found(raw, None, None)
    header = rpc.peer.mapping(rpc.call("getblockheader", rpc.peer.hash(block_hash)))
    return Found(raw, block_hash, rpc.peer.count(header.get("height")))


def stands(rpc: Rpc, block_hash: str) -> bool:
    """Whether a block is in the node's chain; each node knows all of its blocks, index or none."""
    header = _known(rpc, "getblockheader", block_hash, True)
    return header is not None and _in_chain(header)


def is_unspent(rpc: Rpc, txid: str, index: int) -> bool:
    """Whether the node knows the output as unspent, waiting transactions taken into account."""
    answer = rpc.call("gettxout", txid, index, True)
    if answer is None:
        return False
    rpc.peer.mapping(answer)
    return True


def _ask_for(rpc: Rpc, txid: str) -> Mapping[str, Any] | None:
    """A node without an index of transactions still knows those of its own wallet that are in a block.

    Its wallet's word on any other counts for nothing: it remembers transactions that the node itself has
    forgotten, and that nobody will ever mine.
    """
    answer = _known(rpc, "getrawtransaction", txid, 1)
    if answer is not None and ("blockhash" not in answer or _in_chain(answer)):
        return answer
    # A block that is named and has no confirmations was taken back, and its transaction waits nowhere.
    answer = _known(rpc, "gettransaction", txid, True)
    return answer if answer is not None and _in_chain(answer) else None


def _in_chain(answer: Mapping[str, Any]) -> bool:
    confirmations = answer.get("confirmations")
    return isinstance(confirmations, int) and confirmations >= 1


def _known(rpc: Rpc, method: str, name: str, flag: object) -> Mapping[str, Any] | None:
    try:
        return rpc.peer.mapping(rpc.call(method, name, flag))
    except RpcError as error:
        # Only "I know no such thing" means that; a node that is warming up knows nothing for certain.
        if error.code not in (_UNKNOWN, METHOD_NOT_FOUND):
            raise
        return None

"""The transactions that the wallet signs: deployments of the contract, and payments."""

from __future__ import annotations

from collections.abc import Sequence

import bitcoinx
from bitcoinx import Script, Tx, TxInput, TxOutput

from app.chain.wallet.coins import Coin, fee_for
from app.chain.wallet.key import Wallet
from app.contract.spend import SIGHASH
from app.errors import WalletError

_FINAL = 0xFFFFFFFF
SIGNED_INPUT = 148
"""Bytes of a signed P2PKH input, at most."""
_DUST = 1_000
"""Change below this many satoshis is left to the miner: it would cost more to spend than it is worth."""


def deployment_size(locking_script: bytes, inputs: int, copies: int = 1) -> int:
    """Bytes of a signed deployment of `copies` instances with that many inputs, at most."""
    return copies * (len(locking_script) + 9 + 8) + inputs * SIGNED_INPUT + 34 + 10


def build_deployment(
    locking_script: bytes, value: int, coins: Sequence[Coin], wallet: Wallet, rate: int, copies: int = 1
) -> tuple[Tx, int]:
    """The signed transaction that puts `value` satoshis under each of `copies` instances, and its fee.

    The first outputs are the instances, the last one the change, if there is enough of it. WalletError if the
    coins do not pay for all.
    """
    fee = fee_for(deployment_size(locking_script, len(coins), copies), rate)
    change = sum(coin.value for coin in coins) - copies * value - fee
    if change < 0:
        raise WalletError(
            "The coins do not pay for the deployment.",
            why=f"{copies * value:,} satoshis and a fee of {fee:,} are needed; {-change:,} are missing.",
        )
    outputs = [TxOutput(value, Script(locking_script)) for _ in range(copies)]
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

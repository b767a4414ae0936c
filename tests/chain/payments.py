"""Small real transactions for tests: coins of the wallet paid to any locking script, and spent again."""

from __future__ import annotations

from bitcoinx import Script, SigHash, Tx, TxInput, TxOutput, hex_str_to_hash

from app.chain.backends.node import NodeBackend
from app.chain.backends.rpc import Rpc
from app.chain.funding import fund
from app.chain.wallet.coins import Coin
from app.chain.wallet.key import Wallet
from tests.conftest import quiet

ALL_FORKID = 0x41
FEE = 20_000


def fresh_coin(rpc: Rpc, wallet: Wallet, value: int) -> Coin:
    """A coin of the wallet, in a transaction of its own: no other test counts on it."""
    paid = pay(
        wallet,
        fund(NodeBackend(rpc, wallet.network), wallet, value + FEE, quiet),
        [(value, bytes(wallet.locking_script))],
    )
    assert rpc.call("sendrawtransaction", paid.to_bytes().hex()) == paid.hex_hash()
    return Coin(paid.hex_hash(), 0, value, 0)


def pay(wallet: Wallet, coins: list[Coin], outputs: list[tuple[int, bytes]], *, fee: int = FEE) -> Tx:
    """A signed transaction of `coins` to `outputs` (satoshis, locking script); change goes to the wallet."""
    change = sum(coin.value for coin in coins) - sum(value for value, _ in outputs) - fee
    outs = [TxOutput(value, Script(script)) for value, script in outputs]
    if change > 0:
        outs.append(TxOutput(change, wallet.locking_script))
    ins = [TxInput(hex_str_to_hash(coin.txid), coin.index, Script(), 0xFFFFFFFF) for coin in coins]
    tx = Tx(2, ins, outs, 0)
    for number, coin in enumerate(coins):
        digest = tx.signature_hash(number, coin.value, wallet.locking_script, SigHash(ALL_FORKID))
        signature = wallet.key.sign(digest, None) + bytes([ALL_FORKID])
        tx.inputs[number].script_sig = Script() << signature << wallet.public_key.to_bytes()
    return tx


def spend(wallet: Wallet, funding: Tx, index: int, unlocking: bytes, *, fee: int = FEE) -> Tx:
    """A transaction that spends one output of `funding` by a given unlocking script."""
    value = funding.outputs[index].value
    back = TxOutput(value - fee, wallet.locking_script)
    return Tx(2, [TxInput(funding.hash(), index, Script(unlocking), 0xFFFFFFFF)], [back], 0)

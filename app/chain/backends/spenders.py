"""Which transaction spends an output: found in a node's unconfirmed transactions and in its blocks.

A node keeps no index of that. On a private chain its blocks are few and small, and are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from bitcoinx import Tx, double_sha256, hash_to_hex_str, read_varint

from app.chain.backends.rpc import Rpc
from app.chain.networks import Network
from app.errors import ChainError, RpcError

__all__ = ["find_spender"]

_GONE = -5
Outpoint = tuple[str, int]


def find_spender(rpc: Rpc, network: Network, outpoint: Outpoint, since: int) -> str | None:
    """The txid of the spend, unconfirmed or in a block from height `since` on; None if there is none.

    ChainError on a public network, whose blocks are too many and too large to be read for this.
    """
    if not network.may_mine:
        raise ChainError(
            "A node does not say who has spent an output.",
            why=f"The blocks of {network.name} would have to be read one by one.",
            hint=f"Leave --rpc-url out and give --network {network.name}: the public services know.",
        )
    for tx in (*_waiting(rpc), *_mined(rpc, since)):
        if any((hash_to_hex_str(one.prev_hash), one.prev_idx) == outpoint for one in tx.inputs):
            return str(tx.hex_hash())
    return None


def _waiting(rpc: Rpc) -> Iterator[Tx]:
    txids = rpc.call("getrawmempool")
    if not isinstance(txids, list):
        rpc.peer.garbage("Its list of unconfirmed transactions cannot be read.")
    for txid in map(rpc.peer.hash, txids):
        try:
            yield _parsed(rpc, rpc.call("getrawtransaction", txid), txid)
        except RpcError as error:
            if error.code != _GONE:  # mined or dropped in the meantime
                raise


def _mined(rpc: Rpc, since: int) -> Iterator[Tx]:
    info = rpc.peer.mapping(rpc.call("getblockchaininfo"))
    height, block_hash = rpc.peer.count(info.get("blocks")), rpc.peer.hash(info.get("bestblockhash"))
    # From the newest one down: each block names the one before it.
    while height >= max(since, 1):
        try:
            raw = bytes.fromhex(rpc.call("getblock", block_hash, 0))
        except (TypeError, ValueError):
            rpc.peer.garbage("A block cannot be read.")
        if hash_to_hex_str(double_sha256(raw[:80])) != block_hash:
            rpc.peer.garbage("It sent another block than it was asked for.")
        yield from _transactions(rpc, raw)
        height, block_hash = height - 1, hash_to_hex_str(raw[4:36])


def _transactions(rpc: Rpc, raw: bytes) -> Iterator[Tx]:
    stream = BytesIO(raw)
    stream.seek(80)
    try:
        for _ in range(read_varint(stream.read)):
            yield Tx.read(stream.read)
    except Exception as error:  # bitcoinX documents no exceptions for malformed bytes
        rpc.peer.garbage("A block cannot be read.", error)


def _parsed(rpc: Rpc, text: object, txid: str) -> Tx:
    try:
        raw = bytes.fromhex(str(text))
        tx = Tx.from_bytes(raw)
    except Exception as error:  # as above
        rpc.peer.garbage("A transaction cannot be read.", error)
    if hash_to_hex_str(double_sha256(raw)) != txid:
        rpc.peer.garbage("It sent another transaction than it was asked for.")
    return tx

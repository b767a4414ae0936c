"""Blocks on a private chain."""

from __future__ import annotations

import time

from app.chain.backends.rpc import Rpc
from app.errors import ChainError

__all__ = ["mine", "wake"]

_DAY = 24 * 60 * 60


def mine(rpc: Rpc, address: str, count: int) -> list[str]:
    """Mine `count` blocks that pay `address`; their hashes, oldest first. ChainError on any other chain."""
    if rpc.peer.mapping(rpc.call("getblockchaininfo")).get("chain") != "regtest":
        raise ChainError(
            "Blocks can be mined at will on a private chain only.", hint="Wait for the network's next block."
        )
    hashes = rpc.call("generatetoaddress", count, address, timeout=120)
    if not isinstance(hashes, list) or len(hashes) != count:
        raise ChainError(f"The node did not mine the {count} blocks it was asked for.")
    mined = [rpc.peer.hash(block_hash) for block_hash in hashes]
    # A node keeps its newest blocks in memory for up to an hour, and loses them when it is killed. This
    # call, cheap on a private chain, makes it write them out.
    rpc.call("gettxoutsetinfo", timeout=120)
    return mined


def wake(rpc: Rpc, address: str) -> bool:
    """Mine one block if the tip is over a day old, for such a node believes it is still catching up.

    Returns whether it did. Call it on a private chain only.
    """
    peer = rpc.peer
    info = peer.mapping(rpc.call("getblockchaininfo"))
    header = peer.mapping(rpc.call("getblockheader", peer.hash(info.get("bestblockhash"))))
    # 1.0.13 does not say whether it is catching up; its rule is the age of the tip.
    asleep = info.get("initialblockdownload", time.time() - peer.count(header.get("time")) > _DAY)
    if asleep:
        mine(rpc, address, 1)
    return bool(asleep)

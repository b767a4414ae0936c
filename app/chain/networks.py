"""The networks Inkproof knows: one small record each, data instead of code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bitcoinx

from app.chain.rpc import Rpc, clean_text
from app.errors import ChainError

__all__ = ["MAIN", "NETWORKS", "REGTEST", "REGTEST_RAISED", "TESTNET", "Network", "network_of"]


@dataclass(frozen=True)
class Network:
    """One network.

    `chain` is the node's own name for it (getblockchaininfo). `keys` is bitcoinX's record: prefixes of
    addresses and keys. Explorer templates hold one `{}` and are empty where there is no explorer.
    `fee_ceiling` is the highest fee rate, in satoshis per 1000 bytes, that a node is believed.
    """

    name: str
    chain: str
    keys: Any
    may_mine: bool
    explorer_tx: str = ""
    explorer_block: str = ""
    fee_ceiling: int = 10_000

    def tx_link(self, txid: str) -> str:
        """Where a person can look the transaction up; empty on a private network."""
        return self.explorer_tx.format(txid)

    def block_link(self, block_hash: str) -> str:
        """Where a person can look the block up; empty on a private network."""
        return self.explorer_block.format(block_hash)


REGTEST = Network("regtest", "regtest", bitcoinx.BitcoinRegtest, may_mine=True)
REGTEST_RAISED = Network("regtest-raised", "regtest", bitcoinx.BitcoinRegtest, may_mine=True)
TESTNET = Network(
    "testnet",
    "test",
    bitcoinx.BitcoinTestnet,
    may_mine=False,
    explorer_tx="https://test.whatsonchain.com/tx/{}",
    explorer_block="https://test.whatsonchain.com/block/{}",
)
MAIN = Network(
    "main",
    "main",
    bitcoinx.Bitcoin,
    may_mine=False,
    explorer_tx="https://whatsonchain.com/tx/{}",
    explorer_block="https://whatsonchain.com/block/{}",
    fee_ceiling=1_000,
)

NETWORKS = {network.name: network for network in (REGTEST, REGTEST_RAISED, TESTNET, MAIN)}


def network_of(rpc: Rpc) -> Network:
    """The network a node is on, by its own word; a raised regtest node cannot be told from a plain one."""
    answer = rpc.call("getblockchaininfo")
    chain = answer.get("chain") if isinstance(answer, dict) else None
    for network in NETWORKS.values():
        if network.chain == chain:
            return network
    raise ChainError(
        f"The node is on a network that Inkproof does not know: {clean_text(str(chain), 40)}.",
        hint="Use a node on regtest, testnet or mainnet.",
    )

"""The networks Inkproof knows: one small record each, data instead of code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bitcoinx

from app.errors import ChainError
from app.text import clean_text

__all__ = ["MAIN", "NETWORKS", "REGTEST", "REGTEST_RAISED", "TESTNET", "Network", "network_named"]


@dataclass(frozen=True)
class Network:
    """One network.

    `chain` is the node's own name for it (getblockchaininfo). `keys` is bitcoinX's record: prefixes of
    addresses and keys. `explorer_tx` holds one `{}` and is empty where there is no explorer.
    `fee_ceiling` is the highest fee rate, in satoshis per 1000 bytes, that anyone is believed. `woc_url` and
    `arc_url` are where WhatsOnChain's and an ARC's API begin; empty on a private network.
    """

    name: str
    chain: str
    keys: Any
    may_mine: bool
    explorer_tx: str = ""
    fee_ceiling: int = 10_000
    woc_url: str = ""
    arc_url: str = ""

    @property
    def costs_money(self) -> bool:
        """Whether its coins are worth something."""
        return self.chain == "main"

    def tx_link(self, txid: str) -> str:
        """Where a person can look the transaction up; empty on a private network."""
        return self.explorer_tx.format(txid)


REGTEST = Network("regtest", "regtest", bitcoinx.BitcoinRegtest, may_mine=True)
REGTEST_RAISED = Network("regtest-raised", "regtest", bitcoinx.BitcoinRegtest, may_mine=True)
TESTNET = Network(
    "testnet",
    "test",
    bitcoinx.BitcoinTestnet,
    may_mine=False,
    explorer_tx="https://test.whatsonchain.com/tx/{}",
    woc_url="https://api.whatsonchain.com/v1/bsv/test",
    arc_url="https://testnet.arc.gorillapool.io",
)
MAIN = Network(
    "mainnet",
    "main",
    bitcoinx.Bitcoin,
    may_mine=False,
    explorer_tx="https://whatsonchain.com/tx/{}",
    fee_ceiling=1_000,
    woc_url="https://api.whatsonchain.com/v1/bsv/main",
    arc_url="https://arc.gorillapool.io",
)

NETWORKS = {network.name: network for network in (REGTEST, REGTEST_RAISED, TESTNET, MAIN)}


def network_named(name: str) -> Network:
    """The network a person means. ChainError if there is none of that name."""
    found = NETWORKS.get(name)
    if found is None:
        raise ChainError(
            f"There is no network called {clean_text(name, 40)!r}.",
            hint="Choose regtest, testnet or mainnet.",
        )
    return found

"""The networks Inkproof knows: one small record each, data instead of code."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import bitcoinx

from app.chain.rpc import Rpc, clean_text
from app.chain.wire import check_address
from app.errors import ChainError

__all__ = [
    "MAIN",
    "NETWORKS",
    "REGTEST",
    "REGTEST_RAISED",
    "TESTNET",
    "Network",
    "Services",
    "network_named",
    "network_of",
    "services_of",
]

_LOCAL = ("127.0.0.1", "localhost", "::1")


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


@dataclass(frozen=True)
class Services:
    """The public services to use on one network. `pace`: seconds between two questions to the explorer."""

    woc_url: str
    arc_url: str
    arc_token: str = field(default="", repr=False)
    pace: float = 0.0


def services_of(network: Network) -> Services:
    """The services of a public network; INKPROOF_WOC_URL, INKPROOF_ARC_URL and INKPROOF_ARC_TOKEN go before.

    ChainError where the network has none, or an address is not one.
    """
    woc_url = os.environ.get("INKPROOF_WOC_URL") or network.woc_url
    arc_url = os.environ.get("INKPROOF_ARC_URL") or network.arc_url
    token = os.environ.get("INKPROOF_ARC_TOKEN", "")
    for url in (woc_url, arc_url):
        _check_address(url, network)
    if not token.isprintable() or not token.isascii():
        raise ChainError("INKPROOF_ARC_TOKEN is not a token.", why="It holds more than printable ASCII.")
    # Without a key WhatsOnChain answers three questions a second.
    pace = 0.35 if woc_url == network.woc_url else 0.0
    return Services(woc_url.rstrip("/"), arc_url.rstrip("/"), token, pace)


def _check_address(url: str, network: Network) -> None:
    parts = check_address(
        url,
        f"the address of a public service for {network.name}",
        credentials="Put an ARC's key into INKPROOF_ARC_TOKEN.",
        hint="Set INKPROOF_WOC_URL and INKPROOF_ARC_URL to https:// addresses, or leave them unset.",
    )
    if parts.scheme == "http" and parts.hostname not in _LOCAL:
        raise ChainError(
            f"{clean_text(url, 80)!r} is not a safe address for a public service.",
            why="What is asked and answered there could be read and changed on the way.",
            hint="Use https.",
        )


def network_named(name: str) -> Network:
    """The network a person means. ChainError if there is none of that name."""
    found = NETWORKS.get(name)
    if found is None:
        raise ChainError(
            f"There is no network called {clean_text(name, 40)!r}.",
            hint="Choose regtest, testnet or mainnet.",
        )
    return found


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

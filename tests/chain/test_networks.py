"""The networks' records, compared with a real node."""

from __future__ import annotations

from typing import Any

import pytest

from app.chain.backends.node import network_of
from app.chain.backends.rpc import Rpc
from app.chain.networks import MAIN, NETWORKS, REGTEST, TESTNET, Network
from app.errors import ChainError
from tests.conftest import Regtest


class FakeNodeOnAnotherChain(Rpc):
    """A fake: a node that reports any given chain."""

    def __init__(self, answer: object) -> None:
        super().__init__("http://127.0.0.1:1", "u", "p")
        self.answer = answer

    def call(self, method: str, *params: Any, timeout: float | None = None) -> Any:
        return self.answer


def test_the_embedded_node_is_on_regtest(regtest: Regtest) -> None:
    assert network_of(regtest.rpc) is REGTEST


@pytest.mark.parametrize(("chain", "network"), [("main", MAIN), ("test", TESTNET), ("regtest", REGTEST)])
def test_the_nodes_name_for_its_chain_finds_the_network(chain: str, network: Network) -> None:
    assert network_of(FakeNodeOnAnotherChain({"chain": chain})) is network


@pytest.mark.parametrize("answer", [{"chain": "stn\x1b"}, {"chain": 5}, {}, [], None, "main"])
def test_an_unknown_chain_is_refused(answer: object) -> None:
    with pytest.raises(ChainError, match="does not know") as refusal:
        network_of(FakeNodeOnAnotherChain(answer))
    assert str(refusal.value).isprintable()


def test_blocks_may_be_mined_on_private_chains_only() -> None:
    assert {network.name for network in NETWORKS.values() if network.may_mine} == {
        "regtest",
        "regtest-raised",
    }


def test_public_networks_have_explorers_and_private_ones_do_not() -> None:
    txid = "ab" * 32
    for network in NETWORKS.values():
        link = network.tx_link(txid)
        assert link == "" if network.may_mine else link.startswith("https://") and link.endswith(txid)

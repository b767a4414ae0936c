"""What the tests of the public networks share: fake services over the real node, and a wallet on them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.chain.backends.arc import Arc
from app.chain.backends.node import NodeBackend
from app.chain.backends.services import Patience, services_of
from app.chain.backends.whatsonchain import WhatsOnChain
from app.chain.networks import TESTNET
from app.chain.wallet.key import Wallet
from tests.chain.fake_services import FakeServices, in_their_place
from tests.chain.payments import fresh_coin, pay
from tests.conftest import Regtest


@pytest.fixture
def services(regtest: Regtest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    with in_their_place(regtest.rpc, monkeypatch) as fake:
        yield fake


@pytest.fixture
def stranger(tmp_path: Path) -> Wallet:
    """A wallet on testnet that has nothing yet."""
    return Wallet.load_or_create(tmp_path / "stranger", TESTNET)


def give(regtest: Regtest, wallet: Wallet, satoshis: int, *, confirm: bool = True) -> str:
    """Pay a wallet from the node's own, as a faucet would; the txid. The coin is output 0."""
    coin = fresh_coin(regtest.rpc, regtest.wallet, satoshis + 20_000)
    tx = pay(regtest.wallet, [coin], [(satoshis, bytes(wallet.locking_script))], fee=20_000)
    regtest.rpc.call("sendrawtransaction", tx.to_hex())
    if confirm:
        NodeBackend(regtest.rpc, regtest.wallet.network).mine(regtest.wallet.address, 1)
    return str(tx.hex_hash())


IMPATIENT = Patience(answer=3.0, wait=0, looks=3, between=0.01, again=0.05)


def clients_with(patience: Patience) -> tuple[WhatsOnChain, Arc]:
    """The clients of both services, as patient as that."""
    known = dataclasses.replace(services_of(TESTNET), patience=patience)
    return WhatsOnChain(TESTNET, known), Arc(TESTNET, known)


@pytest.fixture
def clients(services: FakeServices) -> tuple[WhatsOnChain, Arc]:
    """Both, and impatient."""
    return clients_with(IMPATIENT)


@pytest.fixture
def woc(clients: tuple[WhatsOnChain, Arc]) -> WhatsOnChain:
    return clients[0]


@pytest.fixture
def arc(clients: tuple[WhatsOnChain, Arc]) -> Arc:
    return clients[1]

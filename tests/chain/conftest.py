"""What the tests of the public networks share: fake services over the real node, and a wallet on them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.chain.networks import TESTNET
from app.chain.node_backend import NodeBackend
from app.chain.wallet import Wallet
from tests.chain.fake_services import FakeServices
from tests.chain.payments import fresh_coin, pay
from tests.conftest import Regtest


@pytest.fixture
def services(regtest: Regtest, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServices]:
    """The fakes, and the environment that makes Inkproof use them."""
    fake = FakeServices(regtest.rpc)
    for name, value in fake.environment().items():
        monkeypatch.setenv(name, value)
    yield fake
    fake.close()


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

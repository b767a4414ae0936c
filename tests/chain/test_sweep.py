"""All coins out, on a real node."""

from __future__ import annotations

from pathlib import Path

import pytest
from bitcoinx import P2SH_Address

from app.chain import sweep as sweeps
from app.chain.coins import Coin, balance, fee_for
from app.chain.networks import MAIN, REGTEST
from app.chain.sweep import plan_sweep, recipient, send_sweep
from app.chain.wallet import Wallet
from app.errors import ChainError, WalletError
from tests.chain.conftest import give
from tests.conftest import Regtest


@pytest.fixture
def wallet(tmp_path: Path) -> Wallet:
    return Wallet.load_or_create(tmp_path / "from", REGTEST)


@pytest.fixture
def other(tmp_path: Path) -> Wallet:
    return Wallet.load_or_create(tmp_path / "to", REGTEST)


def test_every_coin_arrives_less_a_fair_fee(regtest: Regtest, wallet: Wallet, other: Wallet) -> None:
    for value in (100_000, 30_000, 5_000):
        give(regtest, wallet, value)
    backend = regtest.backend
    script = recipient(f" {other.address}\n", wallet)
    plan = plan_sweep(backend.coins(wallet), script, wallet, backend.fee_rate())
    assert plan.amount + plan.fee == 135_000
    ((tx, _),) = plan.transactions
    assert plan.fee >= fee_for(tx.size(), backend.fee_rate())
    txids = send_sweep(backend, wallet, plan)
    assert txids == [tx.hex_hash()]
    assert backend.coins(wallet) == []
    assert balance(backend, other) == plan.amount
    backend.mine(regtest.wallet.address, 1)
    found = backend.find(txids[0])
    assert found is not None and found.block_hash is not None, "the fee was enough to be mined"


def test_many_coins_go_in_several_transactions(
    regtest: Regtest, wallet: Wallet, other: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeps, "_COINS", 2)
    for _ in range(5):
        give(regtest, wallet, 20_000)
    backend = regtest.backend
    script = bytes(other.locking_script)
    plan = plan_sweep(backend.coins(wallet), script, wallet, backend.fee_rate())
    assert len(send_sweep(backend, wallet, plan)) == 3
    assert balance(backend, other) == plan.amount == 100_000 - plan.fee
    assert backend.coins(wallet) == []


def test_an_empty_wallet_and_coins_not_worth_their_fee_are_named(wallet: Wallet, other: Wallet) -> None:
    script = bytes(other.locking_script)
    with pytest.raises(WalletError, match="is empty"):
        plan_sweep([], script, wallet, 50)
    with pytest.raises(WalletError, match="not worth the fee"):
        plan_sweep([Coin("ab" * 32, 0, 5, 1)], script, wallet, 50)


def test_a_coin_that_is_gone_is_explained(regtest: Regtest, wallet: Wallet, other: Wallet) -> None:
    plan = plan_sweep([Coin("ab" * 32, 0, 50_000, 1)], bytes(other.locking_script), wallet, 50)
    with pytest.raises(ChainError, match="not taken") as refusal:
        send_sweep(regtest.backend, wallet, plan)
    assert "Missing inputs" in refusal.value.why


def test_an_address_that_is_none_here_is_refused(wallet: Wallet, other: Wallet) -> None:
    main = Wallet(other.key, MAIN).address
    script_hash = P2SH_Address(bytes(20), REGTEST.keys).to_string()
    typo = other.address[:-1] + ("a" if other.address[-1] != "a" else "b")
    for text in ("", "hello\x1b", main, script_hash, typo, other.pubkeyhash.hex()):
        with pytest.raises(WalletError, match="not an address on regtest") as refusal:
            recipient(text, wallet)
        assert str(refusal.value).isprintable()
    with pytest.raises(WalletError, match="own address"):
        recipient(wallet.address, wallet)

"""All coins out, on a real node."""

from __future__ import annotations

from pathlib import Path

import pytest
from bitcoinx import P2SH_Address, PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.chain.funding import balance
from app.chain.networks import MAIN, REGTEST
from app.chain.sweep import plan_sweep, recipient, send_sweep
from app.chain.wallet.coins import Coin, fee_for
from app.chain.wallet.key import Wallet
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


def test_many_coins_go_in_several_transactions(regtest: Regtest, wallet: Wallet, other: Wallet) -> None:
    for _ in range(5):
        give(regtest, wallet, 20_000)
    backend = regtest.backend
    script = bytes(other.locking_script)
    plan = plan_sweep(backend.coins(wallet), script, wallet, backend.fee_rate(), most=2)
    assert len(send_sweep(backend, wallet, plan)) == 3
    assert balance(backend, other) == plan.amount == 100_000 - plan.fee
    assert backend.coins(wallet) == []


def test_an_empty_wallet_and_coins_not_worth_their_fee_are_named(wallet: Wallet, other: Wallet) -> None:
    script = bytes(other.locking_script)
    with pytest.raises(WalletError, match="is empty"):
        plan_sweep([], script, wallet, 50)
    with pytest.raises(WalletError, match="not worth the fee"):
        plan_sweep([Coin("ab" * 32, 0, 5, 1)], script, wallet, 50)
    with pytest.raises(WalletError, match="not worth the fee"):
        plan_sweep([Coin(f"{number:064x}", 0, 8, 1) for number in range(700)], script, wallet, 50)


@pytest.mark.parametrize(
    "dust", [[8] * 600, *(pytest.param(few, marks=pytest.mark.exhaustive) for few in ([1], [7, 8], [9]))]
)
def test_dust_beyond_the_first_transaction_stays_and_blocks_nothing(
    wallet: Wallet, other: Wallet, dust: list[int]
) -> None:
    """At this rate an input costs 8 satoshis, and a transaction some more."""
    script = bytes(other.locking_script)
    coins = [Coin(f"{number:064x}", 0, 20_000, 1) for number in range(500)]
    tiny = [Coin(f"{number:064x}", 1, value, 1) for number, value in enumerate(dust)]
    without, plan = plan_sweep(coins, script, wallet, 50), plan_sweep(coins + tiny, script, wallet, 50)
    assert (plan.amount, plan.fee, plan.left) == (without.amount, without.fee, len(dust))
    assert without.left == 0


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.sampled_from([0, 50, 200]))
def test_no_coin_lowers_what_arrives(values: list[int], rate: int) -> None:
    one, two = (Wallet(PrivateKey(bytes(31) + bytes([number])), REGTEST) for number in (1, 2))
    script = bytes(two.locking_script)
    coins = [Coin("ab" * 32, 0, 1_000, 1)]
    coins += [Coin(f"{number:064x}", 0, value, 1) for number, value in enumerate(values)]
    arrives = [plan_sweep(coins[:count], script, one, rate).amount for count in range(1, len(coins) + 1)]
    assert arrives == sorted(arrives)


def test_a_coin_that_is_gone_is_explained(regtest: Regtest, wallet: Wallet, other: Wallet) -> None:
    plan = plan_sweep([Coin("ab" * 32, 0, 50_000, 1)], bytes(other.locking_script), wallet, 50)
    with pytest.raises(ChainError, match="not taken") as refusal:
        send_sweep(regtest.backend, wallet, plan)
    assert "Missing inputs" in refusal.value.why


def test_an_invalid_address_is_refused(wallet: Wallet, other: Wallet) -> None:
    main = Wallet(other.key, MAIN).address
    script_hash = P2SH_Address(bytes(20), REGTEST.keys).to_string()
    typo = other.address[:-1] + ("a" if other.address[-1] != "a" else "b")
    for text in ("", "hello\x1b", main, script_hash, typo, other.pubkeyhash.hex()):
        with pytest.raises(WalletError, match="not an address on regtest") as refusal:
            recipient(text, wallet)
        assert str(refusal.value).isprintable()
    with pytest.raises(WalletError, match="own address"):
        recipient(wallet.address, wallet)

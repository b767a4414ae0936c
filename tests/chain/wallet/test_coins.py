"""Coins and fees, as a real node knows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chain.backends.mining import mine
from app.chain.backends.node import NodeBackend
from app.chain.backends.node_coins import fee_rate, list_coins
from app.chain.backends.node_transactions import send
from app.chain.backends.rpc import COIN
from app.chain.funding import balance, fund
from app.chain.networks import MAIN, REGTEST, TESTNET
from app.chain.node.process import EmbeddedNode
from app.chain.wallet.coins import Coin, fee_for, gather, select
from app.chain.wallet.key import Wallet
from app.errors import ChainError, WalletError
from tests.chain.payments import fresh_coin, pay
from tests.conftest import Regtest, quiet

coins_strategy = st.lists(
    st.builds(
        Coin,
        st.integers(0, 2**64).map(lambda n: f"{n:064x}"),
        st.integers(0, 3),
        st.integers(1, 10**12),
        st.integers(0, 300),
    ),
    max_size=12,
)


def test_a_new_node_mines_the_first_coin_and_one_more_when_that_is_not_enough(
    bitcoind: Path, home: Path
) -> None:
    said: list[str] = []
    with EmbeddedNode("regtest").lease(quiet) as rpc:
        wallet = Wallet.load_or_create(home, REGTEST)
        assert list_coins(rpc, wallet) == []
        backend = NodeBackend(rpc, REGTEST)
        coins = fund(backend, wallet, 1, lambda text, done: said.append(text))
        assert sum(coin.value for coin in coins) == 50 * COIN
        assert rpc.call("getblockcount") == 101
        assert "Mining 101 blocks" in said[0]
        assert balance(backend, wallet) == 50 * COIN, "the other 100 coinbases are not ripe"
        assert sum(coin.value for coin in fund(backend, wallet, 50 * COIN + 1, quiet)) == 100 * COIN
        assert rpc.call("getblockcount") == 102


def test_nothing_is_mined_while_the_coins_suffice(regtest: Regtest) -> None:
    height = regtest.rpc.call("getblockcount")
    fund(regtest.backend, regtest.wallet, 1000, quiet)
    assert regtest.rpc.call("getblockcount") == height


def test_unconfirmed_change_is_a_coin_and_a_spent_one_is_not(regtest: Regtest) -> None:
    coin = fresh_coin(regtest.rpc, regtest.wallet, 100_000)
    assert coin in list_coins(regtest.rpc, regtest.wallet)
    assert send(regtest.rpc, pay(regtest.wallet, [coin], []).to_bytes()).accepted
    assert coin not in list_coins(regtest.rpc, regtest.wallet)


def test_coins_sent_before_the_node_knew_the_wallet_are_found(regtest: Regtest, tmp_path: Path) -> None:
    stranger = Wallet.load_or_create(tmp_path, REGTEST)
    coin = fresh_coin(regtest.rpc, regtest.wallet, 500_000)
    tx = pay(regtest.wallet, [coin], [(123_456, bytes(stranger.locking_script))])
    assert send(regtest.rpc, tx.to_bytes()).accepted
    mine(regtest.rpc, regtest.wallet.address, 1)
    assert list_coins(regtest.rpc, stranger) == [Coin(tx.hex_hash(), 0, 123_456, 1)]
    assert balance(regtest.backend, stranger) == 123_456


def test_a_node_without_a_wallet_is_explained(bitcoind: Path, home: Path) -> None:
    with EmbeddedNode("regtest", extra_flags=["disablewallet=1"]).lease(quiet) as rpc:
        wallet = Wallet.load_or_create(home, REGTEST)
        with pytest.raises(ChainError, match="no account of coins"):
            list_coins(rpc, wallet)


def test_a_wallet_of_another_network_is_refused(regtest: Regtest, tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="address of its network"):
        list_coins(regtest.rpc, Wallet.load_or_create(tmp_path, MAIN))


def test_where_mining_is_not_ours_the_address_is_named(regtest: Regtest, tmp_path: Path) -> None:
    # regtest and testnet share their prefixes: the node answers, and the wallet may not mine.
    wallet = Wallet.load_or_create(tmp_path, TESTNET)
    height = regtest.rpc.call("getblockcount")
    with pytest.raises(WalletError) as refusal:
        fund(regtest.backend, wallet, 1000, quiet)
    assert wallet.address in refusal.value.hint
    assert regtest.rpc.call("getblockcount") == height


def test_the_fee_rate_is_what_the_node_mines_for(regtest: Regtest) -> None:
    assert fee_rate(regtest.rpc, REGTEST) == 50


def test_a_transaction_at_the_fee_rate_is_mined_and_one_without_a_fee_is_not(regtest: Regtest) -> None:
    rate = fee_rate(regtest.rpc, REGTEST)
    coins = [fresh_coin(regtest.rpc, regtest.wallet, 100_000) for _ in range(2)]
    mine(regtest.rpc, regtest.wallet.address, 1)
    fair = pay(regtest.wallet, coins[:1], [], fee=fee_for(192, rate))
    free = pay(regtest.wallet, coins[1:], [], fee=0)
    assert send(regtest.rpc, fair.to_bytes()).accepted
    assert send(regtest.rpc, free.to_bytes()).accepted
    mine(regtest.rpc, regtest.wallet.address, 1)
    assert regtest.rpc.call("getrawtransaction", fair.hex_hash(), 1).get("confirmations") == 1
    assert not regtest.rpc.call("getrawtransaction", free.hex_hash(), 1).get("confirmations")
    regtest.rpc.call("prioritisetransaction", free.hex_hash(), 0, 100_000)
    mine(regtest.rpc, regtest.wallet.address, 1)


def test_a_node_that_asks_too_much_is_not_believed(bitcoind: Path, home: Path) -> None:
    greedy = EmbeddedNode("regtest", extra_flags=["minminingtxfee=0.01"])
    with greedy.lease(quiet) as rpc:
        rate = rpc.call("getsettings")["minminingtxfee"] * COIN
        assert rate > REGTEST.fee_ceiling
        with pytest.raises(ChainError, match="satoshis per 1000 bytes"):
            fee_rate(rpc, REGTEST)


def test_where_a_node_names_no_rate_it_is_the_usual_floor_of_miners(bitcoind: Path, home: Path) -> None:
    with EmbeddedNode("regtest", extra_flags=["minminingtxfee=0"]).lease(quiet) as rpc:
        assert fee_rate(rpc, REGTEST) == 100


@given(st.integers(0, 10**7), st.integers(0, 10**5))
def test_fees_round_up(size: int, rate: int) -> None:
    fee = fee_for(size, rate)
    assert fee * 1000 >= size * rate > (fee - 1) * 1000


@given(coins_strategy, st.integers(0, 10**13), st.sampled_from([0, 8, 10**6]))
def test_selected_coins_cover_the_need_and_their_own_cost_without_a_coin_to_spare(
    coins: list[Coin], need: int, each: int
) -> None:
    if sum(max(coin.value - each, 0) for coin in coins) < need:
        with pytest.raises(WalletError, match="enough coins"):
            select(coins, need, each)
        return
    chosen = select(coins, need, each)
    assert all(coin in coins and coin.value > each for coin in chosen)
    assert sum(coin.value - each for coin in chosen) >= need
    assert sum(coin.value - each for coin in chosen[:-1]) < need or not chosen


@given(coins_strategy, st.integers(0, 5), st.integers(0, 10**6))
def test_gathered_coins_are_the_smallest_confirmed_ones_worth_their_cost(coins, most, each) -> None:
    coins = list({(coin.txid, coin.index): coin for coin in coins}.values())
    chosen = coins[:1]
    gathered = gather(coins, chosen, most, each)
    added = gathered[len(chosen) :]
    assert gathered[: len(chosen)] == chosen
    ripe = [coin for coin in coins[1:] if coin.confirmations and not 100 <= coin.confirmations <= 110]
    worth = [coin for coin in ripe if coin.value > each]
    assert len(added) == min(most, len(worth))
    assert [coin.value for coin in added] == sorted(coin.value for coin in worth)[:most]


def test_a_wallet_of_dust_says_that_its_coins_are_not_worth_spending() -> None:
    dust = [Coin(f"{number:064x}", 0, 10, 1) for number in range(300)]
    assert len(select(dust, 1_000)) == 100
    with pytest.raises(WalletError, match="enough coins") as refusal:
        select(dust, 1_000, 8)
    assert "it holds 3,000, of which 600 are left" in refusal.value.why


@given(coins_strategy, st.integers(1, 10**12))
def test_confirmed_coins_go_first(coins: list[Coin], need: int) -> None:
    confirmed = [coin for coin in coins if coin.confirmations]
    if sum(coin.value for coin in confirmed) >= need:
        assert all(coin.confirmations for coin in select(coins, need))


def test_a_coinbase_that_an_orphaned_block_would_make_immature_is_not_gathered() -> None:
    ages = (0, 1, 99, 100, 105, 110, 111, 200)
    coins = [Coin(f"{age:064x}", 0, 1_000, age) for age in ages]
    assert [coin.confirmations for coin in gather(coins, [], 10, 0)] == [1, 99, 111, 200]

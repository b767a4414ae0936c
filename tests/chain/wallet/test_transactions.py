"""The deployment transaction: whatever coins it is made from, it pays the rate or is not made."""

from __future__ import annotations

from bitcoinx import PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from app.chain.networks import REGTEST
from app.chain.wallet.coins import Coin, fee_for, select
from app.chain.wallet.key import Wallet
from app.chain.wallet.transactions import SIGNED_INPUT, build_deployment, deployment_size
from app.errors import WalletError

WALLET = Wallet(PrivateKey(bytes(31) + b"\x05"), REGTEST)
VALUE = 1_110

rates = st.sampled_from([0, 1, 50, 333, 1_000])
scripts = st.sampled_from([0, 100, 300, 20_000]).map(bytes)


def coins_of(values: list[int]) -> list[Coin]:
    return [Coin(f"{number + 1:064x}", 0, value, 10) for number, value in enumerate(values)]


wallets = st.one_of(
    st.lists(st.integers(1, 5_000), min_size=1, max_size=30),
    # More inputs than a count of one byte can tell.
    st.builds(lambda value, count: [value] * count, st.integers(5, 400), st.sampled_from([5, 80, 260])),
).map(coins_of)


@given(wallets, rates, scripts)
def test_a_deployment_from_any_coins_pays_the_rate_or_is_refused(
    coins: list[Coin], rate: int, script: bytes
) -> None:
    held = sum(coin.value for coin in coins)
    try:
        tx, fee = build_deployment(script, VALUE, coins, WALLET, rate)
    except WalletError:
        assert held < VALUE + fee_for(deployment_size(script, len(coins)), rate)
        return
    assert fee == held - tx.total_output_value()
    assert fee >= fee_for(tx.size(), rate)


@given(wallets, rates, scripts)
def test_coins_chosen_with_the_cost_of_each_are_always_enough(
    coins: list[Coin], rate: int, script: bytes
) -> None:
    need = VALUE + fee_for(deployment_size(script, 0), rate)
    each = fee_for(SIGNED_INPUT, rate)
    try:
        chosen = select(coins, need, each)
    except WalletError:
        assert sum(max(coin.value - each, 0) for coin in coins) < need
        return
    tx, fee = build_deployment(script, VALUE, chosen, WALLET, rate)
    assert fee >= fee_for(tx.size(), rate)

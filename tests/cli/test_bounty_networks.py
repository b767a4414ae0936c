"""Bounties on public networks, through the fakes to a real node: found by the explorer, sent after a yes."""

from __future__ import annotations

import pytest

from app.chain.networks import TESTNET
from app.chain.wallet.key import Wallet
from tests.chain.conftest import give
from tests.cli.conftest import SEVEN
from tests.cli.test_networks import mainnet as mainnet

TERMS = ("--digit", 7, "--reward", 20_000, "--until", "+50")


def test_a_bounty_on_testnet_is_followed_by_what_the_explorer_says(
    inkproof, services, home, regtest, monkeypatch, tmp_path
):
    """One posts, another earns, each in a data folder of her own; blocks are others' work."""
    on = ("--network", "testnet", "--json")
    give(regtest, Wallet.load_or_create(home, TESTNET), 900_000)
    posted = inkproof("bounty", "post", *TERMS, *on).json()
    assert (posted["status"], posted["block"], posted["window"]) == ("open", None, 144)
    regtest.backend.mine(regtest.wallet.address, 1)
    monkeypatch.setenv("INKPROOF_HOME", str(tmp_path))
    give(regtest, Wallet.load_or_create(tmp_path, TESTNET), 900_000)
    found = inkproof("bounty", "list", "--bounty", posted["bounty"], *on)
    assert found.json()["status"] == "open", found.stderr
    held = inkproof("bounty", "commit", SEVEN, *on).json()
    assert (held["status"], held["held_by_us"], held["block"]) == ("committed", True, None)
    early = inkproof("bounty", "reveal", *on)
    assert (early.returncode, "Try again in 3 blocks" in early.stderr) == (2, True), early.stderr
    regtest.backend.mine(regtest.wallet.address, 3)
    paid = inkproof("bounty", "reveal", *on).json()
    assert (paid["status"], paid["block"]) == ("paid", None)
    regtest.backend.mine(regtest.wallet.address, 1)
    monkeypatch.setenv("INKPROOF_HOME", str(home))
    seen = inkproof("bounty", "list", *on).json()
    assert (seen["status"], seen["txid"], seen["block"] is not None) == ("paid", paid["txid"], True)


def test_on_mainnet_every_step_says_what_it_costs_and_sends_nothing_without_a_yes(
    inkproof, services, mainnet, regtest
):
    on = ("--network", "mainnet")
    yes = (*on, "--yes", "--json")

    def asked(*command):
        sent = len(services.bodies)
        ran = inkproof("bounty", *command, *on)
        assert ran.returncode == 2 and "Nothing was sent" in ran.stderr, ran.stderr
        assert len(services.bodies) == sent
        return ran.stderr

    words = asked("post", *TERMS)
    assert "post a bounty (fee " in words and "the reward of 20,000 goes to whoever earns it" in words
    assert "comes back to you only after block" in words
    assert inkproof("bounty", "post", *TERMS, *yes).returncode == 0
    regtest.backend.mine(regtest.wallet.address, 1)
    words = asked("commit", SEVEN)
    assert "deposit 2,000); the deposit is lost if the image is not revealed by block" in words
    assert inkproof("bounty", "commit", SEVEN, *yes).returncode == 0
    regtest.backend.mine(regtest.wallet.address, 3)
    assert "to reveal; they are taken out of the bounty" in asked("reveal")
    assert inkproof("bounty", "reveal", *yes).json()["status"] == "paid"


def test_rewards_count_toward_the_daily_limit(inkproof, services, mainnet):
    on = ("--network", "mainnet", "--yes")
    refused = inkproof("bounty", "post", *TERMS, *on, "--daily-limit", 20_000)
    assert refused.returncode == 2 and "past the daily limit of 20,000" in refused.stderr
    assert services.bodies == []
    assert inkproof("bounty", "post", *TERMS, *on, "--daily-limit", 40_000).returncode == 0
    again = inkproof("bounty", "post", *TERMS, *on, "--daily-limit", 40_000)
    assert again.returncode == 2 and "past the daily limit" in again.stderr


def test_a_node_of_ones_own_on_a_public_network_cannot_follow_a_spent_bounty(regtest):
    from app.chain.backends.spenders import find_spender
    from app.errors import ChainError

    with pytest.raises(ChainError, match="does not say who has spent"):
        find_spender(regtest.rpc, TESTNET, ("11" * 32, 0), 0)

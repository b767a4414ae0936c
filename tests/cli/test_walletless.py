"""Every command that uses a chain, on a node that keeps no account of coins: ours is what is used."""

from __future__ import annotations

from pathlib import Path

import pytest
from bitcoinx import PrivateKey

from app.chain.backends.mining import mine
from app.chain.backends.node_coins import list_coins
from app.chain.backends.rpc import Rpc
from app.chain.networks import REGTEST
from app.chain.node.process import EmbeddedNode
from app.chain.wallet.key import Wallet
from app.errors import NoWalletError
from tests.cli.conftest import SEVEN
from tests.conftest import quiet


@pytest.fixture
def node(home: Path, bitcoind: Path) -> Rpc:
    """The embedded node, without a wallet."""
    rpc = EmbeddedNode("regtest", extra_flags=["disablewallet=1"]).start(quiet)
    with pytest.raises(NoWalletError):
        list_coins(rpc, Wallet.load_or_create(home, REGTEST))
    return rpc


@pytest.fixture
def walletless(inkproof, node: Rpc):
    """Call a command on it; the last of its answers, as JSON."""

    def told(*arguments: object, status: int = 0):
        ran = inkproof(*arguments, "--json")
        assert ran.returncode == status, ran.stderr
        return ran.lines()[-1]

    return told


def test_claims_are_made_checked_and_proved_and_all_coins_are_swept(walletless, tmp_path: Path) -> None:
    walletless("deploy", "--model", "compact")
    taken = walletless("verify", SEVEN, SEVEN, "--model", "compact")["chain"]
    refused = walletless("verify", SEVEN, "--model", "compact", "--claim", 4, status=1)["chain"]
    assert (taken["accepted"], refused["accepted"]) == (True, False)
    assert walletless("inspect", taken["txid"])["accepted"]
    proof = tmp_path / "seven.beef"
    walletless("proof", taken["txid"], "-o", proof)
    walletless("check", proof)
    assert walletless("wallet", "balance")["satoshis"] > 0
    swept = walletless("wallet", "sweep", Wallet(PrivateKey.from_random(), REGTEST).address)
    assert swept["satoshis"] > 0


def test_a_bounty_is_posted_earned_reopened_and_reclaimed(walletless, node: Rpc) -> None:
    terms = ("--digit", 7, "--reward", 20_000, "--margin", 0.9, "--window", 3, "--model", "compact")
    walletless("bounty", "post", *terms, "--until", "+50")
    before = walletless("wallet", "balance")["satoshis"]
    walletless("bounty", "commit", SEVEN)
    assert walletless("bounty", "reveal")["status"] == "paid"
    assert walletless("wallet", "balance")["satoshis"] > before
    walletless("bounty", "post", *terms, "--until", "+9")
    walletless("bounty", "commit", SEVEN)
    mine(node, PrivateKey.from_random().public_key.to_address(network=REGTEST.keys).to_string(), 9)
    assert walletless("bounty", "reopen")["status"] == "open"
    assert walletless("bounty", "reclaim")["status"] == "reclaimed"

"""Whole verifications on public networks, from the command line, through the fakes to a real node."""

from __future__ import annotations

import sys

import pytest

from app.chain.networks import MAIN, TESTNET
from app.chain.wallet.key import Wallet
from tests.chain.conftest import give
from tests.cli.conftest import SEVEN

terminals = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")


@pytest.fixture
def mainnet(services, home, regtest):
    """The fakes as mainnet, and a wallet with coins there. Regtest's node knows other prefixes, so the
    address is translated on its way to it."""
    services.chain = "main"
    wallet = Wallet.load_or_create(home, MAIN)
    give(regtest, wallet, 900_000)
    private = Wallet(wallet.key, TESTNET).address
    services.instead(
        f"/address/{wallet.address}/",
        lambda handler: handler.answer(
            *services.answer("GET", f"/woc/address/{private}/unspent/all", b"", {})
        ),
    )
    return wallet


def test_a_verification_on_testnet_is_confirmed_and_inspected(inkproof, services, home, regtest):
    give(regtest, Wallet.load_or_create(home, TESTNET), 900_000)
    ran = inkproof("verify", SEVEN, "--network", "testnet", "--json")
    assert ran.returncode == 0, ran.stderr
    verdict = ran.json()
    assert verdict["agree"] is True
    assert (verdict["chain"]["network"], verdict["chain"]["block"]) == ("testnet", None)
    assert regtest.rpc.call("getrawtransaction", verdict["chain"]["txid"], 1)["size"] < 1100
    regtest.backend.mine(regtest.wallet.address, 1)

    seen = inkproof("inspect", verdict["chain"]["txid"], "--network", "testnet", "--json").json()
    assert (seen["claimed"], seen["accepted"], seen["kind"]) == (7, True, "packed")
    assert seen["block"] == regtest.rpc.call("getblockcount")

    cheat = inkproof("verify", SEVEN, "--claim", "4", "--network", "testnet", "--json")
    assert cheat.returncode == 1
    refused = cheat.json()["chain"]
    assert refused["accepted"] is False
    assert refused["reason"].startswith("461 ")
    assert "script-verify-flag-failed" in refused["reason"]

    past = inkproof("history", "--json").lines()
    assert [(entry["network"], entry["state"]) for entry in past] == [
        ("testnet", "refused"),
        ("testnet", "confirmed"),
    ]
    assert inkproof("node", "status", "--json").json()["height"] is None, "no node of ours was started"


def test_a_wallet_without_coins_shows_its_address(inkproof, services, home):
    ran = inkproof("verify", SEVEN, "--network", "testnet")
    assert ran.returncode == 2
    assert Wallet.load_or_create(home, TESTNET).address in ran.stderr


def test_services_that_are_not_there_are_named(inkproof, home, monkeypatch):
    monkeypatch.setenv("INKPROOF_WOC_URL", "http://127.0.0.1:1/woc")
    monkeypatch.setenv("INKPROOF_ARC_URL", "http://127.0.0.1:1/arc")
    ran = inkproof("deploy", "--network", "testnet")
    assert ran.returncode == 2
    assert "answers at http://127.0.0.1:1" in ran.stderr
    assert ran.stderr.count("error:") == 1


def test_mainnet_shows_the_cost_and_sends_nothing_without_a_yes(inkproof, services, mainnet):
    ran = inkproof("verify", SEVEN, "--network", "mainnet")
    assert ran.returncode == 2
    assert "satoshis of real coins, to deploy the contract" in ran.stderr
    assert "verify one image with it" in ran.stderr
    assert "Nothing was sent" in ran.stderr
    assert services.bodies == []
    ran = inkproof("verify", SEVEN, "--network", "mainnet", "--yes", "--json")
    assert ran.returncode == 0, ran.stderr
    assert ran.json()["chain"]["network"] == "mainnet"
    assert len(services.bodies) == 2, "one deployment and one verification, and nothing ahead of need"


def test_the_daily_limit_holds_from_one_command_to_the_next(inkproof, services, mainnet, monkeypatch):
    first = inkproof("deploy", "--network", "mainnet", "--yes", "--daily-limit", "20000")
    assert first.returncode == 0, first.stderr
    assert inkproof("verify", SEVEN, "--network", "mainnet", "--yes").returncode == 0
    sent = len(services.bodies)
    second = inkproof("deploy", "--network", "mainnet", "--yes", "--daily-limit", "20000")
    assert second.returncode == 2
    assert "past the daily limit of 20,000" in second.stderr
    monkeypatch.setenv("INKPROOF_DAILY_LIMIT", "0")
    assert "past the daily limit of 0" in inkproof("deploy", "--network", "mainnet", "--yes").stderr
    assert len(services.bodies) == sent
    assert inkproof("deploy", "--network", "mainnet", "--yes", "--daily-limit", "1000000").returncode == 0


@terminals
def test_on_a_terminal_mainnet_asks(inkproof, services, mainnet):
    from tests.cli.terminal import in_turn

    command = ["deploy", "--network", "mainnet"]
    no, yes = in_turn((command, [("Spend them? [y/N]", "")]), (command, [("Spend them? [y/N]", "yes")]))
    assert (no[0], "Nothing was sent" in no[1]) == (2, True)
    assert (yes[0], "deployed on mainnet" in yes[1]) == (0, True)
    assert len(services.bodies) == 1, "nothing without a yes"


@pytest.fixture
def node(regtest):
    conf = (regtest.node.folder / "bitcoin.conf").read_text().splitlines()
    return dict(line.split("=", 1) for line in conf if "=" in line)


def test_a_nodes_credentials_come_from_the_environment_or_its_cookie(
    inkproof, home, regtest, node, monkeypatch, tmp_path
):
    ask = ["wallet", "balance", "--rpc-url", regtest.rpc.url]
    refused = inkproof(*ask)
    assert (refused.returncode, "refused the user name or password" in refused.stderr) == (2, True)
    cookie = tmp_path / "cookie"
    cookie.write_text(f"{node['rpcuser']}:{node['rpcpassword']}")
    assert inkproof(*ask, "--rpc-cookie", cookie).returncode == 0
    monkeypatch.setenv("INKPROOF_RPC_COOKIE", str(cookie))
    assert inkproof(*ask).returncode == 0
    monkeypatch.delenv("INKPROOF_RPC_COOKIE")
    monkeypatch.setenv("INKPROOF_RPC_USER", node["rpcuser"])
    monkeypatch.setenv("INKPROOF_RPC_PASSWORD", node["rpcpassword"])
    assert inkproof(*ask).returncode == 0
    wrong = inkproof(*ask, "--network", "mainnet")
    assert (wrong.returncode, "is on regtest, not on mainnet" in wrong.stderr) == (2, True)


@terminals
def test_a_nodes_password_is_asked_for_and_typed_unseen(home, bitcoind, regtest, node, monkeypatch):
    from tests.cli.terminal import at_terminal

    for name in ("INKPROOF_RPC_USER", "INKPROOF_RPC_PASSWORD", "INKPROOF_RPC_COOKIE"):
        monkeypatch.delenv(name, raising=False)
    command = ["wallet", "balance", "--rpc-url", regtest.rpc.url]
    status, seen = at_terminal(
        command, [("RPC user name:", node["rpcuser"]), ("RPC password of", node["rpcpassword"])]
    )
    assert (status, "satoshis" in seen) == (0, True), seen
    assert node["rpcpassword"] not in seen

"""`inkproof wallet`, with and without a terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from bitcoinx import PrivateKey

from app.chain.networks import MAIN, REGTEST, TESTNET
from app.chain.wallet import keyfile
from app.chain.wallet.key import Wallet
from tests.chain.conftest import give

terminals = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")


@pytest.fixture
def at_terminal():
    from tests.cli.terminal import at_terminal

    return at_terminal


@pytest.fixture
def in_turn():
    from tests.cli.terminal import in_turn

    return in_turn


def key_of(home, name="regtest"):
    return (home / f"wallet-{name}.wif").read_text().strip()


def seal_cheaply(home, key):
    """The encrypted key file once more, with the least work for each opening of it."""
    sealed = keyfile.seal(key, "sesame", "regtest", json.loads(key_of(home))["address"], cost=2**14)
    (home / "wallet-regtest.wif").write_text(sealed)


def test_each_network_has_an_address_of_its_own(inkproof):
    addresses = {}
    for network in ("regtest", "testnet", "mainnet"):
        told = inkproof("wallet", "address", "--network", network, "--json").json()
        assert told == {"network": network, "address": told["address"], "encrypted": False}
        addresses[network] = told["address"]
    assert len(set(addresses.values())) == 3
    assert addresses["mainnet"][0] == "1"
    assert inkproof("wallet", "address").stdout == addresses["regtest"] + "\n"


def test_the_environment_names_the_network(inkproof, monkeypatch):
    monkeypatch.setenv("INKPROOF_NETWORK", "mainnet")
    assert inkproof("wallet", "address").stdout[0] == "1"
    monkeypatch.setenv("INKPROOF_NETWORK", "moon")
    ran = inkproof("wallet", "address")
    assert ran.returncode == 2
    assert "no network called 'moon'" in ran.stderr


@terminals
def test_on_a_terminal_the_address_is_a_qr_code_too(inkproof, home, at_terminal):
    address = inkproof("wallet", "address").stdout.strip()
    status, seen = at_terminal(["wallet", "address"])
    assert status == 0
    first, *code = seen.replace("\r", "").strip("\n").split("\n")
    assert first == address
    assert len(code) == 17
    assert {len(line) for line in code} == {33}
    assert set("".join(code)) == set("█▀▄ ")


@pytest.mark.usefixtures("node_kept")
def test_the_balance_is_the_nodes_account(inkproof):
    empty = inkproof("wallet", "balance", "--json").json()
    assert (empty["satoshis"], empty["coins"], empty["in_contracts"]) == (0, 0, 0)
    deployed = inkproof("deploy", "--json").json()
    told = inkproof("wallet", "balance", "--json").json()
    assert told["in_contracts"] == deployed["value"]
    assert told["satoshis"] > 0
    shown = inkproof("wallet", "balance").stdout
    assert f"{told['satoshis']:,} satoshis" in shown
    assert "held by deployed contracts" in shown


@terminals
@pytest.mark.usefixtures("node_kept")
def test_a_key_file_that_others_could_read_causes_one_warning(inkproof, home):
    inkproof("wallet", "address")
    (home / "wallet-regtest.wif").chmod(0o644)
    assert "could read the wallet's key" in inkproof("wallet", "balance", "--json").stderr
    assert "could read the wallet's key" not in inkproof("wallet", "balance", "--json").stderr


def test_the_key_is_not_shown_unless_it_is_asked_for(inkproof, home):
    inkproof("wallet", "address")
    key = key_of(home)
    for arguments in (["export"], ["export", "--json"], ["address"], ["address", "--json"]):
        ran = inkproof("wallet", *arguments)
        assert key not in ran.stdout + ran.stderr
        assert ran.returncode == (2 if "export" in arguments else 0)
    assert inkproof("wallet", "export", "--reveal").stdout.strip() == key
    assert inkproof("wallet", "export", "--reveal", "--json").json()["wif"] == key


@terminals
def test_on_a_terminal_the_key_is_shown_after_a_yes(inkproof, home, in_turn):
    inkproof("wallet", "address")
    key = key_of(home)
    answers = [(["wallet", "export"], [("Show it? [y/N]", answer)]) for answer in "ny"]
    assert [(status, key in seen) for status, seen in in_turn(*answers)] == [(2, False), (0, True)]


def test_a_key_is_imported_from_standard_input_and_the_old_one_kept(inkproof, home):
    inkproof("wallet", "address")
    before = key_of(home)
    key = PrivateKey.from_random()
    wif = key.to_WIF(network=REGTEST.keys)
    told = inkproof("wallet", "import", "--json", input=wif + "\n").json()
    assert told["address"] == Wallet(key, REGTEST).address
    assert key_of(home) == wif
    assert Path(told["kept"]).read_text().strip() == before
    again = inkproof("wallet", "import", input="rubbish\n")
    assert again.returncode == 2
    assert "rubbish" not in again.stderr + again.stdout
    assert "wallet import format" in again.stderr


@terminals
def test_on_a_terminal_the_key_is_typed_unseen(inkproof, home, at_terminal):
    wif = PrivateKey.from_random().to_WIF(network=REGTEST.keys)
    status, seen = at_terminal(["wallet", "import"], [("Key in wallet import format:", wif)])
    assert status == 0, seen
    assert wif not in seen
    assert key_of(home) == wif


@terminals
@pytest.mark.usefixtures("node_kept")
def test_encrypting_verifying_and_decrypting_with_a_passphrase(inkproof, home, in_turn):
    inkproof("wallet", "address")
    key = key_of(home)
    (status, told), (again, seen) = in_turn(
        (["wallet", "encrypt"], [("New passphrase:", "one"), ("The same once more:", "two")]),
        # It asks for a new passphrase: nothing was encrypted before.
        (["wallet", "encrypt"], [("New passphrase:", "sesame"), ("The same once more:", "sesame")]),
    )
    assert (status, "differ" in told) == (2, True)
    assert again == 0, seen
    assert "sesame" not in seen
    assert key not in key_of(home)
    assert inkproof("wallet", "address", "--json").json()["encrypted"] is True
    seal_cheaply(home, key)

    locked = inkproof("wallet", "balance")
    assert locked.returncode == 2
    assert "The wallet is locked" in locked.stderr
    assert "INKPROOF_PASSPHRASE_FILE" in locked.stderr

    (status, seen), balance, decrypted = in_turn(
        (["wallet", "balance"], [("Passphrase of the wallet:", "open")]),
        (["wallet", "balance"], [("Passphrase of the wallet:", "sesame")]),
        (["wallet", "decrypt"], [("Passphrase of the wallet:", "sesame")]),
    )
    assert status == 2
    assert seen.count("That is not the wallet's passphrase.") == 1
    assert "Traceback" not in seen
    assert (balance[0], "satoshis" in balance[1]) == (0, True)
    assert decrypted[0] == 0, decrypted
    assert key_of(home) == key


@pytest.mark.usefixtures("node_kept")
def test_a_passphrase_file_opens_the_wallet_for_scripts(inkproof, home, monkeypatch, tmp_path):
    file = tmp_path / "passphrase"
    file.write_text("sesame\n")
    file.chmod(0o600)
    inkproof("wallet", "address")
    key = key_of(home)
    monkeypatch.setenv("INKPROOF_PASSPHRASE_FILE", str(file))
    assert inkproof("wallet", "encrypt", "--json").json()["encrypted"] is True
    assert key not in key_of(home)
    assert inkproof("wallet", "encrypt").returncode == 2
    seal_cheaply(home, key)
    assert inkproof("deploy", "--model", "compact", "--json").json()["network"] == "regtest"
    assert inkproof("wallet", "export", "--reveal").stdout.strip() == key
    assert inkproof("wallet", "decrypt", "--json").json()["encrypted"] is False
    assert key_of(home) == key


def test_without_a_terminal_a_new_passphrase_comes_from_a_file_only(inkproof, home):
    inkproof("wallet", "address")
    key = key_of(home)
    ran = inkproof("wallet", "encrypt")
    assert ran.returncode == 2
    assert "There is no terminal to ask for a new passphrase." in ran.stderr
    assert "locked" not in ran.stderr
    assert "INKPROOF_PASSPHRASE_FILE" in ran.stderr
    assert key_of(home) == key


def test_sweep_on_the_private_chain_asks_nothing(inkproof, home):
    inkproof("node", "start")
    inkproof("deploy")
    before = inkproof("wallet", "balance", "--json").json()
    target = Wallet(PrivateKey.from_random(), REGTEST).address
    told = inkproof("wallet", "sweep", target, "--json").json()
    assert told["satoshis"] + told["fee"] == before["satoshis"]
    assert told["in_contracts"] == before["in_contracts"] > 0
    assert inkproof("wallet", "balance", "--json").json()["satoshis"] == 0
    again = inkproof("wallet", "sweep", target)
    assert (again.returncode, "is empty" in again.stderr) == (2, True)
    wrong = inkproof("wallet", "sweep", Wallet(PrivateKey.from_random(), MAIN).address)
    assert (wrong.returncode, "not an address on regtest" in wrong.stderr) == (2, True)


def test_sweep_on_a_public_network_sends_nothing_without_a_yes(inkproof, home, regtest, services):
    inkproof("wallet", "address", "--network", "testnet")
    wallet = Wallet.load_or_create(home, TESTNET)
    give(regtest, wallet, 80_000)
    target = Wallet(PrivateKey.from_random(), TESTNET).address
    refused = inkproof("wallet", "sweep", target, "--network", "testnet")
    assert refused.returncode == 2
    assert "the fee is" in refused.stderr
    assert "Nothing was sent" in refused.stderr
    assert services.bodies == []
    told = inkproof("wallet", "sweep", target, "--network", "testnet", "--yes", "--json").json()
    assert told["satoshis"] + told["fee"] == 80_000
    assert inkproof("wallet", "balance", "--network", "testnet", "--json").json()["satoshis"] == 0


def test_coins_worth_less_than_their_fee_are_left_and_announced(inkproof, home, regtest, services):
    inkproof("wallet", "address", "--network", "testnet")
    wallet = Wallet.load_or_create(home, TESTNET)
    for satoshis in (80_000, 3):
        give(regtest, wallet, satoshis)
    sweep = ("wallet", "sweep", Wallet(PrivateKey.from_random(), TESTNET).address, "--network", "testnet")
    announced = " ".join(inkproof(*sweep).stderr.split())
    assert "1 of 2 coins" in announced
    assert "left (1) are not worth the fee" in announced
    told = inkproof(*sweep, "--yes", "--json").json()
    assert (told["satoshis"] + told["fee"], told["coins_left"]) == (80_000, 1)
    assert inkproof("wallet", "balance", "--network", "testnet", "--json").json()["satoshis"] == 3


def test_no_key_or_passphrase_can_be_given_on_the_command_line(inkproof):
    for action in ("import", "encrypt", "decrypt", "export"):
        usage = inkproof("wallet", action, "--help").stdout
        for word in ("--key", "--wif", "--passphrase", "--password"):
            assert word not in usage
    assert inkproof("wallet", "import", "cVSecret").returncode == 2
    assert "--rpc-password" not in inkproof("verify", "--help").stdout

"""The wallet's key: made once, kept to its owner, never shown, never overwritten."""

from __future__ import annotations

import os
import stat
import sys
import threading
from pathlib import Path

import pytest
from bitcoinx import PrivateKey

from app.chain.networks import MAIN, NETWORKS, REGTEST, TESTNET, Network
from app.chain.wallet.key import Wallet
from app.errors import WalletError

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")


def key_file(folder: Path) -> Path:
    return folder / "wallet-regtest.wif"


def test_the_same_key_comes_back(tmp_path: Path) -> None:
    first = Wallet.load_or_create(tmp_path / "new", REGTEST)
    assert Wallet.load_or_create(tmp_path / "new", REGTEST).address == first.address
    assert not first.notice


def test_two_wallets_are_two_keys(tmp_path: Path) -> None:
    one, two = (Wallet.load_or_create(tmp_path / name, REGTEST) for name in "ab")
    assert one.pubkeyhash != two.pubkeyhash


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS.keys())
def test_the_address_is_one_of_the_network(tmp_path: Path, network: Network) -> None:
    wallet = Wallet.load_or_create(tmp_path, network)
    assert wallet.address[0] in ("1" if network is MAIN else "mn")
    assert len(wallet.pubkeyhash) == 20
    assert wallet.pubkeyhash in bytes(wallet.locking_script)


@posix
def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    Wallet.load_or_create(tmp_path, REGTEST)
    assert stat.S_IMODE(key_file(tmp_path).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["wallet-regtest.wif"]


@posix
def test_a_file_others_could_read_is_closed_and_the_person_told(tmp_path: Path) -> None:
    address = Wallet.load_or_create(tmp_path, REGTEST).address
    key_file(tmp_path).chmod(0o644)
    again = Wallet.load_or_create(tmp_path, REGTEST)
    assert again.address == address
    assert str(key_file(tmp_path)) in again.notice
    assert stat.S_IMODE(key_file(tmp_path).stat().st_mode) == 0o600
    assert not Wallet.load_or_create(tmp_path, REGTEST).notice


@pytest.mark.parametrize("content", [b"", b"\x00" * 50, b"not a key", b"\xff\xfe", b"5" * 10_000_000])
def test_a_damaged_file_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    key_file(tmp_path).write_bytes(content)
    with pytest.raises(WalletError, match="damaged"):
        Wallet.load_or_create(tmp_path, REGTEST)
    assert key_file(tmp_path).read_bytes() == content


def test_a_key_with_one_wrong_letter_is_damaged_and_not_shown(tmp_path: Path) -> None:
    Wallet.load_or_create(tmp_path, REGTEST)
    text = key_file(tmp_path).read_text().strip()
    wrong = text[:-1] + ("a" if text[-1] != "a" else "b")
    key_file(tmp_path).write_text(wrong)
    with pytest.raises(WalletError) as refusal:
        Wallet.load_or_create(tmp_path, REGTEST)
    assert wrong not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


def test_a_key_of_another_network_is_refused(tmp_path: Path) -> None:
    Wallet.load_or_create(tmp_path, MAIN)
    (tmp_path / "wallet-mainnet.wif").rename(tmp_path / "wallet-testnet.wif")
    with pytest.raises(WalletError, match="another network"):
        Wallet.load_or_create(tmp_path, TESTNET)


def test_the_key_is_not_shown(tmp_path: Path) -> None:
    wallet = Wallet.load_or_create(tmp_path, REGTEST)
    secret = wallet.key.to_bytes().hex()
    wif = key_file(tmp_path).read_text().strip()
    for shown in (repr(wallet), str(wallet), f"{wallet}"):
        assert secret not in shown
        assert wif not in shown
    assert PrivateKey.from_WIF(wif).public_key == wallet.public_key


def test_programs_that_start_together_get_one_key(tmp_path: Path) -> None:
    addresses: list[str] = []
    together = threading.Barrier(8)

    def begin() -> None:
        together.wait()
        addresses.append(Wallet.load_or_create(tmp_path, REGTEST).address)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(addresses) == 8
    assert len(set(addresses)) == 1


@posix
def test_a_link_in_the_keys_place_is_not_followed(tmp_path: Path) -> None:
    Wallet.load_or_create(tmp_path / "other", REGTEST)
    key_file(tmp_path).symlink_to(key_file(tmp_path / "other"))
    with pytest.raises(WalletError, match="cannot be used"):
        Wallet.load_or_create(tmp_path, REGTEST)


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WalletError, match="cannot be used"):
        Wallet.load_or_create(tmp_path, REGTEST)

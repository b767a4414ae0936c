"""The encrypted key file: opened by its passphrase only, and never half written."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
from pathlib import Path

import pytest
from bitcoinx import PrivateKey

from app.chain.networks import MAIN, REGTEST, TESTNET
from app.chain.wallet import key as wallets
from app.chain.wallet import keyfile
from app.chain.wallet.key import Wallet
from app.chain.wallet.passphrase import from_file
from app.errors import WalletError

SECRET = "correct horse battery staple Ω"


CHEAP = 2**14
"""The least work that a file may ask for, to keep the tests fast."""


@pytest.fixture(autouse=True)
def no_passphrase_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INKPROOF_PASSPHRASE_FILE", raising=False)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Wallet, Path]:
    """A wallet, and its encrypted file: to encrypt takes work."""
    folder = tmp_path_factory.mktemp("sealed")
    return wallets.encrypt(folder, REGTEST, SECRET, cost=CHEAP), path_of(folder)


@pytest.fixture
def locked(tmp_path: Path, sealed: tuple[Wallet, Path]) -> Wallet:
    """That wallet, its file in the test's own folder."""
    wallet, file = sealed
    shutil.copy2(file, path_of(tmp_path))
    return wallet


def path_of(folder: Path) -> Path:
    return wallets.key_path(folder, REGTEST)


def test_the_right_passphrase_opens_it_and_no_key_is_in_the_file(locked: Wallet, tmp_path: Path) -> None:
    text = path_of(tmp_path).read_text()
    assert locked.key.to_WIF(network=REGTEST.keys) not in text
    assert locked.key.to_bytes().hex() not in text
    assert Wallet.load_or_create(tmp_path, REGTEST, lambda: SECRET).key == locked.key
    assert [path.name for path in tmp_path.iterdir()] == ["wallet-regtest.wif"]


@pytest.mark.parametrize(
    "wrong",
    [
        *("", SECRET + " "),
        *(pytest.param(further, marks=pytest.mark.exhaustive) for further in (SECRET[:-2], SECRET.upper())),
    ],
)
def test_a_wrong_passphrase_is_one_clear_line(locked: Wallet, tmp_path: Path, wrong: str) -> None:
    before = path_of(tmp_path).read_bytes()
    with pytest.raises(WalletError, match=r"^That is not the wallet's passphrase\.") as refusal:
        Wallet.load_or_create(tmp_path, REGTEST, lambda: wrong)
    assert "\n" not in str(refusal.value)
    assert path_of(tmp_path).read_bytes() == before


def test_the_address_needs_no_passphrase(locked: Wallet, tmp_path: Path) -> None:
    assert wallets.public_address(tmp_path, REGTEST) == locked.address
    assert wallets.is_encrypted(tmp_path, REGTEST)


def test_decrypting_puts_the_plain_key_back(locked: Wallet, tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="not the wallet's passphrase"):
        wallets.decrypt(tmp_path, REGTEST, lambda: "wrong")
    wallets.decrypt(tmp_path, REGTEST, lambda: SECRET)
    assert Wallet.load_or_create(tmp_path, REGTEST).key == locked.key
    with pytest.raises(WalletError, match="not encrypted"):
        wallets.decrypt(tmp_path, REGTEST, lambda: SECRET)


def test_it_is_not_encrypted_twice_nor_with_nothing(locked: Wallet, tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="encrypted already"):
        wallets.encrypt(tmp_path, REGTEST, SECRET)
    with pytest.raises(WalletError, match="An empty or blank passphrase"):
        wallets.encrypt(tmp_path / "other", REGTEST, "")


def test_two_encryptions_of_one_key_have_nothing_in_common(locked: Wallet, tmp_path: Path) -> None:
    first = json.loads(path_of(tmp_path).read_text())
    wallets.decrypt(tmp_path, REGTEST, lambda: SECRET)
    wallets.encrypt(tmp_path, REGTEST, SECRET, cost=CHEAP)
    second = json.loads(path_of(tmp_path).read_text())
    assert all(first[name] != second[name] for name in ("salt", "nonce", "ciphertext"))


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
def test_the_file_stays_its_owners_only(locked: Wallet, tmp_path: Path) -> None:
    assert stat.S_IMODE(path_of(tmp_path).stat().st_mode) == 0o600
    wallets.decrypt(tmp_path, REGTEST, lambda: SECRET)
    assert stat.S_IMODE(path_of(tmp_path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("address", "mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8"),
        ("network", "testnet"),
        ("salt", "00" * 16),
        ("nonce", "00" * 12),
        ("ciphertext", "00" * 68),
        ("n", 2**15),
    ],
)
def test_a_changed_field_does_not_open(locked: Wallet, tmp_path: Path, name: str, value: object) -> None:
    """Also where whoever changed it took the checksum out: the cipher's tag covers all."""
    sealed = json.loads(path_of(tmp_path).read_text()) | {name: value}
    del sealed["checksum"]
    path_of(tmp_path).write_text(json.dumps(sealed))
    with pytest.raises(WalletError, match="not the wallet's passphrase"):
        Wallet.load_or_create(tmp_path, REGTEST, lambda: SECRET)


@pytest.mark.parametrize(
    "change",
    [
        {"n": 2**40},
        {"n": 1},
        {"n": "131072"},
        {"r": 10**6},
        {"p": 10**6},
        {"kdf": "none"},
        {"cipher": "rot13"},
        {"salt": ""},
        {"nonce": "zz"},
        {"ciphertext": None},
        {"address": "\x1b[2J"},
        {"inkproof-wallet": 0},
        {"inkproof-wallet": None},
    ],
)
def test_a_file_that_asks_for_something_else_is_damaged(
    locked: Wallet, tmp_path: Path, change: dict[str, object]
) -> None:
    sealed = json.loads(path_of(tmp_path).read_text()) | change
    path_of(tmp_path).write_text(json.dumps(sealed))
    with pytest.raises(WalletError, match="damaged"):
        Wallet.load_or_create(tmp_path, REGTEST, lambda: SECRET)


@pytest.mark.parametrize("text", ["{", "{}", "{" * 1999, '{"inkproof-wallet": 1}'])
def test_a_file_that_is_cut_is_damaged(tmp_path: Path, text: str) -> None:
    path_of(tmp_path).write_text(text)
    with pytest.raises(WalletError, match="damaged"):
        Wallet.load_or_create(tmp_path, REGTEST, lambda: SECRET)


def test_a_file_of_a_newer_version_is_named(locked: Wallet, tmp_path: Path) -> None:
    sealed = json.loads(path_of(tmp_path).read_text()) | {"inkproof-wallet": 2}
    path_of(tmp_path).write_text(json.dumps(sealed))
    with pytest.raises(WalletError, match="newer Inkproof"):
        Wallet.load_or_create(tmp_path, REGTEST, lambda: SECRET)


def test_another_key_takes_over_and_the_one_before_is_kept(tmp_path: Path) -> None:
    old = Wallet.load_or_create(tmp_path, REGTEST)
    key = PrivateKey.from_random()
    fresh, kept = wallets.import_key(tmp_path, REGTEST, f" {key.to_WIF(network=REGTEST.keys)}\n", from_file)
    assert fresh.key == key
    assert Wallet.load_or_create(tmp_path, REGTEST).key == key
    assert PrivateKey.from_WIF(kept.read_text().strip()) == old.key
    if sys.platform != "win32":
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_an_encrypted_wallet_stays_encrypted_with_the_same_passphrase(locked: Wallet, tmp_path: Path) -> None:
    wif = PrivateKey.from_random().to_WIF(network=REGTEST.keys)
    before = path_of(tmp_path).read_text()
    with pytest.raises(WalletError, match="not the wallet's passphrase"):
        wallets.import_key(tmp_path, REGTEST, wif, lambda: "wrong")
    assert path_of(tmp_path).read_text() == before
    _, kept = wallets.import_key(tmp_path, REGTEST, wif, lambda: SECRET)
    assert wif not in path_of(tmp_path).read_text()
    assert Wallet.load_or_create(tmp_path, REGTEST, lambda: SECRET).key == PrivateKey.from_WIF(wif)
    assert kept.read_text().strip() == before.strip()


def test_what_is_no_key_for_this_wallet_is_refused_and_not_repeated(tmp_path: Path) -> None:
    wallet = Wallet.load_or_create(tmp_path, REGTEST)
    key = PrivateKey.from_random()
    own = wallet.key.to_WIF(network=REGTEST.keys)
    cases = {
        "hello": "not a key",
        "": "not a key",
        own[:-1] + ("a" if own[-1] != "a" else "b"): "not a key",
        key.to_WIF(network=MAIN.keys): "another network",
        key.to_WIF(network=REGTEST.keys, compressed=False): "uncompressed",
        own: "key in use",
    }
    for text, words in cases.items():
        with pytest.raises(WalletError, match=words) as refusal:
            wallets.import_key(tmp_path, REGTEST, text, from_file)
        assert not text or text not in str(refusal.value)
    assert [path.name for path in tmp_path.iterdir()] == ["wallet-regtest.wif"]


def test_networks_with_the_same_prefixes_may_share_a_key(tmp_path: Path) -> None:
    wif = Wallet.load_or_create(tmp_path, REGTEST).key.to_WIF(network=REGTEST.keys)
    assert wallets.import_key(tmp_path, TESTNET, wif, from_file)[0].network is TESTNET


def test_a_passphrase_file_is_used_where_nobody_can_be_asked(
    locked: Wallet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WalletError, match="locked") as refusal:
        Wallet.load_or_create(tmp_path, REGTEST)
    assert "INKPROOF_PASSPHRASE_FILE" in refusal.value.hint
    file = tmp_path / "passphrase"
    file.write_text(SECRET + "\nsecond line\n")
    file.chmod(0o600)
    monkeypatch.setenv("INKPROOF_PASSPHRASE_FILE", str(file))
    assert Wallet.load_or_create(tmp_path, REGTEST).key == locked.key


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX")
def test_a_passphrase_file_that_others_can_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "passphrase"
    file.write_text(SECRET)
    file.chmod(0o640)
    monkeypatch.setenv("INKPROOF_PASSPHRASE_FILE", str(file))
    with pytest.raises(WalletError, match="read by other users"):
        from_file()
    monkeypatch.setenv("INKPROOF_PASSPHRASE_FILE", str(tmp_path / "none"))
    with pytest.raises(WalletError, match="cannot be read"):
        from_file()


def test_guessing_is_expensive() -> None:
    """The cost that the tests lower is the full one in the program."""
    import subprocess

    code = "from app.chain.wallet import keyfile; print(keyfile.COST)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) >= 2**17


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be opened on Windows")
@pytest.mark.parametrize("write", [keyfile.create, keyfile.replace])
def test_a_new_key_file_survives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write) -> None:
    """Its content is synced before it has its name, and the folder once the name is there."""
    path, synced = tmp_path / "wallet.wif", []
    sync = os.fsync

    def noted(handle: int) -> None:
        folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        synced.append(("folder" if folder else "file", path.exists()))
        sync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    write(path, "a key")
    assert synced == [("file", False), ("folder", True)]


@pytest.mark.parametrize("field", ["network", "address", "n", "salt", "nonce", "ciphertext", "checksum"])
def test_a_damaged_file_is_distinguished_from_a_wrong_passphrase(
    locked: Wallet, tmp_path: Path, field: str
) -> None:
    path = path_of(tmp_path)
    sealed = json.loads(path.read_text())
    value = sealed[field]
    sealed[field] = value * 2 if isinstance(value, int) else ("1" if value[0] == "0" else "0") + value[1:]
    path.write_text(json.dumps(sealed))
    with pytest.raises(WalletError, match="is damaged"):
        Wallet.load_or_create(tmp_path, REGTEST, lambda: SECRET)


def test_a_file_of_an_earlier_version_has_no_checksum_and_opens(locked: Wallet, tmp_path: Path) -> None:
    path = path_of(tmp_path)
    sealed = json.loads(path.read_text())
    del sealed["checksum"]
    path.write_text(json.dumps(sealed))
    assert Wallet.load_or_create(tmp_path, REGTEST, lambda: SECRET).key == locked.key

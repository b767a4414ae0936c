"""The program's own key: one file, readable by its owner only, never shown."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
from pathlib import Path

from bitcoinx import P2PKH_Address, PrivateKey, PublicKey, Script

from app.chain.networks import Network
from app.errors import WalletError

__all__ = ["Wallet"]

_MAX_FILE = 200


class Wallet:
    """A private key and what follows from it, on one network."""

    def __init__(self, key: PrivateKey, network: Network, *, notice: str = "") -> None:
        """`notice` is something the person should be told about the key's file; empty if all is well."""
        self._key = key
        self.network = network
        self.notice = notice

    def __repr__(self) -> str:
        return f"Wallet({self.network.name}, {self.address})"

    @classmethod
    def load_or_create(cls, folder: Path, network: Network) -> Wallet:
        """The wallet kept in `folder` for `network`; a new random key is made the first time.

        WalletError where the file is damaged, another's, or for another network; it is left as it is.
        """
        path = folder / f"wallet-{network.name}.wif"
        try:
            if not path.exists() and not path.is_symlink():
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                _create(path, PrivateKey.from_random().to_WIF(network=network.keys))
            text, notice = _read(path)
        except OSError as error:
            raise WalletError(
                f"The wallet's key file {path} cannot be used.",
                why=f"{error.strerror or error}.",
                hint="Make it a file of your own that only you can read.",
            ) from error
        return cls(_key_of(text, path, network), network, notice=notice)

    @property
    def key(self) -> PrivateKey:
        """The private key, to sign with. Its `str` is the secret itself: never print or log it."""
        return self._key

    @property
    def public_key(self) -> PublicKey:
        """The compressed public key."""
        return self._key.public_key

    @property
    def pubkeyhash(self) -> bytes:
        """HASH160 of the public key, 20 bytes."""
        return bytes(self.public_key.hash160())

    @property
    def address(self) -> str:
        """The P2PKH address on the wallet's network."""
        return str(P2PKH_Address(self.pubkeyhash, self.network.keys).to_string())

    @property
    def locking_script(self) -> Script:
        """The P2PKH locking script of coins that belong to this wallet."""
        return self.public_key.P2PKH_script()


def _create(path: Path, text: str) -> None:
    """Place a new file whole and at once; one that another program has placed in the meantime stays."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        with contextlib.suppress(FileExistsError):
            if sys.platform == "win32":
                fresh.rename(path)
            else:
                # A rename would replace an existing key; a link refuses to.
                path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)


def _read(path: Path) -> tuple[str, str]:
    """The file's text, and a notice if its permissions had to be put right."""
    notice = ""
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
        about = os.fstat(file.fileno())
        if sys.platform != "win32":
            if about.st_uid != os.getuid():
                raise WalletError(
                    f"The wallet's key file {path} belongs to another user.",
                    hint="Make it yours, or move it away to get a new key.",
                )
            if stat.S_IMODE(about.st_mode) & 0o077:
                os.fchmod(file.fileno(), 0o600)
                notice = (
                    f"Other users of this machine could read the wallet's key in {path}; now they cannot. "
                    "If anyone may have done so, move the coins to another wallet."
                )
        text = file.read(_MAX_FILE).decode("ascii", "replace").strip()
    return text, notice


def _key_of(text: str, path: Path, network: Network) -> PrivateKey:
    try:
        key = PrivateKey.from_WIF(text)
    except (ValueError, TypeError):
        # The cause is not chained: its message would carry the file's text, most of a key perhaps.
        raise WalletError(
            f"The wallet's key file {path} is damaged.",
            why="It does not hold one key in wallet import format.",
            hint="Put your copy of it back, or move the file away to get a new key without the old coins.",
        ) from None
    if key.network().WIF_byte != network.keys.WIF_byte:
        raise WalletError(
            f"The key in {path} is for another network than {network.name}.",
            hint="Move the file away, or choose the network it belongs to.",
        )
    return key

"""The program's own key: one file, readable by its owner only, never shown."""

from __future__ import annotations

from pathlib import Path

from bitcoinx import P2PKH_Address, PrivateKey, PublicKey, Script

from app.chain.networks import Network
from app.chain.wallet import keyfile
from app.chain.wallet.passphrase import Passphrase, from_file
from app.errors import WalletError, storage_hint

__all__ = ["Wallet", "decrypt", "encrypt", "import_key", "is_encrypted", "key_path", "public_address"]


class Wallet:
    """A private key and what follows from it, on one network."""

    def __init__(self, key: PrivateKey, network: Network, *, notice: str = "") -> None:
        """`notice`: what the person should know about the key's file; empty if all is well."""
        self._key = key
        self.network = network
        self.notice = notice

    def __repr__(self) -> str:
        return f"Wallet({self.network.name}, {self.address})"

    @classmethod
    def load_or_create(cls, folder: Path, network: Network, passphrase: Passphrase = from_file) -> Wallet:
        """The wallet kept in `folder` for `network`; a new random key is made the first time.

        `passphrase` is asked if the key is encrypted. WalletError where it is the wrong one, or the file is
        damaged, another's, or for another network; it is left as it is.
        """
        path = key_path(folder, network)
        text, notice = _text(path, network)
        if keyfile.is_sealed(text):
            text = keyfile.unseal(text, passphrase(), path)
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


def key_path(folder: Path, network: Network) -> Path:
    """Where the key for a network is kept."""
    return folder / f"wallet-{network.name}.wif"


def is_encrypted(folder: Path, network: Network) -> bool:
    """Whether the key is encrypted; it is made if there is none."""
    return keyfile.is_sealed(_text(key_path(folder, network), network)[0])


def public_address(folder: Path, network: Network) -> str:
    """The wallet's address, for which no passphrase is needed."""
    path = key_path(folder, network)
    text, _ = _text(path, network)
    if keyfile.is_sealed(text):
        return keyfile.sealed_address(text, path)
    return Wallet(_key_of(text, path, network), network).address


def encrypt(folder: Path, network: Network, passphrase: str, *, cost: int = keyfile.COST) -> Wallet:
    """Encrypt the key where it is. WalletError if it is encrypted already, or the passphrase is empty.

    `cost`: how much work each guess of the passphrase is (scrypt's N).
    """
    path = key_path(folder, network)
    if is_encrypted(folder, network):
        raise WalletError(
            "The wallet is encrypted already.", hint="To change the passphrase, decrypt it first."
        )
    if not passphrase.strip():
        raise WalletError(
            "An empty or blank passphrase protects nothing.",
            why="It is the first that anyone who has the key file would try.",
            hint="Nothing was changed. Choose one that nobody guesses.",
        )
    wallet = Wallet.load_or_create(folder, network)
    sealed = keyfile.seal(_wif(wallet), passphrase, network.name, wallet.address, cost=cost)
    keyfile.replace(path, sealed)
    return wallet


def decrypt(folder: Path, network: Network, passphrase: Passphrase) -> Wallet:
    """Store the key without encryption again. WalletError if it is not encrypted, or not by that."""
    if not is_encrypted(folder, network):
        raise WalletError("The wallet is not encrypted.")
    wallet = Wallet.load_or_create(folder, network, passphrase)
    keyfile.replace(key_path(folder, network), _wif(wallet))
    return wallet


def import_key(folder: Path, network: Network, wif: str, passphrase: Passphrase) -> tuple[Wallet, Path]:
    """Use another key from now on; the wallet, and where the old key's file is kept.

    An encrypted wallet stays encrypted, with the same passphrase. WalletError if it is not a key, belongs to
    another kind of network, or is the one in use.
    """
    path = key_path(folder, network)
    text, _ = _text(path, network)
    fresh = Wallet(_stranger(wif, network), network)
    if public_address(folder, network) == fresh.address:
        raise WalletError("That is the key in use.", hint="Nothing was changed.")
    stored = _wif(fresh)
    if keyfile.is_sealed(text):
        secret = passphrase()
        keyfile.unseal(text, secret, path)  # a wrong one would lock the person out
        cost = keyfile.cost_of(text, path)
        stored = keyfile.seal(stored, secret, network.name, fresh.address, cost=cost)
    kept = keyfile.keep_aside(path)
    keyfile.replace(path, stored)
    return fresh, kept


def _text(path: Path, network: Network) -> tuple[str, str]:
    """The key file's text, and a notice if others could read it; the file is made the first time."""
    try:
        if not path.exists() and not path.is_symlink():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            keyfile.create(path, PrivateKey.from_random().to_WIF(network=network.keys))
        return keyfile.read(path)
    except OSError as error:
        raise WalletError(
            f"The wallet's key file {path} cannot be used.",
            why=f"{error.strerror or error}.",
            hint=storage_hint(error, "Make it a file of your own that only you can read."),
        ) from error


def _wif(wallet: Wallet) -> str:
    return str(wallet.key.to_WIF(network=wallet.network.keys))


def _stranger(text: str, network: Network) -> PrivateKey:
    """A key that a person typed. What they typed is in no message."""
    try:
        key = PrivateKey.from_WIF(text.strip())
    except (ValueError, TypeError):
        raise WalletError(
            "That is not a key in wallet import format.",
            why="Such a key has 51 or 52 letters and digits, and a checksum that fits.",
            hint="Nothing was changed.",
        ) from None
    if key.network().WIF_byte != network.keys.WIF_byte:
        raise WalletError(
            f"That key is for another network than {network.name}.", hint="Nothing was changed."
        )
    if not key.is_compressed():
        raise WalletError(
            "That key belongs to an address of the old, uncompressed kind.",
            why="The contract knows its owner by a compressed public key.",
            hint="Send its coins to this wallet's address instead.",
        )
    return key


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

"""The file that holds the wallet's key: one line of text, for its owner's eyes only, encrypted or not.

Plain, it is the key in wallet import format. Encrypted, it is one JSON object:

    {"inkproof-wallet": 1, "network": ..., "address": ..., "kdf": "scrypt", "n": ..., "r": 8, "p": 1,
     "salt": hex, "cipher": "aes-256-gcm", "nonce": hex, "ciphertext": hex, "checksum": hex}

The passphrase becomes a key by scrypt (RFC 7914); AES-256-GCM encrypts, and its tag covers network and
address too. Both come from the `cryptography` library. The checksum is SHA-256 over the other fields: it
tells a damaged file from a wrong passphrase. Files of earlier versions have none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import stat
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from app.errors import WalletError

__all__ = [
    "COST",
    "cost_of",
    "create",
    "is_sealed",
    "keep_aside",
    "read",
    "replace",
    "seal",
    "sealed_address",
    "unseal",
]

_MAX_FILE = 2_000
_VERSION = 1
COST = 2**17
"""scrypt's N: 128 MB and about half a second for each guess."""
_COSTS = tuple(2**power for power in range(14, 21))


def create(path: Path, text: str) -> None:
    """Place a new file whole and at once; one that another program has placed in the meantime stays."""
    fresh = _write_beside(path, text)
    try:
        with contextlib.suppress(FileExistsError):
            if sys.platform == "win32":
                fresh.rename(path)
            else:
                # A rename would replace an existing key; a link refuses to.
                path.hardlink_to(fresh)
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(path.parent)


def replace(path: Path, text: str) -> None:
    """Put a new file in the old one's place, whole and at once."""
    fresh = _write_beside(path, text)
    try:
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(path.parent)


def keep_aside(path: Path) -> Path:
    """Copy the file to a name with the time in it, beside it; where the copy is."""
    kept = path.with_name(f"{path.name}.{datetime.now():%Y%m%d-%H%M%S-%f}.old")
    create(kept, path.read_text(encoding="ascii").strip())
    return kept


def read(path: Path) -> tuple[str, str]:
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


def is_sealed(text: str) -> bool:
    """Whether a key file's text is an encrypted key."""
    return text.startswith("{")


def seal(wif: str, passphrase: str, network: str, address: str, *, cost: int = COST) -> str:
    """Encrypt a key in wallet import format. `cost`: scrypt's N, a power of two from 2^14 to 2^20."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    key = _derive(passphrase, salt, cost)
    ciphertext = AESGCM(key).encrypt(nonce, wif.encode("ascii"), _bound(network, address))
    sealed: dict[str, Any] = {
        "inkproof-wallet": _VERSION,
        "network": network,
        "address": address,
        "kdf": "scrypt",
        "n": cost,
        "r": 8,
        "p": 1,
        "salt": salt.hex(),
        "cipher": "aes-256-gcm",
        "nonce": nonce.hex(),
        "ciphertext": ciphertext.hex(),
    }
    return json.dumps({**sealed, "checksum": _checksum(sealed)})


def cost_of(text: str, path: Path) -> int:
    """scrypt's N of an encrypted key. WalletError if the file is damaged."""
    return int(_parse(text, path)["n"])


def unseal(text: str, passphrase: str, path: Path) -> str:
    """The key of an encrypted file. WalletError if the passphrase is wrong, or the file is damaged."""
    sealed = _parse(text, path)
    key = _derive(passphrase, sealed["salt"], sealed["n"])
    try:
        wif = AESGCM(key).decrypt(
            sealed["nonce"], sealed["ciphertext"], _bound(sealed["network"], sealed["address"])
        )
    except InvalidTag:
        raise WalletError(
            "That is not the wallet's passphrase.", hint="Nothing was changed. Try again."
        ) from None
    return wif.decode("ascii")


def sealed_address(text: str, path: Path) -> str:
    """The address that an encrypted file names. It is proved only when the key is decrypted."""
    return str(_parse(text, path)["address"])


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        sealed = json.loads(text)
        version = sealed["inkproof-wallet"]
        if isinstance(version, int) and version > _VERSION:
            raise WalletError(
                f"The wallet's key file {path} was written by a newer Inkproof.", hint="Update this program."
            )
        known = (version, sealed["kdf"], sealed["r"], sealed["p"], sealed["cipher"])
        if known != (_VERSION, "scrypt", 8, 1, "aes-256-gcm") or sealed["n"] not in _COSTS:
            raise ValueError
        if "checksum" in sealed and sealed["checksum"] != _checksum(sealed):
            raise ValueError
        for name in ("salt", "nonce", "ciphertext"):
            sealed[name] = bytes.fromhex(sealed[name])
        if (len(sealed["salt"]), len(sealed["nonce"])) != (16, 12):
            raise ValueError
        if not all(
            isinstance(sealed[name], str) and sealed[name].isalnum() for name in ("network", "address")
        ):
            raise ValueError
    except (ValueError, TypeError, KeyError, RecursionError):
        raise WalletError(
            f"The wallet's key file {path} is damaged.",
            why="It is not a whole encrypted key.",
            hint="Put your copy of it back, or move the file away to get a new key without the old coins.",
        ) from None
    return dict(sealed)


def _checksum(sealed: Mapping[str, Any]) -> str:
    fields = {name: value for name, value in sealed.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _derive(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode("utf-8"))


def _bound(network: str, address: str) -> bytes:
    return f"inkproof-wallet:{_VERSION}:{network}:{address}".encode()


def _write_beside(path: Path, text: str) -> Path:
    """Write a temporary file in the same folder, synced to disk; nothing is left of it if that fails."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    file = os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w")
    try:
        with file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return fresh


def _sync_folder(folder: Path) -> None:
    """Have the system write the folder's entries to the disk: else a power cut can still lose a new file."""
    if sys.platform != "win32":  # where folders cannot be opened, and need not be
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

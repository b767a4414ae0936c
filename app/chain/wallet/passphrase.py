"""Where a passphrase comes from when nobody can be asked: a file that only its owner can read."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from app.errors import WalletError

__all__ = ["Passphrase", "from_file"]

Passphrase = Callable[[], str]
"""Gives the wallet's passphrase when it is needed; raises WalletError where it has none."""

_MAX = 4_096


def from_file() -> str:
    """The first line of the file that INKPROOF_PASSPHRASE_FILE names.

    WalletError where none is named, or others can read it.
    """
    named = os.environ.get("INKPROOF_PASSPHRASE_FILE")
    if not named:
        raise WalletError(
            "The wallet is locked.",
            why="Its key is encrypted, and there is nobody to ask for the passphrase.",
            hint="Name a file that holds it in INKPROOF_PASSPHRASE_FILE (mode 0600), or use a terminal.",
        )
    path = Path(named)
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(_MAX).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "It is not text"
        raise WalletError(f"The passphrase file {path} cannot be read.", why=f"{why}.") from None
    if sys.platform != "win32" and stat.S_IMODE(mode) & 0o077:
        raise WalletError(f"The passphrase file {path} can be read by other users.", hint=f"chmod 600 {path}")
    return text.splitlines()[0] if text else ""

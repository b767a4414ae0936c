"""Where things are: files that come with the program, and files that belong to the person."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

from app.errors import InkproofError, storage_hint

SHIPPED = "handwriting"


def resources() -> Path:
    """Folder that holds `assets/` and `contracts/`: unpacked bundle, wheel or source tree."""
    if getattr(sys, "frozen", False):
        return Path(sys._MEIPASS)  # type: ignore[attr-defined]
    package = Path(__file__).resolve().parent
    bundled = package / "bundled"
    return bundled if bundled.is_dir() else package.parent


def assets() -> Path:
    """Folder of trained models and other files that ship with the program."""
    return resources() / "assets"


def model_folder(name: str = SHIPPED) -> Path:
    """Folder of one trained model: `model.keras`, `integers.npz` and its report."""
    return assets() / name


def contract_source() -> Path:
    """The sCrypt source of the contract."""
    return resources() / "contracts" / "digit_classifier.scrypt"


def bounty_source() -> Path:
    """The sCrypt source of the bounty."""
    return resources() / "contracts" / "digit_bounty.scrypt"


def home() -> Path:
    """The person's own data folder, made on first use and closed to other users.

    `INKPROOF_HOME` overrides the platform's user-data folder.
    """
    chosen = os.environ.get("INKPROOF_HOME")
    folder = Path(chosen) if chosen else Path(platformdirs.user_data_dir("inkproof", appauthor=False))
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise InkproofError(
            f"The data folder {folder} cannot be made.",
            why=f"{error.strerror}.",
            hint=storage_hint(error),
        ) from error
    return folder

"""Files that a command writes where the person asked for them."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from app.errors import DataError, disk_full

__all__ = ["made_folder", "write_whole"]


def made_folder(folder: Path) -> Path:
    """The folder for results, made if need be. DataError where no file can be made in it.

    Called before the work whose results go there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise DataError(
            f"Nothing can be written to {folder}.",
            why=f"{error.strerror or error}.",
            hint=_hint(error),
        ) from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file, text as UTF-8, all of it or nothing. DataError if it fails; a file that was there stays.

    A device or a pipe (`-o /dev/stdout`) is written to directly.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        path = path.resolve()  # the file that a link leads to, not the link, is replaced
        fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            fresh.write_bytes(data)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(
            f"{path} cannot be written.",
            why=f"{error.strerror or error}.",
            hint=_hint(error),
        ) from error


def _hint(error: OSError) -> str:
    return f"{'Free some space there, or name' if disk_full(error) else 'Name'} another place with --output."

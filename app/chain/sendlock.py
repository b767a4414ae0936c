"""Whose turn it is to send: one program at a time per ledger.

From the moment a transaction is in the ledger until the node's answer is there as well, its sender has the
turn. So a record that is merely `prepared` while nobody has the turn was left behind by a program that ended,
and not by one that is just about to send it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from app.errors import LedgerError, storage_hint

__all__ = ["Turn"]

_PATIENCE = 300.0
"""Seconds: longer than a node is given to answer."""


class Turn:
    """The turn of one ledger. The operating system gives it back when its holder ends, however it ends."""

    def __init__(self, ledger: Path) -> None:
        self._lock = FileLock(ledger.with_name(ledger.name + ".turn"), mode=0o600)

    @contextlib.contextmanager
    def take(self) -> Iterator[None]:
        """Have the turn, after whoever has it now. A program that has it may take it again."""
        try:
            self._acquire(_PATIENCE)
        except Timeout as error:
            raise LedgerError(
                "Another Inkproof has been sending a transaction for a long time.",
                hint="Wait for it, or end it, then try again.",
            ) from error
        try:
            yield
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def take_if_free(self) -> Iterator[bool]:
        """Have the turn if nobody has it; whether that is so."""
        try:
            self._acquire(0)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            self._lock.release()

    def _acquire(self, seconds: float) -> None:
        try:
            self._lock.acquire(timeout=seconds)
        except Timeout:  # an OSError too
            raise
        except OSError as error:
            raise LedgerError(
                f"The file {self._lock.lock_file} cannot be used.",
                why=f"{error.strerror or error}.",
                hint=storage_hint(error),
            ) from error

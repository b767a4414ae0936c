"""The send lock of a ledger: one program at a time sends transactions.

A sender holds it from the moment a transaction is in the ledger until the node's answer is there as well.
So a record that is `prepared` while nobody holds the lock was left behind by a program that ended, and is not
about to be sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from app.errors import LedgerError, storage_hint

__all__ = ["SendLock"]

_WAIT_SECONDS = 300.0
"""Longer than a node is given to answer."""


class SendLock:
    """The send lock of one ledger. The operating system releases it when its holder ends, however it ends."""

    def __init__(self, ledger: Path) -> None:
        self._lock = FileLock(ledger.with_name(ledger.name + ".turn"), mode=0o600)

    @contextlib.contextmanager
    def acquire(self) -> Iterator[None]:
        """Hold the lock (re-entrant). LedgerError after 300 s, or where its file cannot be used."""
        try:
            self._acquire(_WAIT_SECONDS)
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
    def try_acquire(self) -> Iterator[bool]:
        """Hold the lock if nobody else does. Yields whether it is held. LedgerError as for `acquire`."""
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

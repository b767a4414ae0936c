"""Who is using the embedded node: each program holds a lease, and the last one out may stop it.

A lease is a file that its holder keeps locked. The operating system releases the lock when the holder
ends, however it ends, so neither process numbers nor clocks have to be trusted.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["Lease", "Leases"]


class Lease:
    """One user's hold on the node; given back with `drop`, or by the end of the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(path)
        self._lock.acquire(timeout=0)

    def drop(self) -> None:
        """Give the lease back. Doing so twice is harmless."""
        self._lock.release(force=True)
        _remove(self._path)


class Leases:
    """The leases in one folder. The caller holds the node's own lock while it calls these."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def take(self) -> Lease:
        """A lease for this program. It may hold several at once."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Lease(self.folder / f"{os.getpid()}-{secrets.token_hex(4)}.lease")

    def count(self) -> int:
        """How many leases are held; those of programs that have ended are removed."""
        held = 0
        for path in sorted(self.folder.glob("*.lease")):
            try:
                with FileLock(path, timeout=0):
                    pass
            except Timeout:
                held += 1
            else:
                _remove(path)
        return held


def _remove(path: Path) -> None:
    # Windows refuses to remove a file that another program is just looking at; the next count removes it.
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)

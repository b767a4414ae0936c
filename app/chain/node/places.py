"""Where the files of an embedded node are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app import paths

__all__ = ["Places"]


@dataclass(frozen=True)
class Places:
    """The files of the node of one profile below INKPROOF_HOME: `home`."""

    home: Path
    profile: str

    @classmethod
    def of(cls, profile: str) -> Places:
        """The places of a profile in the person's data folder."""
        return cls(paths.home().resolve(), profile)

    @property
    def folder(self) -> Path:
        """The node's data folder."""
        return self.home / "nodes" / self.profile

    @property
    def lock(self) -> Path:
        """Held while the node is started or stopped, or its users are counted. Outlives the data folder."""
        return self.folder.with_suffix(".lock")

    @property
    def guardian(self) -> Path:
        """Held by the node's guardian as long as it watches."""
        return self.folder.with_suffix(".guardian")

    @property
    def leases(self) -> Path:
        """The folder of the leases, one file for each use of the node."""
        return self.folder / "leases"

    @property
    def keep(self) -> Path:
        """There while the node is to go on without users."""
        return self.folder / "keep"

    @property
    def pid(self) -> Path:
        """The node's process number; there, and empty, from before its start, until it was stopped."""
        return self.folder / "node.pid"

    @property
    def notes(self) -> tuple[Path, ...]:
        """Files that may hold the node's process number: ours, and the node's own."""
        return self.pid, self.folder / "regtest" / "bitcoind.pid"

    @property
    def conf(self) -> Path:
        """The node's settings, with the credentials of its RPC."""
        return self.folder / "bitcoin.conf"

    @property
    def output(self) -> Path:
        """What the node prints."""
        return self.folder / "output.log"

    @property
    def log(self) -> Path:
        """The node's own log."""
        return self.folder / "regtest" / "bitcoind.log"

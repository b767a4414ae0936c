"""The wallet's coins on one chain, kept from program to program: what the node's blocks paid and spent.

It is a copy of what the chain holds, in a file of its own: if deleted, it is rebuilt from the node's blocks.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.chain.backends.account import OwnBlock, OwnCoin
from app.chain.ledger.file import immediate
from app.errors import LedgerError, storage_hint

__all__ = ["CoinStore"]

_BUSY_MILLISECONDS = 20_000
_DEEPEST = 1_000
"""Blocks that may be orphaned before the chain has to be read again from its start."""
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS blocks (
        owner TEXT NOT NULL, height INTEGER NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (owner, height)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS coins (
        owner TEXT NOT NULL, txid TEXT NOT NULL, idx INTEGER NOT NULL, value INTEGER NOT NULL,
        height INTEGER NOT NULL, coinbase INTEGER NOT NULL, spent INTEGER, PRIMARY KEY (owner, txid, idx)
    ) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS unspent ON coins (owner) WHERE spent IS NULL",
    "CREATE INDEX IF NOT EXISTS by_height ON coins (owner, height)",
    "CREATE INDEX IF NOT EXISTS by_spent ON coins (owner, spent) WHERE spent IS NOT NULL",
)


class CoinStore:
    """The coins of one owner. Several programs may use the file at once; each method is one transaction."""

    def __init__(self, path: Path, owner: str) -> None:
        """`owner` names a chain and an address on it. LedgerError where the file cannot be used."""
        self._path = path
        self._owner = owner
        with self._explained():
            try:
                self._db = self._open()
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                path.unlink()  # damaged: it is only a copy
                self._db = self._open()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def hash_at(self, height: int) -> str | None:
        """The block at a height, as far as blocks have been read; None beyond that."""
        with self._explained():
            row = self._db.execute(
                "SELECT hash FROM blocks WHERE owner = ? AND height = ?", (self._owner, height)
            ).fetchone()
        return None if row is None else str(row[0])

    def replace(self, fork: int, parent: str | None, blocks: Sequence[OwnBlock]) -> bool:
        """Forget the blocks above height `fork` and put others there, lowest first.

        `parent`: the hash of the block at `fork`, None if that is not kept. False, and nothing changed, where
        another program has changed it in the meantime.
        """
        with self._explained(), immediate(self._db):
            if self.hash_at(fork) != parent:
                return False
            above = (self._owner, fork)
            self._db.execute("DELETE FROM blocks WHERE owner = ? AND height > ?", above)
            self._db.execute("DELETE FROM coins WHERE owner = ? AND height > ?", above)
            self._db.execute("UPDATE coins SET spent = NULL WHERE owner = ? AND spent > ?", above)
            for block in blocks:
                self._add(block)
            if blocks:
                self._drop_old(blocks[-1].height - _DEEPEST)
        return True

    def unspent(self) -> list[OwnCoin]:
        """The coins that no block has spent."""
        with self._explained():
            rows = self._db.execute(
                # Left to itself SQLite would also scan the spent coins, whose number keeps growing.
                "SELECT txid, idx, value, height, coinbase FROM coins INDEXED BY unspent "
                "WHERE owner = ? AND spent IS NULL",
                (self._owner,),
            ).fetchall()
        return [OwnCoin(txid, index, value, height, bool(base)) for txid, index, value, height, base in rows]

    def _add(self, block: OwnBlock) -> None:
        self._db.execute("INSERT INTO blocks VALUES (?, ?, ?)", (self._owner, block.height, block.block_hash))
        self._db.executemany(
            "INSERT OR REPLACE INTO coins VALUES (?, ?, ?, ?, ?, ?, NULL)",
            [(self._owner, c.txid, c.index, c.value, c.height, c.coinbase) for c in block.created],
        )
        self._db.executemany(
            "UPDATE coins SET spent = ? WHERE owner = ? AND txid = ? AND idx = ?",
            [(block.height, self._owner, txid, index) for txid, index in block.spent],
        )

    def _drop_old(self, height: int) -> None:
        self._db.execute("DELETE FROM blocks WHERE owner = ? AND height < ?", (self._owner, height))
        self._db.execute("DELETE FROM coins WHERE owner = ? AND spent < ?", (self._owner, height))

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.touch(mode=0o600)
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            db.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is read from the node again
            for statement in _SCHEMA:
                db.execute(statement)
        except BaseException:
            db.close()
            raise
        return db

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LedgerError(
                f"The account of coins {self._path} cannot be used.",
                why=f"{error.strerror or error}.",
                hint=storage_hint(error),
            ) from error
        except sqlite3.Error as error:
            raise LedgerError(
                f"The account of coins {self._path} cannot be used.",
                why=f"{error}.",
                hint="Delete that file: it is rebuilt from the node's blocks. Is the disk full?",
            ) from error

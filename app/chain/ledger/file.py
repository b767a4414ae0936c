"""The ledger's file: opened, recognised, brought up to date, put aside when damaged; its errors in words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from app.chain.ledger.schema import APPLICATION, MIGRATIONS
from app.errors import FULL_DISK, DamagedLedgerError, DeploymentTakenError, LedgerError, storage_hint

__all__ = [
    "damaged",
    "explained",
    "immediate",
    "open_file",
    "set_aside",
]

_BUSY_MILLISECONDS = 20_000


def open_file(path: Path) -> sqlite3.Connection:
    """Open the ledger, made or brought to this version's layout if need be.

    LedgerError where it is damaged, another program's, or from a newer version; it is then left as it is.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Drawings are private: the file exists with the right mode before SQLite opens it.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise LedgerError(
            f"The ledger {path} cannot be opened.",
            why=f"{error.strerror or error}.",
            hint=storage_hint(error),
        ) from error
    with explained(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            _recognise(path, connection)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            _migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _recognise(path: Path, db: sqlite3.Connection) -> None:
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION and (application or version or tables):
        raise LedgerError(f"{path} is another program's file.", hint="Move it away, then try again.")
    if version > len(MIGRATIONS):
        raise LedgerError(f"The ledger {path} was written by a newer Inkproof.", hint="Update this program.")


def _migrate(db: sqlite3.Connection) -> None:
    if db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS):
        return
    with immediate(db):
        # Asked again: another program may have been faster.
        done = db.execute("PRAGMA user_version").fetchone()[0]
        for statements in MIGRATIONS[done:]:
            for statement in statements:
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        words = str(error)
        if "verifications.deployment_id" in words:
            raise DeploymentTakenError("Another verification is using the same deployment.") from error
        if "deployments.chain_id" in words:
            raise LedgerError("The ledger holds that deployment already.") from error
        raise LedgerError("The ledger cannot hold this record.", why=f"{words}.") from error
    except sqlite3.ProgrammingError as error:
        raise LedgerError("The ledger is closed.", why=f"{error}") from error
    except sqlite3.OperationalError as error:
        full = "disk is full" in str(error)  # SQLite's own words; Python 3.10 does not pass its error code on
        raise LedgerError(
            f"The ledger {path} cannot be used.",
            why=f"{error}.",
            hint=FULL_DISK if full else "Is the folder read-only, or is another program holding the file?",
        ) from error
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from error


@contextlib.contextmanager
def immediate(db: sqlite3.Connection) -> Iterator[None]:
    """One transaction that may write."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        # SQLite has already rolled back after some errors, such as a full disk.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def set_aside(path: Path) -> Path:
    """Move a damaged ledger (with what belongs to it) out of the way, so that a new one can begin.

    Returns where it is now; nothing is deleted. Close every Ledger on it first.
    """
    kept = path.with_name(f"{path.name}.damaged-{datetime.now():%Y%m%d-%H%M%S-%f}")
    try:
        for suffix in ("-wal", "-shm", ""):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(kept.with_name(kept.name + suffix))
    except OSError as error:
        raise LedgerError(f"{path} cannot be moved aside.", why=f"{error.strerror}.") from error
    return kept


def damaged(path: Path, why: str) -> DamagedLedgerError:
    """The error for a file whose content contradicts itself."""
    return DamagedLedgerError(
        f"The ledger {path} is damaged.",
        why=f"{why}.",
        hint="It was left as it is. Restore a copy, or start a new one: `inkproof repair` "
        "keeps the old file aside.",
    )

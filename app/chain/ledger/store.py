"""The record of deployments and verifications, in SQLite: written before anything is sent."""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from app.chain.ledger.file import damaged, explained, immediate, open_file, set_aside
from app.chain.ledger.records import (
    DEPLOYMENT_STEPS,
    VERIFICATION_STEPS,
    Deployment,
    DeploymentState,
    NewDeployment,
    NewVerification,
    Verification,
    VerificationState,
)
from app.errors import LedgerError

__all__ = ["Ledger", "set_aside"]


_WORTH_PACKING = 50
_WITH_BYTES = "deployments_with_bytes"


class Ledger:
    """The ledger in one file. Safe to share between threads; several programs may use the file at once.

    Every method is one transaction, on the disk when it returns. LedgerError where the file is damaged,
    another program's, or from a newer version; it is then left as it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
        """The time now, with its zone; it is shown, and decides nothing."""
        self._guard = threading.RLock()
        self._connection = open_file(path)
        self._together = False

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. The ledger cannot be used afterwards."""
        with self._guard:
            self._connection.close()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of everything this thread writes in the block: all of it is kept, or
        nothing."""
        with self._transaction():
            inner, self._together = self._together, True
            try:
                yield
            finally:
                self._together = inner

    def add_deployment(self, new: NewDeployment) -> Deployment:
        """Record a deployment that is about to be sent; it is `prepared`."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO transactions VALUES (?, ?, ?)", (new.chain_id, new.txid, new.raw_tx)
            )
            return self._deployment(db, self._insert(db, "deployments", {**vars(new), "raw_tx": b""}))

    def add_verification(self, new: NewVerification) -> Verification:
        """Record a verification that is about to be sent; it is `prepared`, and holds its deployment.

        DeploymentTakenError where another one holds it already.
        """
        if not all(math.isfinite(p) for p in new.probabilities):
            raise LedgerError("The float model's probabilities are not numbers.")
        row = {
            **vars(new),
            "image_name": _storable(new.image_name),
            "probabilities": json.dumps([float(p) for p in new.probabilities]),
            "logits": json.dumps([int(logit) for logit in new.logits]),
        }
        with self._transaction() as db:
            deployment = self._deployment(db, new.deployment_id, "deployments")
            row |= {"chain_id": deployment.chain_id, "kind": deployment.kind}
            return self._verification(db, self._insert(db, "verifications", row))

    def mark_deployment(self, number: int, state: DeploymentState, *, reason: str = "") -> Deployment:
        """Move a deployment to another state. LedgerError if there is no such transition; staying is
        allowed."""
        with self.together():
            self.mark_deployments([number], state, reason=reason)
            return self.deployment(number)

    def mark_deployments(self, numbers: Sequence[int], state: DeploymentState, *, reason: str = "") -> None:
        """Move several deployments to the same state, all or none; otherwise as `mark_deployment`."""
        with self._transaction() as db:
            for number in numbers:
                before = self._deployment(db, number, "deployments")
                if state is not before.state and state not in DEPLOYMENT_STEPS[before.state]:
                    raise _no_step("deployment", number, before.state.value, state.value)
                db.execute(
                    "UPDATE deployments SET state = ?, reason = ? WHERE id = ?",
                    (state.value, _storable(reason), number),
                )

    def mark_verification(
        self,
        number: int,
        state: VerificationState,
        *,
        reason: str = "",
        block_hash: str | None = None,
        block_height: int | None = None,
    ) -> Verification:
        """Move a verification to another state; `confirmed` needs its block, the others have none.

        One that the node took has spent its deployment, which is recorded in the same step.
        """
        in_block = block_hash is not None and block_height is not None
        if in_block != (state is VerificationState.CONFIRMED):
            raise LedgerError("A confirmed verification has a block, and no other has.")
        with self._transaction() as db:
            before = self._verification(db, number)
            if state is not before.state and state not in VERIFICATION_STEPS[before.state]:
                raise _no_step("verification", number, before.state.value, state.value)
            db.execute(
                """UPDATE verifications SET state = ?, reason = ?, block_hash = ?, block_height = ?
                    WHERE id = ?""",
                (state.value, _storable(reason), block_hash, block_height, number),
            )
            if state in (VerificationState.ACCEPTED, VerificationState.CONFIRMED):
                db.execute(
                    "UPDATE deployments SET state = 'spent', reason = '' WHERE id = ?",
                    (before.deployment_id,),
                )
            return self._verification(db, number)

    def confirm(self, chain_id: str, block_hash: str, height: int, txids: Sequence[str]) -> None:
        """Record that a block holds these transactions: what was sent and accepted is confirmed."""
        found = (chain_id, json.dumps(list(txids)))
        with self._transaction() as db:
            db.execute(
                """UPDATE verifications SET state = 'confirmed', reason = '', block_hash = ?, block_height = ?
                    WHERE chain_id = ? AND state = 'accepted' AND txid IN (SELECT value FROM json_each(?))""",
                (block_hash, height, *found),
            )
            db.execute(
                """UPDATE deployments SET state = 'confirmed', reason = ''
                    WHERE chain_id = ? AND state = 'sent' AND txid IN (SELECT value FROM json_each(?))""",
                found,
            )

    def deployment(self, number: int) -> Deployment:
        """One deployment. LedgerError if no deployment has that number."""
        with self._transaction() as db:
            return self._deployment(db, number)

    def verification(self, number: int) -> Verification:
        """One verification. LedgerError if no verification has that number."""
        with self._transaction() as db:
            return self._verification(db, number)

    def deployment_of(self, chain_id: str, txid: str, output_index: int) -> Deployment | None:
        """The deployment at this outpoint, if any. Two private chains can hold the same transaction."""
        rows = self._rows(
            "SELECT * FROM deployments_with_bytes WHERE chain_id = ? AND txid = ? AND output_index = ?",
            *(chain_id, txid, output_index),
        )
        return self._to_deployment(rows[0]) if rows else None

    def verification_of(self, txid: str) -> Verification | None:
        """The latest verification with this txid, if any."""
        rows = self._rows("SELECT * FROM verifications WHERE txid = ? ORDER BY id DESC LIMIT 1", txid)
        return self._to_verification(rows[0]) if rows else None

    def open_deployments(
        self,
        chain_id: str,
        *,
        kind: str | None = None,
        contract_sha256: str | None = None,
        with_bytes: bool = True,
        limit: int = -1,
    ) -> list[Deployment]:
        """Deployments on a chain that can be spent and that no verification holds, oldest first.

        `limit` of them at most, if it is not negative; `with_bytes`: whether `raw_tx` is read as well.
        """
        table = _WITH_BYTES if with_bytes else "deployments"
        rows = self._rows(
            f"""SELECT * FROM {table} AS d WHERE chain_id = ? AND state IN ('sent', 'confirmed')
                AND (? IS NULL OR kind = ?) AND (? IS NULL OR contract_sha256 = ?)
                AND NOT EXISTS (SELECT 1 FROM verifications WHERE deployment_id = d.id
                    AND state IN ('prepared', 'accepted', 'confirmed')) ORDER BY id LIMIT ?""",
            *(chain_id, kind, kind, contract_sha256, contract_sha256, limit),
        )
        return [self._to_deployment(row) for row in rows]

    def unreconciled(self, chain_id: str) -> tuple[list[Deployment], list[Verification]]:
        """What was sent, or perhaps sent, and is not known to be in a block; oldest first."""
        deployments = self._rows(
            """SELECT * FROM deployments_with_bytes
                WHERE chain_id = ? AND state IN ('prepared', 'sent') ORDER BY id""",
            chain_id,
        )
        verifications = self._rows(
            """SELECT * FROM verifications
                WHERE chain_id = ? AND state IN ('prepared', 'accepted') ORDER BY id""",
            chain_id,
        )
        return [self._to_deployment(row) for row in deployments], [
            self._to_verification(row) for row in verifications
        ]

    def newest_in(
        self, chain_id: str, state: VerificationState, limit: int = 100, skipped: int = 0
    ) -> list[Verification]:
        """Verifications in a state: the highest block first, then the latest; without the first `skipped`."""
        rows = self._rows(
            """SELECT * FROM verifications WHERE chain_id = ? AND state = ?
                ORDER BY block_height DESC, id DESC LIMIT ? OFFSET ?""",
            *(chain_id, state.value, limit, skipped),
        )
        return [self._to_verification(row) for row in rows]

    def spent_for(self, chain_id: str, reason: str, limit: int = 10) -> list[Deployment]:
        """Deployments that are spent for that reason, the latest first."""
        rows = self._rows(
            """SELECT * FROM deployments_with_bytes WHERE chain_id = ? AND state = 'spent' AND reason = ?
                ORDER BY id DESC LIMIT ?""",
            *(chain_id, reason, limit),
        )
        return [self._to_deployment(row) for row in rows]

    def verifications_on(self, deployment_id: int) -> list[Verification]:
        """Every verification that was to spend a deployment, oldest first."""
        rows = self._rows("SELECT * FROM verifications WHERE deployment_id = ? ORDER BY id", deployment_id)
        return [self._to_verification(row) for row in rows]

    def shrink(self, chain_id: str, height: int, *, pack: bool = True) -> int:
        """Drop the bytes of deployments (some 200 KB each) that were spent in a block up to `height`.

        They are kept only to be sent again, should a block be orphaned. Bytes that several deployments
        share stay until all of these were. `pack`: whether the file becomes smaller. Returns how many
        transactions' bytes were dropped.
        """
        with self._transaction() as db:
            dropped = db.execute(
                """DELETE FROM transactions AS t WHERE chain_id = ? AND NOT EXISTS (
                    SELECT 1 FROM deployments AS d WHERE d.chain_id = t.chain_id AND d.txid = t.txid
                        AND NOT EXISTS (SELECT 1 FROM verifications WHERE deployment_id = d.id
                            AND state = 'confirmed' AND block_height <= ?))""",
                (chain_id, height),
            ).rowcount
        if pack and dropped >= _WORTH_PACKING:
            self._pack()
        return dropped

    def _pack(self) -> None:
        """Give the room of what was dropped back to the disk; if another program is at work or the disk is
        full, it is kept for later records."""
        with self._guard, contextlib.suppress(sqlite3.OperationalError):
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def history(self, limit: int = 20, *, chain_id: str | None = None) -> list[Verification]:
        """The latest verifications, newest first."""
        rows = self._rows(
            "SELECT * FROM verifications WHERE ? IS NULL OR chain_id = ? ORDER BY id DESC LIMIT ?",
            *(chain_id, chain_id, max(0, limit)),
        )
        return [self._to_verification(row) for row in rows]

    def model_hashes(self, records: Sequence[Verification]) -> dict[int, str]:
        """Of the deployments of some verifications, by id: the SHA-256 of the model in their contract."""
        rows = self._rows(
            "SELECT id, model_sha256 FROM deployments WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps([record.deployment_id for record in records]),
        )
        return {row["id"]: row["model_sha256"] for row in rows}

    def check(self) -> None:
        """Check the integrity of the whole file. LedgerError if it is damaged."""
        rows = self._rows("PRAGMA integrity_check")
        if [tuple(row) for row in rows] != [("ok",)]:
            raise damaged(self.path, str(rows[0][0]) if rows else "")

    def transaction(self) -> contextlib.AbstractContextManager[sqlite3.Connection]:
        """One transaction on the file, for what is kept beside the records."""
        return self._transaction()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._guard, explained(self.path):
            if self._together:
                yield self._connection
                return
            with immediate(self._connection):
                yield self._connection

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with self._guard, explained(self.path):
            return self._connection.execute(query, values).fetchall()

    def _insert(self, db: sqlite3.Connection, table: str, row: dict[str, Any]) -> int:
        row = {**row, "created": self.clock().isoformat(), "state": "prepared"}
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        cursor = db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
        return int(cursor.lastrowid or 0)

    def _deployment(self, db: sqlite3.Connection, number: int, table: str = _WITH_BYTES) -> Deployment:
        row = db.execute(f"SELECT * FROM {table} WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise LedgerError(f"The ledger holds no deployment {number}.")
        return self._to_deployment(row)

    def _verification(self, db: sqlite3.Connection, number: int) -> Verification:
        row = db.execute("SELECT * FROM verifications WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise LedgerError(f"The ledger holds no verification {number}.")
        return self._to_verification(row)

    def _to_deployment(self, row: sqlite3.Row) -> Deployment:
        values = dict(row)
        try:
            values["created"] = datetime.fromisoformat(values["created"])
            values["state"] = DeploymentState(values["state"])
            return Deployment(**values)
        except (ValueError, TypeError, KeyError) as error:
            raise damaged(self.path, str(error)) from error

    def _to_verification(self, row: sqlite3.Row) -> Verification:
        values = dict(row)
        try:
            values["created"] = datetime.fromisoformat(values["created"])
            values["state"] = VerificationState(values["state"])
            values["probabilities"] = tuple(json.loads(values["probabilities"]))
            values["logits"] = tuple(json.loads(values["logits"]))
            return Verification(**values)
        except (ValueError, TypeError, KeyError) as error:
            raise damaged(self.path, str(error)) from error


def _no_step(what: str, number: int, before: str, after: str) -> LedgerError:
    return LedgerError(f"The {what} {number} is {before} and cannot become {after}.")


def _storable(text: str) -> str:
    """Text SQLite can hold: a file's name may hold bytes that are not text."""
    return text.encode("utf-8", "backslashreplace").decode()

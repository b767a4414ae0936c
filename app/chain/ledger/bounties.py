"""The record of bounties and their steps: what is ours is written before it is sent."""

from __future__ import annotations

import enum
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.chain.ledger.file import damaged
from app.chain.ledger.store import Ledger
from app.errors import LedgerError

__all__ = [
    "BOUNTY_STEPS",
    "BountyBook",
    "BountyRecord",
    "BountyStep",
    "NewBounty",
    "NewStep",
    "StepKind",
    "StepState",
]


class StepKind(enum.Enum):
    """What a transaction does to a bounty."""

    POST = "post"
    COMMIT = "commit"
    REVEAL = "reveal"
    REOPEN = "reopen"
    RECLAIM = "reclaim"


class StepState(enum.Enum):
    """Where a step stands."""

    PREPARED = "prepared"
    """Recorded, and perhaps sent: the chain has to be asked."""
    SENT = "sent"
    """Known to the network, in no block yet."""
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    LOST = "lost"
    """Not known to the network any more, or given up."""


_S = StepState

BOUNTY_STEPS: Mapping[StepState, frozenset[StepState]] = {
    _S.PREPARED: frozenset({_S.SENT, _S.CONFIRMED, _S.REFUSED, _S.LOST}),
    _S.SENT: frozenset({_S.CONFIRMED, _S.LOST}),
    # Back to sent: a block can be orphaned.
    _S.CONFIRMED: frozenset({_S.SENT, _S.LOST}),
    # The same bytes may be sent again, and what was given up or refused may have arrived all the same.
    _S.REFUSED: frozenset({_S.PREPARED, _S.SENT, _S.CONFIRMED}),
    _S.LOST: frozenset({_S.PREPARED, _S.SENT, _S.CONFIRMED}),
}


@dataclass(frozen=True, kw_only=True)
class NewBounty:
    """A bounty to be recorded, named by the output that it began with. `posted_here`: by this wallet."""

    chain_id: str
    txid: str
    output_index: int
    model_sha256: str
    posted_here: bool


@dataclass(frozen=True, kw_only=True)
class BountyRecord(NewBounty):
    """A recorded bounty."""

    id: int
    created: datetime


@dataclass(frozen=True, kw_only=True)
class NewStep:
    """A step to be recorded. `spends`: the outpoint of the bounty before it, empty for a post.

    `value`: satoshis that the bounty holds afterwards. `image` and `salt`: what our commit is to. `ours`:
    whether this program made it; others' steps are recorded as they are seen.
    """

    kind: StepKind
    txid: str
    spends: str
    raw_tx: bytes
    value: int
    fee: int = 0
    image: bytes = b""
    salt: bytes = b""
    ours: bool = True


@dataclass(frozen=True, kw_only=True)
class BountyStep(NewStep):
    """A recorded step."""

    id: int
    bounty_id: int
    created: datetime
    chain_id: str
    state: StepState
    reason: str = ""
    block_hash: str | None = None
    block_height: int | None = None

    @property
    def holds(self) -> bool:
        """Whether the network has taken it."""
        return self.state in (StepState.SENT, StepState.CONFIRMED)


class BountyBook:
    """Bounties and their steps in the ledger. Every method is one transaction, on the disk at its end."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def add(self, new: NewBounty, post: NewStep) -> tuple[BountyRecord, BountyStep]:
        """Record a bounty and its post, which is `prepared`; one that is there already: as for `add_step`."""
        known = self.find(new.chain_id, new.txid, new.output_index)
        if known is not None:
            return known, self.add_step(known.id, post)
        with self._ledger.transaction() as db:
            number = self._insert(db, "bounties", vars(new))
            step = self._insert_step(db, number, new.chain_id, post)
            return self._bounty(db, number), self._step(db, step)

    def find(self, chain_id: str, txid: str, output_index: int) -> BountyRecord | None:
        """The bounty that began at an outpoint, if it is recorded."""
        with self._ledger.transaction() as db:
            row = db.execute(
                "SELECT * FROM bounties WHERE chain_id = ? AND txid = ? AND output_index = ?",
                (chain_id, txid, output_index),
            ).fetchone()
            return None if row is None else self._to_bounty(row)

    def all(self, chain_id: str) -> list[BountyRecord]:
        """Every bounty of a chain, oldest first."""
        with self._ledger.transaction() as db:
            rows = db.execute("SELECT * FROM bounties WHERE chain_id = ? ORDER BY id", (chain_id,)).fetchall()
            return [self._to_bounty(row) for row in rows]

    def add_step(self, bounty_id: int, new: NewStep) -> BountyStep:
        """Record a step as `prepared`. The same transaction once more: its record, prepared again if it was
        refused or lost."""
        with self._ledger.transaction() as db:
            bounty = self._bounty(db, bounty_id)
            row = db.execute(
                "SELECT * FROM bounty_steps WHERE chain_id = ? AND txid = ?", (bounty.chain_id, new.txid)
            ).fetchone()
            if row is None:
                return self._step(db, self._insert_step(db, bounty_id, bounty.chain_id, new))
            known = self._to_step(row)
            if known.state in (StepState.REFUSED, StepState.LOST):
                db.execute("UPDATE bounty_steps SET state = 'prepared' WHERE id = ?", (known.id,))
            return self._step(db, known.id)

    def mark(
        self,
        number: int,
        state: StepState,
        *,
        reason: str = "",
        block_hash: str | None = None,
        block_height: int | None = None,
    ) -> BountyStep:
        """Move a step to another state; `confirmed` needs its block, the others have none.

        LedgerError if there is no such transition; staying in a state is allowed.
        """
        in_block = block_hash is not None and block_height is not None
        if in_block != (state is StepState.CONFIRMED):
            raise LedgerError("A confirmed step has a block, and no other has.")
        with self._ledger.transaction() as db:
            before = self._step(db, number)
            if state is not before.state and state not in BOUNTY_STEPS[before.state]:
                raise LedgerError(
                    f"The step {number} is {before.state.value} and cannot become {state.value}."
                )
            db.execute(
                """UPDATE bounty_steps SET state = ?, reason = ?, block_hash = ?, block_height = ?
                    WHERE id = ?""",
                (state.value, reason, block_hash, block_height, number),
            )
            return self._step(db, number)

    def steps(self, bounty_id: int) -> list[BountyStep]:
        """All steps of a bounty that were ever recorded, the post first."""
        with self._ledger.transaction() as db:
            rows = db.execute("SELECT * FROM bounty_steps WHERE bounty_id = ? ORDER BY id", (bounty_id,))
            return [self._to_step(row) for row in rows.fetchall()]

    def open_steps(self, chain_id: str) -> list[BountyStep]:
        """Our steps that were sent, or perhaps sent, and are not known to be in a block; oldest first."""
        with self._ledger.transaction() as db:
            rows = db.execute(
                """SELECT * FROM bounty_steps WHERE chain_id = ? AND ours = 1
                    AND state IN ('prepared', 'sent') ORDER BY id""",
                (chain_id,),
            )
            return [self._to_step(row) for row in rows.fetchall()]

    def newest_confirmed(self, chain_id: str, limit: int = 10) -> list[BountyStep]:
        """Our steps in blocks, the highest block first."""
        with self._ledger.transaction() as db:
            rows = db.execute(
                """SELECT * FROM bounty_steps WHERE chain_id = ? AND ours = 1 AND state = 'confirmed'
                    ORDER BY block_height DESC, id DESC LIMIT ?""",
                (chain_id, limit),
            )
            return [self._to_step(row) for row in rows.fetchall()]

    def _insert_step(self, db: sqlite3.Connection, bounty_id: int, chain_id: str, new: NewStep) -> int:
        row = {**vars(new), "kind": new.kind.value, "ours": int(new.ours)}
        row |= {"bounty_id": bounty_id, "chain_id": chain_id, "state": StepState.PREPARED.value}
        return self._insert(db, "bounty_steps", row)

    def _insert(self, db: sqlite3.Connection, table: str, row: dict[str, Any]) -> int:
        row = {**row, "created": self._ledger.clock().isoformat()}
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        cursor = db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))
        return int(cursor.lastrowid or 0)

    def _bounty(self, db: sqlite3.Connection, number: int) -> BountyRecord:
        row = db.execute("SELECT * FROM bounties WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise LedgerError(f"The ledger holds no bounty {number}.")
        return self._to_bounty(row)

    def _step(self, db: sqlite3.Connection, number: int) -> BountyStep:
        row = db.execute("SELECT * FROM bounty_steps WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise LedgerError(f"The ledger holds no step {number} of a bounty.")
        return self._to_step(row)

    def _to_bounty(self, row: sqlite3.Row) -> BountyRecord:
        values = dict(row)
        try:
            values["created"] = datetime.fromisoformat(values["created"])
            values["posted_here"] = bool(values["posted_here"])
            return BountyRecord(**values)
        except (ValueError, TypeError, KeyError) as error:
            raise damaged(self._ledger.path, str(error)) from error

    def _to_step(self, row: sqlite3.Row) -> BountyStep:
        values = dict(row)
        try:
            values["created"] = datetime.fromisoformat(values["created"])
            values["kind"], values["state"] = StepKind(values["kind"]), StepState(values["state"])
            values["ours"] = bool(values["ours"])
            return BountyStep(**values)
        except (ValueError, TypeError, KeyError) as error:
            raise damaged(self._ledger.path, str(error)) from error

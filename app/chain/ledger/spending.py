"""How much may leave the wallet in a day, where coins cost money.

What is about to leave is written down before it is asked for or sent, in the ledger, so that programs which
run side by side or after a crash share one limit. The day is the last 24 hours; an entry that a clock set
back has left in the future counts as well.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from app.chain.ledger.store import Ledger
from app.errors import WalletError

__all__ = ["DEFAULT_LIMIT", "Spending", "daily_limit"]

DEFAULT_LIMIT = 100_000
"""Satoshis in a day: some deployments at the usual fees."""
_DAY = timedelta(hours=24)


def daily_limit(chosen: int | None = None) -> int:
    """The limit in satoshis: the one chosen, else INKPROOF_DAILY_LIMIT, else a modest one.

    WalletError where it is no amount.
    """
    text = os.environ.get("INKPROOF_DAILY_LIMIT", "") if chosen is None else str(chosen)
    if not text:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit()) or len(text) > 16:
        raise WalletError(
            "The daily limit is not an amount.", hint="Give it as a whole number of satoshis, 0 or more."
        )
    return int(text)


class Spending:
    """What left, or was about to leave, the wallet on one chain."""

    def __init__(
        self,
        ledger: Ledger,
        chain_id: str,
        limit: int,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """`limit`: satoshis in any 24 hours. `clock`: the time now, with its zone."""
        self.limit = limit
        self._ledger = ledger
        self._chain_id = chain_id
        self._clock = clock

    def spent(self) -> int:
        """Satoshis of the last 24 hours."""
        with self._ledger.transaction() as db:
            return self._sum(db)

    def reserve(self, satoshis: int, purpose: str) -> int:
        """Count `satoshis` as spent from now on; a number to take that back with.

        WalletError, and nothing counted, if they would go past the limit.
        """
        with self._ledger.transaction() as db:
            spent = self._sum(db)
            if spent + satoshis > self.limit:
                raise WalletError(
                    f"{satoshis:,} satoshis would go past the daily limit of {self.limit:,}.",
                    why=f"{spent:,} have been spent in the last 24 hours.",
                    hint="Wait, or raise it: --daily-limit or INKPROOF_DAILY_LIMIT, in satoshis.",
                )
            cursor = db.execute(
                "INSERT INTO spending (created, chain_id, satoshis, purpose) VALUES (?, ?, ?, ?)",
                (self._clock().astimezone(timezone.utc).isoformat(), self._chain_id, satoshis, purpose),
            )
            return int(cursor.lastrowid or 0)

    def cancel(self, number: int) -> None:
        """Cancel a reservation: what it was for has not been sent."""
        with self._ledger.transaction() as db:
            db.execute("DELETE FROM spending WHERE id = ?", (number,))

    def _sum(self, db: sqlite3.Connection) -> int:
        since = (self._clock().astimezone(timezone.utc) - _DAY).isoformat()
        row = db.execute(
            "SELECT coalesce(sum(satoshis), 0) FROM spending WHERE chain_id = ? AND created > ?",
            (self._chain_id, since),
        ).fetchone()
        return int(row[0])

"""A person's words for a bounty turned into its terms."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.chain.bounty.readers import Reader
from app.chain.connection import Connection
from app.contract.bounty import Terms, least_margin
from app.errors import ContractError
from app.text import clean_text

__all__ = ["Wish", "last_block", "terms_of"]

_DAY = 144
"""Blocks of a day, where blocks are others' work."""
_PRIVATE_WINDOW = 12
_DEPOSIT_SHARE = 10
"""The deposit is a tenth of the reward unless another is named."""


@dataclass(frozen=True)
class Wish:
    """What a poster asks for. `sureness`: 0.5 to 1, see `least_margin`; `until`: a height, or +N for N blocks
    from now; `deposit` and `window`: None for the usual ones."""

    digit: int
    reward: int
    sureness: float
    until: str
    deposit: int | None = None
    window: int | None = None


def terms_of(wish: Wish, reader: Reader, connection: Connection) -> Terms:
    """The terms of a bounty that this wallet posts. ContractError for a wish that makes no sound bounty."""
    private = connection.network.may_mine
    return Terms(
        poster=connection.wallet.pubkeyhash,
        digit=wish.digit,
        margin=least_margin(wish.sureness, reader.denominator),
        deposit=wish.reward // _DEPOSIT_SHARE if wish.deposit is None else wish.deposit,
        window=(_PRIVATE_WINDOW if private else _DAY) if wish.window is None else wish.window,
        last_block=last_block(wish.until, connection.backend.tip().height),
    )


def last_block(until: str, height: int) -> int:
    """The height that `until` names, with `height` as the newest. ContractError if it names none."""
    found = re.fullmatch(r"(\+?)([0-9]{1,9})", until.strip())
    if found is None:
        raise ContractError(
            f"{clean_text(until, 40)!r} is no block.", hint="Give a height, or +N for N blocks from now."
        )
    return int(found[2]) + (height if found[1] else 0)

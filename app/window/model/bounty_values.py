"""Bounties as the window knows them, and what window and chain worker say to each other about them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TypeAlias

from app.window.model.values import Notice, StepMark

__all__ = [
    "BountyClaim",
    "BountyFailed",
    "BountyList",
    "BountyMark",
    "BountyMessage",
    "BountyReached",
    "BountyRequest",
    "BountyRow",
    "BountyStep",
    "ClaimBounty",
    "LookAtBounties",
    "LookUpBounty",
    "RevealBounty",
    "claimed_by",
]


class BountyMark(enum.Enum):
    """Where a bounty stands, for the person at this window."""

    OPEN = "open"
    OVER = "past its last block"
    OURS = "committed by you"
    HELD = "committed by another"
    PAID = "paid"
    RECLAIMED = "taken back"
    UNKNOWN = "not on this chain"


@dataclass(frozen=True)
class BountyRow:
    """One bounty of the list. Amounts in satoshis.

    `number`: in the list of `inkproof bounty list`. `holds`: what it pays now, or paid. `sureness`: how
    likely the digit has to be beside the second (0.5 to 1). `fees`: of a commit and a reveal. `wait`: blocks
    until our commitment can be revealed. `trouble`: why it cannot be claimed here. `digit_read`, `earns`:
    what its model reads in the picture that was sent along; None where there was none.
    """

    number: int
    digit: int
    holds: int
    model: str
    mark: BountyMark
    sureness: float | None = None
    deposit: int = 0
    window: int = 0
    last_block: int = 0
    expires: int | None = None
    fees: int = 0
    wait: int = 0
    posted_here: bool = False
    trouble: str = ""
    digit_read: int | None = None
    earns: bool | None = None


class BountyStep(enum.Enum):
    """The four steps of claiming a bounty, in order."""

    COMMITTED = "committed"
    IN_BLOCK = "in a block"
    REVEALED = "image shown"
    PAID = "paid"


@dataclass(frozen=True)
class BountyClaim:
    """A claim on a bounty from this window. `note`: what it waits for, or why it has stopped."""

    number: int
    steps: tuple[StepMark, ...] = (StepMark.ACTIVE, StepMark.WAITING, StepMark.WAITING, StepMark.WAITING)
    running: bool = True
    note: str = ""


# --- from the window ---


@dataclass(frozen=True)
class LookAtBounties:
    """List the bounties, and say which of them a picture (784 bytes) earns."""

    revision: int
    picture: bytes | None


@dataclass(frozen=True)
class LookUpBounty:
    """Take another person's bounty into the list, by the line that its poster passes on."""

    line: str


@dataclass(frozen=True)
class ClaimBounty:
    """Commit to a picture (784 bytes), and reveal it as soon as the commitment is deep enough."""

    number: int
    picture: bytes


@dataclass(frozen=True)
class RevealBounty:
    """Reveal the picture that was committed to."""

    number: int


BountyRequest: TypeAlias = LookAtBounties | LookUpBounty | ClaimBounty | RevealBounty


def claimed_by(request: BountyRequest) -> int | None:
    """The number of the bounty that a request claims or reveals; None for the others."""
    return request.number if isinstance(request, ClaimBounty | RevealBounty) else None


# --- from the worker ---


@dataclass(frozen=True)
class BountyList:
    """All bounties that are known on the network, the latest first. `revision`: of the picture sent along."""

    revision: int
    network: str
    rows: tuple[BountyRow, ...]


@dataclass(frozen=True)
class BountyReached:
    """A claim has come one step further. `note`: what it waits for now."""

    number: int
    step: BountyStep
    note: str = ""


@dataclass(frozen=True)
class BountyFailed:
    """A claim on a bounty has stopped, or the list could not be made (`number` None)."""

    number: int | None
    notice: Notice


BountyMessage: TypeAlias = BountyList | BountyReached | BountyFailed

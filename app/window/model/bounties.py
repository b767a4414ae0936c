"""The card of bounties: what can be done there, and what the chain's worker tells of it."""

from __future__ import annotations

import enum
from dataclasses import replace

from app.window.model.bounty_values import (
    BountyClaim,
    BountyFailed,
    BountyList,
    BountyMark,
    BountyMessage,
    BountyReached,
    BountyRow,
    BountyStep,
    ClaimBounty,
    LookAtBounties,
    LookUpBounty,
    RevealBounty,
)
from app.window.model.claims import Change, said
from app.window.model.effects import Send
from app.window.model.state import State
from app.window.model.values import Card, Notice, StepMark, Who

__all__ = [
    "Deal",
    "acted",
    "deal",
    "hear",
    "looked_up",
    "moved",
    "moving",
    "opened",
    "pointed_at",
    "pressed",
    "shown_claim",
    "stopped",
    "tick",
    "would_earn",
]

_STEPS = tuple(BountyStep)


class Deal(enum.Enum):
    """What the card's button does with the bounty that is pointed at."""

    CLAIM = "claim"
    REVEAL = "reveal"
    RUN = "run"
    NONE = "none"


# --- what follows from a state ---


def pointed_at(state: State) -> BountyRow | None:
    """The bounty that the card points at."""
    rows = state.bounties.rows if state.bounties else ()
    return rows[state.bounty] if state.bounty < len(rows) else None


def would_earn(state: State, row: BountyRow) -> bool | None:
    """Whether the drawing as it is now earns a bounty; None if that is not known."""
    known = state.bounties is not None and state.bounties.revision == state.revision
    return row.earns if known and state.fresh is not None else None


def shown_claim(state: State) -> BountyClaim | None:
    """The claim on the bounty that is pointed at, if this window has made one."""
    row, claim = pointed_at(state), state.bounty_claim
    return claim if claim is not None and row is not None and claim.number == row.number else None


def deal(state: State) -> Deal:
    """What pressing the button does now. One claim at a time."""
    row = pointed_at(state)
    if row is None:
        return Deal.NONE
    if state.bounty_claim is not None and state.bounty_claim.running:
        return Deal.RUN if state.bounty_claim.number == row.number else Deal.NONE
    if not state.chain.up or row.trouble:
        return Deal.NONE
    if row.mark is BountyMark.OURS:
        return Deal.REVEAL if row.wait == 0 else Deal.NONE
    return Deal.CLAIM if row.mark is BountyMark.OPEN and would_earn(state, row) else Deal.NONE


def moving(state: State) -> bool:
    """Whether the card shows something that turns."""
    claim = state.bounty_claim
    return state.card is Card.BOUNTIES and claim is not None and claim.running and not claim.note


# --- what a person does ---


def opened(state: State) -> State:
    """The card has been opened: ask for the list again."""
    return replace(state, bounties_asked=None)


def tick(state: State) -> Change:
    """Ask for the list while the card is open, once for each picture."""
    if state.card is not Card.BOUNTIES or not state.chain.up or state.bounties_asked == state.revision:
        return state, ()
    picture = state.fresh
    if picture is None and state.looked != state.revision:
        return state, ()  # the picture is being made
    request = LookAtBounties(state.revision, picture.pixels if picture else None)
    return replace(state, bounties_asked=state.revision), (Send(Who.CHAIN, request),)


def moved(state: State, rows: int) -> State:
    """Point so many rows further down; further up if negative."""
    count = len(state.bounties.rows) if state.bounties else 0
    return replace(state, bounty=min(max(state.bounty + rows, 0), max(0, count - 1)))


def pressed(state: State, index: int) -> State:
    """Point at a row of the list."""
    return moved(state, index - state.bounty)


def acted(state: State) -> Change:
    """What the button does."""
    row, picture, act = pointed_at(state), state.fresh, deal(state)
    if row is None or act not in (Deal.CLAIM, Deal.REVEAL):
        return state, ()
    claim = BountyClaim(row.number)
    if act is Deal.REVEAL:
        claim = replace(claim, steps=_marks(BountyStep.IN_BLOCK))
        return replace(state, bounty_claim=claim), (Send(Who.CHAIN, RevealBounty(row.number)),)
    assert picture is not None
    request = ClaimBounty(row.number, picture.pixels)
    return replace(state, bounty_claim=claim), (Send(Who.CHAIN, request),)


def looked_up(state: State, line: str) -> Change:
    """Have another person's bounty looked up, by the line that was pasted."""
    if not line.strip():
        notice = Notice("There is no text on the clipboard.", hint="Copy the line that the poster passes on.")
        return said(state, notice), ()
    return state, (Send(Who.CHAIN, LookUpBounty(line.strip()[:1000])),)


# --- what the worker tells ---


def hear(state: State, message: BountyMessage) -> State:
    """What a message changes."""
    match message:
        case BountyList():
            return _listed(state, message)
        case BountyReached(number, step, note):
            return _reached(state, number, step, note)
        case BountyFailed(number, notice):
            state = said(state, notice)
            return stopped(state, notice.text) if _is_of(state, number) else state


def stopped(state: State, note: str) -> State:
    """The claim under way has stopped."""
    claim = state.bounty_claim
    if claim is None or not claim.running:
        return state
    steps = tuple(StepMark.FAILED if step is StepMark.ACTIVE else step for step in claim.steps)
    return replace(state, bounty_claim=replace(claim, steps=steps, running=False, note=note))


def _listed(state: State, message: BountyList) -> State:
    """The card goes on pointing at the bounty it pointed at; at first, at one that the drawing earns."""
    before = pointed_at(state)
    number = before.number if before else None
    by_number = {row.number: index for index, row in enumerate(message.rows)}
    earned = next((index for index, row in enumerate(message.rows) if row.earns), 0)
    index = by_number.get(number, earned) if number is not None else earned
    return replace(state, bounties=message, bounty=index)


def _reached(state: State, number: int, step: BountyStep, note: str) -> State:
    if not _is_of(state, number):
        return state
    claim = BountyClaim(number, _marks(step), running=step is not BountyStep.PAID, note=note)
    return replace(state, bounty_claim=claim)


def _is_of(state: State, number: int | None) -> bool:
    return state.bounty_claim is not None and state.bounty_claim.number == number


def _marks(reached: BountyStep) -> tuple[StepMark, ...]:
    """How the four steps stand once one has been reached."""
    done = _STEPS.index(reached) + 1
    waiting = len(_STEPS) - done
    return (StepMark.DONE,) * done + (StepMark.ACTIVE, *(StepMark.WAITING,) * (waiting - 1)) * (waiting > 0)

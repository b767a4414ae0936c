"""What the card of bounties says."""

from __future__ import annotations

from app.window.model import bounties, words
from app.window.model.bounties import Deal
from app.window.model.bounty_values import BountyMark, BountyRow, BountyStep
from app.window.model.state import State
from app.window.model.values import Phase

__all__ = ["POST", "STEPS", "button", "detail", "empty", "foot", "reads", "terms", "title"]

STEPS = tuple(step.value.capitalize() for step in BountyStep)
POST = "inkproof bounty post --digit 7 --reward 5000 --margin 0.9 --until +100"
_LOOK_UP = "Ctrl+V looks up the line that another poster passes on."


def empty(state: State) -> str:
    """The text shown instead of the list when it is not known yet or empty."""
    if state.bounties is None and state.chain.phase is not Phase.FAILED:
        return "Looking for the bounties that are known here."
    if state.bounties is None:
        return "The bounties are not known: there is no node to ask."
    network = state.bounties.network
    second = " Those of the first practice chain are listed with any smaller model."
    raised = second if network == "regtest-raised" else ""
    return f"No bounty is known on the {words.network_words(network)}.{raised} Anyone posts one:"


def title(row: BountyRow) -> str:
    """What a bounty pays, and for what."""
    return f"A {row.digit} for {row.holds:,} satoshis"


def terms(row: BountyRow) -> str:
    """Its model, how sure it has to be, and how the bounty stands."""
    # Rounded down: 99.99 is not 100.
    sure = "" if row.sureness is None else f"at least {int(row.sureness * 1000) / 10} % sure"
    stands = row.mark.value
    if row.mark is BountyMark.OPEN:
        stands = f"open until block {row.last_block:,}"
    elif row.expires is not None:
        stands = f"{stands} until block {row.expires:,}"
    mine = "posted by you" if row.posted_here else ""
    return "  ·  ".join(part for part in (row.model or "an unknown model", sure, stands, mine) if part)


def reads(state: State, row: BountyRow) -> str:
    """What the bounty's model makes of the drawing."""
    earns = bounties.would_earn(state, row)
    if earns is None or row.mark is not BountyMark.OPEN:
        return ""
    if earns:
        return "this drawing would earn it"
    if row.digit_read == row.digit:
        return f"a {row.digit}, not clearly enough"
    return f"this drawing is read as {row.digit_read}"


def button(state: State) -> str:
    """The label of the card's button."""
    row = bounties.pointed_at(state)
    if row is None:
        return "No bounty"
    return {
        Deal.CLAIM: f"Claim {row.holds:,} satoshis",
        Deal.REVEAL: f"Show the drawing and take {row.holds:,} satoshis",
        Deal.RUN: "Claiming",
        Deal.NONE: _lacks(state, row),
    }[bounties.deal(state)]


def _lacks(state: State, row: BountyRow) -> str:
    if row.mark is BountyMark.OURS:
        return f"Wait for {row.wait:,} more block{'s' if row.wait > 1 else ''}"
    if row.mark is not BountyMark.OPEN:
        return row.mark.value.capitalize()
    if row.trouble:
        return "It cannot be claimed here"
    if state.bounty_claim is not None and state.bounty_claim.running:
        return "Another claim is under way"
    return f"Draw a clear {row.digit} to claim it"


def detail(state: State) -> str:
    """What a claim costs and risks, before the button is pressed; how it goes, afterwards."""
    row, claim = bounties.pointed_at(state), bounties.shown_claim(state)
    if claim is not None and claim.note:
        return claim.note
    if claim is not None and not claim.running:
        return "Reward and deposit are in your wallet. The drawing is public now."
    if row is None or claim is not None:
        return ""
    if row.trouble:
        return row.trouble
    if row.mark is BountyMark.OPEN:
        return (
            f"Costs {row.fees:,} satoshis in fees. The deposit of {row.deposit:,} comes back with the reward "
            f"and is lost if the drawing is not shown within {row.window:,} blocks. Once shown, it is public."
        )
    if row.mark is BountyMark.OURS:
        return f"Reward and deposit are yours once the drawing is shown, before block {row.expires or 0:,}."
    return ""


def foot(state: State) -> str:
    """The line at the card's end: what has just been said, else how the card is used."""
    if state.notice is not None:
        return state.notice.text
    return f"Up, down and Enter, or a click. {_LOOK_UP}" if bounties.pointed_at(state) else _LOOK_UP

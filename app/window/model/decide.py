"""What follows from a state: who agrees, what a submission lacks, what the button does."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from app import verdict
from app.window.model.state import State
from app.window.model.values import Hint, Mark, Phase, Reading, Row, Submission, Tab, Who

__all__ = [
    "Act",
    "Lack",
    "Stand",
    "Standing",
    "Waiting",
    "act",
    "cheat_claim",
    "claim_of",
    "current_row",
    "hint",
    "is_judged",
    "lack",
    "playing",
    "shown_submission",
    "stand",
    "verdict_of",
]

LOCAL = (Who.FLOAT, Who.FIXED)
JUDGES = (Who.FLOAT, Who.FIXED, Who.SCRIPT)
RUN_SECONDS = 2.0
"""How long a run of the contract's Script is played."""


class Standing(enum.Enum):
    """Where a drawing stands."""

    EMPTY = "empty"
    NO_DIGIT = "no digit"
    READING = "reading"
    SO_FAR = "so far"
    AGREE = "agree"
    UNSURE = "unsure"
    OTHER_CLAIM = "other claim"
    DISAGREE = "disagree"
    PROVED = "proved"
    PROVED_UNSURE = "proved, not sure"
    CAUGHT = "caught"
    CONTRADICTED = "contradicted"


class Waiting(enum.Enum):
    """What a reading waits for."""

    STARTING = "starting"
    MISSING = "missing"
    READING = "reading"
    PEN = "pen"


@dataclass(frozen=True)
class Stand:
    """Where a drawing stands, who reads which digit in it, who is not sure, who is waited for and why."""

    standing: Standing
    digits: dict[Who, int] = field(default_factory=dict)
    unsure: tuple[Who, ...] = ()
    waits_for: tuple[Who, Waiting] | None = None
    submission: Submission | None = None

    @property
    def digit(self) -> int | None:
        """The digit read by the first judge that has answered, in the order of the judges."""
        return next(iter(self.digits.values()), None)


def stand(state: State) -> Stand:
    """Where the drawing stands.

    Only readings of one revision of the ink are compared, and only once the pen is up.
    """
    if state.content.empty and state.trace is None:
        return Stand(Standing.EMPTY)
    if state.blank and state.looked == state.revision:
        return Stand(Standing.NO_DIGIT)
    judged = verdict_of(state)
    readings = {who: reading for who in JUDGES if (reading := state.reading(who))}
    unsure = tuple(who for who, reading in readings.items() if not reading.sure)
    digits = {who: reading.digit for who, reading in readings.items()}
    if judged is not None:
        return _on_chain(judged, digits, unsure)
    if state.trace is not None or not all(who in digits for who in LOCAL):
        return _unfinished(state, readings)
    if len(set(digits.values())) > 1:
        return Stand(Standing.DISAGREE, digits)
    if len(digits) < len(JUDGES):
        return Stand(Standing.SO_FAR, digits, waits_for=_waits_for(state, readings))
    if state.claim not in (None, *digits.values()):
        return Stand(Standing.OTHER_CLAIM, digits, unsure)
    return Stand(Standing.UNSURE if unsure else Standing.AGREE, digits, unsure)


def _on_chain(judged: Submission, digits: dict[Who, int], unsure: tuple[Who, ...]) -> Stand:
    local = [digits[who] for who in LOCAL if who in digits]
    if judged.digit is not None and not local:
        local = [judged.digit]
    outcome = verdict.outcome(local, judged.claim, bool(judged.accepted))
    standing = {
        verdict.Outcome.AGREE: Standing.PROVED_UNSURE if unsure else Standing.PROVED,
        verdict.Outcome.CAUGHT: Standing.CAUGHT,
        verdict.Outcome.DISAGREE: Standing.DISAGREE if judged.accepted else Standing.CONTRADICTED,
    }[outcome]
    if judged.accepted:
        digits = digits | {Who.SCRIPT: judged.claim}
    return Stand(standing, digits, unsure, submission=judged)


def _unfinished(state: State, readings: dict[Who, Reading]) -> Stand:
    """The integer engine follows the pen: its latest reading is shown until all have read the same ink."""
    latest = state.judges[Who.FIXED].reading or state.judges[Who.FLOAT].reading
    waits_for = _waits_for(state, readings)
    if latest is None:
        return Stand(Standing.READING, waits_for=waits_for)
    who = Who.FIXED if state.judges[Who.FIXED].reading else Who.FLOAT
    return Stand(Standing.SO_FAR, {who: latest.digit}, waits_for=waits_for)


def _waits_for(state: State, readings: dict[Who, Reading]) -> tuple[Who, Waiting] | None:
    missing = [who for who in JUDGES if who not in readings]
    for who in missing:
        if state.judges[who].phase is Phase.STARTING:
            return who, Waiting.STARTING
        if state.judges[who].phase is Phase.FAILED:
            return who, Waiting.MISSING
    if state.trace is not None:
        return Who.SCRIPT, Waiting.PEN
    return (missing[0], Waiting.READING) if missing else None


# --- submissions ---


def claim_of(state: State) -> int | None:
    """The digit that a submission would claim now."""
    if state.claim is not None:
        return state.claim
    reading = state.judges[Who.FIXED].reading
    return reading.digit if reading else None


def verdict_of(state: State) -> Submission | None:
    """The verdict of the present model's contract on this very drawing and claim, if it has one."""
    for judged in reversed(state.judged):
        if _of_this_drawing(state, judged) and _of_this_contract(state, judged):
            return judged
    return None


def is_judged(state: State) -> bool:
    """Whether this drawing with this claim has its verdict: it is not submitted again."""
    return verdict_of(state) is not None


def shown_submission(state: State) -> Submission | None:
    """The submission under way; else that of this drawing and claim, even one of another model's contract."""
    latest = state.submission
    if latest is not None and (
        latest.running or (latest.accepted is None and _of_this_drawing(state, latest))
    ):
        return latest
    found = verdict_of(state)
    if found is None:
        found = next((judged for judged in reversed(state.judged) if _of_this_drawing(state, judged)), None)
    return found


def _of_this_drawing(state: State, submission: Submission) -> bool:
    reading = state.reading(Who.FIXED)
    # Until the ink has been read again, the digit that was read in it before stands for it.
    read = reading.digit if reading else submission.digit
    claim = read if state.claim is None else state.claim
    return (
        state.trace is None
        and submission.claim == claim
        and submission.content == state.content
        and not state.content.empty
    )


def _of_this_contract(state: State, submission: Submission) -> bool:
    return submission.model == state.model and submission.network in ("", state.chain.network)


class Lack(enum.Enum):
    """What a submission still lacks."""

    INK = "ink"
    DIGIT = "digit"
    JUDGE = "judge"
    NODE = "node"
    CHAIN_STARTS = "chain starts"
    JUDGES_START = "judges start"
    READING = "reading"


PASSING = (Lack.CHAIN_STARTS, Lack.JUDGES_START, Lack.READING)
"""What comes by itself: a submission can be asked for, and waits."""


def lack(state: State) -> Lack | None:
    """The first thing that a submission lacks; None if it can go."""
    if state.content.empty and state.trace is None:
        return Lack.INK
    if state.blank and state.looked == state.revision:
        return Lack.DIGIT
    if any(state.judges[who].phase is Phase.FAILED for who in LOCAL):
        return Lack.JUDGE
    if state.chain.phase is Phase.FAILED:
        return Lack.NODE
    if state.chain.phase is Phase.STARTING:
        return Lack.CHAIN_STARTS
    if any(state.judges[who].phase is Phase.STARTING for who in LOCAL):
        return Lack.JUDGES_START
    if any(state.reading(who) is None for who in LOCAL):
        return Lack.READING
    return None


class Act(enum.Enum):
    """What the button does."""

    SUBMIT = "submit"
    CHEAT = "cheat"
    NEW = "new drawing"
    WAIT = "wait"
    RUN = "run"
    NONE = "none"


def act(state: State) -> Act:
    """What pressing the button does now."""
    if state.submission is not None and state.submission.running:
        return Act.RUN
    lacking = lack(state)
    if state.wanted and lacking:
        return Act.WAIT
    if lacking is not None and lacking not in PASSING:
        return Act.NONE
    if is_judged(state):
        return Act.NEW
    fixed = state.judges[Who.FIXED].reading
    cheats = state.claim is not None and fixed is not None and state.claim != fixed.digit
    return Act.CHEAT if cheats else Act.SUBMIT


def cheat_claim(state: State) -> int | None:
    """The digit that "Try to cheat" claims: the likeliest that is not the one read."""
    reading = state.judges[Who.FIXED].reading
    if reading is None:
        return None
    others = [digit for digit in range(len(reading.shares)) if digit != reading.digit]
    return max(others, key=lambda digit: reading.shares[digit])


def current_row(state: State) -> Row | None:
    """The entry of the history that the paper shows."""
    shown = shown_submission(state)
    if shown is None or not shown.txid:
        return None
    return next((row for row in state.history if row.txid == shown.txid), None)


def recallable(row: Row) -> bool:
    """Whether an entry of the history has a verdict that can come back with its drawing."""
    return row.mark in (Mark.CONFIRMED, Mark.ACCEPTED, Mark.REFUSED)


# --- what else is shown ---


def playing(state: State) -> bool:
    """Whether a run of the contract's Script is being played."""
    return state.run is not None and not state.still and state.clock - state.run.began < RUN_SECONDS


def explained(state: State) -> bool:
    """Whether evidence and neurons of the picture as it is are there."""
    return (
        state.picture is not None
        and state.evidence is not None
        and state.evidence.revision == state.picture.revision
    )


def wants_explanation(state: State) -> bool:
    """Whether evidence and neurons are looked at."""
    return state.tab is not Tab.PIXELS


def hint(state: State) -> Hint | None:
    """The hint of the first run that applies now."""
    if state.covered or state.trace is not None:
        return None
    standing = stand(state).standing
    for candidate, when in (
        (Hint.DRAW, standing is Standing.EMPTY),
        (Hint.SUBMIT, standing is Standing.AGREE and act(state) is Act.SUBMIT),
        (Hint.CHEAT, standing is Standing.PROVED),
    ):
        if when and candidate not in state.hints:
            return candidate
    return None

"""What the window says, from its state: every sentence of it, and nothing about how it looks."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from app.window.model.state import Judge, Mark, Phase, Reading, State, StepMark, Submission, Who

__all__ = ["Line", "Tone", "agreement", "button", "chain_facts", "judge_words", "starting"]

NAMES = {Who.FLOAT: "Float model", Who.FIXED: "Fixed point", Who.SCRIPT: "Contract"}
MANNERS = {
    Who.FLOAT: "Keras, real numbers",
    Who.FIXED: "exact integers",
    Who.SCRIPT: "its Script, run here",
}
COIN = 100_000_000
CHAIN_STARTS, JUDGES_START, READING = "The contract is not ready yet", "The judges are starting", "Reading"
"""What a submission can wait for."""


class Tone(enum.Enum):
    """How a line is meant."""

    QUIET = "quiet"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True)
class Line:
    """One line with its icon: the shape says what the words say, without the colour."""

    icon: str
    tone: Tone
    headline: str
    detail: str = ""


# --- agreement ---


def agreement(state: State) -> Line:
    """Whether the three agree, in one line."""
    if state.content.empty and state.trace is None:
        return Line("pen", Tone.QUIET, "Draw a digit", "Three independent judges will read it.")
    if state.blank and state.looked == state.revision:
        return Line("pen", Tone.QUIET, "Not a digit yet", state.blank)
    verdict = state.submission
    if verdict and verdict.revision == state.revision and verdict.accepted is not None:
        return _on_chain(state, verdict)
    readings = {who: reading for who in Who if (reading := _usable(state, who))}
    if not readings:
        return Line("wait", Tone.QUIET, "Reading", _waiting_for(state, readings))
    digits = {who: reading.digit for who, reading in readings.items()}
    if len(set(digits.values())) > 1:
        return Line("disagree", Tone.BAD, "The judges disagree", _who_says_what(digits))
    digit = next(iter(digits.values()))
    if len(digits) < 3:
        return Line("wait", Tone.QUIET, f"{digit} so far", _waiting_for(state, readings))
    unsure = [NAMES[who] for who, reading in readings.items() if not reading.sure]
    if state.claim not in (None, digit):
        detail = f"The claim is {state.claim}: a node has to refuse it."
    elif unsure:
        detail = f"{_joined(unsure)} {'is' if len(unsure) == 1 else 'are'} not sure."
    else:
        detail = "Read on this machine. Submit it to have a node prove it."
    return Line("agree", Tone.GOOD, f"All three agree on {digit}", detail)


def _on_chain(state: State, verdict: Submission) -> Line:
    others = {who: r.digit for who in (Who.FLOAT, Who.FIXED) if (r := state.reading(who))}
    if not verdict.accepted:
        script = state.reading(Who.SCRIPT)
        digits = others | ({Who.SCRIPT: script.digit} if script else {})
        return Line(
            "refused",
            Tone.BAD,
            f"Refused: the contract does not read {verdict.claim}",
            _who_says_what(digits),
        )
    where = f"in block {verdict.block:,}" if verdict.block is not None else "not in a block yet"
    if set(others.values()) <= {verdict.claim}:
        return Line(
            "agree", Tone.GOOD, f"All three agree on {verdict.claim}", f"Proved by the node, {where}."
        )
    digits = others | {Who.SCRIPT: verdict.claim}
    return Line("disagree", Tone.BAD, "The judges disagree", _who_says_what(digits))


def _usable(state: State, who: Who) -> Reading | None:
    """The engines follow the pen, so their latest word counts; the contract's must be of this very ink."""
    if who is Who.CHAIN:
        return None
    return state.reading(who) if who is Who.SCRIPT else state.judges[who].reading


def _who_says_what(digits: dict[Who, int]) -> str:
    """`Float model says 4, fixed point and contract say 9.`"""
    by_digit: dict[int, list[str]] = {}
    for who, digit in digits.items():
        by_digit.setdefault(digit, []).append(NAMES[who])
    if len(by_digit) == 1 and len(digits) > 1:
        digit = next(iter(by_digit))
        return f"{_joined(by_digit[digit])} {'both' if len(digits) == 2 else 'all'} say {digit}."
    parts = [
        f"{_joined(who)} {'says' if len(who) == 1 else 'say'} {digit}" for digit, who in by_digit.items()
    ]
    text = ", ".join([*parts[:1], *(part[0].lower() + part[1:] for part in parts[1:])])
    return f"{text}." if text else ""


def _waiting_for(state: State, readings: Iterable[Who]) -> str:
    waited_for = [who for who in state.judges if who not in readings]
    for who in waited_for:
        if state.judges[who].phase is Phase.STARTING:
            return f"{NAMES[who]} is starting."
        if state.judges[who].phase is Phase.FAILED:
            return f"{NAMES[who]} is not available."
    if waited_for != [Who.SCRIPT]:
        return f"{NAMES[waited_for[0]]} is reading."
    if state.trace is not None:
        return "The contract's Script reads when the pen rests."
    return "The contract's Script is reading."


def _joined(names: list[str]) -> str:
    names = [names[0], *(name.lower() for name in names[1:])]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# --- a judge's panel ---


@dataclass(frozen=True)
class JudgeWords:
    """What a judge's panel shows. `faint`: the reading is of earlier ink."""

    title: str
    manner: str
    digit: str
    faint: bool
    tag: str
    time: str
    note: str
    icon: str
    tone: Tone


def judge_words(state: State, who: Who) -> JudgeWords:
    """The words of one judge's panel."""
    judge = state.judges[who]
    reading = judge.reading
    faint = bool(reading) and who is Who.SCRIPT and _usable(state, who) is None
    note, icon, tone = _judge_note(state, who, judge, faint)
    return JudgeWords(
        title=NAMES[who],
        manner=MANNERS[who],
        digit=str(reading.digit) if reading else "",
        faint=faint,
        tag="not sure" if reading and not reading.sure and not faint else "",
        time=_milliseconds(reading.milliseconds) if reading else "",
        note=note,
        icon=icon,
        tone=tone,
    )


def _judge_note(state: State, who: Who, judge: Judge, faint: bool) -> tuple[str, str, Tone]:
    if judge.phase is Phase.STARTING:
        return judge.note or "starting", f"spin {int(state.clock * 8) % 8}", Tone.QUIET
    if judge.phase is Phase.FAILED:
        return judge.note or "not available", "warn", Tone.BAD
    if who is not Who.SCRIPT:
        return "follows the pen", "", Tone.QUIET
    verdict = state.submission
    if verdict and verdict.revision == state.revision:
        if verdict.accepted:
            where = f", block {verdict.block:,}" if verdict.block is not None else ""
            return f"proved{where}", "tick", Tone.GOOD
        if verdict.accepted is False:
            return f"node refuses {verdict.claim}", "cross", Tone.BAD
        if verdict.running:
            return "with the node", f"spin {int(state.clock * 8) % 8}", Tone.QUIET
    if judge.reading is None or faint:
        return "reads when the pen rests", "wait" if faint else "", Tone.QUIET
    return "not on chain yet", "", Tone.QUIET


def _milliseconds(value: float) -> str:
    return f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms"


# --- submitting ---


def claim_of(state: State) -> int | None:
    """The digit that a submission would claim now."""
    if state.claim is not None:
        return state.claim
    reading = state.judges[Who.FIXED].reading
    return reading.digit if reading else None


def missing(state: State) -> str:
    """What a submission still lacks, in words; empty if it can go."""
    if state.content.empty:
        return "Draw a digit first"
    if state.blank and state.looked == state.revision:
        return "Not a digit yet"
    for who in (Who.FLOAT, Who.FIXED):
        if state.judges[who].phase is Phase.FAILED:
            return "A judge is missing"
    if state.chain.phase is Phase.FAILED:
        return "No node"
    if state.chain.phase is Phase.STARTING:
        return CHAIN_STARTS
    if any(state.judges[who].phase is Phase.STARTING for who in (Who.FLOAT, Who.FIXED)):
        return JUDGES_START
    if state.reading(Who.FLOAT) is None or state.reading(Who.FIXED) is None:
        return READING
    return ""


def spent(state: State) -> bool:
    """Whether this very ink with this claim has its verdict already."""
    return (state.revision, claim_of(state)) in state.judged


def button(state: State) -> tuple[str, bool]:
    """The button's label, and whether it can be pressed."""
    if state.submission and state.submission.running:
        return f"Claiming {state.submission.claim}", False
    lacking = missing(state)
    if state.wanted and lacking:
        return "Waiting", False
    if lacking in (CHAIN_STARTS, JUDGES_START, READING):
        return f"Submit {_claimed(state)}".strip(), True
    if lacking:
        return lacking, False
    if spent(state):
        return "Judged already", False
    return f"Submit {_claimed(state)}", True


def _claimed(state: State) -> str:
    digit = claim_of(state)
    return "" if digit is None else str(digit)


def step_labels(submission: Submission | None) -> tuple[str, str, str, str]:
    """The four steps in a word or two each."""
    judged = "Judged"
    block = "In a block"
    if submission and submission.accepted is not None:
        judged = "Accepted" if submission.accepted else "Refused"
    if submission and submission.block is not None:
        block = f"Block {submission.block:,}"
    elif submission and submission.accepted is False:
        block = "No block"
    return "Ready", "Signed", judged, block


def submission_detail(state: State) -> str:
    """What there is to say beneath the steps."""
    submission = shown_submission(state)
    if state.wanted:
        return f"{missing(state)}. The claim goes out as soon as it can; Esc takes it back."
    if submission is None:
        return "Every node that validates it runs the whole model."
    if submission.reason:
        return f"The node says: {submission.reason}"
    if submission.fee is not None and submission.size is not None:
        return f"Fee {submission.fee:,} satoshis for {submission.size:,} bytes"
    return submission.note


def shown_submission(state: State) -> Submission | None:
    """The submission of this ink, or the one that is under way."""
    submission = state.submission
    if submission and (submission.running or submission.revision == state.revision):
        return submission
    return None


def txid_line(state: State) -> str:
    """The transaction beneath the steps."""
    submission = shown_submission(state)
    return submission.txid if submission else ""


def steps_of(submission: Submission | None) -> tuple[StepMark, ...]:
    """How the four steps stand."""
    return submission.steps if submission else (StepMark.WAITING,) * 4


# --- status line ---


def starting(state: State) -> str:
    """The honest stages of starting up; empty once everything runs."""
    parts = [
        f"{NAMES[who]}: {judge.note or 'starting'}{_percent(judge.share)}"
        for who, judge in state.judges.items()
        if judge.phase is Phase.STARTING
    ]
    if state.chain.phase is Phase.STARTING:
        parts.append(f"{state.chain.note or 'Node: starting'}{_percent(state.chain.share)}")
    return "  ·  ".join(parts)


def _percent(share: float | None) -> str:
    return "" if share is None else f" {share:.0%}"


def chain_facts(state: State) -> tuple[str, ...]:
    """Network, node, height, balance, contract: what is known of them."""
    chain = state.chain
    facts = []
    if chain.network:
        facts.append(chain.network)
    if chain.node:
        facts.append(chain.node.replace(":", " "))
    if chain.height is not None:
        facts.append(f"block {chain.height:,}")
    if chain.balance is not None:
        facts.append(f"{chain.balance / COIN:,.4f} BSV")
    if chain.contract:
        facts.append(f"contract {chain.contract[:12]}")
    return tuple(facts)


MARK_ICONS = {
    Mark.CONFIRMED: ("block", Tone.GOOD),
    Mark.ACCEPTED: ("tick", Tone.GOOD),
    Mark.REFUSED: ("cross", Tone.BAD),
    Mark.OPEN: ("wait", Tone.QUIET),
    Mark.LOST: ("warn", Tone.BAD),
    Mark.ERROR: ("warn", Tone.BAD),
}

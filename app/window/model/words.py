"""Every sentence of the window, from what `decide` has found; nothing about how it looks."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from app.window.model import decide
from app.window.model.decide import Act, Lack, Stand, Standing, Waiting
from app.window.model.state import State
from app.window.model.values import Hint, Judge, Mark, NoDigit, Phase, Run, StepMark, Submission, Who

__all__ = [
    "HINTS",
    "Line",
    "Tone",
    "agreement",
    "button",
    "chain_facts",
    "coins",
    "judge_words",
    "network_words",
    "starting",
]

NAMES = {Who.FLOAT: "Float model", Who.FIXED: "Fixed point", Who.SCRIPT: "Contract"}
MACHINES = {
    Who.FLOAT: "Keras, real numbers",
    Who.FIXED: "exact integers",
    Who.SCRIPT: "its Script, run here",
}
TAGLINE = "One drawing, one model, three machines, one transaction."
COIN = 100_000_000


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
    """Where the drawing stands, in a headline and a sentence."""
    stand = decide.stand(state)
    digit = stand.digit
    match stand.standing:
        case Standing.EMPTY:
            return Line("pen", Tone.QUIET, "Draw a digit", "One model reads it on three machines.")
        case Standing.NO_DIGIT:
            several = state.no_digit is NoDigit.SEVERAL
            headline = "More than one digit" if several else "Not a digit yet"
            return Line("several" if several else "pen", Tone.QUIET, headline, state.blank)
        case Standing.READING:
            return Line("wait", Tone.QUIET, "Reading", _waits_for(stand))
        case Standing.SO_FAR:
            return Line("wait", Tone.QUIET, f"{digit} so far", _waits_for(stand))
        case Standing.AGREE:
            detail = "Read on this machine. Submit it to have a node prove it."
            return Line("agree", Tone.GOOD, f"All three agree on {digit}", detail)
        case Standing.UNSURE:
            detail = "All three read it, but nearly as well as another digit. Is it one?"
            return Line("unsure", Tone.QUIET, f"Perhaps a {digit}, not sure", detail)
        case Standing.OTHER_CLAIM:
            detail = f"The claim is {state.claim}: a node has to refuse it."
            return Line("agree", Tone.QUIET, f"All three read {digit}", detail)
        case Standing.DISAGREE:
            return Line("disagree", Tone.BAD, "The judges disagree", _who_says_what(stand.digits))
        case _:
            assert stand.submission is not None
            return _judged(stand, stand.submission)


def _judged(stand: Stand, judged: Submission) -> Line:
    where = f"in block {judged.block:,}" if judged.block is not None else "not in a block yet"
    if stand.standing is Standing.PROVED:
        return Line("agree", Tone.GOOD, f"All three agree on {judged.claim}", f"Proved by the node, {where}.")
    if stand.standing is Standing.PROVED_UNSURE:
        detail = f"Proved by the node, {where}: this is what the model reads, and it is not sure."
        return Line("unsure", Tone.QUIET, f"Perhaps a {judged.claim}, not sure", detail)
    if stand.standing is Standing.CAUGHT:
        read = judged.digit if stand.digit is None else stand.digit
        detail = f"The node ran the model, read {read}, and refused {judged.claim}."
        return Line("shield", Tone.GOOD, "Cheat caught", detail)
    detail = f"The node refused {judged.claim}. {_who_says_what(stand.digits)}".strip()
    return Line("refused", Tone.BAD, "The contract disagrees", detail)


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


def _waits_for(stand: Stand) -> str:
    if stand.waits_for is None:
        return ""
    who, why = stand.waits_for
    if why is Waiting.PEN:
        return "The contract's Script reads when the pen rests."
    if why is Waiting.READING and who is Who.SCRIPT:
        return "The contract's Script is reading."
    what = {Waiting.STARTING: "starting", Waiting.MISSING: "not available", Waiting.READING: "reading"}
    return f"{NAMES[who]} is {what[why]}."


def _joined(names: list[str]) -> str:
    names = [names[0], *(name.lower() for name in names[1:])]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# --- a judge's panel ---


@dataclass(frozen=True)
class JudgeWords:
    """What a judge's panel shows. `faint`: the reading is of earlier ink."""

    title: str
    machine: str
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
    faint = reading is not None and who is Who.SCRIPT and state.reading(who) is None
    note, icon, tone = _judge_note(state, who, judge, faint)
    return JudgeWords(
        title=NAMES[who],
        machine=MACHINES[who],
        digit=str(reading.digit) if reading else "",
        faint=faint,
        tag="not sure" if reading and not reading.sure and not faint and state.trace is None else "",
        time=_milliseconds(reading.milliseconds) if reading else "",
        note=note,
        icon=icon,
        tone=tone,
    )


def _judge_note(state: State, who: Who, judge: Judge, faint: bool) -> tuple[str, str, Tone]:
    if judge.phase is Phase.STARTING:
        return judge.note or "starting", spinner(state), Tone.QUIET
    if judge.phase is Phase.FAILED:
        return judge.note or "not available", "warn", Tone.BAD
    if who is not Who.SCRIPT:
        return "follows the pen", "", Tone.QUIET
    if state.submission and state.submission.running:
        return "with the node", spinner(state), Tone.QUIET
    verdict = decide.verdict_of(state)
    if verdict is not None and verdict.accepted:
        where = f", block {verdict.block:,}" if verdict.block is not None else ""
        sure = decide.stand(state).standing is not Standing.PROVED_UNSURE
        return f"proved{where}", "tick", Tone.GOOD if sure else Tone.QUIET
    if verdict is not None:
        caught = decide.stand(state).standing is Standing.CAUGHT
        return f"node refused {verdict.claim}", "cross", Tone.GOOD if caught else Tone.BAD
    if judge.reading is None or faint:
        return "reads at rest", "wait" if faint else "", Tone.QUIET
    return "not on chain yet", "", Tone.QUIET


def comparison(run: Run) -> tuple[str, str]:
    """The last step of a run: what was read against what was claimed; in a sentence, and shorter."""
    if run.digit == run.claim:
        return f"read {run.digit}, claimed {run.claim}: true", f"{run.digit} = {run.claim}"
    return f"read {run.digit}, claimed {run.claim}: false", f"{run.digit} ≠ {run.claim}"


def spinner(state: State) -> str:
    """The icon of something under way: it turns, unless motion is to be reduced."""
    return "wait" if state.still else f"spin {int(state.clock * 8) % 8}"


def _milliseconds(value: float) -> str:
    return f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms"


# --- submitting ---


LACKS = {
    Lack.INK: "Draw a digit first",
    Lack.DIGIT: "Not a digit yet",
    Lack.JUDGE: "A judge is missing",
    Lack.NODE: "No node",
    Lack.CHAIN_STARTS: "The contract is not ready yet",
    Lack.JUDGES_START: "The judges are starting",
    Lack.READING: "Reading",
}


def button(state: State) -> str:
    """The button's label."""
    digit = decide.claim_of(state)
    match decide.act(state):
        case Act.RUN:
            assert state.submission is not None
            return f"Claiming {state.submission.claim}"
        case Act.WAIT:
            return "Waiting"
        case Act.NONE:
            lacking = decide.lack(state)
            several = lacking is Lack.DIGIT and state.no_digit is NoDigit.SEVERAL
            return "Draw one digit" if several else LACKS[lacking] if lacking else ""
        case Act.NEW:
            return "New drawing"
        case Act.CHEAT:
            return f"Try to cheat: claim {digit}"
        case Act.SUBMIT:
            return "Submit" if digit is None else f"Submit {digit}"


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
    """The sentence beneath the steps."""
    submission = decide.shown_submission(state)
    if state.wanted and (lacking := decide.lack(state)):
        return f"{LACKS[lacking]}. The claim goes out as soon as it can; Esc takes it back."
    if submission is None:
        if decide.act(state) is Act.CHEAT:
            return "A false claim: the node runs the model, and has to refuse it."
        return "Every node that validates it runs the whole model."
    if submission.accepted is not None and decide.verdict_of(state) is None:
        return f"{'Accepted' if submission.accepted else 'Refused'}: {where_judged(submission)}"
    return submission.note


def where_judged(submission: Submission) -> str:
    """Which model's contract judged, and on which chain."""
    model = submission.model or "a model that is not here"
    chain = f", {network_words(submission.network)}" if submission.network else ""
    return f"read by {model}{chain}"


def txid_line(state: State) -> str:
    """The transaction beneath the steps."""
    submission = decide.shown_submission(state)
    return submission.txid if submission else ""


def steps_of(submission: Submission | None) -> tuple[StepMark, ...]:
    """How the four steps stand."""
    return submission.steps if submission else (StepMark.WAITING,) * 4


# --- the chain ---

PRACTICE = ("regtest", "regtest-raised")


def network_words(network: str) -> str:
    """A network's name as the window says it."""
    return {"regtest": "practice chain", "regtest-raised": "practice chain for large models"}.get(
        network, network
    )


def coins(satoshis: int) -> str:
    """An amount, everywhere in the same unit: `49.99 BSV`."""
    whole, rest = divmod(satoshis, COIN)
    digits = f"{rest:08d}".rstrip("0").ljust(2, "0")
    return f"{whole:,}.{digits} BSV"


def starting(state: State) -> str:
    """The stages of starting up as they are; empty once everything runs."""
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
        facts.append(network_words(chain.network))
    if chain.node:
        facts.append(chain.node.replace(":", " "))
    if chain.height is not None:
        facts.append(f"block {chain.height:,}")
    if chain.balance is not None:
        play = " play money" if chain.network in PRACTICE else ""
        facts.append(f"{coins(chain.balance)}{play}")
    if chain.contract:
        facts.append(f"contract {chain.contract[:12]}")
    return tuple(facts)


MARK_ICONS = {
    Mark.CONFIRMED: ("block", Tone.GOOD),
    Mark.ACCEPTED: ("tick", Tone.GOOD),
    Mark.REFUSED: ("cross", Tone.QUIET),
    Mark.OPEN: ("wait", Tone.QUIET),
    Mark.LOST: ("warn", Tone.BAD),
    Mark.ERROR: ("warn", Tone.BAD),
}

# --- the first run ---

HINTS = {
    Hint.DRAW: (
        "1 of 3",
        "Draw a digit",
        "A big one, with the left button or a finger. Three machines read along.",
    ),
    Hint.SUBMIT: (
        "2 of 3",
        "Have it proved",
        "Submit it: a node runs the whole model and judges the claim.",
    ),
    Hint.CHEAT: (
        "3 of 3",
        "Now try to cheat",
        "Claim another digit for this drawing: see what the node does.",
    ),
}
"""Which one it is, a heading and a sentence, for each hint."""

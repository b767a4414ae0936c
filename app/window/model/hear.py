"""State and a worker's message to the next state."""

from __future__ import annotations

from dataclasses import replace

from app.window.model import bounties, decide
from app.window.model import protocol as told
from app.window.model.bounty_values import BountyFailed, BountyList, BountyReached
from app.window.model.claims import said
from app.window.model.document import Place
from app.window.model.drawing import blank, placed
from app.window.model.state import State
from app.window.model.values import (
    Card,
    ChainView,
    Judge,
    Mark,
    Notice,
    Phase,
    Picture,
    Question,
    Reading,
    Row,
    Run,
    StepMark,
    Submission,
    SubmissionStage,
    Who,
)

__all__ = ["hear", "sound_of"]

_ORDER = tuple(SubmissionStage)


def sound_of(message: told.Message) -> str:
    """The name of the sound that goes with a message; empty for none."""
    if isinstance(message, told.ClaimJudged):
        return "proved" if message.accepted else "caught"
    return ""


def hear(state: State, message: told.Message) -> State:
    """What a message changes."""
    match message:
        case told.LoadProgress(who, note, share):
            return _phase(state, who, Phase.STARTING, note, share)
        case told.Ready(who):
            return _phase(state, who, Phase.READY)
        case told.Failed(who, notice, again):
            return _failed(state, who, notice, again)
        case told.Looked() | told.Read() | told.Explained() | told.Traced():
            return _read(state, message)
        case told.Placed(picture, name, strokes, txid):
            return _placed(state, Place(picture, strokes), name, txid)
        case told.Said(notice):
            return said(state, notice)
        case told.StageReached():
            return _stage(state, message)
        case told.ClaimJudged():
            return _verdict(state, message)
        case told.NotJudged(job, notice):
            return _not_judged(state, job, notice)
        case told.Models(entries):
            return replace(state, listed=entries, highlighted=min(state.highlighted, len(entries) - 1))
        case told.NoDialog():
            return replace(state, card=Card.PATH, typed="", focus=None)
        case BountyList() | BountyReached() | BountyFailed():
            return bounties.hear(state, message)
        case _:
            return _chain(state, message)


def _read(state: State, message: told.Looked | told.Read | told.Explained | told.Traced) -> State:
    """Something was read in a picture."""
    match message:
        case told.Looked(revision) | told.Read(_, Reading(revision)) if revision < state.since:
            return state  # the previous model's answer
        case told.Looked():
            return _looked(state, message)
        case told.Read(who, reading):
            # Ink that was cleared in the meantime has no reading.
            kept = reading if state.picture is not None else None
            return _judge(state, who, replace(state.judges[who], reading=kept, asked=-1))
        case told.Explained(evidence, neurons):
            state = replace(state, explaining=-1)
            if evidence.revision < state.since or state.picture is None:
                return state
            return replace(state, evidence=evidence, neurons=neurons)
        case told.Traced(job, samples, total, digit):
            if state.submission is None or state.submission.job != job:
                return state
            return replace(state, run=Run(job, samples, total, digit, state.submission.claim, state.clock))


def _chain(state: State, message: told.Message) -> State:
    """News of the chain that belong to no claim."""
    match message:
        case told.Account(network, address):
            return replace(state, chain=replace(state.chain, network=network, address=address))
        case told.ChainStatus():
            return _chain_status(state, message)
        case told.History(rows):
            return _history(state, rows)
        case told.Ask(satoshis, purpose):
            return replace(state, question=Question(satoshis, purpose), focus=None)
        case told.Checked(check):
            asked = state.check is not None and state.check.txid == check.txid
            return replace(state, check=check) if asked else state
    return state


def _history(state: State, rows: tuple[Row, ...]) -> State:
    """The history as it is now; verdicts whose claim is now in a block are updated as well."""
    last = max(0, len(rows) - 1)
    blocks = {row.txid: row.block for row in rows if row.block is not None}
    judged = tuple(
        replace(one, block=blocks[one.txid], steps=(*one.steps[:-1], StepMark.DONE))
        if one.accepted and one.block is None and one.txid in blocks
        else one
        for one in state.judged
    )
    return replace(
        state,
        history=rows,
        remembered=True,
        scroll=min(state.scroll, last),
        selected=min(state.selected, last),
        judged=judged,
    )


def _placed(state: State, place: Place, name: str, txid: str) -> State:
    state = placed(state, place)
    if not name:
        return _recalled(state, txid)
    return said(state, Notice(f"{name} is the drawing now.", hint="Ctrl+Z takes it back.", error=False))


def _judge(state: State, who: Who, judge: Judge) -> State:
    return replace(state, judges=state.judges | {who: judge})


def _phase(state: State, who: Who, phase: Phase, note: str = "", share: float | None = None) -> State:
    if who is Who.CHAIN:
        return replace(state, chain=replace(state.chain, phase=phase, note=note, share=share))
    return _judge(state, who, replace(state.judges[who], phase=phase, note=note, share=share))


def _failed(state: State, who: Who, notice: Notice, again: bool) -> State:
    phase = Phase.STARTING if again else Phase.FAILED
    state = said(_phase(state, who, phase, "starting again" if again else "not available"), notice)
    if who is not Who.CHAIN:
        # What it was asked is lost with it: it has to be asked again.
        return _judge(state, who, replace(state.judges[who], asked=-1))
    if state.submission and state.submission.running:
        state = replace(state, submission=_stopped(state.submission))
    state = bounties.stopped(
        state, "The chain's worker ended. What was sent is in the ledger: press B again."
    )
    return replace(state, question=None, bounties_asked=None)


def _looked(state: State, looked: told.Looked) -> State:
    fixed = replace(state.judges[Who.FIXED], asked=-1)
    state = _judge(state, Who.FIXED, fixed)
    if looked.revision < state.looked:
        return state
    if looked.picture is None:
        if looked.revision != state.revision:
            return replace(state, looked=looked.revision)
        return blank(state, looked.blank, looked.no_digit)
    if looked.reading is not None:
        state = _judge(state, Who.FIXED, replace(fixed, reading=looked.reading))
    return replace(state, picture=Picture(looked.picture, looked.revision), looked=looked.revision, blank="")


def _chain_status(state: State, status: told.ChainStatus) -> State:
    """The chain as it is now; the contract of a model that was passed by is not the chosen model's."""
    chain: ChainView = replace(
        state.chain,
        network=status.network,
        node=status.node,
        height=status.height,
        balance=status.balance,
        contract=status.contract if status.model == state.model else "",
        explorer=status.explorer,
        address=status.address,
    )
    return replace(state, chain=chain)


# --- a submission ---


def _stage(state: State, reached: told.StageReached) -> State:
    submission = state.submission
    if submission is None or submission.job != reached.job:
        return state
    number = _ORDER.index(reached.stage)
    steps = list(submission.steps)
    for earlier in range(number):
        steps[earlier] = StepMark.DONE
    steps[number] = StepMark.REFUSED if reached.refused else StepMark.DONE
    for later in range(number + 1, len(steps)):
        steps[later] = StepMark.ACTIVE if later == number + 1 and not reached.refused else StepMark.WAITING
    changed = replace(submission, steps=tuple(steps))
    if reached.stage is SubmissionStage.SIGNED:
        changed = replace(changed, txid=reached.text)
    if reached.stage is SubmissionStage.JUDGED:
        changed = replace(
            changed, accepted=not reached.refused, reason=reached.text if reached.refused else ""
        )
    if reached.stage is SubmissionStage.CONFIRMED and reached.text.isdecimal():
        changed = replace(changed, block=int(reached.text))
    return replace(state, submission=changed)


def _verdict(state: State, verdict: told.ClaimJudged) -> State:
    submission = state.submission
    if submission is None or submission.job != verdict.job:
        return state
    judged = StepMark.DONE if verdict.accepted else StepMark.REFUSED
    last = StepMark.DONE if verdict.block is not None else StepMark.WAITING
    done = replace(
        submission,
        steps=(StepMark.DONE, StepMark.DONE, judged, last),
        running=False,
        txid=verdict.txid,
        accepted=verdict.accepted,
        reason=verdict.reason,
        block=verdict.block,
        fee=verdict.fee,
        size=verdict.size,
    )
    state = replace(state, submission=done, judged=_with(state.judged, done))
    if submission.content == state.content and submission.model == state.model:
        return state
    word = "accepts" if verdict.accepted else "refuses"
    of = "for the previous model" if submission.model != state.model else "of the earlier drawing"
    return said(state, Notice(f"The contract {word} the claim {submission.claim} {of}.", error=False))


_KEPT = 60
"""Verdicts that are remembered."""


def _with(judged: tuple[Submission, ...], done: Submission) -> tuple[Submission, ...]:
    return (*judged, done)[-_KEPT:]


_RECALLED = {
    Mark.CONFIRMED: (True, (StepMark.DONE,) * 4),
    Mark.ACCEPTED: (True, (StepMark.DONE, StepMark.DONE, StepMark.DONE, StepMark.WAITING)),
    Mark.REFUSED: (False, (StepMark.DONE, StepMark.DONE, StepMark.REFUSED, StepMark.WAITING)),
}
"""Whether the contract accepted, and how the four steps stand, for the verdicts that there are."""


def _recalled(state: State, txid: str) -> State:
    """A drawing from the history comes back with its verdict, whatever model and chain it is of."""
    row = next((row for row in state.history if row.txid == txid), None)
    if row is None or not decide.recallable(row):
        return state
    accepted, steps = _RECALLED[row.mark]
    submission = Submission(
        state.jobs + 1,
        state.revision,
        row.claim,
        state.content,
        picture=row.picture,
        digit=row.digit,
        model=row.model,
        network=row.network,
        steps=steps,
        running=False,
        note=f"Brought back from the history: {row.when}" if row.when else "Brought back from the history",
        txid=txid,
        accepted=accepted,
        reason=row.reason,
        block=row.block,
    )
    claim = None if row.claim == row.digit else row.claim
    return replace(state, claim=claim, jobs=state.jobs + 1, judged=_with(state.judged, submission))


def _not_judged(state: State, job: int, notice: Notice) -> State:
    state = said(state, notice)
    if state.submission is None or state.submission.job != job:
        return state
    return replace(state, submission=_stopped(state.submission))


def _stopped(submission: Submission) -> Submission:
    """There will be no verdict: the step under way has failed."""
    steps = tuple(StepMark.FAILED if step is StepMark.ACTIVE else step for step in submission.steps)
    return replace(submission, running=False, steps=steps, note="It did not come to a verdict.")

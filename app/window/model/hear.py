"""State and a worker's message to the next state."""

from __future__ import annotations

from dataclasses import replace

from app.window.model import protocol as told
from app.window.model.document import Place
from app.window.model.state import (
    ChainView,
    Judge,
    Mark,
    Notice,
    Phase,
    Picture,
    Question,
    Reading,
    State,
    StepMark,
    Submission,
    SubmissionStage,
    Who,
)
from app.window.model.update import blank, placed, said

__all__ = ["hear"]

_ORDER = tuple(SubmissionStage)


def hear(state: State, message: told.Message) -> State:
    """What a message changes."""
    match message:
        case told.LoadProgress(who, note, share):
            return _phase(state, who, Phase.STARTING, note, share)
        case told.Ready(who):
            return _phase(state, who, Phase.READY)
        case told.Failed(who, notice, again):
            return _failed(state, who, notice, again)
        case told.Looked(revision) | told.Read(_, Reading(revision)) if revision < state.since:
            return state  # the previous model's answer
        case told.Looked():
            return _looked(state, message)
        case told.Read(who, reading):
            # Ink that has been wiped since has no reading.
            kept = reading if state.picture is not None else None
            return _judge(state, who, replace(state.judges[who], reading=kept, asked=-1))
        case told.Placed(picture, name, strokes, txid):
            state = placed(state, Place(picture, strokes))
            if not name:
                return _recalled(state, txid)
            return said(
                state, Notice(f"{name} is the drawing now.", hint="Ctrl+Z takes it back.", error=False)
            )
        case told.Said(notice):
            return said(state, notice)
        case told.Account(network, address):
            return replace(state, chain=replace(state.chain, network=network, address=address))
        case told.ChainStatus():
            return _chain_status(state, message)
        case told.StageReached():
            return _stage(state, message)
        case told.ClaimJudged():
            return _verdict(state, message)
        case told.NotJudged(job, notice):
            return _not_judged(state, job, notice)
        case told.History(rows):
            last = max(0, len(rows) - 1)
            return replace(state, history=rows, remembered=True, scroll=min(state.scroll, last))
        case told.Ask(satoshis, purpose):
            return replace(state, question=Question(satoshis, purpose))


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
    return replace(state, question=None)


def _looked(state: State, looked: told.Looked) -> State:
    fixed = replace(state.judges[Who.FIXED], asked=-1)
    state = _judge(state, Who.FIXED, fixed)
    if looked.revision < state.looked:
        return state
    if looked.picture is None:
        if looked.revision != state.revision:
            return replace(state, looked=looked.revision)
        return blank(state, looked.blank)
    if looked.reading is not None:
        state = _judge(state, Who.FIXED, replace(fixed, reading=looked.reading))
    return replace(state, picture=Picture(looked.picture, looked.revision), looked=looked.revision, blank="")


def _chain_status(state: State, status: told.ChainStatus) -> State:
    chain: ChainView = replace(
        state.chain,
        network=status.network,
        node=status.node,
        height=status.height,
        balance=status.balance,
        contract=status.contract,
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
    known = (*state.judged, (submission.revision, submission.claim))
    state = replace(state, submission=done, judged=known)
    if submission.revision == state.revision:
        return state
    word = "accepts" if verdict.accepted else "refuses"
    of = "for the model before" if submission.revision < state.since else "of the earlier drawing"
    return said(state, Notice(f"The contract {word} the claim {submission.claim} {of}.", error=False))


_RECALLED = {
    Mark.CONFIRMED: (True, (StepMark.DONE,) * 4),
    Mark.ACCEPTED: (True, (StepMark.DONE, StepMark.DONE, StepMark.DONE, StepMark.WAITING)),
    Mark.REFUSED: (False, (StepMark.DONE, StepMark.DONE, StepMark.REFUSED, StepMark.WAITING)),
}
"""Whether the contract accepted, and how the four steps stand, for the verdicts that there are."""


def _recalled(state: State, txid: str) -> State:
    """A drawing from the history has its verdict already, if it was this model's contract on this chain."""
    row = next((row for row in state.history if row.txid == txid), None)
    running = state.submission is not None and state.submission.running
    if row is None or row.mark not in _RECALLED or running:
        return state
    if (row.model, row.network) != (state.model, state.chain.network):
        return state
    accepted, steps = _RECALLED[row.mark]
    submission = Submission(
        state.jobs + 1,
        state.revision,
        row.claim,
        state.content,
        steps=steps,
        running=False,
        note="Brought back from the history.",
        txid=txid,
        accepted=accepted,
        reason=row.reason,
        block=row.block,
    )
    known = (*state.judged, (state.revision, row.claim))
    return replace(state, submission=submission, jobs=state.jobs + 1, judged=known)


def _not_judged(state: State, job: int, notice: Notice) -> State:
    state = said(state, notice)
    if state.submission is None or state.submission.job != job:
        return state
    return replace(state, submission=_stopped(state.submission))


def _stopped(submission: Submission) -> Submission:
    """It will not come to a verdict: the step under way has failed."""
    steps = tuple(StepMark.FAILED if step is StepMark.ACTIVE else step for step in submission.steps)
    return replace(submission, running=False, steps=steps, note="It did not come to a verdict.")

"""What becomes due with time or by the button: pictures, readings, explanations and claims."""

from __future__ import annotations

from dataclasses import replace

from app.window.model import decide, protocol
from app.window.model.effects import Effect, Send
from app.window.model.state import State
from app.window.model.values import Hint, Notice, Phase, Submission, Who

__all__ = ["AUTO_REST", "LOOK_EVERY", "REST", "Change", "asked", "said", "submitted", "tick"]

Change = tuple[State, tuple[Effect, ...]]

LOOK_EVERY = 1 / 40
"""Seconds between pictures while the pen moves: no faster than the eye can follow."""
REST = 0.25
"""Seconds without new ink after which the pen is at rest."""
AUTO_REST = 0.9
"""Seconds of rest after which auto-verify considers the drawing finished."""
SECONDS_SHOWN = 6.0
"""Seconds that a notice of success stays."""


def said(state: State, notice: Notice) -> State:
    """A notice on the status line; a notice of success disappears by itself."""
    if not notice.error:
        notice = replace(notice, until=state.clock + SECONDS_SHOWN)
    return replace(state, notice=notice)


# --- submitting ---


def asked(state: State) -> Change:
    """Submit, now or as soon as it can go; nothing while a claim runs or once this one has its verdict."""
    if decide.act(state) not in (decide.Act.SUBMIT, decide.Act.CHEAT):
        return state, ()
    return submitted(replace(state, wanted=True))


def submitted(state: State) -> Change:
    """Send the claim, if it is wanted and everything it needs is there."""
    picture, reads = state.fresh, [state.reading(who) for who in (Who.FLOAT, Who.FIXED)]
    if not state.wanted or decide.lack(state) or (state.submission and state.submission.running):
        return state, ()
    floats, fixed = reads
    if picture is None or floats is None or fixed is None:
        return state, ()
    digit = fixed.digit if state.claim is None else state.claim
    job = state.jobs + 1
    claim = protocol.SubmitClaim(
        job, picture.pixels, digit, floats.digit, floats.shares, fixed.digit, fixed.logits
    )
    notice = None if state.notice and state.notice.error else state.notice
    submission = Submission(
        job,
        state.revision,
        digit,
        state.content,
        picture=picture.pixels,
        digit=fixed.digit,
        model=state.model,
        network=state.chain.network,
    )
    served = {Hint.SUBMIT} if digit == fixed.digit else {Hint.SUBMIT, Hint.CHEAT}
    state = replace(
        state, submission=submission, jobs=job, wanted=False, notice=notice, hints=state.hints | served
    )
    sends: tuple[Effect, ...] = (Send(Who.CHAIN, claim),)
    if state.judges[Who.SCRIPT].up:
        sends = (*sends, Send(Who.SCRIPT, protocol.TraceRun(job, picture.pixels)))
    return state, sends


# --- time ---


def tick(state: State, clock: float) -> Change:
    """What has become due: pictures and readings to ask for, a submission, a notice that has been read."""
    state = replace(state, clock=clock)
    if state.notice is not None and clock >= state.notice.until:
        state = replace(state, notice=None)
    state, looks = _look(state)
    state, reads = _read(state)
    state, explains = _explain(state)
    if _auto_due(state):
        state = replace(state, wanted=True)
    state, sent = submitted(state)
    return state, (*looks, *reads, *explains, *sent)


def _look(state: State) -> Change:
    fixed = state.judges[Who.FIXED]
    waiting = fixed.asked >= 0
    if waiting or state.looked == state.revision or state.clock - state.looked_at < LOOK_EVERY:
        return state, ()
    judges = state.judges | {Who.FIXED: replace(fixed, asked=state.revision)}
    look = protocol.Look(state.revision, state.content, state.trace)
    return replace(state, judges=judges, looked_at=state.clock), (Send(Who.FIXED, look),)


def _read(state: State) -> Change:
    picture = state.picture
    if picture is None or picture.revision < state.since:
        return state, ()  # none yet, or one that was made for the previous model
    sends: list[Effect] = []
    for who in (Who.FLOAT, Who.SCRIPT):
        judge = state.judges[who]
        known = judge.reading is not None and judge.reading.revision == picture.revision
        if judge.asked >= 0 or known or not judge.up:
            continue
        # The contract's Script is slow, so it is asked only about ink that stays.
        if who is Who.SCRIPT and not _rests(state):
            continue
        sends.append(Send(who, protocol.ReadPicture(picture.revision, picture.pixels)))
        state = replace(state, judges=state.judges | {who: replace(judge, asked=picture.revision)})
    return state, tuple(sends)


def _rests(state: State) -> bool:
    return state.fresh is not None and state.clock - state.inked >= REST


def _explain(state: State) -> Change:
    """Evidence and neurons of the picture, while they are looked at. Evidence that is not exact takes long:
    it is worked out only of ink that stays."""
    picture, reading = state.picture, state.judges[Who.FIXED].reading
    if not decide.wants_explanation(state) or picture is None or reading is None or state.explaining >= 0:
        return state, ()
    if decide.explained(state) or reading.revision != picture.revision or picture.revision < state.since:
        return state, ()
    if state.evidence is not None and not state.evidence.exact and not _rests(state):
        return state, ()
    request = protocol.Explain(picture.revision, picture.pixels, reading.digit)
    return replace(state, explaining=picture.revision), (Send(Who.FIXED, request),)


def _auto_due(state: State) -> bool:
    """Auto-verify: the pen rests, all three have read and are sure, and this ink was not submitted yet."""
    if not state.auto_verify or state.trace is not None or state.clock - state.inked < AUTO_REST:
        return False
    if state.revision == state.since:
        return False  # another model was chosen, but nothing was drawn: coins are spent for drawings
    if state.submission and (state.submission.running or state.submission.revision == state.revision):
        return False
    script = state.judges[Who.SCRIPT]
    readings = [reading for who in state.judges if (reading := state.reading(who))]
    read = state.reading(Who.SCRIPT) is not None or script.phase is Phase.FAILED
    sure = all(reading.sure for reading in readings)
    return read and sure and not decide.lack(state) and not decide.is_judged(state)

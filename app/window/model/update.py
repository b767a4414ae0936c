"""State and intent to next state and effects. Nothing here draws, waits or reads a clock."""

from __future__ import annotations

from dataclasses import replace

from app import models
from app.window.model import cards, effects, pen, protocol, words
from app.window.model import intents as want
from app.window.model.document import Document, Place, Wipe
from app.window.model.effects import Effect, Send
from app.window.model.state import BRUSH_RANGE, Card, Hover, Judge, Notice, Phase, State, Submission, Who

__all__ = ["Change", "apply", "inked", "said", "submitted", "tick"]

Change = tuple[State, tuple[Effect, ...]]

LOOK_EVERY = 1 / 40
"""Seconds between pictures while the pen moves: more often than an eye can follow is waste."""
REST = 0.25
"""Seconds without new ink after which the pen is at rest."""
AUTO_REST = 0.9
"""Seconds of rest after which auto-verify takes the drawing for finished."""
SECONDS_SHOWN = 6.0
NOTCH = 1.15


_ON_THE_PAPER = (
    want.Submit,
    want.Choose,
    want.Clear,
    want.Undo,
    want.Redo,
    want.Thicken,
    want.Scroll,
    want.ToggleAuto,
)
"""What is out of reach while a card lies over it."""


def apply(state: State, intent: want.Intent) -> Change:
    """What an intent does."""
    if state.question is not None and not isinstance(
        intent, (want.Reply, want.Escape, want.Quit, want.Point)
    ):
        return state, ()
    if state.card is Card.HELP and isinstance(intent, (want.PenDown, want.Press)):
        return replace(state, card=None), ()
    if state.card is not None and isinstance(intent, _ON_THE_PAPER):
        return state, ()
    match intent:
        case want.PenDown() | want.PenMove() | want.PenUp():
            return _pen(state, intent), ()
        case want.Point(hover, brush):
            since = state.hovered if hover == state.hover else state.clock
            pointed = hover.index if hover and hover.name == "choice" else state.highlighted
            return replace(state, hover=hover, hovered=since, pointer=brush, highlighted=pointed), ()
        case want.Press(hover):
            return replace(state, pressed=hover), ()
        case want.Release(hover):
            pressed, state = state.pressed, replace(state, pressed=None)
            return _click(state, hover) if hover is not None and hover == pressed else (state, ())
        case want.Thicken(notches):
            width = min(max(state.brush * NOTCH**notches, BRUSH_RANGE[0]), BRUSH_RANGE[1])
            return replace(state, brush=width), ()
        case want.Scroll(rows, visible):
            last = max(0, len(state.history) - visible)
            return replace(state, scroll=min(max(state.scroll + rows, 0), last)), ()
        case want.Undo():
            return _edited(state, state.document.undo()), ()
        case want.Redo():
            return _edited(state, state.document.redo()), ()
        case want.Clear():
            return _edited(state, state.document if state.content.empty else state.document.do(Wipe())), ()
        case want.Submit():
            return _wanted(state)
        case want.Choose(digit):
            return replace(state, claim=digit, wanted=False), ()
        case want.ToggleAuto():
            return replace(state, auto_verify=not state.auto_verify), ()
        case want.Toggle(card):
            opened = None if state.card is card else card
            return replace(state, card=opened, highlighted=list(models.MODELS).index(state.model)), ()
        case want.Highlight(rows):
            return replace(state, highlighted=(state.highlighted + rows) % len(models.MODELS)), ()
        case want.ChooseModel(index):
            return _employed(replace(state, card=None), list(models.MODELS)[index])
        case want.ToggleFullscreen():
            return replace(state, fullscreen=not state.fullscreen), (
                effects.Fullscreen(not state.fullscreen),
            )
        case want.Reply(yes):
            return _reply(state, yes)
        case want.Escape():
            return _escape(state)
        case want.Save(window):
            return _save(state, window)
        case want.DropFile(path):
            return state, (Send(Who.FIXED, protocol.LookAtFile(path)),)
        case want.Quit():
            return state, (effects.Close(),)


# --- the drawing ---


def _pen(state: State, intent: want.PenDown | want.PenMove | want.PenUp) -> State:
    trace = state.trace
    if isinstance(intent, want.PenDown):
        if trace is not None:
            return state
        return inked(replace(state, trace=pen.begin((intent.x, intent.y), state.brush, intent.erase)))
    if trace is None:
        return state
    if isinstance(intent, want.PenMove):
        moved = pen.move(trace, (intent.x, intent.y))
        if moved.full:
            return _finished(state, moved)
        return state if moved is trace else inked(replace(state, trace=moved))
    return _finished(state, trace)


def _finished(state: State, trace: pen.Trace) -> State:
    # The drawing room is imported here, not above: the first frame does not need it.
    from app.drawing.strokes import Stroke

    done = pen.end(trace)
    stroke = Stroke(done.points, done.width, done.erase)
    finished = replace(state, trace=None, document=state.document.do(stroke))
    return finished if done.points == trace.points and state.trace == trace else inked(finished)


def _edited(state: State, document: Document) -> State:
    """Another drawing; not while a stroke is under way, nor if nothing has changed."""
    if state.trace is not None or document == state.document:
        return state
    return inked(replace(state, document=document))


def inked(state: State) -> State:
    """The ink has changed: what was read in it no longer holds, and nothing waits to be sent."""
    state = replace(state, revision=state.revision + 1, inked=state.clock, wanted=False)
    if state.content.empty and state.trace is None:
        return blank(state, "")
    return state


def blank(state: State, why: str) -> State:
    """The ink of this revision shows no digit."""
    judges = {who: replace(judge, reading=None) for who, judge in state.judges.items()}
    return replace(state, judges=judges, picture=None, blank=why, looked=state.revision)


def placed(state: State, place: Place) -> State:
    """Another drawing takes the place of this one."""
    if state.trace is not None:
        state = _finished(state, state.trace)
    return inked(replace(state, document=state.document.do(place)))


# --- pressing things ---


def _click(state: State, hover: Hover) -> Change:
    simple: dict[str, want.Intent] = {
        "help": want.Toggle(Card.HELP),
        "undo": want.Undo(),
        "redo": want.Redo(),
        "clear": want.Clear(),
        "thinner": want.Thicken(-1),
        "thicker": want.Thicken(1),
        "button": want.Submit(),
        "auto": want.ToggleAuto(),
        "wallet": want.Toggle(Card.WALLET),
        "model": want.Toggle(Card.MODELS),
        "choice": want.ChooseModel(hover.index),
        "beside": want.Escape(),
        "claim": want.Choose(hover.index - 1 if hover.index else None),
    }
    if hover.name in simple:
        return apply(state, simple[hover.name])
    if hover.name == "row" and state.scroll + hover.index < len(state.history):
        row = state.history[state.scroll + hover.index]
        return state, (Send(Who.FIXED, protocol.BringBack(row.txid, row.picture)),)
    if hover.name == "txid" and (txid := words.txid_line(state)):
        if state.chain.explorer:
            return state, (effects.Open(state.chain.explorer.format(txid)),)
        return said(state, Notice("The txid is on the clipboard.", error=False)), (effects.Copy(txid),)
    if hover.name == "address" and state.chain.address:
        return said(state, Notice(cards.COPIED, error=False)), (effects.Copy(state.chain.address),)
    if hover.name == "status" and state.notice is not None:
        return replace(state, notice=None), ()
    return state, ()


def _reply(state: State, yes: bool) -> Change:
    if state.question is None:
        return state, ()
    return replace(state, question=None), (Send(Who.CHAIN, protocol.Answer(yes)),)


def _escape(state: State) -> Change:
    if state.question is not None:
        return _reply(state, False)
    if state.card is not None:
        return replace(state, card=None), ()
    if state.wanted:
        return replace(state, wanted=False), ()
    if state.notice is not None:
        return replace(state, notice=None), ()
    if state.fullscreen:
        return apply(state, want.ToggleFullscreen())
    return state, ()


def _save(state: State, window: bool) -> Change:
    if window:
        return state, (effects.SaveWindow(),)
    if state.content.empty:
        return said(state, Notice("There is nothing to save yet.", hint="Draw a digit first.")), ()
    return state, (Send(Who.FIXED, protocol.SaveDrawing(state.content)),)


def _employed(state: State, model: str) -> Change:
    """The same ink is read anew, by another model: nothing that was read or judged before holds for it."""
    if model == state.model:
        return state, ()
    judges = {who: Judge(note=f"loading {model}") for who in state.judges}
    note = f"The contract of {model} is next"
    chain = replace(state.chain, phase=Phase.STARTING, note=note, share=None, contract="")
    notice = None if state.notice and state.notice.error else state.notice
    state = replace(state, model=model, judges=judges, chain=chain, notice=notice)
    return inked(replace(state, since=state.revision + 1)), (effects.UseModel(model),)


def said(state: State, notice: Notice) -> State:
    """A notice on the status line; good news goes by itself."""
    if not notice.error:
        notice = replace(notice, until=state.clock + SECONDS_SHOWN)
    return replace(state, notice=notice)


# --- submitting ---


def _wanted(state: State) -> Change:
    """One drawing, one transaction: while one runs, or once it has its verdict, asking again does nothing."""
    _, enabled = words.button(state)
    if not enabled:
        return state, ()
    return submitted(replace(state, wanted=True))


def submitted(state: State) -> Change:
    """Send the claim, if it is wanted and everything it needs is there."""
    picture, reads = state.fresh, [state.reading(who) for who in (Who.FLOAT, Who.FIXED)]
    if not state.wanted or words.missing(state) or (state.submission and state.submission.running):
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
    state = replace(
        state,
        submission=Submission(job, state.revision, digit, state.content),
        jobs=job,
        wanted=False,
        notice=notice,
    )
    return state, (Send(Who.CHAIN, claim),)


# --- time ---


def tick(state: State, clock: float) -> Change:
    """What has become due: pictures and readings to ask for, a submission, a notice that has been read."""
    state = replace(state, clock=clock)
    if state.notice is not None and clock >= state.notice.until:
        state = replace(state, notice=None)
    state, looks = _look(state)
    state, reads = _read(state)
    if _auto_due(state):
        state = replace(state, wanted=True)
    state, sent = submitted(state)
    return state, (*looks, *reads, *sent)


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
        return state, ()  # none yet, or one that was made for the model before
    sends: list[Effect] = []
    for who in (Who.FLOAT, Who.SCRIPT):
        judge = state.judges[who]
        known = judge.reading is not None and judge.reading.revision == picture.revision
        if judge.asked >= 0 or known or not judge.up:
            continue
        # The contract's Script takes long enough to be asked only about ink that stays.
        if who is Who.SCRIPT and (state.fresh is None or state.clock - state.inked < REST):
            continue
        sends.append(Send(who, protocol.ReadPicture(picture.revision, picture.pixels)))
        state = replace(state, judges=state.judges | {who: replace(judge, asked=picture.revision)})
    return state, tuple(sends)


def _auto_due(state: State) -> bool:
    """Auto-verify: the pen has been at rest, all three have read, and this ink was not submitted yet."""
    if not state.auto_verify or state.trace is not None or state.clock - state.inked < AUTO_REST:
        return False
    if state.revision == state.since:
        return False  # another model was chosen, but nothing was drawn: coins are spent for drawings
    if state.submission and (state.submission.running or state.submission.revision == state.revision):
        return False
    script = state.judges[Who.SCRIPT]
    read = state.reading(Who.SCRIPT) is not None or script.phase is Phase.FAILED
    return read and not words.missing(state)

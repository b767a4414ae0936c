"""What changes the ink: strokes, undo, redo, wiping, and pictures put down whole."""

from __future__ import annotations

from dataclasses import replace

from app.window.model import intents as want
from app.window.model import pen
from app.window.model.document import Document, Place, Wipe
from app.window.model.state import State
from app.window.model.values import Hint, NoDigit

__all__ = ["blank", "drawn", "edited", "inked", "placed", "wiped"]


def drawn(state: State, intent: want.PenDown | want.PenMove | want.PenUp) -> State:
    """The pen comes down, moves or is lifted."""
    trace = state.trace
    if isinstance(intent, want.PenDown):
        if trace is not None:
            return state
        erase = intent.erase or state.eraser
        state = replace(
            state,
            trace=pen.begin((intent.x, intent.y), state.brush, erase),
            hints=state.hints | {Hint.DRAW},
            focus=None,
        )
        return inked(_for_a_new_drawing(state))
    if trace is None:
        return state
    if isinstance(intent, want.PenMove):
        moved = pen.move(trace, (intent.x, intent.y))
        if moved.full:
            return _finished(state, moved)
        return state if moved is trace else inked(replace(state, trace=moved))
    return _finished(state, trace)


def _for_a_new_drawing(state: State) -> State:
    """A claim that was chosen for a drawing with a verdict does not hold for what is drawn over it."""
    judged = any(one.content == state.content for one in state.judged)
    return replace(state, claim=None) if judged and not state.content.empty else state


def _finished(state: State, trace: pen.Trace) -> State:
    # The drawing room is imported here, not above: the first frame does not need it.
    from app.drawing.strokes import Stroke

    done = pen.end(trace)
    stroke = Stroke(done.points, done.width, done.erase)
    finished = replace(state, trace=None, document=state.document.do(stroke))
    return finished if done.points == trace.points and state.trace == trace else inked(finished)


def edited(state: State, document: Document) -> State:
    """Another drawing; not while a stroke is under way, nor if nothing has changed."""
    if state.trace is not None or document == state.document:
        return state
    return inked(replace(state, document=document))


def wiped(state: State) -> State:
    """Blank paper."""
    return edited(state, state.document if state.content.empty else state.document.do(Wipe()))


def inked(state: State) -> State:
    """The ink has changed: what was read in it no longer holds, and nothing waits to be sent."""
    state = replace(state, revision=state.revision + 1, inked=state.clock, wanted=False)
    if state.content.empty and state.trace is None:
        return blank(replace(state, claim=None), "")
    return state


def blank(state: State, why: str, no_digit: NoDigit = NoDigit.BLANK) -> State:
    """The ink of this revision shows no digit."""
    judges = {who: replace(judge, reading=None) for who, judge in state.judges.items()}
    return replace(
        state,
        judges=judges,
        picture=None,
        blank=why,
        no_digit=no_digit,
        looked=state.revision,
        evidence=None,
        neurons=None,
    )


def placed(state: State, place: Place) -> State:
    """Another drawing takes the place of this one."""
    if state.trace is not None:
        state = _finished(state, state.trace)
    state = replace(state, hints=state.hints | {Hint.DRAW}, claim=None)
    return inked(replace(state, document=state.document.do(place)))

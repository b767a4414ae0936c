"""State and intent to next state and effects. Nothing here draws, waits or reads a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.window.model import bounties, claims, decide, drawing, effects, focus, ledger, protocol
from app.window.model import intents as want
from app.window.model.claims import Change, said
from app.window.model.effects import Send
from app.window.model.state import State
from app.window.model.values import (
    BRUSH_RANGE,
    BRUSH_STEP,
    ZOOMS,
    Card,
    Hint,
    Hover,
    Judge,
    Notice,
    Phase,
    Tab,
    Who,
)

__all__ = ["Change", "apply"]

_ON_THE_PAPER = (
    want.Submit,
    want.Choose,
    want.Clear,
    want.Undo,
    want.Redo,
    want.Thicken,
    want.ToggleEraser,
    want.ToggleAuto,
    want.TryToCheat,
    want.ShowTab,
    want.Focus,
    want.Activate,
)
"""What cannot be pressed while a card covers it."""
_READ_ONLY = (Card.HELP, Card.WORDS, Card.MEANING)
"""Cards that a press anywhere else than on their own parts closes."""


def apply(state: State, intent: want.Intent) -> Change:
    """What an intent does."""
    answers = (want.Reply, want.Escape, want.Quit, want.Point, want.Press, want.Release)
    if state.question is not None and not isinstance(intent, answers):
        return state, ()
    if state.card is not None and isinstance(intent, _ON_THE_PAPER):
        return state, ()
    return _HANDLERS[type(intent)](state, intent)


# --- pointing and pressing ---


def _point(state: State, intent: want.Point) -> Change:
    hover = intent.hover
    since = state.hovered if hover == state.hover else state.clock
    pointed = hover.index if hover and hover.name == "choice" else state.highlighted
    return replace(state, hover=hover, hovered=since, pointer=intent.brush, highlighted=pointed), ()


def _press(state: State, intent: want.Press) -> Change:
    return replace(state, pressed=intent.hover, focus=None), ()


def _release(state: State, intent: want.Release) -> Change:
    pressed, state = state.pressed, replace(state, pressed=None)
    if intent.hover is None or intent.hover != pressed:
        return state, ()
    return _click(state, intent.hover)


_SIMPLE: dict[str, want.Intent] = {
    "help": want.Toggle(Card.HELP),
    "agreement": want.Toggle(Card.MEANING),
    "dark": want.ToggleDark(),
    "undo": want.Undo(),
    "redo": want.Redo(),
    "clear": want.Clear(),
    "eraser": want.ToggleEraser(),
    "thinner": want.Thicken(-1),
    "thicker": want.Thicken(1),
    "auto": want.ToggleAuto(),
    "cheat": want.TryToCheat(),
    "check": want.CheckAgain(),
    "share": want.Share(),
    "details": want.Toggle(Card.DETAILS),
    "ledger": want.Toggle(Card.HISTORY),
    "wallet": want.Toggle(Card.WALLET),
    "model": want.Toggle(Card.MODELS),
    "bounties": want.Toggle(Card.BOUNTIES),
    "earn": want.Confirm(),
    "beside": want.Escape(),
    "close": want.Escape(),
    "copy": want.CopyTxid(),
    "proof": want.WriteProof(),
    "recall": want.Recall(),
    "delete": want.DeletePicture(),
    "hint": want.PutAway(),
    "yes": want.Reply(True),
    "no": want.Reply(False),
}
"""The intent of a press on a target, where it is always the same."""


def _click(state: State, hover: Hover) -> Change:
    if hover.name in _SIMPLE:
        return apply(state, _SIMPLE[hover.name])
    indexed: dict[str, Callable[[int], want.Intent]] = {
        "claim": lambda index: want.Choose(index - 1 if index else None),
        "choice": want.ChooseModel,
        "tab": lambda index: want.ShowTab(list(Tab)[index]),
        "page": lambda index: want.Toggle(_READ_ONLY[index]),
    }
    if hover.name in indexed:
        return apply(state, indexed[hover.name](hover.index))
    if hover.name == "button":
        return apply(state, want.Clear() if decide.act(state) is decide.Act.NEW else want.Submit())
    if hover.name == "row":
        return ledger.recalled(state, state.scroll + hover.index)
    if hover.name == "entry":
        return ledger.pressed(state, hover.index)
    if hover.name == "bounty":
        return bounties.pressed(state, hover.index), ()
    if hover.name == "txid":
        return ledger.opened(state)
    if hover.name == "address" and state.chain.address:
        copied = replace(state, copied=state.clock)
        return said(copied, Notice("The address is on the clipboard.", error=False)), (
            effects.Copy(state.chain.address),
        )
    if hover.name == "dismiss":
        return replace(state, notice=None), ()
    return state, ()


def _focused(state: State, intent: want.Focus) -> Change:
    return focus.stepped(state, intent.step, intent.rows), ()


_PEN_STEP, _FINE_STEP = 0.03, 0.006
"""How far an arrow key moves the pen, in canvas units."""


def _arrow(state: State, intent: want.Arrow) -> Change:
    if state.focus == Hover("canvas") and state.pointer is not None:
        step = _FINE_STEP if intent.fine else _PEN_STEP
        x = min(max(state.pointer[0] + intent.across * step, 0.0), 1.0)
        y = min(max(state.pointer[1] + intent.down * step, 0.0), 1.0)
        state = replace(state, pointer=(x, y))
        return (drawing.drawn(state, want.PenMove(x, y)) if state.trace else state), ()
    moved = focus.moved(state, intent.across, intent.down)
    if moved.focus is not None and moved.focus.name in ("claim", "tab") and moved is not state:
        return _click(moved, moved.focus)
    if moved.focus is not None and moved.focus.name == "row":
        return ledger.shown_row(moved, moved.focus.index), ()
    return moved, ()


def _activated(state: State, _intent: want.Activate) -> Change:
    if state.focus is None:
        return state, ()
    if state.focus == Hover("canvas"):
        place = state.pointer or (0.5, 0.5)
        pen: want.PenDown | want.PenUp = want.PenUp() if state.trace else want.PenDown(*place)
        return replace(drawing.drawn(state, pen), focus=state.focus, pointer=place), ()
    if state.focus.name == "row":
        return ledger.recalled(state, state.focus.index)
    return _click(state, state.focus)


# --- the drawing ---


def _pen(state: State, intent: want.PenDown | want.PenMove | want.PenUp) -> Change:
    if state.card is not None and isinstance(intent, want.PenDown):
        return state, ()
    return drawing.drawn(state, intent), ()


def _thickened(state: State, intent: want.Thicken) -> Change:
    width = min(max(state.brush * BRUSH_STEP**intent.notches, BRUSH_RANGE[0]), BRUSH_RANGE[1])
    return replace(state, brush=width), ()


def _chosen(state: State, intent: want.Choose) -> Change:
    return replace(state, claim=intent.digit, wanted=False), ()


def _cheat(state: State, _intent: want.TryToCheat) -> Change:
    claim = decide.cheat_claim(state)
    return (state if claim is None else replace(state, claim=claim, wanted=False)), ()


# --- models, looks, cards ---


def _toggled(state: State, intent: want.Toggle) -> Change:
    opened = None if state.card is intent.card else intent.card
    names = state.model_names
    highlighted = names.index(state.model) if state.model in names else 0
    state = replace(state, card=opened, highlighted=highlighted, selected=0, typed="", focus=None)
    return bounties.opened(state), ()


def _highlighted(state: State, intent: want.Highlight) -> Change:
    if state.card is Card.HISTORY:
        last = max(0, len(state.history) - 1)
        return replace(state, selected=min(max(state.selected + intent.rows, 0), last)), ()
    if state.card is Card.BOUNTIES:
        return bounties.moved(state, intent.rows), ()
    return replace(state, highlighted=(state.highlighted + intent.rows) % len(state.listed)), ()


def _switched(state: State, intent: want.ChooseModel) -> Change:
    """The same ink is read again, by another model: earlier readings and verdicts do not apply to it."""
    state, model = replace(state, card=None), state.model_names[intent.index]
    if model == state.model:
        return state, ()
    judges = {who: Judge(note=f"loading {model}") for who in state.judges}
    note = f"The contract of {model} is next"
    chain = replace(state.chain, phase=Phase.STARTING, note=note, share=None, contract="")
    notice = None if state.notice and state.notice.error else state.notice
    state = replace(
        state,
        model=model,
        judges=judges,
        chain=chain,
        notice=notice,
        run=None,
        evidence=None,
        neurons=None,
        explaining=-1,
    )
    return drawing.inked(replace(state, since=state.revision + 1)), (effects.UseModel(model),)


def _zoomed(state: State, intent: want.Zoom) -> Change:
    nearest = min(range(len(ZOOMS)), key=lambda i: abs(ZOOMS[i] - state.zoom))
    index = ZOOMS.index(1.0) if intent.steps == 0 else nearest + intent.steps
    return replace(state, zoom=ZOOMS[min(max(index, 0), len(ZOOMS) - 1)]), ()


def _sounding(state: State, _intent: want.ToggleSound) -> Change:
    on = not state.sound
    notice = Notice("Sounds are on." if on else "Sounds are off.", error=False)
    return said(replace(state, sound=on), notice), ((effects.Play("on"),) if on else ())


def _put_away(state: State, _intent: want.PutAway) -> Change:
    shown = decide.hint(state)
    return replace(state, hints=state.hints | ({shown} if shown else set[Hint]())), ()


def _fullscreen(state: State, _intent: want.ToggleFullscreen) -> Change:
    return replace(state, fullscreen=not state.fullscreen), (effects.Fullscreen(not state.fullscreen),)


def _reply(state: State, intent: want.Reply) -> Change:
    if state.question is None:
        return state, ()
    return replace(state, question=None), (Send(Who.CHAIN, protocol.Answer(intent.yes)),)


def _escape(state: State, _intent: want.Escape) -> Change:
    if state.question is not None:
        return _reply(state, want.Reply(False))
    if state.card is not None:
        return replace(state, card=None, typed=""), ()
    if state.focus is not None:
        lifted = drawing.drawn(state, want.PenUp()) if state.trace else state
        return replace(lifted, focus=None, pointer=None), ()
    if state.wanted:
        return replace(state, wanted=False), ()
    if state.notice is not None:
        return replace(state, notice=None), ()
    if state.fullscreen:
        return _fullscreen(state, want.ToggleFullscreen())
    return state, ()


# --- files and clipboard ---


def _save(state: State, intent: want.Save) -> Change:
    if intent.window:
        return state, (effects.SaveWindow(),)
    if state.content.empty:
        return said(state, Notice("There is nothing to save yet.", hint="Draw a digit first.")), ()
    return state, (Send(Who.FIXED, protocol.SaveDrawing(state.content)),)


def _dropped(state: State, intent: want.DropFile) -> Change:
    return state, (Send(Who.FIXED, protocol.LookAtFile(intent.path)),)


def _pasted(state: State, _intent: want.Paste) -> Change:
    text = state.card in (Card.PATH, Card.BOUNTIES)
    return state, (effects.PasteText() if text else effects.PasteFromClipboard(),)


def _typed(state: State, intent: want.Type) -> Change:
    if state.card is Card.BOUNTIES:
        return bounties.looked_up(state, intent.text)
    if state.card is not Card.PATH:
        return state, ()
    text = state.typed[:-1] if intent.delete else state.typed + intent.text
    return replace(state, typed="".join(letter for letter in text if letter.isprintable())[:1000]), ()


def _submitted(state: State, _intent: want.Submit) -> Change:
    return claims.asked(state)


def _entered(state: State, _intent: want.Confirm) -> Change:
    """Enter, on a card: what its list points at, or the path that was typed."""
    if state.card is Card.MODELS:
        return _switched(state, want.ChooseModel(state.highlighted))
    if state.card is Card.HISTORY:
        return ledger.recalled(replace(state, card=None), state.selected)
    if state.card is Card.BOUNTIES:
        return bounties.acted(state)
    if state.card is Card.PATH and state.typed.strip():
        path = state.typed.strip().strip("'\"")
        return replace(state, card=None, typed=""), (Send(Who.FIXED, protocol.LookAtFile(path)),)
    return state, ()


_HANDLERS: dict[type, Callable[[State, Any], Change]] = {
    want.PenDown: _pen,
    want.PenMove: _pen,
    want.PenUp: _pen,
    want.Point: _point,
    want.Press: _press,
    want.Release: _release,
    want.Thicken: _thickened,
    want.Scroll: ledger.scrolled,
    want.ToggleEraser: lambda state, _: (replace(state, eraser=not state.eraser), ()),
    want.Undo: lambda state, _: (drawing.edited(state, state.document.undo()), ()),
    want.Redo: lambda state, _: (drawing.edited(state, state.document.redo()), ()),
    want.Clear: lambda state, _: (drawing.wiped(state), ()),
    want.Submit: _submitted,
    want.Choose: _chosen,
    want.ToggleAuto: lambda state, _: (replace(state, auto_verify=not state.auto_verify), ()),
    want.Toggle: _toggled,
    want.Highlight: _highlighted,
    want.Confirm: _entered,
    want.ChooseModel: _switched,
    want.Focus: _focused,
    want.Arrow: _arrow,
    want.Activate: _activated,
    want.ShowTab: lambda state, intent: (replace(state, tab=intent.tab), ()),
    want.TryToCheat: _cheat,
    want.CheckAgain: ledger.checked,
    want.Share: ledger.shared,
    want.WriteProof: ledger.proved,
    want.CopyTxid: ledger.copied,
    want.Recall: lambda state, _: ledger.recalled(replace(state, card=None), state.selected),
    want.DeletePicture: ledger.deleted,
    want.PutAway: _put_away,
    want.Zoom: _zoomed,
    want.ToggleDark: lambda state, _: (replace(state, dark=not state.dark), ()),
    want.ToggleSound: _sounding,
    want.AskForFile: lambda state, _: (state, (Send(Who.FIXED, protocol.ChooseFile()),)),
    want.Paste: _pasted,
    want.Type: _typed,
    want.ToggleFullscreen: _fullscreen,
    want.Reply: _reply,
    want.Escape: _escape,
    want.Save: _save,
    want.DropFile: _dropped,
    want.Quit: lambda state, _: (state, (effects.Close(),)),
}

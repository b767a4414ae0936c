"""Actions on past verifications: scroll, bring back, check, share, copy, delete."""

from __future__ import annotations

from dataclasses import replace

from app.window.model import decide, effects, protocol
from app.window.model import intents as want
from app.window.model.claims import Change, said
from app.window.model.effects import Send
from app.window.model.state import State
from app.window.model.values import Card, Check, Mark, Notice, Row, Who

__all__ = [
    "checked",
    "copied",
    "deleted",
    "opened",
    "pressed",
    "proved",
    "recalled",
    "scrolled",
    "shared",
    "shown_row",
]


def scrolled(state: State, intent: want.Scroll) -> Change:
    """The strip, or the open history, so many rows further."""
    if state.card is Card.HISTORY:
        last = max(0, len(state.history) - 1)
        return replace(state, selected=min(max(state.selected + intent.rows, 0), last)), ()
    if state.card is not None:
        return state, ()
    last = max(0, len(state.history) - intent.visible)
    return replace(state, scroll=min(max(state.scroll + intent.rows, 0), last)), ()


def shown_row(state: State, index: int) -> State:
    """The strip scrolled so that it begins at a row that would be out of sight."""
    return replace(state, scroll=index) if index < state.scroll else state


def recalled(state: State, index: int) -> Change:
    """Bring the drawing of a row back."""
    if not 0 <= index < len(state.history):
        return state, ()
    row = state.history[index]
    return state, (Send(Who.FIXED, protocol.BringBack(row.txid, row.picture)),)


def pressed(state: State, index: int) -> Change:
    """A row of the open history: pointed at first, brought back if it was pointed at already."""
    if index == state.selected:
        return recalled(replace(state, card=None), index)
    return replace(state, selected=index), ()


def opened(state: State) -> Change:
    """The txid that is shown: in the explorer where there is one, else on the clipboard."""
    shown = decide.shown_submission(state)
    if shown is None or not shown.txid:
        return state, ()
    if state.chain.explorer and shown.network in ("", state.chain.network):
        return state, (effects.Open(state.chain.explorer.format(shown.txid)),)
    return _copy(state, shown.txid)


def copied(state: State, _intent: want.CopyTxid) -> Change:
    """The txid on the clipboard."""
    row = _subject(state)
    return _copy(state, row.txid) if row else (state, ())


def _copy(state: State, txid: str) -> Change:
    return said(state, Notice("The txid is on the clipboard.", error=False)), (effects.Copy(txid),)


def checked(state: State, _intent: want.CheckAgain) -> Change:
    """Check the verification again, on its own chain."""
    row = _subject(state)
    if row is None:
        return state, ()
    if (hindrance := _hindrance(state, row)) is not None:
        return said(state, hindrance), ()
    asked = replace(state, card=Card.CHECK, check=Check(row.txid))
    return asked, (Send(Who.CHAIN, protocol.CheckTxid(row.txid, row.network)),)


def proved(state: State, _intent: want.WriteProof) -> Change:
    """Write the proof file."""
    row = _subject(state)
    if row is None:
        return state, ()
    if (hindrance := _hindrance(state, row)) is not None:
        return said(state, hindrance), ()
    made = said(replace(state, card=None), Notice("The proof file is being written.", error=False))
    return made, (Send(Who.CHAIN, protocol.MakeProof(row.txid, row.network)),)


def _hindrance(state: State, row: Row) -> Notice | None:
    """Why the chain cannot be asked about a verification."""
    if row.mark not in (Mark.CONFIRMED, Mark.ACCEPTED):
        why = "A claim that the node refused is never on the chain."
        return Notice("There is nothing to check on the chain.", why)
    if not state.chain.up:
        return Notice("The node is not ready yet.", hint="Try again in a moment.")
    return None


def shared(state: State, _intent: want.Share) -> Change:
    """Make the proof card."""
    row = _subject(state)
    if row is None or not decide.recallable(row):
        return said(state, Notice("There is no verdict to share yet.", hint="Submit a claim first.")), ()
    shown = decide.shown_submission(state)
    content = shown.content if shown is not None and shown.txid == row.txid else None
    contract = state.chain.contract if (row.model, row.network) == (state.model, state.chain.network) else ""
    card = protocol.MakeCard(
        row.txid,
        row.picture,
        content,
        row.claim,
        row.digit,
        row.mark is not Mark.REFUSED,
        row.model,
        row.network,
        row.block,
        contract,
        state.chain.explorer,
    )
    return said(state, Notice("The proof card is being made.", error=False)), (Send(Who.FIXED, card),)


def deleted(state: State, _intent: want.DeletePicture) -> Change:
    """Delete the strokes that are kept of the entry pointed at."""
    if state.card is not Card.HISTORY or not state.selected < len(state.history):
        return state, ()
    txid = state.history[state.selected].txid
    return state, (Send(Who.FIXED, protocol.DeleteDrawing(txid)),)


def _subject(state: State) -> Row | None:
    """The entry that is meant: in the open history the one pointed at, else that of the drawing."""
    if state.card is Card.HISTORY:
        return state.history[state.selected] if state.selected < len(state.history) else None
    if (known := decide.current_row(state)) is not None:
        return known
    shown = decide.shown_submission(state)
    if shown is None or not shown.txid or shown.accepted is None:
        return None
    mark = Mark.REFUSED if not shown.accepted else Mark.ACCEPTED if shown.block is None else Mark.CONFIRMED
    digit = shown.claim if shown.digit is None else shown.digit
    return Row(
        shown.txid,
        shown.picture,
        shown.claim,
        digit,
        mark,
        shown.reason,
        shown.block,
        network=shown.network,
        model=shown.model,
    )

"""The bottom of the window: what is going on or has gone wrong, and the facts of the chain."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import words
from app.window.model.state import Hover, Phase, State
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter


def key(state: State) -> Hashable:
    """What the status line shows."""
    busy = not state.notice and bool(words.starting(state))
    turn = int(state.clock * 8) % 8 if busy else 0
    return (
        state.notice,
        words.starting(state),
        words.chain_facts(state),
        state.chain.phase,
        _pointed(state),
        turn,
    )


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """Two lines: news above, facts below."""
    box, px = layout.status, painter.theme.px
    painter.fill(box, look.DESK)
    half = (box.h - px(6)) // 2
    news = Box(box.x, box.y, box.w, half)
    facts = Box(box.x, box.y + half, box.w, half)
    _news(painter, news, state)
    _facts(painter, facts, state)


def _news(painter: Painter, box: Box, state: State) -> None:
    if state.notice:
        error = state.notice.error
        colour = look.ALERT if error else look.ACCENT
        _line(painter, box, "warn" if error else "info", state.notice.text, colour)
    elif busy := words.starting(state):
        _line(painter, box, f"spin {int(state.clock * 8) % 8}", f"Starting  ·  {busy}", look.QUIET)
    else:
        _line(painter, box, "tick", "Everything runs. F1 shows all keys.", look.QUIET)


def _facts(painter: Painter, box: Box, state: State) -> None:
    facts = words.chain_facts(state)
    colour = look.ACCENT if _pointed(state) else look.QUIET
    if facts:
        _line(painter, box, "block", "  ·  ".join(facts), colour)
    elif state.chain.phase is Phase.FAILED:
        _line(painter, box, "cross", "No node: drawings are read on this machine only.", colour)
    else:
        _line(painter, box, "wait", "The node has not answered yet.", colour)


def _pointed(state: State) -> bool:
    """Whether a click would open the wallet's card."""
    return state.hover == Hover("wallet")


def _line(painter: Painter, box: Box, icon: str, text: str, colour: look.Colour) -> None:
    px = painter.theme.px
    painter.icon(icon, (box.x + px(7), box.y + box.h // 2), 14, colour)
    place = Box(box.x + px(22), box.y, box.w - px(22), box.h)
    painter.text(text, place, look.SANS, look.CAPTION, colour)

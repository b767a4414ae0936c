"""The bottom of the window: what is going on or has gone wrong, and the facts of the chain."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import words
from app.window.model.state import State
from app.window.model.values import Hover, Phase
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter


def key(state: State) -> Hashable:
    """What the status line shows."""
    busy = not state.notice and bool(words.starting(state))
    return (
        state.notice,
        words.starting(state),
        words.chain_facts(state),
        state.chain.phase,
        state.hover if state.hover in (Hover("wallet"), Hover("dismiss")) else None,
        words.spinner(state) if busy else "",
    )


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """Two lines: news above, facts below."""
    box, px = layout.status, painter.theme.px
    painter.fill(box, painter.colours.desk)
    half = (box.h - px(6)) // 2
    news = Box(box.x, box.y, box.w, half)
    facts = Box(box.x, box.y + half, box.w, half)
    _news(painter, news, layout.dismiss, state)
    _facts(painter, facts, state)


def _news(painter: Painter, box: Box, dismiss: Box, state: State) -> None:
    colours = painter.colours
    if state.notice:
        error = state.notice.error
        colour = colours.alert if error else colours.accent
        room = box._replace(w=dismiss.x - box.x)
        _line(painter, room, "warn" if error else "info", state.notice.text, colour)
        hovered = state.hover == Hover("dismiss")
        painter.icon("cross", dismiss.centre, 11, colours.ink if hovered else colour)
    elif busy := words.starting(state):
        _line(painter, box, words.spinner(state), f"Starting  ·  {busy}", colours.quiet)
    else:
        _line(painter, box, "tick", "Everything runs. F1 shows all keys and words.", colours.quiet)


def _facts(painter: Painter, box: Box, state: State) -> None:
    facts = words.chain_facts(state)
    colour = painter.colours.accent if state.hover == Hover("wallet") else painter.colours.quiet
    if facts:
        _line(painter, box, "block", "  ·  ".join(facts), colour)
    elif state.chain.phase is Phase.FAILED:
        _line(painter, box, "cross", "No node: drawings are read on this machine only.", colour)
    else:
        _line(painter, box, "wait", "The node has not answered yet.", colour)


def _line(painter: Painter, box: Box, icon: str, text: str, colour: look.Colour) -> None:
    px = painter.theme.px
    painter.icon(icon, (box.x + px(7), box.y + box.h // 2), 14, colour)
    place = Box(box.x + px(22), box.y, box.w - px(22), box.h)
    painter.text(text, place, look.SANS, look.CAPTION, colour)

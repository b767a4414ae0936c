"""The question whether coins that cost money may be spent."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import words
from app.window.model.state import State
from app.window.model.values import Hover
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels.sheet import centred, heading


def card(layout: Layout, _state: State) -> Box:
    """In the middle of the window."""
    return centred(layout, 520, 256)


def targets(layout: Layout, state: State) -> dict[Hover, Box]:
    """Yes and no."""
    box, px = card(layout, state), layout.theme.px
    top = box.bottom - px(58)
    yes = Box(box.x + px(28), top, px(210), px(36))
    return {Hover("yes"): yes, Hover("no"): Box(yes.right + px(12), top, px(180), px(36))}


def key(state: State) -> Hashable:
    """What the question shows."""
    return state.question, state.hover, state.pressed


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """How much, what for, and the two answers."""
    assert state.question is not None
    box, px = card(layout, state), painter.theme.px
    inner = box.inset(px(28), px(22))
    heading(painter, "Spend real coins?", inner._replace(h=px(30)))
    amount = f"{state.question.satoshis:,} satoshis ({words.coins(state.question.satoshis)})"
    text = f"{amount}, to {state.question.purpose}. What is spent cannot be taken back."
    at = targets(layout, state)
    top = inner.y + px(40)
    rest = Box(inner.x, top, inner.w, at[Hover("yes")].y - top)
    painter.paragraph(text, rest, look.SANS, look.BODY, painter.colours.ink)
    hover, pressed = state.hover, state.pressed
    yes, no = Hover("yes"), Hover("no")
    widgets.primary(
        painter, at[yes], "Spend them", "Y", enabled=True, hover=hover == yes, down=pressed == yes
    )
    widgets.outlined(painter, at[no], "Do not", "N, Esc", hover=hover == no, down=pressed == no)

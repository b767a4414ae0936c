"""The top of the window: its name, what it does, and the way to help."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model.state import Card, Hover, State
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter


def key(state: State) -> Hashable:
    """What the header shows."""
    return state.hover == Hover("help"), state.hover == Hover("model"), state.card, state.model


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """Name, one sentence, the model that reads, and a question mark."""
    box = layout.header
    painter.fill(box, look.DESK)
    width = painter.text("Inkproof", box, look.BOLD, look.TITLE, look.INK)
    px = painter.theme.px
    rest = box._replace(x=box.x + width + px(16), y=box.y + px(3), w=layout.model.x - box.x - width - px(32))
    painter.text(
        "One drawing, three independent judges, one transaction.", rest, look.SANS, look.BODY, look.QUIET
    )
    _chip(painter, layout.model, opened=state.card is Card.MODELS, hover=state.hover == Hover("model"))
    _model(painter, layout.model, state.model)
    _chip(painter, layout.help, opened=state.card is Card.HELP, hover=state.hover == Hover("help"))
    painter.text("?", layout.help, look.BOLD, look.BODY, look.INK, "centre")


def _chip(painter: Painter, box: Box, *, opened: bool, hover: bool) -> None:
    ground, edge = look.ACCENT_WASH if opened else look.PANEL, look.EDGE if hover else look.LINE
    painter.framed(box, ground, edge, look.RADIUS)


def _model(painter: Painter, box: Box, name: str) -> None:
    px = painter.theme.px
    inner = box.inset(px(10), 0)
    width = painter.text("Model", inner, look.SANS, look.CAPTION, look.QUIET)
    rest = inner._replace(x=inner.x + width + px(8), w=inner.w - width - px(8) - px(18))
    painter.text(name, rest, look.BOLD, look.BODY, look.INK)
    painter.icon("down", (inner.right - px(6), inner.y + inner.h // 2), 12, look.QUIET)

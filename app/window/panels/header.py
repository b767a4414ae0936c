"""The top of the window: its name, what it does, and the way to help."""

from __future__ import annotations

from collections.abc import Hashable

from app.window import theme as look
from app.window.layout import Layout
from app.window.paint import Painter
from app.window.state import Hover, State


def key(state: State) -> Hashable:
    """What the header shows."""
    return state.hover == Hover("help"), state.help


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """Name, one sentence, and a question mark."""
    box = layout.header
    painter.fill(box, look.DESK)
    width = painter.text("Inkproof", box, look.BOLD, look.TITLE, look.INK)
    px = painter.theme.px
    rest = box._replace(x=box.x + width + px(16), y=box.y + px(3), w=layout.help.x - box.x - width - px(32))
    painter.text(
        "One drawing, three independent judges, one transaction.", rest, look.SANS, look.BODY, look.QUIET
    )
    hover = state.hover == Hover("help")
    painter.framed(
        layout.help,
        look.ACCENT_WASH if state.help else look.PANEL,
        look.EDGE if hover else look.LINE,
        look.RADIUS,
    )
    painter.text("?", layout.help, look.BOLD, look.BODY, look.INK, "centre")

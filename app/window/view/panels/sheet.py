"""What all cards over the panels share: where they are, a heading, a way to close them."""

from __future__ import annotations

from app.window.model.state import State
from app.window.model.values import Hover
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter

__all__ = ["centred", "close_box", "draw_close", "heading", "visible"]


def centred(layout: Layout, width: float, height: float) -> Box:
    """A card of at most this size (logical pixels) in the middle of the window."""
    px = layout.theme.px
    w, h = min(px(width), layout.size[0] - px(24)), min(px(height), layout.size[1] - px(24))
    return Box((layout.size[0] - w) // 2, (layout.size[1] - h) // 2, w, h)


def close_box(layout: Layout, card: Box) -> Box:
    """The cross in a card's corner."""
    px = layout.theme.px
    return Box(card.right - px(40), card.y + px(10), px(30), px(30))


def draw_close(painter: Painter, layout: Layout, card: Box, state: State) -> None:
    """The cross in a card's corner."""
    box = close_box(layout, card)
    if state.hover == Hover("close"):
        painter.framed(box, painter.colours.well, painter.colours.line, look.RADIUS)
    painter.icon("cross", box.centre, 13, painter.colours.quiet)


def heading(painter: Painter, words: str, box: Box) -> None:
    """A card's title."""
    painter.text(words, box, look.BOLD, look.TITLE, painter.colours.ink)


def visible(count: int, room: int, chosen: int) -> range:
    """Which of `count` rows are shown where there is room for `room`, the chosen one in their middle."""
    room = max(1, min(room, count))
    first = min(max(chosen - room // 2, 0), count - room)
    return range(first, first + room)

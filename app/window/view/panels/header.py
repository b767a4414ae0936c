"""The top of the window: its name, what it does, the model that reads, colours and help."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import words
from app.window.model.state import State
from app.window.model.values import Card, Hover
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter

_CHIPS = ("help", "dark", "model", "bounties")
_HELP = (Card.HELP, Card.WORDS, Card.MEANING)


def key(state: State) -> Hashable:
    """What the header shows."""
    hovered = state.hover.name if state.hover and state.hover.name in _CHIPS else ""
    return hovered, state.card, state.model, state.dark


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """Name, one sentence, bounties, the model that reads, light or dark, and a question mark."""
    box, colours, px = layout.header, painter.colours, painter.theme.px
    painter.fill(box, colours.desk)
    width = painter.text("Inkproof", box, look.BOLD, look.TITLE, colours.ink)
    rest = box._replace(
        x=box.x + width + px(16), y=box.y + px(3), w=layout.bounties.x - box.x - width - px(32)
    )
    if painter.width(words.TAGLINE, look.SANS, look.BODY) <= rest.w:
        painter.text(words.TAGLINE, rest, look.SANS, look.BODY, colours.quiet)
    opened, hover = state.card is Card.BOUNTIES, state.hover == Hover("bounties")
    widgets.chip(painter, layout.bounties, opened=opened, hover=hover)
    painter.icon("medal", layout.bounties.centre, 16, colours.ink)
    widgets.chip(painter, layout.model, opened=state.card is Card.MODELS, hover=state.hover == Hover("model"))
    _model(painter, layout.model, state.model)
    widgets.chip(painter, layout.dark, opened=False, hover=state.hover == Hover("dark"))
    painter.icon("sun" if state.dark else "moon", layout.dark.centre, 15, colours.ink)
    widgets.chip(painter, layout.help, opened=state.card in _HELP, hover=state.hover == Hover("help"))
    painter.text("?", layout.help, look.BOLD, look.BODY, colours.ink, "centre")


def _model(painter: Painter, box: Box, name: str) -> None:
    px = painter.theme.px
    inner = box.inset(px(10), 0)
    width = painter.text("Model", inner, look.SANS, look.CAPTION, painter.colours.quiet)
    rest = inner._replace(x=inner.x + width + px(8), w=inner.w - width - px(8) - px(18))
    painter.text(name, rest, look.BOLD, look.BODY, painter.colours.ink)
    painter.icon("down", (inner.right - px(6), inner.y + inner.h // 2), 12, painter.colours.quiet)

"""The list of models: which one reads, and what the others are."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import cards
from app.window.model.state import State
from app.window.model.values import Hover, ModelEntry
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels.sheet import centred, heading, visible

_ROW, _HEAD, _FOOT = 56, 60, 44


def card(layout: Layout, state: State) -> Box:
    """As high as the list, if the window is."""
    return centred(layout, 640, _HEAD + len(state.listed) * _ROW + _FOOT)


def rows(layout: Layout, state: State) -> dict[int, Box]:
    """The rows that are shown, by their place in the list."""
    box, px = card(layout, state), layout.theme.px
    room = (box.h - px(_HEAD) - px(_FOOT)) // px(_ROW)
    shown = visible(len(state.listed), room, state.highlighted)
    return {
        index: Box(box.x + px(12), box.y + px(_HEAD) + number * px(_ROW), box.w - px(24), px(_ROW))
        for number, index in enumerate(shown)
    }


def targets(layout: Layout, state: State) -> dict[Hover, Box]:
    """Every row can be pressed."""
    return {Hover("choice", index): box for index, box in rows(layout, state).items()}


def key(state: State) -> Hashable:
    """What the list shows."""
    return state.model, state.highlighted, state.listed


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """A heading, a row for each model, and what choosing one does."""
    box, px = card(layout, state), painter.theme.px
    head = Box(box.x + px(28), box.y + px(20), box.w - px(76), px(30))
    heading(painter, "Which model reads?", head)
    listed = state.listed
    places = rows(layout, state)
    for index, place in places.items():
        model = listed[index]
        _row(painter, place, model, chosen=model.name == state.model, pointed=index == state.highlighted)
    last = max(place.bottom for place in places.values())
    foot = Box(head.x, last, box.w - px(56), box.bottom - last)
    hidden = len(listed) - len(places)
    more = f"  ·  {hidden} more" if hidden else ""
    painter.text(cards.MODELS_HINT + more, foot, look.SANS, look.CAPTION, painter.colours.quiet)


def _row(painter: Painter, box: Box, model: ModelEntry, *, chosen: bool, pointed: bool) -> None:
    px, colours = painter.theme.px, painter.colours
    if pointed:
        painter.rounded(box, colours.accent_wash, look.RADIUS)
    mark = (box.x + px(26), box.y + box.h // 2)
    if chosen:
        painter.disc(mark, 18, colours.accent)
        painter.icon("tick", mark, 11, colours.paper)
    else:
        painter.disc(mark, 18, colours.edge, 1.5)
    left = box.x + px(50)
    name = Box(left, box.y + px(8), box.right - left - px(12), px(20))
    under = Box(left, name.bottom, name.w, px(18))
    accuracy, size = cards.model_figures(model)
    painter.text(model.name, name, look.BOLD, look.BODY, colours.ink)
    painter.text(accuracy, name, look.MONO, look.CAPTION, colours.ink, "right")
    painter.text(size, under, look.MONO, look.CAPTION, colours.quiet, "right")
    rest = under._replace(w=under.w - px(12) - painter.width(size, look.MONO, look.CAPTION))
    painter.text(cards.model_summary(model), rest, look.SANS, look.CAPTION, colours.quiet)

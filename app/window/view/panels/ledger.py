"""The whole history: every verification, with its model, chain and verdict, and what can be done with it."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import cards, decide, words
from app.window.model.state import State
from app.window.model.values import Hover, Row
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels.sees import surface_of
from app.window.view.panels.sheet import centred, heading, visible
from app.window.view.panels.submit import middle_out

_ROW, _HEAD, _FOOT = 62, 60, 84
_ACTIONS = {
    "recall": ("undo", "Bring back"),
    "copy": ("copy", "Copy txid"),
    "check": ("repeat", "Check"),
    "share": ("share", "Share"),
    "delete": ("clear", "Delete strokes"),
}


def card(layout: Layout, state: State) -> Box:
    """As high as the list, if the window is."""
    return centred(layout, 720, _HEAD + max(1, len(state.history)) * _ROW + _FOOT)


def rows(layout: Layout, state: State) -> dict[int, Box]:
    """The rows that are shown, by their place in the history."""
    box, px = card(layout, state), layout.theme.px
    if not state.history:
        return {}
    room = (box.h - px(_HEAD) - px(_FOOT)) // px(_ROW)
    shown = visible(len(state.history), room, state.selected)
    return {
        index: Box(box.x + px(16), box.y + px(_HEAD) + number * px(_ROW), box.w - px(44), px(_ROW))
        for number, index in enumerate(shown)
    }


def _actions(layout: Layout, state: State) -> dict[str, Box]:
    box, px = card(layout, state), layout.theme.px
    wide = (box.w - px(32)) // len(_ACTIONS)
    top = box.bottom - px(_FOOT) + px(10)
    return {name: Box(box.x + px(16) + i * wide, top, wide, px(32)) for i, name in enumerate(_ACTIONS)}


def targets(layout: Layout, state: State) -> dict[Hover, Box]:
    """Rows, and what can be done with the one pointed at."""
    found = {Hover("entry", index): box for index, box in rows(layout, state).items()}
    if state.history:
        found |= {Hover(name): box for name, box in _actions(layout, state).items()}
    return found


def key(state: State) -> Hashable:
    """What the card shows."""
    return state.history, state.selected, state.hover, decide.current_row(state)


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """A heading, the rows, a bar that tells how far down they are, and the actions."""
    box, px, colours = card(layout, state), painter.theme.px, painter.colours
    head = Box(box.x + px(28), box.y + px(18), box.w - px(80), px(30))
    heading(painter, "History", head)
    if not state.history:
        place = Box(head.x, head.bottom + px(8), head.w, px(40))
        painter.text("No verification yet.", place, look.SANS, look.BODY, colours.quiet)
        return
    places, current = rows(layout, state), decide.current_row(state)
    for index, place in places.items():
        row = state.history[index]
        _entry(painter, place, row, pointed=index == state.selected, current=row is current)
    _bar(painter, box, places, len(state.history))
    for name, place in _actions(layout, state).items():
        icon, label = _ACTIONS[name]
        hover, down = state.hover == Hover(name), state.pressed == Hover(name)
        widgets.ghost(painter, place, icon, label, enabled=True, hover=hover, down=down)
    foot = Box(head.x, box.bottom - px(36), box.w - px(56), px(24))
    said = f"{state.selected + 1} of {len(state.history)}  ·  {cards.HISTORY_HINT}"
    painter.text(said, foot, look.SANS, look.CAPTION, colours.quiet)


def _entry(painter: Painter, box: Box, row: Row, *, pointed: bool, current: bool) -> None:
    px, colours = painter.theme.px, painter.colours
    if pointed:
        painter.rounded(box, colours.accent_wash, look.RADIUS)
    side = box.h - px(12)
    thumb = Box(box.x + px(8), box.y + px(6), side, side)
    painter.fill(thumb.inset(-px(1)), colours.accent if current else colours.line)
    painter.surface.blit(surface_of(row.picture, side, colours), thumb)
    left = thumb.right + px(14)
    line = Box(left, box.y + px(5), box.right - left - px(12), px(18))
    icon, meant = words.MARK_ICONS[row.mark]
    painter.icon(icon, (line.x + px(8), line.y + line.h // 2), 14, widgets.tone(painter, meant))
    title = line._replace(x=line.x + px(22), w=line.w - px(22))
    painter.text(cards.verdict_words(row), title, look.BOLD, look.BODY, colours.ink)
    if current:
        painter.text("on the paper", title, look.SANS, look.CAPTION, colours.accent, "right")
    under = line._replace(y=line.bottom, h=px(17))
    painter.text(cards.made_by(row), under, look.SANS, look.CAPTION, colours.quiet)
    txid = under._replace(y=under.bottom, h=px(16))
    painter.text(middle_out(painter, row.txid, txid.w), txid, look.MONO, look.CAPTION, colours.quiet)


def _bar(painter: Painter, box: Box, places: dict[int, Box], count: int) -> None:
    """How much of the list is shown, and where."""
    if len(places) == count:
        return
    px, shown = painter.theme.px, list(places)
    top, bottom = places[shown[0]].y, places[shown[-1]].bottom
    track = Box(box.right - px(18), top, px(6), bottom - top)
    painter.rounded(track, painter.colours.well, 3)
    y = track.y + round(track.h * shown[0] / count)
    thumb = track._replace(y=y, h=max(px(12), round(track.h * len(shown) / count)))
    painter.rounded(thumb, painter.colours.bar, 3)

"""The strip of past verifications, the latest first."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import decide, words
from app.window.model.state import State
from app.window.model.values import Card, Hover, Mark, Row
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels.sees import surface_of


def key(state: State) -> Hashable:
    """What the strip shows."""
    hover = state.hover if state.hover and state.hover.name in ("row", "ledger") else None
    return hover, state.history, state.remembered, state.scroll, decide.current_row(state), state.card


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """A thumbnail, the digit and the state of each; on the left, how many there are in all."""
    widgets.surface(painter, layout.history)
    _label(painter, layout, state)
    if state.remembered and not state.history:
        rest = layout.rows[0]._replace(w=layout.rows[-1].right - layout.rows[0].x)
        widgets.caption(painter, "Past verifications are kept here. Submit a claim to make the first.", rest)
    shown = state.history[state.scroll : state.scroll + len(layout.rows)]
    current = decide.current_row(state)
    for index, (row, place) in enumerate(zip(shown, layout.rows, strict=False)):
        _row(painter, place, row, hover=state.hover == Hover("row", index), current=row is current)


def _label(painter: Painter, layout: Layout, state: State) -> None:
    box, colours, px = layout.ledger, painter.colours, painter.theme.px
    count = len(state.history)
    if not count:
        widgets.caption(painter, "History", box.inset(px(6), 0))
        return
    if state.hover == Hover("ledger") or state.card is Card.HISTORY:
        painter.framed(box, colours.accent_wash, colours.accent, look.RADIUS)
    inner = box.inset(px(6), px(4))
    upper = inner._replace(h=inner.h // 2)
    painter.text("History", upper, look.SANS, look.CAPTION, colours.ink)
    painter.icon("forth", (inner.right - px(7), upper.y + upper.h // 2), 12, colours.quiet)
    first, last = state.scroll + 1, min(count, state.scroll + len(layout.rows))
    said = f"all {count}" if last - first + 1 >= count else f"{first} to {last} of {count}"
    under = upper._replace(y=upper.bottom, h=inner.bottom - upper.bottom)
    painter.text(said, under, look.SANS, look.CAPTION, colours.quiet)


def _row(painter: Painter, box: Box, row: Row, *, hover: bool, current: bool) -> None:
    colours, px = painter.colours, painter.theme.px
    if hover:
        painter.framed(box, colours.accent_wash, colours.accent, look.RADIUS)
    elif current:
        painter.framed(box, colours.accent_wash, colours.line, look.RADIUS)
    thumb = box.inset(px(4))._replace(w=box.h - 2 * px(4))
    painter.fill(thumb.inset(-px(1)), colours.accent if current else colours.line)
    painter.surface.blit(surface_of(row.picture, thumb.w, colours), thumb)
    icon, meant = words.MARK_ICONS[row.mark]
    left = thumb.right + px(8)
    top = Box(left, thumb.y, box.right - left - px(4), thumb.h // 2)
    width = painter.text(str(row.claim), top, look.BOLD, look.LARGE, colours.ink)
    painter.icon(icon, (left + width + px(14), top.y + top.h // 2), 14, widgets.tone(painter, meant))
    under = top._replace(y=top.bottom, h=thumb.bottom - top.bottom)
    said = f"block {row.block:,}" if row.mark is Mark.CONFIRMED and row.block is not None else row.mark.value
    painter.text(said, under, look.SANS, look.CAPTION, colours.quiet)

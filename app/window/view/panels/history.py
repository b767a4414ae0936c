"""Past verifications, the latest first."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import words
from app.window.model.state import Hover, Mark, Row, State
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels.sees import surface_of


def key(state: State) -> Hashable:
    """What the strip shows."""
    hover = state.hover if state.hover and state.hover.name == "row" else None
    return hover, state.history, state.remembered, state.scroll


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """A thumbnail, the digit and the state of each."""
    box, px = layout.history, painter.theme.px
    widgets.surface(painter, box)
    label = Box(box.x + px(12), box.y, layout.rows[0].x - box.x - px(12), box.h)
    widgets.caption(painter, "History", label)
    if state.remembered and not state.history:
        rest = layout.rows[0]._replace(w=layout.rows[-1].right - layout.rows[0].x)
        widgets.caption(painter, "Past verifications are kept here. Submit a claim to make the first.", rest)
    shown = state.history[state.scroll : state.scroll + len(layout.rows)]
    for index, (row, place) in enumerate(zip(shown, layout.rows, strict=False)):
        _row(painter, place, row, hover=state.hover == Hover("row", index))


def _row(painter: Painter, box: Box, row: Row, *, hover: bool) -> None:
    px = painter.theme.px
    if hover:
        painter.framed(box, look.ACCENT_WASH, look.ACCENT, look.RADIUS)
    thumb = box.inset(px(4))._replace(w=box.h - 2 * px(4))
    painter.fill(thumb.inset(-px(1)), look.LINE)
    painter.surface.blit(surface_of(row.picture, thumb.w), thumb)
    icon, tone = words.MARK_ICONS[row.mark]
    left = thumb.right + px(8)
    top = Box(left, thumb.y, box.right - left - px(4), thumb.h // 2)
    width = painter.text(str(row.claim), top, look.BOLD, look.LARGE, look.INK)
    painter.icon(icon, (left + width + px(14), top.y + top.h // 2), 14, widgets.TONES[tone])
    under = top._replace(y=top.bottom, h=thumb.bottom - top.bottom)
    said = f"block {row.block:,}" if row.mark is Mark.CONFIRMED and row.block is not None else row.mark.value
    painter.text(said, under, look.SANS, look.CAPTION, look.QUIET)

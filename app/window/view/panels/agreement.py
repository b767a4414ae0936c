"""The line that says whether the three agree."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import words
from app.window.model.state import State
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter

_GROUNDS = {
    words.Tone.QUIET: (look.PANEL, look.LINE, look.INK),
    words.Tone.GOOD: (look.ACCENT_WASH, look.ACCENT, look.ACCENT_DEEP),
    words.Tone.BAD: (look.ALERT_WASH, look.ALERT, look.ALERT),
}


def key(state: State) -> Hashable:
    """What the line says."""
    return words.agreement(state)


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """An icon, the verdict in large letters, and what stands behind it."""
    line = words.agreement(state)
    ground, edge, colour = _GROUNDS[line.tone]
    box, px = layout.agreement, painter.theme.px
    painter.fill(box, look.DESK)
    painter.framed(box, ground, edge, look.RADIUS, 1 if line.tone is words.Tone.QUIET else 2)
    roomy = box.h >= px(60)
    size = 32 if roomy else 26
    middle = (box.x + px(16) + px(size) // 2, box.y + box.h // 2)
    painter.icon(line.icon, middle, size, colour)
    left = middle[0] + px(size) // 2 + px(14)
    inner = Box(left, box.y + px(5), box.right - left - px(12), box.h - px(10))
    headline = inner._replace(h=round(inner.h * 0.58))
    painter.text(line.headline, headline, look.BOLD, look.TITLE if roomy else look.LARGE, colour)
    detail = inner._replace(y=headline.bottom, h=inner.bottom - headline.bottom)
    size = look.BODY if roomy else look.CAPTION
    painter.text(
        line.detail, detail, look.SANS, size, look.INK if line.tone is not words.Tone.QUIET else look.QUIET
    )

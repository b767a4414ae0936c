"""The line that says whether the three agree, and the hint of a first run."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import words
from app.window.model.state import State
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter


def key(state: State) -> Hashable:
    """What the line says."""
    return words.agreement(state)


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """An icon, the verdict in large letters, and the sentence beneath it."""
    line = words.agreement(state)
    colours = painter.colours
    ground, edge, colour = {
        words.Tone.QUIET: (colours.panel, colours.line, colours.ink),
        words.Tone.GOOD: (colours.accent_wash, colours.accent, colours.accent_deep),
        words.Tone.BAD: (colours.alert_wash, colours.alert, colours.alert),
    }[line.tone]
    quiet = line.tone is words.Tone.QUIET
    box, px = layout.agreement, painter.theme.px
    painter.fill(box, colours.desk)
    painter.framed(box, ground, edge, look.RADIUS, 1 if quiet else 2)
    roomy = box.h >= px(60)
    size = 32 if roomy else 26
    middle = (box.x + px(16) + px(size) // 2, box.y + box.h // 2)
    painter.icon(line.icon, middle, size, colour)
    left = middle[0] + px(size) // 2 + px(14)
    inner = Box(left, box.y + px(5), box.right - left - px(12), box.h - px(10))
    headline = inner._replace(h=round(inner.h * 0.58))
    painter.text(line.headline, headline, look.BOLD, look.TITLE if roomy else look.LARGE, colour)
    detail = inner._replace(y=headline.bottom, h=inner.bottom - headline.bottom)
    fits = roomy and painter.width(line.detail, look.SANS, look.BODY) <= detail.w
    words_colour = colours.quiet if quiet else colours.ink
    painter.text(line.detail, detail, look.SANS, look.BODY if fits else look.CAPTION, words_colour)

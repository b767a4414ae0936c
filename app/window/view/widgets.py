"""The few things that can be pressed."""

from __future__ import annotations

from app.window.model.words import Tone
from app.window.view import theme as look
from app.window.view.layout import Box
from app.window.view.paint import Painter

__all__ = ["TONES", "caption", "cell", "ghost", "pill", "primary", "surface", "switch"]


TONES = {Tone.QUIET: look.QUIET, Tone.GOOD: look.ACCENT, Tone.BAD: look.ALERT}
"""The colour of a line that is meant in this way."""


def surface(painter: Painter, box: Box, colour: look.Colour = look.PANEL) -> None:
    """The ground of a panel. The corners show the desk."""
    painter.fill(box, look.DESK)
    painter.framed(box, colour, look.LINE, look.RADIUS)


def caption(painter: Painter, words: str, box: Box) -> None:
    """A small heading in quiet letters."""
    painter.text(words, box, look.SANS, look.CAPTION, look.QUIET)


def primary(
    painter: Painter, box: Box, label: str, key: str, *, enabled: bool, hover: bool, down: bool
) -> None:
    """The one button that matters, with the key that presses it."""
    if enabled:
        painter.rounded(box, look.ACCENT_DEEP if hover or down else look.ACCENT, look.RADIUS)
        colour = look.PAPER
    else:
        painter.framed(box, look.WELL, look.LINE, look.RADIUS)
        colour = look.QUIET
    inner = box.inset(painter.theme.px(12), 0)
    key_width = painter.width(key, look.MONO, look.CAPTION) if enabled else 0
    space = inner._replace(w=inner.w - key_width - (painter.theme.px(8) if key_width else 0))
    painter.text(label, space, look.BOLD, look.BODY, colour)
    if enabled:
        painter.text(key, inner, look.MONO, look.CAPTION, colour, "right")


def ghost(
    painter: Painter, box: Box, icon: str, label: str, *, enabled: bool, hover: bool, down: bool
) -> None:
    """A quiet button: an icon, and a word where there is room."""
    if enabled and (hover or down):
        painter.framed(box, look.WELL if down else look.PANEL, look.LINE, look.RADIUS)
    colour = look.INK if enabled else look.BAR
    px = painter.theme.px
    words = painter.width(label, look.SANS, look.CAPTION)
    gap = px(5) if label else 0
    left = box.x + (box.w - px(15) - gap - words) // 2
    painter.icon(icon, (left + px(15) // 2, box.y + box.h // 2), 15, colour)
    if label:
        place = Box(left + px(15) + gap, box.y, words, box.h)
        painter.text(label, place, look.SANS, look.CAPTION, colour)


def cell(painter: Painter, box: Box, label: str, *, chosen: bool, hover: bool) -> None:
    """One of several that exclude each other."""
    if chosen:
        painter.rounded(box.inset(painter.theme.px(2)), look.ACCENT, look.RADIUS - 2)
    elif hover:
        painter.rounded(box.inset(painter.theme.px(2)), look.LINE, look.RADIUS - 2)
    face = look.BOLD if chosen else look.SANS
    painter.text(label, box, face, look.BODY, look.PAPER if chosen else look.INK, "centre")


def switch(painter: Painter, box: Box, label: str, *, on: bool, hover: bool) -> None:
    """On or off: the knob's place and a word say which."""
    px = painter.theme.px
    wide, high = px(32), px(18)
    track = Box(box.right - wide, box.y + (box.h - high) // 2, wide, high)
    if on:
        painter.rounded(track, look.ACCENT_DEEP if hover else look.ACCENT, 9)
    else:
        painter.framed(track, look.LINE if hover else look.WELL, look.EDGE, 9)
    knob = (track.right - high // 2 if on else track.x + high // 2, track.y + high // 2)
    painter.disc(knob, 12, look.PAPER if on else look.EDGE)
    painter.text(label, box._replace(w=box.w - wide - px(8)), look.SANS, look.CAPTION, look.INK, "right")


def pill(painter: Painter, box: Box, words: str, colour: look.Colour, ground: look.Colour) -> None:
    """A short remark in a frame of its own."""
    painter.framed(box, ground, colour, box.h / 2 / painter.theme.density)
    painter.text(words, box, look.SANS, look.CAPTION, colour, "centre")

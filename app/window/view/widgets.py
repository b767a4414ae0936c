"""Buttons, tabs, cells and switches."""

from __future__ import annotations

from app.window.model.words import Tone
from app.window.view import theme as look
from app.window.view.layout import Box
from app.window.view.paint import Painter

__all__ = [
    "caption",
    "cell",
    "chip",
    "ghost",
    "outlined",
    "pill",
    "primary",
    "surface",
    "switch",
    "tab",
    "tone",
]


def tone(painter: Painter, meant: Tone) -> look.Colour:
    """The colour of a line that is meant in this way."""
    colours = painter.colours
    return {Tone.QUIET: colours.quiet, Tone.GOOD: colours.accent, Tone.BAD: colours.alert}[meant]


def surface(painter: Painter, box: Box) -> None:
    """The ground of a panel. The corners show the desk."""
    painter.fill(box, painter.colours.desk)
    painter.framed(box, painter.colours.panel, painter.colours.line, look.RADIUS)


def caption(painter: Painter, words: str, box: Box) -> None:
    """A small heading in quiet letters."""
    painter.text(words, box, look.SANS, look.CAPTION, painter.colours.quiet)


def primary(
    painter: Painter, box: Box, label: str, key: str, *, enabled: bool, hover: bool, down: bool
) -> None:
    """The primary button, with the key that presses it."""
    colours = painter.colours
    if enabled:
        painter.rounded(box, colours.accent_deep if hover or down else colours.accent, look.RADIUS)
        colour = colours.paper
    else:
        painter.framed(box, colours.well, colours.line, look.RADIUS)
        colour = colours.quiet
    _labelled(painter, box, label, key if enabled else "", colour)


def outlined(painter: Painter, box: Box, label: str, key: str, *, hover: bool, down: bool) -> None:
    """The primary button in a secondary role: an outline, filled under the pointer."""
    colours = painter.colours
    painter.framed(
        box, colours.accent_wash if hover or down else colours.panel, colours.accent, look.RADIUS, 2
    )
    _labelled(painter, box, label, key, colours.accent_deep)


def _labelled(painter: Painter, box: Box, label: str, key: str, colour: look.Colour) -> None:
    inner = box.inset(painter.theme.px(12), 0)
    key_width = painter.width(key, look.MONO, look.CAPTION)
    room = inner.w - key_width - (painter.theme.px(8) if key_width else 0)
    if painter.width(label, look.BOLD, look.BODY) > room:
        # The words matter more than the key.
        key, room = "", inner.w
    size = look.BODY if painter.width(label, look.BOLD, look.BODY) <= room else look.CAPTION
    painter.text(label, inner._replace(w=room), look.BOLD, size, colour)
    painter.text(key, inner, look.MONO, look.CAPTION, colour, "right")


def ghost(
    painter: Painter,
    box: Box,
    icon: str,
    label: str,
    *,
    enabled: bool,
    hover: bool,
    down: bool,
    on: bool = False,
) -> None:
    """A quiet button: an icon, and a word where there is room. `on`: it is a switch, and switched on."""
    colours, px = painter.colours, painter.theme.px
    if on:
        painter.framed(box, colours.accent_wash, colours.accent, look.RADIUS)
    elif enabled and (hover or down):
        painter.framed(box, colours.well if down else colours.panel, colours.line, look.RADIUS)
    colour = colours.accent_deep if on else colours.ink if enabled else colours.bar
    words = painter.width(label, look.SANS, look.CAPTION)
    gap = px(5)
    if not label or px(15) + gap + words > box.w - px(4):
        painter.icon(icon, box.centre, 15, colour)
        return
    left = box.x + (box.w - px(15) - gap - words) // 2
    painter.icon(icon, (left + px(15) // 2, box.y + box.h // 2), 15, colour)
    place = Box(left + px(15) + gap, box.y, words, box.h)
    painter.text(label, place, look.SANS, look.CAPTION, colour)


def chip(painter: Painter, box: Box, *, opened: bool, hover: bool) -> None:
    """The frame of something in the header that opens."""
    colours = painter.colours
    ground, edge = colours.accent_wash if opened else colours.panel, colours.edge if hover else colours.line
    painter.framed(box, ground, edge, look.RADIUS)


def cell(painter: Painter, box: Box, label: str, *, chosen: bool, hover: bool) -> None:
    """One of several that exclude each other."""
    colours = painter.colours
    if chosen:
        painter.rounded(box.inset(painter.theme.px(2)), colours.accent, look.RADIUS - 2)
    elif hover:
        painter.rounded(box.inset(painter.theme.px(2)), colours.line, look.RADIUS - 2)
    face = look.BOLD if chosen else look.SANS
    painter.text(label, box, face, look.BODY, colours.paper if chosen else colours.ink, "centre")


def tab(painter: Painter, box: Box, label: str, *, chosen: bool, hover: bool) -> None:
    """One of several views: the chosen one is underlined."""
    colours, px = painter.colours, painter.theme.px
    colour = colours.ink if chosen or hover else colours.quiet
    painter.text(label, box, look.BOLD if chosen else look.SANS, look.CAPTION, colour, "centre")
    line = Box(box.x + px(4), box.bottom - px(2), box.w - px(8), px(2))
    painter.fill(line, colours.accent if chosen else colours.line)


def switch(painter: Painter, box: Box, label: str, *, on: bool, hover: bool) -> None:
    """On or off: the knob's place and a word say which."""
    colours, px = painter.colours, painter.theme.px
    wide, high = px(32), px(18)
    track = Box(box.right - wide, box.y + (box.h - high) // 2, wide, high)
    if on:
        painter.rounded(track, colours.accent_deep if hover else colours.accent, 9)
    else:
        painter.framed(track, colours.line if hover else colours.well, colours.edge, 9)
    knob = (track.right - high // 2 if on else track.x + high // 2, track.y + high // 2)
    painter.disc(knob, 12, colours.paper if on else colours.edge)
    words = box._replace(w=box.w - wide - px(8))
    painter.text(label, words, look.SANS, look.CAPTION, colours.ink, "right")


def pill(painter: Painter, box: Box, words: str, colour: look.Colour, ground: look.Colour) -> None:
    """A short remark in a frame of its own."""
    painter.framed(box, ground, colour, box.h / 2 / painter.theme.density)
    painter.text(words, box, look.SANS, look.CAPTION, colour, "centre")

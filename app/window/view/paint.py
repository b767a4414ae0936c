"""Text, rounded boxes and icons: smooth at any density, and kept once they have been made."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Literal, TypeAlias

import pygame

from app.paths import assets
from app.window.view.layout import Box
from app.window.view.theme import Colour, Palette, Theme

__all__ = ["Align", "Painter", "forget"]

Align: TypeAlias = Literal["left", "centre", "right"]
Stroke: TypeAlias = tuple[Literal["line", "ring", "dot", "arc"], tuple[float, ...]]
"""One part of an icon, on a grid of 24."""

_SUPER = 4
"""Shapes are drawn this many times larger and averaged down: pygame's own have hard edges."""


def forget() -> None:
    """Drop all cached pictures and fonts: pygame has been shut down, or the density has changed."""
    for cache in (_font, _text, _corner, _icon, _disc):
        cache.cache_clear()


@functools.lru_cache(maxsize=64)
def _font(face: str, size: int) -> pygame.font.Font:
    with (assets() / "fonts" / f"{face}.woff").open("rb") as file:
        return pygame.font.Font(file, size)


@functools.lru_cache(maxsize=1500)
def _text(words: str, face: str, size: int, colour: Colour) -> pygame.Surface:
    return _font(face, size).render(words, True, colour)


@functools.lru_cache(maxsize=256)
def _corner(radius: int, colour: Colour) -> pygame.Surface:
    """The top left quarter of a disc."""
    return _shrunk(
        (radius, radius),
        lambda s: pygame.draw.circle(s, colour, (radius * _SUPER, radius * _SUPER), radius * _SUPER),
        colour,
    )


@functools.lru_cache(maxsize=64)
def _disc(diameter: int, colour: Colour, hollow: int) -> pygame.Surface:
    middle = diameter * _SUPER / 2
    return _shrunk(
        (diameter, diameter),
        lambda s: pygame.draw.circle(s, colour, (middle, middle), middle, hollow * _SUPER),
        colour,
    )


def _shrunk(
    size: tuple[int, int], draw: Callable[[pygame.Surface], object], colour: Colour
) -> pygame.Surface:
    large = pygame.Surface((size[0] * _SUPER, size[1] * _SUPER), pygame.SRCALPHA)
    # Averaging mixes the colour of the transparent part in: it has to be the same.
    large.fill((*colour, 0))
    draw(large)
    return pygame.transform.smoothscale(large, size)


@functools.lru_cache(maxsize=256)
def _icon(name: str, size: int, colour: Colour) -> pygame.Surface:
    """An icon in a square of `size` pixels, from lines on a grid of 24."""
    unit = size * _SUPER / 24
    thick = max(_SUPER, round(2.4 * unit))

    def draw(surface: pygame.Surface) -> None:
        for kind, values in _ICONS[name]:
            points = [(x * unit, y * unit) for x, y in zip(values[0::2], values[1::2], strict=False)]
            if kind == "line":
                pygame.draw.lines(surface, colour, False, points, thick)
                for point in points:
                    pygame.draw.circle(surface, colour, point, thick / 2)
            elif kind == "ring":
                pygame.draw.circle(surface, colour, points[0], values[2] * unit, thick)
            elif kind == "dot":
                pygame.draw.circle(surface, colour, points[0], values[2] * unit)
            else:
                _arc(surface, colour, points[0], values[2] * unit, (values[3], values[4]), thick)

    return _shrunk((size, size), draw, colour)


def _arc(
    surface: pygame.Surface,
    colour: Colour,
    middle: tuple[float, float],
    radius: float,
    span: tuple[float, float],
    thick: int,
) -> None:
    """Degrees, clockwise from three o'clock. pygame's own arc leaves holes."""
    arm = pygame.math.Vector2(radius - thick / 2, 0)
    for step in range(int(span[0]), int(span[1]) + 1, 2):
        pygame.draw.circle(surface, colour, middle + arm.rotate(step), thick / 2)


def _line(*numbers: float) -> Stroke:
    return "line", numbers


def _dot(x: float, y: float, radius: float) -> Stroke:
    return "dot", (x, y, radius)


_CIRCLE: Stroke = ("ring", (12, 12, 11))

_ICONS: dict[str, tuple[Stroke, ...]] = {
    "tick": (_line(5, 12.5, 10, 17.5, 19.5, 7),),
    "cross": (_line(6, 6, 18, 18), _line(18, 6, 6, 18)),
    "agree": (_CIRCLE, _line(7, 12.5, 10.7, 16, 17, 8.5)),
    "disagree": (_CIRCLE, _line(7, 10, 17, 10), _line(7, 14.5, 17, 14.5), _line(14.5, 6, 9.5, 18.5)),
    "refused": (_CIRCLE, _line(8, 8, 16, 16), _line(16, 8, 8, 16)),
    "wait": (_dot(5, 12, 2.2), _dot(12, 12, 2.2), _dot(19, 12, 2.2)),
    "pen": (_line(4.5, 19.5, 6, 14.5, 16, 4.5, 19.5, 8, 9.5, 18, 4.5, 19.5),),
    "warn": (_line(12, 4, 21.5, 20, 2.5, 20, 12, 4), _line(12, 10, 12, 14.5), _dot(12, 17.3, 1.4)),
    "info": (_CIRCLE, _line(12, 11, 12, 17), _dot(12, 7.3, 1.6)),
    "copy": (_line(8, 8, 20, 8, 20, 20, 8, 20, 8, 8), _line(16, 4, 4, 4, 4, 16)),
    "open": (
        _line(10, 5, 5, 5, 5, 19, 19, 19, 19, 14),
        _line(14, 4, 20, 4, 20, 10),
        _line(20, 4, 11, 13),
    ),
    "undo": (_line(9, 5, 4, 10, 9, 15), _line(4, 10, 15, 10, 19, 12, 20, 15.5, 18, 19, 13, 19.5)),
    "redo": (_line(15, 5, 20, 10, 15, 15), _line(20, 10, 9, 10, 5, 12, 4, 15.5, 6, 19, 11, 19.5)),
    "clear": (_line(4, 7, 20, 7), _line(6.5, 7, 7.5, 20, 16.5, 20, 17.5, 7), _line(9, 4, 15, 4)),
    "several": (
        _line(8, 4, 4, 4, 4, 20, 8, 20),
        _line(16, 4, 20, 4, 20, 20, 16, 20),
        _line(12, 7, 12, 17),
    ),
    "unsure": (_CIRCLE, _line(6.5, 13.5, 9, 10.5, 12, 12.2, 15, 13.5, 17.5, 10.5)),
    "shield": (
        _line(12, 2.5, 20.5, 5.5, 20.5, 11.5, 18, 17, 12, 21.5, 6, 17, 3.5, 11.5, 3.5, 5.5, 12, 2.5),
        _line(8, 11.8, 11, 14.8, 16.2, 8.8),
    ),
    "eraser": (
        _line(9, 19, 4, 14, 14, 4, 20, 10, 11, 19, 9, 19),
        _line(8.5, 9.5, 14.5, 15.5),
        _line(5, 20.5, 20, 20.5),
    ),
    "mask": (
        _line(
            3,
            6,
            8,
            7.5,
            12,
            8,
            16,
            7.5,
            21,
            6,
            21,
            12,
            18,
            16.5,
            14.5,
            16.5,
            12,
            14,
            9.5,
            16.5,
            6,
            16.5,
            3,
            12,
            3,
            6,
        ),
        _dot(8, 11.5, 1.6),
        _dot(16, 11.5, 1.6),
    ),
    "repeat": (("arc", (12, 12, 8.5, -60, 200)), _line(11.5, 3.5, 16.6, 4.4, 14.9, 9.2)),
    "share": (
        _line(4, 13, 4, 20, 20, 20, 20, 13),
        _line(12, 15, 12, 4),
        _line(8, 8, 12, 4, 16, 8),
    ),
    "sun": (
        ("ring", (12, 12, 5)),
        *(
            _line(12 + 8.2 * x, 12 + 8.2 * y, 12 + 10.6 * x, 12 + 10.6 * y)
            for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7))
        ),
    ),
    "moon": (
        _line(
            19.5,
            14.5,
            16,
            16,
            12,
            15,
            9,
            12,
            8,
            8,
            9.5,
            4.5,
            6,
            6.5,
            4,
            10,
            4,
            14,
            6,
            18,
            10,
            20.5,
            14,
            20.5,
            17.5,
            18.5,
            19.5,
            14.5,
        ),
    ),
    "medal": (("ring", (12, 9, 6.5)), _line(8.2, 14.5, 7, 21.5, 12, 18.5, 17, 21.5, 15.8, 14.5)),
    "forth": (_line(9, 5, 16, 12, 9, 19),),
    "down": (_line(5, 9, 12, 16, 19, 9),),
    "minus": (_line(6, 12, 18, 12),),
    "plus": (_line(6, 12, 18, 12), _line(12, 6, 12, 18)),
    "block": (
        _line(12, 3, 20, 7.5, 20, 16.5, 12, 21, 4, 16.5, 4, 7.5, 12, 3),
        _line(4, 7.5, 12, 12, 20, 7.5),
        _line(12, 12, 12, 21),
    ),
    **{f"spin {k}": (("arc", (12, 12, 10, 45 * k, 45 * k + 270)),) for k in range(8)},
}


class Painter:
    """Draws on one surface with one theme. Lengths given to it are logical, boxes are in its pixels."""

    def __init__(self, surface: pygame.Surface, theme: Theme) -> None:
        self.surface = surface
        self.theme = theme

    @property
    def colours(self) -> Palette:
        """The colours of its theme."""
        return self.theme.colours

    def fill(self, box: Box, colour: Colour) -> None:
        """A plain rectangle."""
        self.surface.fill(colour, box)

    def rounded(self, box: Box, colour: Colour, radius: float) -> None:
        """A rectangle with round corners."""
        r = min(self.theme.px(radius), box.w // 2, box.h // 2)
        if r < 1:
            self.fill(box, colour)
            return
        self.surface.fill(colour, (box.x + r, box.y, box.w - 2 * r, box.h))
        self.surface.fill(colour, (box.x, box.y + r, r, box.h - 2 * r))
        self.surface.fill(colour, (box.right - r, box.y + r, r, box.h - 2 * r))
        corner = _corner(r, colour)
        for across in (False, True):
            for down in (False, True):
                place = (box.right - r if across else box.x, box.bottom - r if down else box.y)
                self.surface.blit(pygame.transform.flip(corner, across, down), place)

    def framed(self, box: Box, inside: Colour, edge: Colour, radius: float, width: float = 1) -> None:
        """A rounded rectangle with an edge."""
        w = self.theme.px(width)
        self.rounded(box, edge, radius)
        self.rounded(box.inset(w), inside, max(0.0, radius - width))

    def ring(self, box: Box, colour: Colour, radius: float, width: float) -> None:
        """The edge of a rounded rectangle; what is inside stays."""
        px = self.theme.px
        pygame.draw.rect(self.surface, colour, pygame.Rect(box), px(width), border_radius=px(radius))

    def disc(self, middle: tuple[int, int], diameter: float, colour: Colour, hollow: float = 0) -> None:
        """A disc, or a ring of thickness `hollow`."""
        d = self.theme.px(diameter)
        ring = _disc(d, colour, self.theme.px(hollow) if hollow else 0)
        self.surface.blit(ring, (middle[0] - d // 2, middle[1] - d // 2))

    def icon(self, name: str, middle: tuple[int, int], size: float, colour: Colour) -> None:
        """An icon around a point."""
        picture = _icon(name, self.theme.px(size), colour)
        self.surface.blit(
            picture, (middle[0] - picture.get_width() // 2, middle[1] - picture.get_height() // 2)
        )

    # --- text ---

    def width(self, words: str, face: str, size: float) -> int:
        """How wide words come out, in the surface's pixels."""
        return _font(face, self.theme.px(size)).size(words)[0] if words else 0

    def line_height(self, face: str, size: float) -> int:
        """The distance from line to line."""
        return _font(face, self.theme.px(size)).get_linesize()

    def text(
        self, words: str, box: Box, face: str, size: float, colour: Colour, align: Align = "left"
    ) -> int:
        """One line, in the middle of its box's height, cut short if it is too long. Returns its width."""
        words = self.fitted(words, box.w, face, size)
        if not words:
            return 0
        picture = _text(words, face, self.theme.px(size), colour)
        spare = box.w - picture.get_width()
        x = box.x + {"left": 0, "centre": spare // 2, "right": spare}[align]
        self.surface.blit(picture, (x, box.y + (box.h - picture.get_height()) // 2))
        return picture.get_width()

    def fitted(self, words: str, width: int, face: str, size: float) -> str:
        """The words, or as many letters of them as fit before an ellipsis."""
        words = printable(words)
        if self.width(words, face, size) <= width:
            return words
        low, high = 0, len(words)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(words[:middle].rstrip() + "…", face, size) <= width:
                low = middle
            else:
                high = middle - 1
        return words[:low].rstrip() + "…" if low else ""

    def lines(self, words: str, width: int, face: str, size: float) -> list[str]:
        """The words broken into lines no wider than `width`; a word that is wider is broken itself."""
        lines: list[str] = []
        line = ""
        for word in printable(words).split():
            while self.width(word, face, size) > width and len(word) > 1:
                fits = next(
                    (n for n in range(len(word) - 1, 0, -1) if self.width(word[:n], face, size) <= width), 1
                )
                lines.extend(part for part in (line, word[:fits]) if part)
                line, word = "", word[fits:]
            longer = f"{line} {word}".strip()
            if self.width(longer, face, size) <= width:
                line = longer
            else:
                lines.append(line)
                line = word
        return [*lines, line] if line else lines

    def paragraph(
        self, words: str, box: Box, face: str, size: float, colour: Colour, align: Align = "left"
    ) -> int:
        """As many lines as fit, from the top; the last is cut short. Returns the height."""
        step = self.line_height(face, size)
        room = max(1, box.h // step)
        lines = self.lines(words, box.w, face, size)
        if len(lines) > room:
            lines = [*lines[: room - 1], " ".join(lines[room - 1 :])]
        for number, line in enumerate(lines):
            self.text(line, Box(box.x, box.y + number * step, box.w, step), face, size, colour, align)
        return len(lines) * step


def printable(words: str) -> str:
    """Without control characters: words may come from a node or the name of a file."""
    return "".join(letter if letter.isprintable() else " " for letter in words)

"""What the judges see: the 28x28 picture, the evidence in it, what the hidden layer makes of it."""

from __future__ import annotations

import functools
import math
from collections.abc import Hashable

import pygame

from app.picture import SIDE
from app.window.model import decide
from app.window.model.state import State
from app.window.model.values import Evidence, Hover, Neurons, Tab
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter

_LABELS = {
    Tab.PIXELS: ("Pixels", "Pixels"),
    Tab.EVIDENCE: ("Evidence", "Why"),
    Tab.NEURONS: ("Neurons", "Inside"),
}
"""A tab's name, and a shorter one where that does not fit."""


@functools.lru_cache(maxsize=4)
def inks(colours: look.Palette) -> list[look.Colour]:
    """The colour of each level of ink, 0 paper to 255 ink."""
    return [look.blend(colours.paper, colours.ink, level / 255) for level in range(256)]


def key(state: State) -> Hashable:
    """What the panel shows."""
    hover = state.hover if state.hover and state.hover.name == "tab" else None
    picture = state.picture.pixels if state.picture else None
    shown = {Tab.PIXELS: None, Tab.EVIDENCE: state.evidence, Tab.NEURONS: state.neurons}[state.tab]
    return hover, state.tab, picture, shown, decide.explained(state)


def surface_of(picture: bytes, side: int, colours: look.Palette) -> pygame.Surface:
    """A 28x28 picture at `side` pixels, each of its pixels a clear square."""
    return _enlarged(picture, SIDE, side, inks(colours))


def _enlarged(values: bytes, small: int, side: int, palette: list[look.Colour]) -> pygame.Surface:
    surface = pygame.image.frombuffer(values, (small, small), "P")
    surface.set_palette(palette)
    return pygame.transform.scale(surface.convert(24), (side, side))


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """The tabs, and the chosen picture on a sheet of its own."""
    box, px, colours = layout.sees, painter.theme.px, painter.colours
    widgets.surface(painter, box)
    for index, (tab, place) in enumerate(layout.tabs.items()):
        label = next(
            (word for word in _LABELS[tab] if painter.width(word, look.BOLD, look.CAPTION) <= place.w), ""
        )
        hovered = state.hover == Hover("tab", index)
        widgets.tab(painter, place, label, chosen=tab is state.tab, hover=hovered)
    top = next(iter(layout.tabs.values())).bottom + px(6)
    foot = px(18) if state.tab is not Tab.PIXELS else 0
    room = Box(box.x + px(10), top, box.w - px(20), box.bottom - px(8) - foot - top)
    # Whole multiples: every pixel of the picture is equally large.
    side = min(room.w, room.h) // SIDE * SIDE or min(room.w, room.h)
    place = Box(room.x + (room.w - side) // 2, room.y + (room.h - side) // 2, side, side)
    painter.fill(place.inset(-px(1)), colours.line)
    painter.fill(place, colours.paper)
    _picture(painter, place, state)
    line = Box(box.x + px(8), box.bottom - px(6) - px(16), box.w - px(16), px(16))
    fitting = [words for words in _captions(state) if painter.width(words, look.SANS, look.CAPTION) <= line.w]
    painter.text(fitting[0] if fitting else "", line, look.SANS, look.CAPTION, colours.quiet, "centre")


def _picture(painter: Painter, place: Box, state: State) -> None:
    if state.picture is None:
        return
    if state.tab is Tab.EVIDENCE and state.evidence is not None:
        _evidence(painter, place, state.evidence, state.picture.pixels)
    elif state.tab is Tab.NEURONS and state.neurons is not None:
        _neurons(painter, place, state.neurons)
    else:
        painter.surface.blit(surface_of(state.picture.pixels, place.w, painter.colours), place)


def _captions(state: State) -> tuple[str, ...]:
    """What the picture shows, in more words and in fewer."""
    if state.tab is Tab.PIXELS or state.picture is None:
        return ()
    if state.evidence is None or state.neurons is None:
        return "worked out when the pen rests", "when the pen rests"
    if state.tab is Tab.EVIDENCE:
        digit, exact = state.evidence.digit, ", exactly" if state.evidence.exact else ""
        return f"for and against {digit}{exact}", f"for and against {digit}"
    what = "neurons" if state.neurons.side == 1 else "maps"
    return f"{state.neurons.count} {what} of the first layer", f"{state.neurons.count} {what}"


_LEVELS = 126


def _evidence(painter: Painter, place: Box, evidence: Evidence, picture: bytes) -> None:
    """What speaks for the digit in the accent's colour, what speaks against it in the other, on faint ink."""
    colours = painter.colours
    palette = [look.blend(colours.paper, colours.ink, 0.16 * level / 3) for level in range(4)]
    for end in (colours.accent, colours.alert):
        palette += [look.blend(colours.paper, end, (level + 1) / _LEVELS) for level in range(_LEVELS)]
    values = bytearray(len(picture))
    for index, (value, ink) in enumerate(zip(evidence.pixels, picture, strict=True)):
        level = min(_LEVELS - 1, int(math.sqrt(abs(value)) * _LEVELS))
        speaks = abs(value) > 0.004
        values[index] = 4 + level + (_LEVELS if value < 0 else 0) if speaks else ink // 64
    painter.surface.blit(_enlarged(bytes(values), SIDE, place.w, palette), place)


def _neurons(painter: Painter, place: Box, neurons: Neurons) -> None:
    """All maps side by side, as square as they come."""
    across = math.ceil(math.sqrt(neurons.count))
    cell, gap = place.w / across, max(1, painter.theme.px(1))
    painter.fill(place, painter.colours.well)
    size = neurons.side * neurons.side
    palette = [look.blend(painter.colours.paper, painter.colours.accent, level / 255) for level in range(256)]
    for number in range(neurons.count):
        row, column = divmod(number, across)
        x, y = place.x + round(column * cell), place.y + round(row * cell)
        right, bottom = place.x + round((column + 1) * cell) - gap, place.y + round((row + 1) * cell) - gap
        values = neurons.values[number * size : (number + 1) * size]
        if neurons.side == 1:
            painter.fill(Box(x, y, right - x, bottom - y), palette[values[0]])
        else:
            surface = pygame.image.frombuffer(values, (neurons.side, neurons.side), "P")
            surface.set_palette(palette)
            painter.surface.blit(pygame.transform.scale(surface.convert(24), (right - x, bottom - y)), (x, y))

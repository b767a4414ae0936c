"""What the judges see: the 28x28 picture, enlarged."""

from __future__ import annotations

from collections.abc import Hashable

import pygame

from app.picture import SIDE
from app.window.model.state import State
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter

INKS = [look.blend(look.PAPER, look.INK, level / 255) for level in range(256)]
"""The colour of each level of ink, 0 paper to 255 ink."""


def key(state: State) -> Hashable:
    """What the panel shows."""
    return state.picture.pixels if state.picture else None


def surface_of(picture: bytes, side: int) -> pygame.Surface:
    """A 28x28 picture at `side` pixels, each of its pixels a clear square."""
    small = pygame.image.frombuffer(picture, (SIDE, SIDE), "P")
    small.set_palette(INKS)
    return pygame.transform.scale(small.convert(24), (side, side))


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """The picture on a sheet of its own."""
    box, px = layout.sees, painter.theme.px
    widgets.surface(painter, box)
    inner = box.inset(px(10), px(8))
    widgets.caption(painter, "What they see", inner._replace(h=px(16)))
    room = Box(inner.x, inner.y + px(20), inner.w, inner.h - px(20))
    # Whole multiples: every pixel of the picture is equally large.
    side = min(room.w, room.h) // SIDE * SIDE or min(room.w, room.h)
    place = Box(room.x + (room.w - side) // 2, room.y + (room.h - side) // 2, side, side)
    painter.fill(place.inset(-px(1)), look.LINE)
    if state.picture:
        painter.surface.blit(surface_of(state.picture.pixels, side), place)
    else:
        painter.fill(place, look.PAPER)

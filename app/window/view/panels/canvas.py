"""The paper and the ink on it."""

from __future__ import annotations

from collections.abc import Hashable

import pygame

from app.window.model.state import State
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter


def side(layout: Layout) -> int:
    """The ink's side in pixels: the paper within its edge."""
    return layout.canvas.w - 2 * layout.theme.px(look.HAIR)


def _invites(state: State) -> bool:
    return state.content.empty and state.trace is None


def key(state: State, inked: bool) -> Hashable:
    """What of the canvas changes as a whole; the ink itself changes piece by piece."""
    return _invites(state), inked


def draw(painter: Painter, layout: Layout, state: State, ink: pygame.Surface | None) -> None:
    """The whole sheet."""
    box, px = layout.canvas, painter.theme.px
    painter.fill(box, painter.colours.edge)
    paper = box.inset(px(look.HAIR))
    painter.fill(paper, painter.colours.paper)
    if ink is not None:
        painter.surface.blit(ink, paper)
    if _invites(state):
        _crop_marks(painter, paper)
        _invitation(painter, paper)


def draw_part(painter: Painter, layout: Layout, ink: pygame.Surface, changed: Box) -> Box:
    """Only the ink within `changed`; the box of it on the screen."""
    edge = painter.theme.px(look.HAIR)
    place = changed._replace(x=layout.canvas.x + edge + changed.x, y=layout.canvas.y + edge + changed.y)
    painter.surface.blit(ink, place, changed)
    return place


def _crop_marks(painter: Painter, paper: Box) -> None:
    """The size that a digit has on MNIST's sheets: 20 of 28."""
    px = painter.theme.px
    margin = round(paper.w * 4 / 28)
    arm, thick = px(18), px(1)
    inner = paper.inset(margin)
    colour = painter.colours.edge
    for x in (inner.x, inner.right - thick):
        for y in (inner.y, inner.bottom - thick):
            painter.fill(Box(x if x == inner.x else x - arm + thick, y, arm, thick), colour)
            painter.fill(Box(x, y if y == inner.y else y - arm + thick, thick, arm), colour)


def _invitation(painter: Painter, paper: Box) -> None:
    px = painter.theme.px
    middle = paper.y + paper.h // 2
    painter.text(
        "Draw a digit here",
        Box(paper.x, middle - px(30), paper.w, px(32)),
        *(look.BOLD, look.TITLE, painter.colours.ink),
        "centre",
    )
    words = "Left button draws, right button erases, the wheel changes the pen. Or drop a picture."
    place = Box(paper.x + px(36), middle + px(10), paper.w - px(72), paper.bottom - middle - px(10))
    painter.paragraph(words, place, look.SANS, look.BODY, painter.colours.quiet, "centre")

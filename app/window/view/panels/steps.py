"""The steps of something sent to the chain: a mark for each on a line, with a word below it."""

from __future__ import annotations

from collections.abc import Sequence

from app.window.model.values import StepMark
from app.window.view import theme as look
from app.window.view.layout import Box
from app.window.view.paint import Painter

__all__ = ["draw"]


def draw(
    painter: Painter,
    box: Box,
    labels: Sequence[str],
    steps: Sequence[StepMark],
    spinner: str,
    *,
    caught: bool = False,
) -> None:
    """`spinner`: the icon of a step under way. `caught`: a refusal is what was hoped for."""
    px, colours = painter.theme.px, painter.colours
    column = box.w / len(steps)
    middle = box.y + px(8)
    for number, step in enumerate(steps):
        x = box.x + round(number * column) + px(7)
        if number < len(steps) - 1:
            done = step is StepMark.DONE and steps[number + 1] is not StepMark.WAITING
            line = Box(x + px(10), middle - px(1), round(column) - px(20), px(2))
            painter.fill(line, colours.accent if done else colours.line)
        _mark(painter, (x, middle), step, spinner, caught=caught)
        place = Box(box.x + round(number * column), middle + px(9), round(column) - px(4), px(16))
        quiet = step is StepMark.WAITING
        bad = step is StepMark.FAILED or (step is StepMark.REFUSED and not caught)
        colour = colours.quiet if quiet else colours.alert if bad else colours.ink
        painter.text(labels[number], place, look.SANS, look.CAPTION, colour)


def _mark(painter: Painter, middle: tuple[int, int], step: StepMark, spinner: str, *, caught: bool) -> None:
    """Each state has a shape of its own: ring, turning arc, tick, cross."""
    colours = painter.colours
    if step is StepMark.WAITING:
        painter.disc(middle, 14, colours.edge, 1.5)
    elif step is StepMark.ACTIVE:
        painter.icon(spinner, middle, 16, colours.accent)
    else:
        done = step is StepMark.DONE or (step is StepMark.REFUSED and caught)
        painter.disc(middle, 16, colours.accent if done else colours.alert)
        painter.icon("tick" if step is StepMark.DONE else "cross", middle, 10, colours.paper)

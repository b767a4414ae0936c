"""What lies over the panels without covering them: the brush, the focus ring, a hint, a tooltip."""

from __future__ import annotations

from collections.abc import Hashable

import pygame

from app.window.model import decide, words
from app.window.model.state import State
from app.window.model.tips import Tip, tip
from app.window.model.values import Hint, Hover
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter

_TIP_WIDTH = 340
_ROWS_WIDTH = 440
"""Width of a tooltip's text, and of its rows: a logit may have many digits."""

# --- brush ---


def brush_box(layout: Layout, state: State) -> Box | None:
    """Where the ring that shows the pen's width is; None while it is hidden."""
    if state.pointer is None or state.covered:
        return None
    px = layout.theme.px
    radius = round(state.brush * layout.canvas.w / 2) + px(3)
    x = layout.canvas.x + round(state.pointer[0] * layout.canvas.w)
    y = layout.canvas.y + round(state.pointer[1] * layout.canvas.w)
    return Box(x - radius, y - radius, 2 * radius + 1, 2 * radius + 1)


def draw_brush(painter: Painter, layout: Layout, state: State) -> None:
    """A ring as wide as the pen, light inside dark: visible on paper and on ink."""
    box = brush_box(layout, state)
    if box is None:
        return
    clip = painter.surface.get_clip()
    painter.surface.set_clip(clip.clip(pygame.Rect(layout.canvas)))
    width = state.brush * layout.canvas.w / painter.theme.density
    erasing = state.trace.erase if state.trace is not None else state.eraser
    colours = painter.colours
    painter.disc(box.centre, width + 2, colours.alert if erasing else colours.accent, 1)
    painter.disc(box.centre, width, colours.paper, 1)
    painter.surface.set_clip(clip)


# --- focus ---


def focus_box(layout: Layout, state: State) -> Box | None:
    """Where the ring around what has the keyboard's focus is."""
    focus = state.focus
    if focus is None or state.covered:
        return None
    if focus.name == "row":
        focus = Hover("row", focus.index - state.scroll)
    box = layout.box_of(focus)
    return box.inset(-layout.theme.px(3)) if box else None


def draw_focus(painter: Painter, layout: Layout, state: State) -> None:
    """A ring of two lines, visible on every background."""
    box = focus_box(layout, state)
    if box is not None:
        painter.ring(box, painter.colours.accent, look.RADIUS + 2, 2)


# --- hint of the first run ---


def hint_box(layout: Layout, state: State) -> Box | None:
    """Where the hint is: at the end of the history's strip, which is nearly empty in a first run."""
    shown = decide.hint(state)
    if shown is None:
        return None
    px = layout.theme.px
    where = layout.history
    width = min(px(380), where.right - layout.ledger.right - px(12))
    return Box(where.right - width - px(5), where.y + px(5), width, where.h - px(10))


def draw_hint(painter: Painter, layout: Layout, state: State) -> None:
    """Which of three it is, a heading, a sentence, and a cross that dismisses it."""
    shown, box = decide.hint(state), hint_box(layout, state)
    if shown is None or box is None:
        return
    count, title, sentence = words.HINTS[shown]
    px, colours = painter.theme.px, painter.colours
    painter.framed(box, colours.accent_wash, colours.accent, look.RADIUS)
    inner = box.inset(px(12), px(4))
    line = inner._replace(h=px(20))
    painter.text(title, line, look.BOLD, look.BODY, colours.accent_deep)
    room = line._replace(w=line.w - px(24))
    painter.text(count, room, look.SANS, look.CAPTION, colours.quiet, "right")
    painter.icon("cross", hint_close(layout, box).centre, 10, colours.quiet)
    rest = Box(inner.x, line.bottom, inner.w, inner.bottom - line.bottom)
    painter.paragraph(sentence, rest, look.SANS, look.CAPTION, colours.ink)


def hint_close(layout: Layout, box: Box) -> Box:
    """The cross of a hint."""
    px = layout.theme.px
    return Box(box.right - px(28), box.y + px(1), px(24), px(26))


def hint_key(state: State) -> Hint | None:
    """Which hint is shown."""
    return decide.hint(state)


# --- tooltip ---


def tip_key(state: State) -> Hashable:
    """What the tooltip says."""
    return tip(state)


def tip_box(painter: Painter, layout: Layout, state: State) -> Box | None:
    """Where the tooltip is: beside its target, off the banner, and always within the window."""
    said = tip(state)
    target = layout.box_of(state.hover) if said and state.hover else None
    if said is None or target is None:
        return None
    px = painter.theme.px
    w, h = _tip_size(painter, layout, said)
    x = min(max(px(8), target.x + (target.w - w) // 2), layout.size[0] - w - px(8))
    beside = min(max(px(2), target.y + (target.h - h) // 2), max(px(2), layout.size[1] - h - px(2)))
    places = (
        Box(x, target.y - h - px(6), w, h),
        Box(x, target.bottom + px(6), w, h),
        Box(target.x - w - px(6), beside, w, h),
        Box(target.right + px(6), beside, w, h),
        Box(x, layout.agreement.bottom + px(6), w, h),
    )
    window = Box(0, 0, *layout.size)
    inside = [place for place in places if _within(place, window)]
    free = [place for place in inside if not place.meets(layout.agreement)]
    return next(iter(free or inside), Box(x, px(4), w, h))


def _tip_size(painter: Painter, layout: Layout, said: Tip) -> tuple[int, int]:
    px = painter.theme.px
    most = layout.size[0] - px(40)
    line = painter.line_height(look.SANS, look.CAPTION) + px(2)
    widest = min(px(_TIP_WIDTH), most)
    wide = max(
        [painter.width(said.heading, look.BOLD, look.CAPTION)]
        + [min(widest, painter.width(part, look.SANS, look.CAPTION)) for part in said.text]
        + [
            min(
                px(_ROWS_WIDTH),
                most,
                painter.width(b, look.MONO, look.CAPTION) + px(96 if len(a) > 1 else 28),
            )
            for a, b in said.rows
        ]
    )
    lines = sum(len(painter.lines(part, wide, look.SANS, look.CAPTION)) for part in said.text)
    gaps = px(4) * max(0, len(said.text) - 1)
    lines += len(said.rows) + bool(said.heading)
    return wide + px(24), lines * line + gaps + px(16)


def _within(box: Box, outer: Box) -> bool:
    return box.x >= outer.x and box.y >= outer.y and box.right <= outer.right and box.bottom <= outer.bottom


def draw_tip(painter: Painter, layout: Layout, state: State) -> None:
    """The tooltip, dark on light or light on dark."""
    said, place = tip(state), tip_box(painter, layout, state)
    if said is None or place is None:
        return
    px, colours = painter.theme.px, painter.colours
    painter.rounded(place, colours.ink, look.RADIUS)
    line = painter.line_height(look.SANS, look.CAPTION) + px(2)
    at = Box(place.x + px(12), place.y + px(8), place.w - px(24), line)
    if said.heading:
        painter.text(said.heading, at, look.BOLD, look.CAPTION, colours.paper)
        at = at._replace(y=at.bottom)
    for name, value in said.rows:
        painter.text(name, at, look.SANS, look.CAPTION, colours.paper)
        rest = at._replace(x=at.x + px(24), w=at.w - px(24))
        painter.text(value, rest, look.MONO, look.CAPTION, colours.paper, "right")
        at = at._replace(y=at.bottom)
    for part in said.text:
        for words_ in painter.lines(part, at.w, look.SANS, look.CAPTION):
            painter.text(words_, at, look.SANS, look.CAPTION, colours.paper)
            at = at._replace(y=at.bottom)
        at = at._replace(y=at.y + px(4))

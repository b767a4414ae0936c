"""A judge's panel: name and time, the digit, ten bars, a note. All three have the same anatomy."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import words
from app.window.model.state import Hover, Reading, State, Who
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box
from app.window.view.paint import Painter


def key(state: State, who: Who) -> Hashable:
    """What the panel shows."""
    reading = state.judges[who].reading
    return words.judge_words(state, who), reading.shares if reading else (), state.hover == Hover(who.value)


def draw(painter: Painter, box: Box, state: State, who: Who) -> None:
    """The panel from top to bottom."""
    said = words.judge_words(state, who)
    reading = state.judges[who].reading
    widgets.surface(painter, box)
    px = painter.theme.px
    inner = box.inset(px(14) if box.w >= px(180) else px(10), px(10))
    title = inner._replace(h=px(18))
    painter.text(said.title, title, look.BOLD, look.BODY, look.INK)
    under = Box(inner.x, title.bottom, inner.w, px(16))
    painter.text(said.manner, under, look.SANS, look.CAPTION, look.QUIET)
    note = Box(inner.x, inner.bottom - px(16), inner.w, px(16))
    _note(painter, note, said)
    between = Box(inner.x, under.bottom + px(4), inner.w, note.y - px(6) - under.bottom - px(4))
    bars_h = max(px(58), min(round(between.h * 0.5), px(240)))
    bars = Box(between.x, between.bottom - bars_h, between.w, bars_h)
    _digit(painter, between._replace(h=between.h - bars_h - px(4)), said)
    _bars(painter, bars, reading, faint=said.faint)


def _digit(painter: Painter, box: Box, said: words.JudgeWords) -> None:
    size = next((s for s in reversed(look.DIGITS) if painter.theme.px(s * 1.06) <= box.h), look.DIGITS[0])
    px = painter.theme.px
    # Every digit is as wide as every other, so nothing moves when it changes.
    width = painter.width("0", look.BOLD, size)
    place = box._replace(w=width)
    if not said.digit:
        painter.rounded(
            Box(box.x + px(3), box.y + box.h // 2 - px(1.5), width - px(6), px(3)), look.LINE, 1.5
        )
        return
    time = Box(place.right, box.bottom - px(18), box.right - place.right, px(16))
    painter.text(said.time, time, look.MONO, look.CAPTION, look.QUIET, "right")
    painter.text(said.digit, place, look.BOLD, size, look.BAR if said.faint else look.INK)
    if said.tag:
        wide = painter.width(said.tag, look.SANS, look.CAPTION) + px(16)
        # Beside the digit, half way up, or higher where it would reach down to the time.
        top = min(box.y + (box.h - px(22)) // 2, time.y - px(24))
        tag = Box(min(place.right + px(12), box.right - wide), max(box.y, top), wide, px(22))
        widgets.pill(painter, tag, said.tag, look.ALERT, look.ALERT_WASH)


def _bars(painter: Painter, box: Box, reading: Reading | None, *, faint: bool) -> None:
    px = painter.theme.px
    labels_h = px(16)
    ground = Box(box.x, box.y, box.w, box.h - labels_h)
    pitch = box.w / 10
    gap = max(px(2), min(px(8), round(pitch * 0.28)))
    for digit in range(10):
        left = box.x + round(digit * pitch)
        column = Box(left, ground.y, box.x + round((digit + 1) * pitch) - left - gap, ground.h)
        best = reading is not None and digit == reading.digit
        painter.rounded(column, look.WELL, 2)
        if reading:
            high = max(px(1), round(column.h * reading.shares[digit]))
            bar = column._replace(y=column.bottom - high, h=high)
            painter.rounded(bar, look.BAR if faint or not best else look.ACCENT, 2)
        label = Box(column.x, ground.bottom, column.w, labels_h)
        face, colour = (look.BOLD, look.INK) if best and not faint else (look.SANS, look.QUIET)
        painter.text(str(digit), label, face, look.CAPTION, colour, "centre")


def _note(painter: Painter, box: Box, said: words.JudgeWords) -> None:
    px = painter.theme.px
    colour = widgets.TONES[said.tone]
    if said.icon:
        painter.icon(said.icon, (box.x + px(6), box.y + box.h // 2), 12, colour)
        box = Box(box.x + px(18), box.y, box.w - px(18), box.h)
    painter.text(said.note, box, look.SANS, look.CAPTION, colour)

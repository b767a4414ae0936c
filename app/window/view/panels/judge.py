"""A judge's panel: name and time, the digit, ten bars, a note. All three have the same anatomy."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import decide, words
from app.window.model.state import State
from app.window.model.values import Hover, Reading, Run, Who
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box
from app.window.view.paint import Painter

_FRAMES = 30
"""Pictures a second of a run that is played."""


def key(state: State, who: Who) -> Hashable:
    """What the panel shows."""
    reading = state.judges[who].reading
    played = int(state.clock * _FRAMES) if _plays(state, who) else None
    shares = reading.shares if reading else ()
    return words.judge_words(state, who), shares, state.hover == Hover(who.value), played


def _plays(state: State, who: Who) -> bool:
    return who is Who.SCRIPT and decide.playing(state)


def draw(painter: Painter, box: Box, state: State, who: Who) -> None:
    """The panel from top to bottom."""
    said = words.judge_words(state, who)
    reading = state.judges[who].reading
    widgets.surface(painter, box)
    px = painter.theme.px
    inner = box.inset(px(14) if box.w >= px(180) else px(10), px(10))
    title = inner._replace(h=px(18))
    painter.text(said.title, title, look.BOLD, look.BODY, painter.colours.ink)
    under = Box(inner.x, title.bottom, inner.w, px(16))
    painter.text(said.machine, under, look.SANS, look.CAPTION, painter.colours.quiet)
    note = Box(inner.x, inner.bottom - px(16), inner.w, px(16))
    _note(painter, note, said)
    between = Box(inner.x, under.bottom + px(4), inner.w, note.y - px(6) - under.bottom - px(4))
    if _plays(state, who) and state.run is not None:
        _run(painter, between, state.run, state.clock)
        return
    bars_h = max(px(58), min(round(between.h * 0.5), px(240)))
    bars = Box(between.x, between.bottom - bars_h, between.w, bars_h)
    _digit(painter, between._replace(h=between.h - bars_h - px(4)), said)
    _bars(painter, bars, reading, faint=said.faint)


def _digit(painter: Painter, box: Box, said: words.JudgeWords) -> None:
    size = next((s for s in reversed(look.DIGITS) if painter.theme.px(s * 1.06) <= box.h), look.DIGITS[0])
    px, colours = painter.theme.px, painter.colours
    # Every digit is as wide as every other, so nothing moves when it changes.
    width = painter.width("0", look.BOLD, size)
    place = box._replace(w=width)
    if not said.digit:
        dash = Box(box.x + px(3), box.y + box.h // 2 - px(1.5), width - px(6), px(3))
        painter.rounded(dash, colours.line, 1.5)
        return
    time = Box(place.right, box.bottom - px(18), box.right - place.right, px(16))
    painter.text(said.time, time, look.MONO, look.CAPTION, colours.quiet, "right")
    painter.text(said.digit, place, look.BOLD, size, colours.bar if said.faint else colours.ink)
    if said.tag:
        wide = painter.width(said.tag, look.SANS, look.CAPTION) + px(16)
        # Beside the digit, half way up, or higher where it would reach down to the time.
        top = min(box.y + (box.h - px(22)) // 2, time.y - px(24))
        tag = Box(min(place.right + px(12), box.right - wide), max(box.y, top), wide, px(22))
        widgets.pill(painter, tag, said.tag, colours.quiet, colours.well)


def _bars(painter: Painter, box: Box, reading: Reading | None, *, faint: bool) -> None:
    px, colours = painter.theme.px, painter.colours
    labels_h = px(16)
    ground = Box(box.x, box.y, box.w, box.h - labels_h)
    pitch = box.w / 10
    gap = max(px(2), min(px(8), round(pitch * 0.28)))
    for digit in range(10):
        left = box.x + round(digit * pitch)
        column = Box(left, ground.y, box.x + round((digit + 1) * pitch) - left - gap, ground.h)
        best = reading is not None and digit == reading.digit
        painter.rounded(column, colours.well, 2)
        if reading:
            high = max(px(1), round(column.h * reading.shares[digit]))
            bar = column._replace(y=column.bottom - high, h=high)
            painter.rounded(bar, colours.bar if faint or not best else colours.accent, 2)
        label = Box(column.x, ground.bottom, column.w, labels_h)
        face, colour = (look.BOLD, colours.ink) if best and not faint else (look.SANS, colours.quiet)
        painter.text(str(digit), label, face, look.CAPTION, colour, "centre")


def _note(painter: Painter, box: Box, said: words.JudgeWords) -> None:
    px = painter.theme.px
    colour = widgets.tone(painter, said.tone)
    if said.icon:
        painter.icon(said.icon, (box.x + px(6), box.y + box.h // 2), 12, colour)
        box = Box(box.x + px(18), box.y, box.w - px(18), box.h)
    painter.text(said.note, box, look.SANS, look.CAPTION, colour)


# --- the run of the Script, while it is played ---


def _run(painter: Painter, box: Box, run: Run, clock: float) -> None:
    """How far the run has come, its counts, and the lanes of the long number that it computes."""
    px, colours = painter.theme.px, painter.colours
    share = min(1.0, (clock - run.began) / (decide.RUN_SECONDS * 0.85))
    sample = run.samples[min(len(run.samples) - 1, int(share * len(run.samples)))]
    rows = (
        ("opcodes", f"{sample.opcodes:,}"),
        ("bytes", f"{sample.code:,}"),
        ("times", f"{sample.multiplications:,}"),
    )
    line = px(16)
    for number, (name, value) in enumerate(rows):
        place = Box(box.x, box.y + number * line, box.w, line)
        painter.text(name, place, look.SANS, look.CAPTION, colours.quiet)
        painter.text(value, place, look.MONO, look.CAPTION, colours.ink, "right")
    track = Box(box.x, box.y + 3 * line + px(4), box.w, px(4))
    painter.rounded(track, colours.well, 2)
    done = max(1, round(track.w * sample.code / max(1, run.total)))
    painter.rounded(track._replace(w=done), colours.accent, 2)
    last = Box(box.x, box.bottom - px(18), box.w, px(18))
    lanes = Box(box.x, track.bottom + px(6), box.w, last.y - track.bottom - px(10))
    _lanes(painter, lanes, sample.lanes)
    if share >= 1.0:
        full, short = words.comparison(run)
        fits = painter.width(full, look.BOLD, look.CAPTION) <= last.w
        painter.text(full if fits else short, last, look.BOLD, look.CAPTION, colours.accent)
    else:
        painter.text("one number, many lanes", last, look.SANS, look.CAPTION, colours.quiet)


def _lanes(painter: Painter, box: Box, lanes: bytes) -> None:
    """A column for each lane, as high as its value."""
    colours = painter.colours
    painter.fill(box, colours.well)
    if not lanes:
        return
    pitch = box.w / len(lanes)
    for number, value in enumerate(lanes):
        left = box.x + round(number * pitch)
        wide = max(1, box.x + round((number + 1) * pitch) - left - (1 if pitch >= 3 else 0))
        high = max(1, round(box.h * value / 255))
        painter.fill(Box(left, box.bottom - high, wide, high), colours.accent)

"""What lies over the panels: the brush, a tooltip, the list of keys, the wallet's card, a question."""

from __future__ import annotations

from collections.abc import Hashable

import pygame

from app.window.model import cards, words
from app.window.model.state import Card, Hover, Reading, State, Who
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels import models, wallet

_TIP_WIDTH = 340
_DELAY = 0.35
"""Seconds the pointer has to stay before a tooltip comes: passing over things shows none."""


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
    erasing = state.trace is not None and state.trace.erase
    painter.disc(box.centre, width + 2, look.ALERT if erasing else look.ACCENT, 1)
    painter.disc(box.centre, width, look.PAPER, 1)
    painter.surface.set_clip(clip)


# --- what lies over everything else ---


def key(state: State) -> Hashable:
    """What the overlay shows."""
    if state.covered:
        shown = wallet.key(state) if state.card is Card.WALLET else models.key(state)
        return state.card, state.question, shown
    return _tip(state)


def box(painter: Painter, layout: Layout, state: State) -> Box | None:
    """Where the overlay is."""
    if state.covered:
        return Box(0, 0, *layout.size)
    tip = _tip(state)
    target = layout.box_of(state.hover) if tip and state.hover else None
    return _tip_box(painter, layout, tip, target) if tip and target else None


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """The overlay."""
    if state.covered:
        _scrim(painter, layout)
    if state.question:
        _question(painter, layout, state)
    elif state.card is Card.HELP:
        _help(painter, layout)
    elif state.card is Card.WALLET:
        wallet.draw(painter, layout, state)
    elif state.card is Card.MODELS:
        models.draw(painter, layout, state)
    elif (tip := _tip(state)) and (place := box(painter, layout, state)):
        _draw_tip(painter, place, tip)


Tip = tuple[str, tuple[tuple[str, str], ...], str]
"""A heading, rows of two columns, and a paragraph."""


def _tip(state: State) -> Tip | None:
    """What there is to say about what the pointer is on."""
    hover = state.hover
    if hover is None or state.trace is not None or state.clock - state.hovered < _DELAY:
        return None
    if hover.name in (Who.FLOAT.value, Who.FIXED.value, Who.SCRIPT.value):
        return _judge_tip(state, Who(hover.name))
    if hover.name == "row":
        return _row_tip(state, hover)
    submission = words.shown_submission(state)
    if hover.name == "txid" and submission and submission.txid:
        does = "Click to open it in the explorer." if state.chain.explorer else "Click to copy it."
        return "Transaction", (), f"{submission.txid}  {does}"
    if hover.name == "stages" and submission and submission.reason:
        return "The node's own words", (), submission.reason
    if hover.name == "status" and state.notice:
        return state.notice.what, (), f"{state.notice.why} {state.notice.hint}".strip()
    if hover.name == "model":
        return "", (), "Click to choose the model that reads."
    if hover.name == "wallet":
        return "", (), "Click for the wallet's address."
    if hover.name == "auto":
        return "", (), "Submit by itself whenever the pen rests."
    if hover.name == "claim" and hover.index == 0:
        return "", (), "Claim what the integer engine reads."
    if hover.name == "claim":
        return "", (), f"Claim a {hover.index - 1}, whatever is drawn: the node will judge."
    return None


def _judge_tip(state: State, who: Who) -> Tip | None:
    judge = state.judges[who]
    reading: Reading | None = judge.reading
    if reading is None:
        return (words.NAMES[who], (), judge.note) if judge.note else None
    if reading.logits:
        rows = tuple((str(d), f"{logit:,}") for d, logit in enumerate(reading.logits))
        return "Logits, exact integers", rows, ""
    rows = tuple((str(d), f"{share:.4%}") for d, share in enumerate(reading.shares))
    return "Probabilities", rows, ""


def _row_tip(state: State, hover: Hover) -> Tip | None:
    index = state.scroll + hover.index
    if index >= len(state.history):
        return None
    row = state.history[index]
    rows = [("claimed", str(row.claim)), ("engine read", str(row.digit)), ("state", row.mark.value)]
    if row.block is not None:
        rows.append(("block", f"{row.block:,}"))
    rows += [("read by", row.model), ("chain", row.network), ("when", row.when)]
    text = f"{row.reason}. " if row.reason else ""
    return "Click to bring the drawing back", tuple(r for r in rows if r[1]), f"{text}{row.txid}"


def _tip_box(painter: Painter, layout: Layout, tip: Tip, target: Box) -> Box:
    """Above its target, or below where there is no room; always within the window."""
    px = painter.theme.px
    heading, rows, text = tip
    line = painter.line_height(look.SANS, look.CAPTION) + px(2)
    widest = min(px(_TIP_WIDTH), layout.size[0] - px(16)) - px(24)
    wide = max(
        [
            painter.width(heading, look.BOLD, look.CAPTION),
            min(widest, painter.width(text, look.SANS, look.CAPTION)),
        ]
        + [painter.width(b, look.MONO, look.CAPTION) + px(96 if len(a) > 1 else 28) for a, b in rows]
    )
    wide = min(wide, widest)
    lines = len(painter.lines(text, wide, look.SANS, look.CAPTION)) + len(rows) + bool(heading)
    size = wide + px(24), lines * line + px(16)
    x = min(max(px(8), target.x + (target.w - size[0]) // 2), layout.size[0] - size[0] - px(8))
    above = target.y - size[1] - px(6)
    y = above if above >= px(4) else min(target.bottom + px(6), layout.size[1] - size[1] - px(4))
    return Box(x, max(px(4), y), *size)


def _draw_tip(painter: Painter, place: Box, tip: Tip) -> None:
    px = painter.theme.px
    heading, rows, text = tip
    painter.rounded(place, look.INK, look.RADIUS)
    line = painter.line_height(look.SANS, look.CAPTION) + px(2)
    at = Box(place.x + px(12), place.y + px(8), place.w - px(24), line)
    if heading:
        painter.text(heading, at, look.BOLD, look.CAPTION, look.PAPER)
        at = at._replace(y=at.bottom)
    for name, value in rows:
        painter.text(name, at, look.SANS, look.CAPTION, look.PAPER)
        painter.text(value, at, look.MONO, look.CAPTION, look.PAPER, "right")
        at = at._replace(y=at.bottom)
    for words_ in painter.lines(text, at.w, look.SANS, look.CAPTION):
        painter.text(words_, at, look.SANS, look.CAPTION, look.PAPER)
        at = at._replace(y=at.bottom)


def _scrim(painter: Painter, layout: Layout) -> None:
    veil = pygame.Surface(layout.size, pygame.SRCALPHA)
    veil.fill((*look.INK, 150))
    painter.surface.blit(veil, (0, 0))


def _card(painter: Painter, layout: Layout, width: float, height: float) -> Box:
    px = painter.theme.px
    w, h = min(px(width), layout.size[0] - px(32)), min(px(height), layout.size[1] - px(32))
    card = Box((layout.size[0] - w) // 2, (layout.size[1] - h) // 2, w, h)
    painter.framed(card, look.PANEL, look.LINE, 10)
    return card.inset(px(28), px(22))


def _help(painter: Painter, layout: Layout) -> None:
    px = painter.theme.px
    row = 26
    inner = _card(painter, layout, 560, 44 + 46 + row * len(cards.KEYS))
    painter.text("Keys and buttons", inner._replace(h=px(30)), look.BOLD, look.TITLE, look.INK)
    top = inner.y + px(44)
    for keys, what in cards.KEYS:
        line = Box(inner.x, top, inner.w, px(row))
        painter.text(keys, line._replace(w=px(190)), look.MONO, look.BODY, look.INK)
        rest = Box(inner.x + px(206), top, inner.w - px(206), px(row))
        painter.text(what, rest, look.SANS, look.BODY, look.QUIET)
        painter.fill(Box(inner.x, top, inner.w, px(1)), look.LINE)
        top += px(row)


def _question(painter: Painter, layout: Layout, state: State) -> None:
    assert state.question is not None
    px = painter.theme.px
    inner = _card(painter, layout, 520, 180)
    painter.text("Spend real coins?", inner._replace(h=px(30)), look.BOLD, look.TITLE, look.INK)
    text = f"{state.question.satoshis:,} satoshis, to {state.question.purpose}. They cannot be taken back."
    rest = Box(inner.x, inner.y + px(42), inner.w, px(44))
    painter.paragraph(text, rest, look.SANS, look.BODY, look.INK)
    line = Box(inner.x, inner.bottom - px(26), inner.w, px(26))
    painter.text("Y: spend them      N, Esc: do not", line, look.MONO, look.BODY, look.INK)

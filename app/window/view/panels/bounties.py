"""The bounties that are known: what each pays for, whether the drawing earns it, and claiming one."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model import bounties, bounty_words, words
from app.window.model.bounties import Deal
from app.window.model.bounty_values import BountyMark, BountyRow
from app.window.model.state import State
from app.window.model.values import Hover, StepMark
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels import steps
from app.window.view.panels.sheet import centred, heading, visible

_ROW, _HEAD, _FOOT = 58, 60, 186


def card(layout: Layout, state: State) -> Box:
    """As high as the list, if the window is."""
    return centred(layout, 680, _HEAD + max(2, len(_rows(state))) * _ROW + (_FOOT if _rows(state) else 44))


def _rows(state: State) -> tuple[BountyRow, ...]:
    return state.bounties.rows if state.bounties else ()


def places(layout: Layout, state: State) -> dict[int, Box]:
    """The rows that are shown, by their place in the list."""
    box, px, listed = card(layout, state), layout.theme.px, _rows(state)
    if not listed:
        return {}
    room = (box.h - px(_HEAD) - px(_FOOT)) // px(_ROW)
    shown = visible(len(listed), room, state.bounty)
    return {
        index: Box(box.x + px(16), box.y + px(_HEAD) + number * px(_ROW), box.w - px(32), px(_ROW))
        for number, index in enumerate(shown)
    }


def _button(layout: Layout, state: State) -> Box:
    box, px = card(layout, state), layout.theme.px
    return Box(box.x + px(28), box.bottom - px(82), box.w - px(56), px(38))


def targets(layout: Layout, state: State) -> dict[Hover, Box]:
    """Rows, and the button."""
    found = {Hover("bounty", index): box for index, box in places(layout, state).items()}
    return found | ({Hover("earn"): _button(layout, state)} if found else {})


def key(state: State) -> Hashable:
    """What the card shows."""
    turning = words.spinner(state) if bounties.moving(state) else ""
    shown = state.bounties, state.bounty, bounties.deal(state), bounties.shown_claim(state), turning
    return shown, bounty_words.foot(state), bounty_words.empty(state), state.hover, state.pressed


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """A heading, the rows; beneath them what claiming the chosen one takes, its steps and the button."""
    box, px, colours = card(layout, state), painter.theme.px, painter.colours
    inner = Box(box.x + px(28), box.y + px(18), box.w - px(56), px(30))
    heading(painter, "Bounties", inner._replace(w=inner.w - px(30)))
    shown = places(layout, state)
    foot = inner._replace(y=box.bottom - px(36), h=px(24))
    if not shown:
        place = inner._replace(y=inner.bottom + px(12), h=foot.y - inner.bottom - px(12))
        high = painter.paragraph(bounty_words.empty(state), place, look.SANS, look.BODY, colours.quiet)
        if state.bounties is not None:
            command = place._replace(y=place.y + high + px(6), h=px(20))
            painter.text(bounty_words.POST, command, look.MONO, look.CAPTION, colours.ink)
    for index, place in shown.items():
        _row(painter, place, state, _rows(state)[index], pointed=index == state.bounty)
    if shown:
        _claim(painter, layout, state, Box(inner.x, max(p.bottom for p in shown.values()), inner.w, px(92)))
    bad = state.notice is not None and state.notice.error
    painter.text(
        bounty_words.foot(state), foot, look.SANS, look.CAPTION, colours.alert if bad else colours.quiet
    )


def _row(painter: Painter, box: Box, state: State, row: BountyRow, *, pointed: bool) -> None:
    px, colours = painter.theme.px, painter.colours
    if pointed:
        painter.rounded(box, colours.accent_wash, look.RADIUS)
    side = box.h - px(16)
    tile = Box(box.x + px(10), box.y + px(8), side, side)
    live = row.mark in (BountyMark.OPEN, BountyMark.OURS)
    painter.framed(tile, colours.paper, colours.edge if live else colours.line, look.RADIUS)
    painter.text(
        f"{row.digit}", tile, look.BOLD, look.TITLE, colours.ink if live else colours.quiet, "centre"
    )
    left = tile.right + px(14)
    line = Box(left, box.y + px(9), box.right - left - px(12), px(20))
    reads = bounty_words.reads(state, row)
    earns = bounties.would_earn(state, row) is True
    if reads:
        width = painter.width(reads, look.SANS, look.CAPTION)
        colour = colours.accent if earns else colours.quiet
        painter.text(reads, line, look.SANS, look.CAPTION, colour, "right")
        if earns:
            painter.icon("tick", (line.right - width - px(10), line.y + line.h // 2), 12, colours.accent)
        line = line._replace(w=line.w - width - px(24))
    painter.text(bounty_words.title(row), line, look.BOLD, look.BODY, colours.ink if live else colours.quiet)
    under = Box(left, box.y + px(30), box.right - left - px(12), px(18))
    painter.text(bounty_words.terms(row), under, look.SANS, look.CAPTION, colours.quiet)


def _claim(painter: Painter, layout: Layout, state: State, box: Box) -> None:
    """What it costs, or how far it has come; and the button."""
    px, colours = painter.theme.px, painter.colours
    claim, top = bounties.shown_claim(state), box.y + px(10)
    if claim is not None:
        line = box._replace(y=top, h=px(36))
        steps.draw(painter, line, bounty_words.STEPS, claim.steps, words.spinner(state))
        top += px(42)
    failed = claim is not None and StepMark.FAILED in claim.steps
    button = _button(layout, state)
    text = Box(box.x, top, box.w, button.y - px(8) - top)
    colour = colours.alert if failed else colours.quiet
    painter.paragraph(bounty_words.detail(state), text, look.SANS, look.CAPTION, colour)
    deal, hover = bounties.deal(state), state.hover == Hover("earn")
    enabled, down = deal in (Deal.CLAIM, Deal.REVEAL), state.pressed == Hover("earn")
    label = bounty_words.button(state)
    widgets.primary(painter, button, label, "Enter", enabled=enabled, hover=hover, down=down)

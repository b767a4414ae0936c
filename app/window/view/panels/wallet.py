"""The wallet's card: where coins are sent to, and what there is of them."""

from __future__ import annotations

import functools
from collections.abc import Hashable
from dataclasses import dataclass

from app.window.model import cards
from app.window.model.state import State
from app.window.model.values import Hover
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels.sheet import centred, heading

_LEAST = 3
"""Pixels of a module below which cameras have trouble; such a code is left out."""


@dataclass(frozen=True)
class Places:
    """The card, the code on it, and the address."""

    card: Box
    code: Box
    address: Box


def places(layout: Layout) -> Places:
    """Code and address side by side; one above the other in a narrow window."""
    px = layout.theme.px
    inset, code = px(28), px(226)
    if layout.size[0] >= px(700):
        card = centred(layout, 672, 282)
        square = Box(card.x + inset, card.y + inset, code, code)
        left = square.right + inset
        return Places(card, square, Box(left, card.y + inset + px(94), card.right - inset - left, px(44)))
    card = centred(layout, 440, 520)
    square = Box(card.x + (card.w - code) // 2, card.y + px(140), code, code)
    return Places(card, square, Box(card.x + inset, square.bottom + px(12), card.w - 2 * inset, px(44)))


def targets(layout: Layout, state: State) -> dict[Hover, Box]:
    """The address can be pressed."""
    return {Hover("address"): places(layout).address} if state.chain.address else {}


def key(state: State) -> Hashable:
    """What the card shows."""
    chain = state.chain
    copied = cards.address_copied(state)
    return chain.address, chain.network, chain.balance, chain.phase, copied, state.hover == Hover("address")


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """The code, the facts, the address, and what to do with it."""
    at, px, colours = places(layout), painter.theme.px, painter.colours
    # Cameras want dark modules on light ground, whatever the theme.
    painter.framed(at.code, look.LIGHT.paper, colours.line, 2)
    if state.chain.address:
        _code(painter, at.code.inset(px(look.HAIR)), state.chain.address)
    else:
        painter.icon("wait", at.code.centre, 28, look.LIGHT.edge)
    beside = at.address.x > at.code.right
    left = at.address.x
    line = Box(left, (at.code.y if beside else at.card.y + px(24)), at.address.w, px(30))
    heading(painter, "Wallet", line)
    top = line.bottom + px(8)
    for name, value in cards.wallet_facts(state):
        row = Box(left, top, line.w, px(22))
        painter.text(name, row, look.SANS, look.BODY, colours.quiet)
        rest = row._replace(x=left + px(72), w=row.w - px(72))
        painter.text(value, rest, look.SANS, look.BODY, colours.ink)
        top = row.bottom
    top = at.address.y
    if state.chain.address:
        _address(painter, at.address, state)
        top = at.address.bottom + px(10)
    advice = Box(left, top, line.w, (at.code if beside else at.card).bottom - top)
    painter.paragraph(cards.wallet_advice(state), advice, look.SANS, look.BODY, colours.ink)


def _address(painter: Painter, box: Box, state: State) -> None:
    px, colours = painter.theme.px, painter.colours
    copied, hover = cards.address_copied(state), state.hover == Hover("address")
    colour = colours.accent if hover or copied else colours.ink
    line = Box(box.x, box.y, box.w, px(24))
    painter.icon("tick" if copied else "copy", (line.x + px(7), line.y + line.h // 2), 14, colour)
    place = line._replace(x=line.x + px(22), w=line.w - px(22))
    painter.text(state.chain.address, place, look.MONO, look.BODY, colour)
    below = Box(place.x, line.bottom, place.w, box.bottom - line.bottom)
    said = "The address is on the clipboard." if copied else "Click to copy it."
    painter.text(said, below, look.SANS, look.CAPTION, colours.accent if copied else colours.quiet)


def _code(painter: Painter, box: Box, text: str) -> None:
    """Whole pixels for every module: an edge between two would blur it."""
    modules = _modules(text)
    module = box.w // len(modules)
    if module < _LEAST:
        return
    start = (box.w - module * len(modules)) // 2
    for row, line in enumerate(modules):
        for column, dark in enumerate(line):
            if dark:
                at = Box(box.x + start + column * module, box.y + start + row * module, module, module)
                painter.fill(at, look.LIGHT.ink)


@functools.lru_cache(maxsize=4)
def _modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """The code, row by row, its quiet zone around it; True is dark."""
    from app.chain.wallet.qr import QUIET_ZONE, qr_code

    code = qr_code(text)
    return tuple(tuple(map(bool, row)) for row in code.matrix_iter(border=QUIET_ZONE))

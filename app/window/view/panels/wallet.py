"""The wallet's card, over everything else: where coins are sent to, and what there is of them."""

from __future__ import annotations

import functools
from collections.abc import Hashable

from app.window.model import cards
from app.window.model.state import Hover, State
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter

_LEAST = 3
"""Pixels of a module below which cameras have trouble; such a code is left out."""


def key(state: State) -> Hashable:
    """What the card shows."""
    chain = state.chain
    copied = cards.address_copied(state)
    return chain.address, chain.network, chain.balance, chain.phase, copied, state.hover == Hover("address")


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """The code on the left, the words on the right."""
    card, code, px = layout.card, layout.code, painter.theme.px
    painter.framed(card, look.PANEL, look.LINE, 10)
    painter.framed(code, look.PAPER, look.LINE, 2)
    if state.chain.address:
        _code(painter, code.inset(px(look.HAIR)), state.chain.address)
    else:
        painter.icon("wait", code.centre, 28, look.EDGE)
    left = layout.address.x
    line = Box(left, code.y, layout.address.w, px(30))
    painter.text("Wallet", line, look.BOLD, look.TITLE, look.INK)
    top = line.bottom + px(8)
    for name, value in cards.wallet_facts(state):
        row = Box(left, top, line.w, px(22))
        painter.text(name, row, look.SANS, look.BODY, look.QUIET)
        painter.text(value, row._replace(x=left + px(72), w=row.w - px(72)), look.SANS, look.BODY, look.INK)
        top = row.bottom
    top = layout.address.y
    if state.chain.address:
        _address(painter, layout.address, state)
        top = layout.address.bottom + px(10)
    advice = Box(left, top, line.w, code.bottom - top)
    painter.paragraph(cards.wallet_advice(state), advice, look.SANS, look.BODY, look.INK)


def _address(painter: Painter, box: Box, state: State) -> None:
    px = painter.theme.px
    copied, hover = cards.address_copied(state), state.hover == Hover("address")
    colour = look.ACCENT if hover or copied else look.INK
    line = Box(box.x, box.y, box.w, px(24))
    painter.icon("tick" if copied else "copy", (line.x + px(7), line.y + line.h // 2), 14, colour)
    place = line._replace(x=line.x + px(22), w=line.w - px(22))
    painter.text(state.chain.address, place, look.MONO, look.BODY, colour)
    below = Box(place.x, line.bottom, place.w, box.bottom - line.bottom)
    hint = cards.COPIED if copied else "Click to copy it."
    painter.text(hint, below, look.SANS, look.CAPTION, look.ACCENT if copied else look.QUIET)


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
                painter.fill(at, look.INK)


@functools.lru_cache(maxsize=4)
def _modules(text: str) -> tuple[tuple[bool, ...], ...]:
    """The code, row by row, its quiet zone around it; True is dark."""
    from app.chain.wallet.qr import QUIET_ZONE, qr_code

    code = qr_code(text)
    return tuple(tuple(map(bool, row)) for row in code.matrix_iter(border=QUIET_ZONE))

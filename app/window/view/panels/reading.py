"""Cards to read: the help's three pages, the details of a verdict, a check, a path that is asked for."""

from __future__ import annotations

from app.window.model import cards
from app.window.model.state import State
from app.window.model.values import Card, Hover
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels.sheet import centred, heading

_KEY_ROW = 26
_PAGES = tuple(card for card, _ in cards.PAGES)


def card(layout: Layout, state: State) -> Box:
    """As large as what is to be read."""
    if state.card in _PAGES:
        return centred(layout, 620, 64 + 44 + _KEY_ROW * len(cards.KEYS))
    if state.card is Card.PATH:
        return centred(layout, 560, 170)
    rows = len(cards.details(state)) if state.card is Card.DETAILS else _check_rows(state)
    return centred(layout, 648, 130 + 30 * max(2, rows))


def _check_rows(state: State) -> int:
    return len(state.check.rows) if state.check else 0


def pages(layout: Layout, state: State) -> dict[Hover, Box]:
    """The three names at the help's top."""
    if state.card not in _PAGES:
        return {}
    box, px = card(layout, state), layout.theme.px
    wide = (box.w - px(28) - px(52)) // len(cards.PAGES)
    return {
        Hover("page", i): Box(box.x + px(28) + i * wide, box.y + px(14), wide, px(32))
        for i in range(len(cards.PAGES))
    }


def targets(layout: Layout, state: State) -> dict[Hover, Box]:
    """The pages can be turned, a txid can be copied."""
    found = pages(layout, state)
    if state.card is Card.DETAILS:
        box, px = card(layout, state), layout.theme.px
        copy = Box(box.x + px(28), box.bottom - px(46), px(110), px(32))
        found |= {Hover("copy"): copy, Hover("proof"): copy._replace(x=copy.right + px(8))}
    return found


def key(state: State) -> object:
    """What the card shows."""
    return state.hover, cards.details(state) if state.card is Card.DETAILS else state.check, state.typed


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """Whichever card is open."""
    box, px = card(layout, state), painter.theme.px
    if state.card in _PAGES:
        _help(painter, layout, box, state)
        return
    inner = box.inset(px(28), px(20))
    title = inner._replace(h=px(30), w=inner.w - px(40))
    if state.card is Card.PATH:
        heading(painter, "Open a picture", title)
        _path(painter, inner._replace(y=title.bottom + px(12)), state)
    elif state.card is Card.DETAILS:
        heading(painter, "Details", title)
        _rows(
            painter,
            inner._replace(y=title.bottom + px(8), h=inner.bottom - title.bottom - px(40)),
            cards.details(state),
        )
        for name, icon, label in (("copy", "copy", "Copy txid"), ("proof", "share", "Proof file")):
            place, hover = targets(layout, state)[Hover(name)], state.hover == Hover(name)
            widgets.ghost(painter, place, icon, label, enabled=True, hover=hover, down=False)
    else:
        heading(painter, "Check again", title)
        _check(painter, inner._replace(y=title.bottom + px(8), h=inner.bottom - title.bottom), state)


def _help(painter: Painter, layout: Layout, box: Box, state: State) -> None:
    px = painter.theme.px
    for (hover, place), (page, names) in zip(pages(layout, state).items(), cards.PAGES, strict=True):
        room = place.w - px(8)
        name = next((name for name in names if painter.width(name, look.BOLD, look.BODY) <= room), names[-1])
        painter.text(
            name,
            place,
            look.BOLD if page is state.card else look.SANS,
            look.LARGE if painter.width(name, look.BOLD, look.LARGE) <= place.w - px(8) else look.BODY,
            painter.colours.ink if page is state.card or state.hover == hover else painter.colours.quiet,
            "centre",
        )
        line = Box(place.x, place.bottom, place.w, px(2))
        painter.fill(line, painter.colours.accent if page is state.card else painter.colours.line)
    inner = Box(box.x + px(28), box.y + px(62), box.w - px(56), box.h - px(62) - px(20))
    if state.card is Card.HELP:
        _keys(painter, inner)
    elif state.card is Card.WORDS:
        _pairs(painter, inner, cards.GLOSSARY, across=True)
    else:
        _pairs(painter, inner, cards.MEANING, across=False)


def _keys(painter: Painter, box: Box) -> None:
    px, colours = painter.theme.px, painter.colours
    step = min(px(_KEY_ROW), box.h // len(cards.KEYS))
    for number, (keys, what) in enumerate(cards.KEYS):
        line = Box(box.x, box.y + number * step, box.w, step)
        if number:
            painter.fill(line._replace(h=px(1)), colours.line)
        left = round(box.w * 0.4)
        painter.text(keys, line._replace(w=left), look.MONO, look.CAPTION, colours.ink)
        rest = line._replace(x=line.x + left + px(12), w=line.w - left - px(12))
        painter.text(what, rest, look.SANS, look.BODY, colours.quiet)


def _pairs(painter: Painter, box: Box, pairs: tuple[tuple[str, str], ...], *, across: bool) -> None:
    """Words and what they mean: side by side, or a heading over each paragraph."""
    px, colours = painter.theme.px, painter.colours
    line = painter.line_height(look.SANS, look.BODY)
    top = box.y + px(8)
    for word, meaning in pairs:
        left = px(128) if across else 0
        painter.text(word, Box(box.x, top, box.w, line), look.BOLD, look.BODY, colours.ink)
        start = top if across else top + line + px(2)
        rest = Box(box.x + left, start, box.w - left, max(line, box.bottom - start))
        high = painter.paragraph(meaning, rest, look.SANS, look.BODY, colours.quiet)
        top = start + high + px(7 if across else 18)


def _rows(painter: Painter, box: Box, rows: tuple[tuple[str, str], ...]) -> int:
    """Facts and values; a long value takes more lines. The height."""
    px, colours = painter.theme.px, painter.colours
    top, left = box.y, px(124)
    for name, value in rows:
        long = len(value) >= 40 and " " not in value
        face, size = (look.MONO, look.CAPTION) if long else (look.SANS, look.BODY)
        place = Box(box.x + left, top, box.w - left, max(px(20), box.bottom - top))
        painter.text(name, Box(box.x, top, left, px(20)), look.SANS, look.BODY, colours.quiet)
        high = painter.paragraph(value, place, face, size, colours.ink)
        top += max(px(20), high) + px(5)
    return top - box.y


def _check(painter: Painter, box: Box, state: State) -> None:
    px, colours, check = painter.theme.px, painter.colours, state.check
    line = Box(box.x, box.y, box.w, px(40))
    good = check is not None and check.accepted
    bad = check is not None and not check.running and not good
    icon = "tick" if good else "cross" if bad else "wait"
    colour = colours.accent if good else colours.alert if bad else colours.quiet
    painter.icon(icon, (line.x + px(8), line.y + px(10)), 15, colour)
    place = line._replace(x=line.x + px(24), w=line.w - px(24))
    painter.paragraph(cards.check_result(state), place, look.BOLD, look.BODY, colour)
    if check is not None:
        _rows(painter, box._replace(y=line.bottom + px(4), h=box.bottom - line.bottom - px(4)), check.rows)


def _path(painter: Painter, box: Box, state: State) -> None:
    px, colours = painter.theme.px, painter.colours
    field = box._replace(h=px(36))
    painter.framed(field, colours.paper, colours.edge, look.RADIUS)
    inner = field.inset(px(10), 0)
    shown = state.typed
    while shown and painter.width(shown, look.MONO, look.CAPTION) > inner.w - px(4):
        shown = shown[1:]
    width = painter.text(shown, inner, look.MONO, look.CAPTION, colours.ink)
    caret = Box(inner.x + width + px(1), inner.y + px(9), px(1.5), inner.h - px(18))
    painter.fill(caret, colours.accent)
    below = Box(box.x, field.bottom + px(10), box.w, px(36))
    painter.paragraph(cards.PATH_HINT, below, look.SANS, look.CAPTION, colours.quiet)

"""The list of models, over everything else: which one reads, and what the others are."""

from __future__ import annotations

from collections.abc import Hashable

from app import models
from app.window.model import cards
from app.window.model.state import State
from app.window.view import theme as look
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter


def key(state: State) -> Hashable:
    """What the list shows."""
    return state.model, state.highlighted


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """A heading, a row for each model, and what choosing one does."""
    card, px = layout.model_list, painter.theme.px
    painter.framed(card, look.PANEL, look.LINE, 10)
    head = Box(card.x + px(28), card.y + px(20), card.w - px(56), px(30))
    painter.text("Which model reads?", head, look.BOLD, look.TITLE, look.INK)
    for index, (model, box) in enumerate(zip(models.MODELS.values(), layout.choices, strict=True)):
        _row(painter, box, model, chosen=model.name == state.model, pointed=index == state.highlighted)
    last = layout.choices[-1].bottom
    foot = Box(head.x, last, head.w, card.bottom - last)
    painter.text(cards.MODELS_HINT, foot, look.SANS, look.CAPTION, look.QUIET)


def _row(painter: Painter, box: Box, model: models.Model, *, chosen: bool, pointed: bool) -> None:
    px = painter.theme.px
    if pointed:
        painter.rounded(box, look.ACCENT_WASH, look.RADIUS)
    mark = (box.x + px(26), box.y + box.h // 2)
    if chosen:
        painter.disc(mark, 18, look.ACCENT)
        painter.icon("tick", mark, 11, look.PAPER)
    else:
        painter.disc(mark, 18, look.EDGE, 1.5)
    left = box.x + px(50)
    name = Box(left, box.y + px(8), box.right - left - px(12), px(20))
    under = Box(left, name.bottom, name.w, px(18))
    accuracy, size = cards.model_figures(model)
    painter.text(model.name, name, look.BOLD, look.BODY, look.INK)
    painter.text(accuracy, name, look.MONO, look.CAPTION, look.INK, "right")
    painter.text(size, under, look.MONO, look.CAPTION, look.QUIET, "right")
    rest = under._replace(w=under.w - px(12) - painter.width(size, look.MONO, look.CAPTION))
    painter.text(cards.model_summary(model), rest, look.SANS, look.CAPTION, look.QUIET)

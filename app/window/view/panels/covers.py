"""What covers the panels so that nothing else can be pressed: a card or a question."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

import pygame

from app.window.model.state import State
from app.window.model.values import Card, Hover
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels import bounties, ledger, models, question, reading, wallet
from app.window.view.panels.sheet import close_box, draw_close

__all__ = ["at", "box", "draw", "key", "targets"]


@dataclass(frozen=True)
class Cover:
    """Where it is, what on it can be pressed, what it depends on, and how it is drawn."""

    card: Callable[[Layout, State], Box]
    targets: Callable[[Layout, State], dict[Hover, Box]]
    key: Callable[[State], Hashable]
    draw: Callable[[Painter, Layout, State], None]


_READING = Cover(reading.card, reading.targets, reading.key, reading.draw)
_COVERS = {
    Card.HELP: _READING,
    Card.WORDS: _READING,
    Card.MEANING: _READING,
    Card.DETAILS: _READING,
    Card.CHECK: _READING,
    Card.PATH: _READING,
    Card.WALLET: Cover(lambda layout, _: wallet.places(layout).card, wallet.targets, wallet.key, wallet.draw),
    Card.MODELS: Cover(models.card, models.targets, models.key, models.draw),
    Card.BOUNTIES: Cover(bounties.card, bounties.targets, bounties.key, bounties.draw),
    Card.HISTORY: Cover(ledger.card, ledger.targets, ledger.key, ledger.draw),
}
_QUESTION = Cover(question.card, question.targets, question.key, question.draw)


def _cover(state: State) -> Cover | None:
    if state.question is not None:
        return _QUESTION
    return _COVERS[state.card] if state.card is not None else None


def at(layout: Layout, state: State, point: tuple[float, float]) -> Hover | None:
    """What is at a point while something lies over the panels: nothing but that can be reached."""
    cover = _cover(state)
    if cover is None:
        return None
    inside = next((hover for hover, box in targets(layout, state).items() if box.holds(point)), None)
    if inside is not None:
        return inside
    card = cover.card(layout, state)
    if not card.holds(point):
        return Hover("beside") if state.question is None else None
    if state.question is None and close_box(layout, card).holds(point):
        return Hover("close")
    return Hover("card")


def targets(layout: Layout, state: State) -> dict[Hover, Box]:
    """What can be pressed on what lies over the panels, and where it is."""
    cover = _cover(state)
    return cover.targets(layout, state) if cover else {}


def box(layout: Layout, state: State) -> Box | None:
    """Where the card is that lies over the panels."""
    cover = _cover(state)
    return cover.card(layout, state) if cover else None


def key(state: State) -> Hashable:
    """What the cover shows."""
    cover = _cover(state)
    return (state.card, state.hover == Hover("close"), cover.key(state)) if cover else None


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """A veil over the window, and the card on it."""
    cover = _cover(state)
    if cover is None:
        return
    veil = pygame.Surface(layout.size, pygame.SRCALPHA)
    veil.fill((*painter.colours.scrim, 150))
    painter.surface.blit(veil, (0, 0))
    card = cover.card(layout, state)
    painter.framed(card, painter.colours.panel, painter.colours.line, 10)
    cover.draw(painter, layout, state)
    if state.question is None:
        draw_close(painter, layout, card, state)

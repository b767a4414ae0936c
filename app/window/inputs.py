"""pygame's events to intents: the one place that knows keys, buttons, wheels and fingers."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from app.window.model import intents as want
from app.window.model.state import Card, Hover, State
from app.window.view.layout import TOOLS, Layout

__all__ = ["Inputs"]

_LEFT, _RIGHT = 1, 3
_PRESSABLE = {*TOOLS, "help", "model", "claim", "button", "auto", "row", "txid", "status", "wallet"}
_ON_CARD = {"address", "choice", "beside"}
_PLAIN: dict[int, want.Intent] = {
    pygame.K_c: want.Clear(),
    pygame.K_DELETE: want.Clear(),
    pygame.K_RETURN: want.Submit(),
    pygame.K_KP_ENTER: want.Submit(),
    pygame.K_a: want.Choose(None),
    pygame.K_v: want.ToggleAuto(),
    pygame.K_n: want.Toggle(Card.MODELS),
    pygame.K_w: want.Toggle(Card.WALLET),
    pygame.K_F1: want.Toggle(Card.HELP),
    pygame.K_F11: want.ToggleFullscreen(),
    pygame.K_ESCAPE: want.Escape(),
    pygame.K_PLUS: want.Thicken(1),
    pygame.K_KP_PLUS: want.Thicken(1),
    pygame.K_MINUS: want.Thicken(-1),
    pygame.K_KP_MINUS: want.Thicken(-1),
}

_LIST = {pygame.K_UP: -1, pygame.K_DOWN: 1, pygame.K_RETURN: 0, pygame.K_KP_ENTER: 0, pygame.K_SPACE: 0}
"""In the open list of models: rows up or down, or 0 to take the one it points at."""


@dataclass
class Inputs:
    """Which finger draws is all that is remembered from one event to the next."""

    finger: int | None = None

    def intents(self, event: pygame.event.Event, layout: Layout, state: State) -> list[want.Intent]:
        """What an event asks for: nothing, one thing, or two."""
        match event.type:
            case pygame.QUIT:
                return [want.Quit()]
            case pygame.KEYDOWN:
                intent = _key(event, state)
                return [intent] if intent else []
            case pygame.MOUSEBUTTONDOWN | pygame.MOUSEBUTTONUP | pygame.MOUSEMOTION:
                # A finger is also reported as a mouse; it has been dealt with as a finger.
                return [] if event.touch else _mouse(event, layout, state)
            case pygame.MOUSEWHEEL:
                return _wheel(event, layout, state)
            case pygame.FINGERDOWN | pygame.FINGERMOTION | pygame.FINGERUP:
                return self._finger(event, layout, state)
            case pygame.DROPFILE:
                return [want.DropFile(str(event.file))]
            case pygame.WINDOWLEAVE | pygame.WINDOWFOCUSLOST:
                return [want.Point(None)]
        return []

    def _finger(self, event: pygame.event.Event, layout: Layout, state: State) -> list[want.Intent]:
        place = event.x * layout.size[0], event.y * layout.size[1]
        if event.type == pygame.FINGERDOWN:
            if self.finger is not None:
                return []
            self.finger = event.finger_id
            return _down(place, _LEFT, layout, state)
        if event.finger_id != self.finger:
            return []
        if event.type == pygame.FINGERMOTION:
            return [want.PenMove(*layout.on_canvas(place))] if state.trace else []
        self.finger = None
        return [*_up(place, layout, state), want.Point(None)]


def _key(event: pygame.event.Event, state: State) -> want.Intent | None:
    control = bool(event.mod & (pygame.KMOD_CTRL | pygame.KMOD_META))
    shift = bool(event.mod & pygame.KMOD_SHIFT)
    if state.question is not None and event.key in (pygame.K_y, pygame.K_n):
        return want.Reply(event.key == pygame.K_y)
    if control:
        return {
            pygame.K_z: want.Redo() if shift else want.Undo(),
            pygame.K_y: want.Redo(),
            pygame.K_s: want.Save(window=shift),
            pygame.K_q: want.Quit(),
        }.get(event.key)
    if event.mod & pygame.KMOD_ALT:
        return want.Quit() if event.key == pygame.K_F4 else None
    if event.unicode == "?":
        return want.Toggle(Card.HELP)
    if state.card is Card.MODELS and event.key in _LIST:
        step = _LIST[event.key]
        return want.Highlight(step) if step else want.ChooseModel(state.highlighted)
    if len(event.unicode) == 1 and event.unicode in "0123456789":
        return want.Choose(int(event.unicode))
    return _PLAIN.get(event.key)


def _mouse(event: pygame.event.Event, layout: Layout, state: State) -> list[want.Intent]:
    place = float(event.pos[0]), float(event.pos[1])
    if event.type == pygame.MOUSEMOTION:
        moves: list[want.Intent] = [want.PenMove(*layout.on_canvas(place))] if state.trace else []
        return [*moves, _point(place, layout, state)]
    if event.button not in (_LEFT, _RIGHT):
        return []
    if event.type == pygame.MOUSEBUTTONDOWN:
        return _down(place, event.button, layout, state)
    return _up(place, layout, state)


def _at(place: tuple[float, float], layout: Layout, state: State) -> Hover | None:
    """What is at a point: while a card is open, nothing but the card can be reached."""
    if state.card in (Card.WALLET, Card.MODELS):
        return layout.on_card(place, state.card)
    return layout.at(place)


def _point(place: tuple[float, float], layout: Layout, state: State) -> want.Intent:
    hover = _at(place, layout, state)
    return want.Point(hover, layout.on_canvas(place) if hover == Hover("canvas") else None)


def _down(place: tuple[float, float], button: int, layout: Layout, state: State) -> list[want.Intent]:
    hover = _at(place, layout, state)
    if hover == Hover("canvas"):
        return [want.PenDown(*layout.on_canvas(place), erase=button == _RIGHT)]
    if hover and hover.name in _PRESSABLE | _ON_CARD and button == _LEFT:
        return [want.Press(hover)]
    return []


def _up(place: tuple[float, float], layout: Layout, state: State) -> list[want.Intent]:
    if state.trace:
        return [want.PenMove(*layout.on_canvas(place)), want.PenUp()]
    return [want.Release(_at(place, layout, state))]


def _wheel(event: pygame.event.Event, layout: Layout, state: State) -> list[want.Intent]:
    notches = -event.y if getattr(event, "flipped", False) else event.y
    if state.hover and state.hover.name == "row":
        return [want.Scroll(-notches, len(layout.rows))]
    return [want.Thicken(notches)]

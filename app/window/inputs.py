"""pygame's events to intents: the one place that knows keys, buttons, wheels and fingers."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from app.window.model import intents as want
from app.window.model.state import State
from app.window.model.values import Card, Hover, Tab
from app.window.view.layout import ACTIONS, TOOLS, Layout
from app.window.view.panels import covers, overlays

__all__ = ["Inputs"]

_LEFT, _RIGHT = 1, 3
_PRESSABLE = {
    *TOOLS,
    *ACTIONS,
    *(
        "help",
        "agreement",
        "dark",
        "model",
        "bounties",
        "claim",
        "button",
        "auto",
        "row",
        "ledger",
        "txid",
        "dismiss",
        "wallet",
        "tab",
    ),
    *("hint", "address", "choice", "entry", "page", "recall", "copy", "proof", "delete", "yes", "no"),
    *("beside", "close", "bounty", "earn"),
}
_ENTER = (pygame.K_RETURN, pygame.K_KP_ENTER)
_KEYS: dict[int, want.Intent] = {
    pygame.K_c: want.Clear(),
    pygame.K_DELETE: want.Clear(),
    pygame.K_a: want.Choose(None),
    pygame.K_b: want.Toggle(Card.BOUNTIES),
    pygame.K_d: want.ToggleDark(),
    pygame.K_e: want.ToggleEraser(),
    pygame.K_h: want.Toggle(Card.HISTORY),
    pygame.K_i: want.Toggle(Card.DETAILS),
    pygame.K_k: want.CheckAgain(),
    pygame.K_n: want.Toggle(Card.MODELS),
    pygame.K_p: want.Share(),
    pygame.K_s: want.ToggleSound(),
    pygame.K_v: want.ToggleAuto(),
    pygame.K_w: want.Toggle(Card.WALLET),
    pygame.K_x: want.TryToCheat(),
    pygame.K_F1: want.Toggle(Card.HELP),
    pygame.K_F11: want.ToggleFullscreen(),
    pygame.K_ESCAPE: want.Escape(),
    pygame.K_KP_PLUS: want.Thicken(1),
    pygame.K_KP_MINUS: want.Thicken(-1),
}
_LETTERS: dict[str, want.Intent] = {
    "?": want.Toggle(Card.HELP),
    "+": want.Thicken(1),
    "-": want.Thicken(-1),
}
"""Matched by the character a key types, not by its position, which differs between keyboards."""
_ARROWS = {
    pygame.K_LEFT: (-1, 0),
    pygame.K_RIGHT: (1, 0),
    pygame.K_UP: (0, -1),
    pygame.K_DOWN: (0, 1),
}
_STEPS = {pygame.K_UP: -1, pygame.K_DOWN: 1, pygame.K_PAGEUP: -5, pygame.K_PAGEDOWN: 5}
_LISTS = (Card.MODELS, Card.HISTORY, Card.BOUNTIES)


@dataclass
class Inputs:
    """The only state kept between events is which finger draws."""

    finger: int | None = None

    def intents(self, event: pygame.event.Event, layout: Layout, state: State) -> list[want.Intent]:
        """What an event asks for: nothing, one thing, or two."""
        match event.type:
            case pygame.QUIT:
                return [want.Quit()]
            case pygame.KEYDOWN:
                intent = _key(event, layout, state)
                return [intent] if intent else []
            case pygame.MOUSEBUTTONDOWN | pygame.MOUSEBUTTONUP | pygame.MOUSEMOTION:
                # A finger is also reported as a mouse; it has already been handled as a finger.
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


# --- keys ---


def _key(event: pygame.event.Event, layout: Layout, state: State) -> want.Intent | None:
    if state.question is not None and event.key in (pygame.K_y, pygame.K_n):
        return want.Reply(event.key == pygame.K_y)
    if event.mod & (pygame.KMOD_CTRL | pygame.KMOD_META):
        return _with_control(event, state)
    if event.mod & pygame.KMOD_ALT:
        return want.Quit() if event.key == pygame.K_F4 else None
    if state.card is Card.PATH and event.key != pygame.K_ESCAPE:
        return _typing(event)
    shift = bool(event.mod & pygame.KMOD_SHIFT)
    if event.key == pygame.K_TAB:
        return want.Focus(-1 if shift else 1, len(layout.rows))
    if state.card is not None and (intent := _on_card(event, state)):
        return intent
    if event.key in _ARROWS and state.card is None:
        return want.Arrow(*_ARROWS[event.key], fine=shift)
    if state.focus is not None and event.key in (*_ENTER, pygame.K_SPACE):
        return want.Activate()
    if event.key in _ENTER:
        return want.Submit()
    return _letter(event, state)


def _letter(event: pygame.event.Event, state: State) -> want.Intent | None:
    if event.unicode in _LETTERS:
        return _LETTERS[event.unicode]
    if len(event.unicode) == 1 and event.unicode in "0123456789":
        return want.Choose(int(event.unicode))
    if event.key == pygame.K_t:
        tabs = list(Tab)
        return want.ShowTab(tabs[(tabs.index(state.tab) + 1) % len(tabs)])
    return _KEYS.get(event.key)


def _with_control(event: pygame.event.Event, state: State) -> want.Intent | None:
    shift = bool(event.mod & pygame.KMOD_SHIFT)
    if event.unicode in ("+", "=") or event.key in (pygame.K_PLUS, pygame.K_KP_PLUS, pygame.K_EQUALS):
        return want.Zoom(1)
    if event.unicode == "-" or event.key in (pygame.K_MINUS, pygame.K_KP_MINUS):
        return want.Zoom(-1)
    return {
        pygame.K_z: want.Redo() if shift else want.Undo(),
        pygame.K_y: want.Redo(),
        pygame.K_s: want.Save(window=shift),
        pygame.K_o: want.AskForFile(),
        pygame.K_v: want.Paste(),
        pygame.K_0: want.Zoom(0),
        pygame.K_KP0: want.Zoom(0),
        pygame.K_q: want.Quit(),
    }.get(event.key)


def _typing(event: pygame.event.Event) -> want.Intent | None:
    if event.key in _ENTER:
        return want.Confirm()
    if event.key == pygame.K_BACKSPACE:
        return want.Type(delete=True)
    return want.Type(event.unicode) if event.unicode and event.unicode.isprintable() else None


def _on_card(event: pygame.event.Event, state: State) -> want.Intent | None:
    if state.card in _LISTS:
        if event.key in _STEPS:
            return want.Highlight(_STEPS[event.key])
        if event.key in (*_ENTER, pygame.K_SPACE):
            return want.Confirm()
    if state.card is Card.HISTORY and event.key == pygame.K_DELETE:
        return want.DeletePicture()
    if event.key in _ENTER and state.card is not None:
        return want.Confirm()
    return None


# --- mouse ---


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
    """What is at a point: while something covers the panels, nothing else can be reached."""
    if state.covered:
        return covers.at(layout, state, place)
    hint = overlays.hint_box(layout, state)
    if hint is not None and overlays.hint_close(layout, hint).holds(place):
        return Hover("hint")
    return layout.at(place)


def _point(place: tuple[float, float], layout: Layout, state: State) -> want.Intent:
    hover = _at(place, layout, state)
    return want.Point(hover, layout.on_canvas(place) if hover == Hover("canvas") else None)


def _down(place: tuple[float, float], button: int, layout: Layout, state: State) -> list[want.Intent]:
    hover = _at(place, layout, state)
    if hover == Hover("canvas"):
        return [want.PenDown(*layout.on_canvas(place), erase=button == _RIGHT)]
    if hover and hover.name in _PRESSABLE and button == _LEFT:
        return [want.Press(hover)]
    return []


def _up(place: tuple[float, float], layout: Layout, state: State) -> list[want.Intent]:
    if state.trace:
        return [want.PenMove(*layout.on_canvas(place)), want.PenUp()]
    return [want.Release(_at(place, layout, state))]


def _wheel(event: pygame.event.Event, layout: Layout, state: State) -> list[want.Intent]:
    """The pen over the canvas and its tools, the history over its strip, the list on a card."""
    notches = -event.y if getattr(event, "flipped", False) else event.y
    if state.card in _LISTS:
        return [want.Highlight(-notches)]
    where = state.hover.name if state.hover else ""
    if where in ("row", "ledger"):
        return [want.Scroll(-notches, len(layout.rows))]
    return [want.Thicken(notches)] if where in ("canvas", *TOOLS) else []

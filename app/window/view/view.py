"""State to pixels. What is drawn depends on the state alone; what is redrawn depends on what has changed.

Panels are drawn on a surface of their own, each only when what it shows has changed. What lies over them
(the brush, a tooltip, a card) is drawn on the screen, clipped to what is being repainted there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Protocol

import pygame

from app.window.model.state import State
from app.window.model.values import Who
from app.window.view import theme as look
from app.window.view.arrange import arrange
from app.window.view.layout import Box, Layout
from app.window.view.paint import Painter
from app.window.view.panels import (
    agreement,
    canvas,
    covers,
    header,
    history,
    judge,
    overlays,
    sees,
    status,
    submit,
    tools,
)

__all__ = ["View"]


class Ink(Protocol):
    """The ink on the paper, as a surface of the canvas's size, and where it has changed."""

    def show(self, state: State, side: int, colours: look.Palette = look.LIGHT) -> pygame.Surface | None:
        """The ink of this state at `side` pixels; None while ink cannot be drawn yet."""

    def changed(self) -> Box | None:
        """What has changed since the last call, in pixels of the surface."""


@dataclass(frozen=True)
class Panel:
    """A part of the window: where it is, what it depends on, and how it is drawn."""

    box: Callable[[Layout], Box]
    key: Callable[[State], Hashable]
    draw: Callable[[Painter, Layout, State], None]


def _judge(who: Who) -> Panel:
    return Panel(
        lambda layout: layout.judges[who],
        lambda state: judge.key(state, who),
        lambda painter, layout, state: judge.draw(painter, layout.judges[who], state, who),
    )


PANELS: dict[str, Panel] = {
    "header": Panel(lambda layout: layout.header, header.key, header.draw),
    "tools": Panel(tools.box, tools.key, tools.draw),
    "agreement": Panel(lambda layout: layout.agreement, agreement.key, agreement.draw),
    "float": _judge(Who.FLOAT),
    "fixed": _judge(Who.FIXED),
    "script": _judge(Who.SCRIPT),
    "sees": Panel(lambda layout: layout.sees, sees.key, sees.draw),
    "submit": Panel(lambda layout: layout.submit, submit.key, submit.draw),
    "history": Panel(lambda layout: layout.history, history.key, history.draw),
    "status": Panel(lambda layout: layout.status, status.key, status.draw),
}


class View:
    """Draws states on a screen of one size; `resize` for another."""

    def __init__(self, screen: pygame.Surface, density: float, ink: Ink) -> None:
        self.ink = ink
        self._looks = False, 1.0
        self.resize(screen, density)

    def resize(self, screen: pygame.Surface, density: float) -> None:
        """Draw on another screen from now on, and redraw everything."""
        self.screen = screen
        self._density = density
        self._restyle(*self._looks)

    def _restyle(self, dark: bool, zoom: float) -> None:
        """Lay out and redraw everything, in these colours and this size of text."""
        self._looks = dark, zoom
        self.layout = arrange(self.screen.get_size(), self._density, zoom)
        colours = look.DARK if dark else look.LIGHT
        self._theme = replace(self.layout.theme, colours=colours)
        self._base = pygame.Surface(self.screen.get_size()).convert(self.screen)
        self._base.fill(colours.desk)
        self._painter = Painter(self._base, self._theme)
        self._keys: dict[str, Hashable] = {}
        self._overs: dict[str, tuple[Hashable, Box | None]] = {}
        self._card: Box | None = None
        self._whole = True

    def draw(self, state: State) -> list[Box]:
        """Bring the screen up to date; the boxes that have changed."""
        if self._looks != (state.dark, state.zoom):
            self._restyle(state.dark, state.zoom)
        dirty = self._panels(state)
        dirty += self._canvas(state)
        dirty += self._overlays(state)
        if self._whole:
            dirty = [Box(0, 0, *self.screen.get_size())]
            self._whole = False
        for box in dirty:
            self._repaint(box, state)
        return dirty

    def _panels(self, state: State) -> list[Box]:
        dirty = []
        for name, panel in PANELS.items():
            key = panel.key(state)
            if self._keys.get(name, self) != key:
                self._keys[name] = key
                box = panel.box(self.layout)
                self._base.set_clip(box)
                panel.draw(self._painter, self.layout, state)
                self._base.set_clip(None)
                dirty.append(box)
        return dirty

    def _canvas(self, state: State) -> list[Box]:
        box = self.layout.canvas
        ink = self.ink.show(state, canvas.side(self.layout), self._theme.colours)
        changed = self.ink.changed()
        key = canvas.key(state, ink is not None)
        if self._keys.get("canvas", self) != key:
            self._keys["canvas"] = key
            canvas.draw(self._painter, self.layout, state, ink)
            return [box]
        if changed is None or ink is None:
            return []
        return [canvas.draw_part(self._painter, self.layout, ink, changed)]

    def _overlays(self, state: State) -> list[Box]:
        """What lies over the panels: where it was and where it is now, of each that has changed."""
        layout = self.layout
        window, card = (Box(0, 0, *layout.size) if state.covered else None), covers.box(layout, state)
        now: dict[str, tuple[Hashable, Box | None]] = {
            "hint": (overlays.hint_key(state), overlays.hint_box(layout, state)),
            "focus": (None, overlays.focus_box(layout, state)),
            "brush": (state.eraser, overlays.brush_box(layout, state)),
            "tip": (overlays.tip_key(state), overlays.tip_box(self._painter, layout, state)),
            "cover": (covers.key(state), window),
        }
        dirty = []
        for name, (key, box) in now.items():
            before = self._overs.get(name, (None, None))
            if name == "cover" and before[1] is not None and box is not None and before != (key, box):
                # Under a card that only changes, the veil stays as it is.
                dirty += [self._card, card] if self._card and card else [box]
            elif before != (key, box):
                dirty += [place for place in (before[1], box) if place]
        self._overs, self._card = now, card
        return dirty

    def _repaint(self, box: Box, state: State) -> None:
        self.screen.set_clip(box)
        self.screen.blit(self._base, box, box)
        painter = Painter(self.screen, self._theme)
        draws: dict[str, Callable[[Painter, Layout, State], None]] = {
            "hint": overlays.draw_hint,
            "focus": overlays.draw_focus,
            "brush": overlays.draw_brush,
            "tip": overlays.draw_tip,
            "cover": covers.draw,
        }
        for name, draw in draws.items():
            place = self._overs[name][1]
            if place is not None and place.meets(box):
                draw(painter, self.layout, state)
        self.screen.set_clip(None)

"""State to pixels. What it draws depends on the state alone; what it redraws, on what has changed.

Panels are drawn on a surface of their own, each only when what it shows has changed. What lies over them
(the brush, a tooltip, the help) is drawn on the screen, clipped to what is being repainted there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol

import pygame

from app.window.model.state import State, Who
from app.window.view import theme as look
from app.window.view.layout import Box, Layout, arrange
from app.window.view.paint import Painter
from app.window.view.panels import (
    agreement,
    canvas,
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

    def show(self, state: State, side: int) -> pygame.Surface | None:
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
        self.resize(screen, density)

    def resize(self, screen: pygame.Surface, density: float) -> None:
        """Draw on another screen from now on, and draw everything anew."""
        self.screen = screen
        self.layout = arrange(screen.get_size(), density)
        self._base = pygame.Surface(screen.get_size()).convert(screen)
        self._base.fill(look.DESK)
        self._painter = Painter(self._base, self.layout.theme)
        self._keys: dict[str, Hashable] = {}
        self._over: tuple[Hashable, Box | None] = (None, None)
        self._brush: Box | None = None
        self._whole = True

    def draw(self, state: State) -> list[Box]:
        """Bring the screen up to date; the boxes that have changed."""
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
        ink = self.ink.show(state, canvas.side(self.layout))
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
        """Brush and tooltip: where they were and where they are now."""
        dirty = []
        brush = overlays.brush_box(self.layout, state)
        if brush != self._brush:
            dirty += [box for box in (self._brush, brush) if box]
            self._brush = brush
        over = (overlays.key(state), overlays.box(self._painter, self.layout, state))
        if over != self._over:
            dirty += [box for box in (self._over[1], over[1]) if box]
            self._over = over
        return dirty

    def _repaint(self, box: Box, state: State) -> None:
        self.screen.set_clip(box)
        self.screen.blit(self._base, box, box)
        painter = Painter(self.screen, self.layout.theme)
        if self._brush and self._brush.meets(box):
            overlays.draw_brush(painter, self.layout, state)
        if self._over[1] and self._over[1].meets(box):
            overlays.draw(painter, self.layout, state)
        self.screen.set_clip(None)

"""The ink on the screen: a sheet at the canvas's own size, seen as a surface."""

from __future__ import annotations

from typing import Any

import pygame

from app.window.model.sheet import Sheet
from app.window.model.state import State
from app.window.view.layout import Box
from app.window.view.panels.sees import inks
from app.window.view.theme import LIGHT, Palette

__all__ = ["ScreenInk"]


class ScreenInk:
    """Shows the ink of a state as a surface of any side, drawing only what is new."""

    def __init__(self) -> None:
        self._sheet: Sheet | None = None
        self._surface: pygame.Surface | None = None
        self._changed: Box | None = None
        self._colours: Palette | None = None

    def show(self, state: State, side: int, colours: Palette = LIGHT) -> pygame.Surface:
        """The ink of this state at `side` pixels, in these colours."""
        if self._sheet is None or self._surface is None or self._sheet.size != side:
            self._sheet = Sheet(side)
            # The surface is the sheet's own memory: what is drawn there is seen here.
            pixels: Any = self._sheet.canvas.pixels
            self._surface = pygame.image.frombuffer(pixels, (side, side), "P")
            self._colours = None
        rect = self._sheet.show(state.content, state.trace)
        if self._colours is not colours:
            self._colours = colours
            self._surface.set_palette(inks(colours))
            rect = (0, 0, side, side)
        if rect[2] and rect[3]:
            self._changed = Box(*rect)
        return self._surface

    def changed(self) -> Box | None:
        """The pixels that have changed since the last call."""
        changed, self._changed = self._changed, None
        return changed

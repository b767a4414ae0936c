"""Drives a window without a person: the bench, the screenshots and the self-test draw and wait with it.

A driver is called by the window once a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.window.app import Window

__all__ = ["Player", "post_mouse"]


class Player:
    """Runs a generator one step per frame; the window closes when it ends."""

    def __init__(self, play: Callable[[Window], Iterator[None]]) -> None:
        self._play = play
        self._steps: Iterator[None] | None = None

    def __call__(self, window: Window) -> None:
        """One step."""
        if self._steps is None:
            self._steps = self._play(window)
        if next(self._steps, "over") == "over":
            window.quit()


def post_mouse(kind: int, place: tuple[int, int], **more: object) -> None:
    """An event of the mouse at a pixel of the screen, as SDL would post it."""
    import pygame

    pygame.event.post(pygame.event.Event(kind, {"pos": place, "touch": False, **more}))

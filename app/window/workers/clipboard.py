"""The clipboard's text, as far as the platform lets pygame reach it; `files` takes pictures from it."""

from __future__ import annotations

import sys

import pygame

__all__ = ["TEXT", "copy_text", "pasted_text"]

TEXT = pygame.SCRAP_TEXT if sys.platform == "win32" else "text/plain;charset=utf-8"
"""What pygame calls text on the clipboard: its two implementations differ."""


def copy_text(text: str) -> None:
    """Put text on the clipboard. pygame.error where it cannot be used."""
    _ready()
    pygame.scrap.put(TEXT, text.encode())


def pasted_text() -> str:
    """The text on the clipboard; empty if there is none."""
    try:
        _ready()
        data = pygame.scrap.get(TEXT) or pygame.scrap.get(pygame.SCRAP_TEXT)
    except pygame.error:
        return ""
    return data.rstrip(b"\0").decode("utf-8", "replace") if data else ""


def _ready() -> None:
    if not pygame.scrap.get_init():
        pygame.scrap.init()

"""The clipboard: text to it, text and pictures from it, as far as the platform lets pygame reach it."""

from __future__ import annotations

import sys

import pygame

from app.window.model.protocol import LookAtImage

__all__ = ["TEXT", "copy_text", "pasted_picture", "pasted_text"]

TEXT = pygame.SCRAP_TEXT if sys.platform == "win32" else "text/plain;charset=utf-8"
"""What pygame calls text on the clipboard: its two implementations differ."""
_PICTURES = ("image/png", "image/bmp", "image/jpeg", pygame.SCRAP_BMP)
_MOST_BYTES = 50_000_000


def copy_text(text: str) -> None:
    """Put text on the clipboard. pygame.error where it cannot be used."""
    _ready()
    pygame.scrap.put(TEXT, text.encode())


def pasted_text() -> str:
    """The text on the clipboard; empty if there is none."""
    data = _got((TEXT, pygame.SCRAP_TEXT))
    return data.rstrip(b"\0").decode("utf-8", "replace") if data else ""


def pasted_picture() -> LookAtImage | None:
    """The picture on the clipboard, as the file that it is encoded as; None if there is none."""
    data = _got(_PICTURES)
    return LookAtImage(data) if data and len(data) <= _MOST_BYTES else None


def _got(kinds: tuple[str, ...]) -> bytes | None:
    try:
        _ready()
        return next((data for kind in kinds if (data := pygame.scrap.get(kind))), None)
    except pygame.error:
        return None


def _ready() -> None:
    if not pygame.scrap.get_init():
        pygame.scrap.init()

"""What a change of state makes the window do outside itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from app.window.model.protocol import Request
from app.window.model.values import Who


@dataclass(frozen=True)
class Send:
    """Give a worker something to do."""

    who: Who
    request: Request


@dataclass(frozen=True)
class UseModel:
    """Let all judges and the chain work with another model."""

    model: str


@dataclass(frozen=True)
class Copy:
    """Put text on the clipboard."""

    text: str


@dataclass(frozen=True)
class Open:
    """Open a page in the browser."""

    url: str


@dataclass(frozen=True)
class SaveWindow:
    """Save a picture of the window."""


@dataclass(frozen=True)
class Fullscreen:
    """Fill the screen, or go back to a window."""

    on: bool


@dataclass(frozen=True)
class PasteFromClipboard:
    """Take the picture on the clipboard as the drawing."""


@dataclass(frozen=True)
class PasteText:
    """Take the text on the clipboard for typed letters."""


@dataclass(frozen=True)
class Play:
    """Play a sound, by its name."""

    sound: str


@dataclass(frozen=True)
class Close:
    """Leave the event loop."""


Effect: TypeAlias = (
    Send | UseModel | Copy | Open | SaveWindow | Fullscreen | PasteFromClipboard | PasteText | Play | Close
)

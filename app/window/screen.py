"""Whether there is a screen for the window, and what is missing if there is none."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Mapping

import pygame

from app.errors import InkproofError

__all__ = ["X11_LIBRARIES", "check_screen", "no_window"]

X11_LIBRARIES = ("libX11.so.6", "libXext.so.6")
"""SDL opens these by name on Linux; without one of them it has no X11 screen."""


def check_screen() -> None:
    """Raise pygame.error if SDL has found no screen and draws where nobody sees it, unasked."""
    driver = pygame.display.get_driver()
    asked = os.environ.get("SDL_VIDEODRIVER", "").split(",")
    if driver in ("dummy", "offscreen") and driver not in asked:
        raise pygame.error("No screen was found")


def no_window(
    what: str, environment: Mapping[str, str], opens: Callable[[str], object] = ctypes.CDLL
) -> InkproofError:
    """The error for a window that cannot be opened.

    `what`: SDL's words. `opens` loads a library by its name, or raises OSError.
    """
    why, hint = f"{what}.", "Is there a screen? Without one, use `inkproof verify IMAGE`."
    if sys.platform == "linux":
        missing = [name for name in X11_LIBRARIES if not _can_open(name, opens)]
        if not environment.get("DISPLAY") and not environment.get("WAYLAND_DISPLAY"):
            why = f"{what}: neither DISPLAY nor WAYLAND_DISPLAY is set."
        elif missing and not environment.get("WAYLAND_DISPLAY"):
            why = f"{what}: this system lacks {' and '.join(missing)}, which a window on X11 needs."
            hint = (
                "Install what is missing (Debian and Ubuntu: apt-get install libx11-6 libxext6), "
                "or use `inkproof verify IMAGE`."
            )
    return InkproofError("The window cannot be opened.", why=why, hint=hint)


def _can_open(name: str, opens: Callable[[str], object]) -> bool:
    try:
        opens(name)
    except OSError:
        return False
    return True

"""How dense the screen is: physical pixels per logical one."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import os
import sys

__all__ = ["reduced_motion", "screen_density"]

_STANDARD_DPI = 96.0
_RANGE = (1.0, 4.0)


def screen_density() -> float:
    """The density the desktop asks for; 1 where it does not say. Call it before the window opens.

    INKPROOF_DENSITY overrides it. On Windows the process is declared aware of density, so that Windows does
    not enlarge a coarse picture; under X11 the desktop's setting (Xft.dpi) is read; macOS enlarges by itself.
    """
    wish = os.environ.get("INKPROOF_DENSITY") or os.environ.get("GDK_SCALE") or ""
    with contextlib.suppress(ValueError):
        return _within(float(wish))
    with contextlib.suppress(OSError, AttributeError, ValueError):
        if sys.platform == "win32":
            return _within(_windows_dpi() / _STANDARD_DPI)
        if sys.platform.startswith("linux") and os.environ.get("DISPLAY"):
            return _within(_x11_dpi() / _STANDARD_DPI)
    return 1.0


def reduced_motion() -> bool:
    """Whether nothing is to be animated: INKPROOF_REDUCED_MOTION, or the platform's own setting where it can
    be read without starting a program (Windows)."""
    wish = os.environ.get("INKPROOF_REDUCED_MOTION", "")
    if wish:
        return wish.lower() not in ("0", "no", "false", "off")
    if sys.platform == "win32":
        with contextlib.suppress(OSError, AttributeError):
            animated = ctypes.c_int(1)
            user = ctypes.windll.user32  # type: ignore[attr-defined, unused-ignore]
            user.SystemParametersInfoW(0x1042, 0, ctypes.byref(animated), 0)  # SPI_GETCLIENTAREAANIMATION
            return not animated.value
    return False


def _within(density: float) -> float:
    return min(max(density, _RANGE[0]), _RANGE[1])


def _windows_dpi() -> float:
    user = ctypes.windll.user32  # type: ignore[attr-defined, unused-ignore]
    user.SetProcessDPIAware()
    return float(user.GetDpiForSystem())


def _x11_dpi() -> float:
    x11 = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XGetDefault.restype = ctypes.c_char_p
    x11.XGetDefault.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
    x11.XCloseDisplay.argtypes = [ctypes.c_void_p]
    display = x11.XOpenDisplay(None)
    if not display:
        return _STANDARD_DPI
    try:
        value = x11.XGetDefault(display, b"Xft", b"dpi")
        return float(value) if value else _STANDARD_DPI
    finally:
        x11.XCloseDisplay(display)

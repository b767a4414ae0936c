"""A window that cannot be opened: the person learns what is missing."""

import ctypes
import sys

import pytest

from app.window.screen import X11_LIBRARIES, no_window

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere a screen needs no libraries of its own"
)


def without(*names):
    """Load libraries as on a system that lacks these."""

    def opens(name):
        if name in names:
            raise OSError(f"{name}: cannot open shared object file")

    return opens


@pytest.mark.parametrize("absent", [X11_LIBRARIES, X11_LIBRARIES[:1], X11_LIBRARIES[1:]])
def test_libraries_that_a_screen_needs_are_named(absent):
    text = str(no_window("No screen was found", {"DISPLAY": ":0"}, without(*absent)))
    assert f"lacks {' and '.join(absent)}, which" in text
    assert "apt-get install libx11-6 libxext6" in text
    assert not any(name in text for name in set(X11_LIBRARIES) - set(absent))


@pytest.mark.parametrize("environment", [{}, {"DISPLAY": ""}])
def test_a_session_without_a_screen_is_named(environment):
    text = str(no_window("No screen was found", environment, without(*X11_LIBRARIES)))
    assert "neither DISPLAY nor WAYLAND_DISPLAY is set" in text
    assert "Is there a screen?" in text


@pytest.mark.parametrize("environment", [{"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_otherwise_sdl_s_own_message_is_shown(environment):
    text = str(no_window("No available video device", environment, without()))
    assert "No available video device." in text and "Is there a screen?" in text


def test_the_linker_is_asked_by_name():
    assert "lacks libX11.so.6" in str(
        no_window("No screen was found", {"DISPLAY": ":0"}, lambda name: ctypes.CDLL(f"{name}.is-not-there"))
    )

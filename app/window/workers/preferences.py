"""The person's preferences, kept from window to window in a file of the data folder."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeGuard

from app import models
from app.errors import InkproofError
from app.paths import home
from app.window.model.state import State
from app.window.model.values import BRUSH, BRUSH_RANGE, ZOOMS, Hint, Notice

__all__ = ["Preferences", "restored"]

_MOST_BYTES = 10_000
_SIZES = (300, 10_000)


@dataclass(frozen=True)
class Preferences:
    """Size of the window in logical pixels (None: the usual one), pen, model, colours, size of the text,
    sound, hints that have been put away. `damaged`: the file could not be read."""

    size: tuple[int, int] | None = None
    brush: float = BRUSH
    model: str = ""
    dark: bool = False
    zoom: float = 1.0
    sound: bool = False
    hints: tuple[str, ...] = ()
    damaged: bool = False

    @classmethod
    def of(cls, state: State, size: tuple[int, int]) -> Preferences:
        """Those of a window."""
        hints = tuple(sorted(hint.value for hint in state.hints))
        return cls(size, round(state.brush, 5), state.model, state.dark, state.zoom, state.sound, hints)

    @classmethod
    def load(cls) -> Preferences:
        """Those in the file; the usual ones where there is none, or none that can be used."""
        try:
            path = _path()
            if path.stat().st_size > _MOST_BYTES:
                return cls(damaged=True)
            return cls._parsed(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, InkproofError, RecursionError):
            return cls(damaged=True)

    @classmethod
    def _parsed(cls, values: Any) -> Preferences:
        """Every value is checked; an invalid one is ignored."""
        if not isinstance(values, dict):
            return cls(damaged=True)
        usual = cls()
        size, brush, zoom, hints = [values.get(name) for name in ("size", "brush", "zoom", "hints")]
        known = {hint.value for hint in Hint}
        return cls(
            size=(size[0], size[1]) if _is_size(size) else None,
            brush=float(brush)
            if _is_number(brush) and BRUSH_RANGE[0] <= brush <= BRUSH_RANGE[1]
            else usual.brush,
            model=values["model"] if values.get("model") in models.available() else "",
            dark=values.get("dark") is True,
            zoom=float(zoom) if _is_number(zoom) and zoom in ZOOMS else usual.zoom,
            sound=values.get("sound") is True,
            hints=tuple(hint for hint in hints if hint in known) if isinstance(hints, list) else (),
        )

    def as_json(self) -> dict[str, object]:
        """The values as they are written."""
        return {
            "size": list(self.size) if self.size else None,
            "brush": self.brush,
            "model": self.model,
            "dark": self.dark,
            "zoom": self.zoom,
            "sound": self.sound,
            "hints": list(self.hints),
        }

    def save(self) -> None:
        """Write them. A folder that cannot be written to must not stop the window."""
        with contextlib.suppress(OSError, InkproofError):
            write(self.as_json())


def write(values: dict[str, object]) -> None:
    """Write preferences: whole, or not at all."""
    path = _path()
    fresh = path.with_suffix(f".{os.getpid()}.new")
    fresh.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    fresh.replace(path)


def restored(state: State, preferences: Preferences, *, model: bool) -> State:
    """A window's state with the preferences taken up; their model only where none was asked for."""
    state = replace(
        state,
        brush=preferences.brush,
        dark=preferences.dark,
        zoom=preferences.zoom,
        sound=preferences.sound,
        hints=frozenset(Hint(hint) for hint in preferences.hints),
        model=preferences.model if model and preferences.model else state.model,
    )
    if not preferences.damaged:
        return state
    why = "The file preferences.json in the data folder could not be read."
    return replace(
        state, notice=Notice("The window starts with its usual settings.", why, error=False, until=12.0)
    )


def _path() -> Path:
    return home() / "preferences.json"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_size(value: Any) -> TypeGuard[list[int]]:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(
            isinstance(side, int) and not isinstance(side, bool) and _SIZES[0] <= side <= _SIZES[1]
            for side in value
        )
    )

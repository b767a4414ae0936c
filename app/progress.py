"""How a function that takes a while says how far it is."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "silent"]

Progress = Callable[[str, "float | None"], None]
"""Called with what is going on, and how much of it is done (0 to 1, or None where that is unknown)."""


def silent(_text: str, _fraction: float | None = None) -> None:
    """Discard progress."""

"""Text from outside, made fit to show."""

from __future__ import annotations

import unicodedata

__all__ = ["clean_text"]


def clean_text(text: str, limit: int = 400) -> str:
    """A stranger's text made fit to show: one line, no control or direction-changing characters, bounded."""
    kept = []
    for letter in text[: limit * 4]:
        category = unicodedata.category(letter)
        kept.append(" " if category[0] == "C" or category in ("Zl", "Zp") else letter)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"

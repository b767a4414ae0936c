"""Text for messages: a stranger's made fit to show, and English numbers."""

from __future__ import annotations

import unicodedata

__all__ = ["clean_text", "with_article"]


def clean_text(text: str, limit: int = 400) -> str:
    """A stranger's text, safe to show: one line, bounded, without control or direction-changing
    characters."""
    kept = []
    for letter in text[: limit * 4]:
        category = unicodedata.category(letter)
        kept.append(" " if category[0] == "C" or category in ("Zl", "Zp") else letter)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def with_article(number: int) -> str:
    """ "a 7", "an 8", "an 11": the number with the article that its spoken name takes."""
    digits = str(abs(number))
    # 8, 80, 8 thousand; 11 and 18, also as the leading group of thousands. "Minus" takes "a".
    leading = digits[: (len(digits) - 1) % 3 + 1]
    return f"{'an' if number >= 0 and (leading[0] == '8' or leading in ('11', '18')) else 'a'} {number}"

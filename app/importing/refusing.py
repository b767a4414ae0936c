"""How a file is refused: one sentence that names the layer and what could be done."""

from __future__ import annotations

from typing import NoReturn

from app.errors import ModelError

__all__ = ["refuse", "refuse_layer", "shown"]

_LONGEST_NAME = 60


def shown(text: object) -> str:
    """A name from a file, fit to be part of a sentence: printable and short."""
    line = str(text)[: _LONGEST_NAME + 1]
    clean = "".join(letter if letter.isprintable() else "?" for letter in line)
    return clean if len(clean) <= _LONGEST_NAME else clean[: _LONGEST_NAME - 1] + "…"


def refuse(why: str, hint: str = "") -> NoReturn:
    """The file cannot be imported at all."""
    raise ModelError("This model cannot be imported.", why=why, hint=hint)


def refuse_layer(name: str, why: str, hint: str = "") -> NoReturn:
    """A layer stands in the way. `why` goes on from the layer's name."""
    refuse(f"The layer {shown(name)!r} {why}", hint)

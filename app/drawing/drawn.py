"""Drawn digits with their labels: a set to test reading on, kept as strokes so that any canvas can replay
it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.drawing.mnist import to_mnist
from app.drawing.strokes import MAX_BYTES, Stroke, parse_json, rasterise, strokes_from_plain
from app.errors import DataError

MAX_DRAWINGS = 20_000
MAX_STYLE = 40

_HINT = "Name a file of drawings, such as tests/data/drawn.json."


@dataclass(frozen=True)
class Drawing:
    """One digit as somebody drew it: which digit it is, in what style, and the strokes."""

    digit: int
    style: str
    strokes: tuple[Stroke, ...]


def load_drawings(path: str | os.PathLike[str]) -> list[Drawing]:
    """The drawings of a file, every value checked. Raises DataError."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = f"{getattr(error, 'strerror', None) or error}."
        raise DataError(f"The drawings in {os.fspath(path)} cannot be read.", why=why, hint=_HINT) from None
    try:
        return _drawings(parse_json(data))
    except DataError as error:
        raise DataError(f"{os.fspath(path)} is not a file of drawings.", why=error.why, hint=_HINT) from error


def pictures_of(drawings: Sequence[Drawing]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The pictures (n, 28, 28) that judges see of drawings, and the digits (n,) that they are."""
    pictures = np.stack([to_mnist(rasterise(drawing.strokes)) for drawing in drawings])
    return pictures, np.array([drawing.digit for drawing in drawings])


def _drawings(plain: object) -> list[Drawing]:
    found = plain.get("drawings") if isinstance(plain, dict) else None
    if not isinstance(found, list) or not 1 <= len(found) <= MAX_DRAWINGS:
        raise DataError("", why=f"It does not hold a list of 1 to {MAX_DRAWINGS} `drawings`.")
    return [_drawing(one, number) for number, one in enumerate(found, start=1)]


def _drawing(plain: Any, number: int) -> Drawing:
    if not isinstance(plain, dict):
        raise DataError("", why=f"Drawing {number} is not an object.")
    digit, style = plain.get("digit"), plain.get("style")
    if isinstance(digit, bool) or not isinstance(digit, int) or not 0 <= digit <= 9:
        raise DataError("", why=f"Drawing {number} has no `digit` from 0 to 9.")
    if not isinstance(style, str) or not style.isprintable() or not 1 <= len(style) <= MAX_STYLE:
        raise DataError("", why=f"Drawing {number} has no `style` of 1 to {MAX_STYLE} characters.")
    try:
        strokes = strokes_from_plain(plain.get("strokes"))
    except DataError as error:
        raise DataError("", why=f"Drawing {number}: {error.why}") from error
    if not strokes:
        raise DataError("", why=f"Drawing {number} has no strokes.")
    return Drawing(digit, style, strokes)

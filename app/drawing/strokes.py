"""Pen strokes, and the ink they leave on a square canvas.

Coordinates and widths are in canvas units: 0..1 across the canvas, x to the right and y down. Points may
lie a little outside. Ink is coverage, 0 = paper and 255 = ink; a stroke is the union of capsules, one per
segment, so its joins and ends are round and it has no gaps however far apart its points are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from app.errors import DataError

Point: TypeAlias = tuple[float, float]
Rect: TypeAlias = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""

MAX_BYTES = 4_000_000
MAX_STROKES = 2_000
MAX_POINTS = 20_000
MAX_WIDTH = 0.25
OUTSIDE = 4.0  # how far from the canvas a point may lie: a pen that leaves the window keeps reporting
MAX_SIZE = 8_192
INK_SIDE = 560
"""Pixels a side of the ink that is judged, wherever it was drawn: same strokes, same integers."""

_EMPTY: Rect = (0, 0, 0, 0)
_PIECE = 64.0  # pixels: a long segment is drawn in pieces, whose boxes together are far smaller than its own
_HINT = "Save the drawing again, or draw it again."


@dataclass(frozen=True)
class Stroke:
    """One movement of the pen (or of the eraser): its points in order and its width, in canvas units."""

    points: tuple[Point, ...]
    width: float
    erase: bool = False


class Canvas:
    """A square of ink that grows with the pen: each segment touches only its own box.

    `pixels` is (size, size) uint8. Drawing a stroke segment by segment leaves exactly the pixels of
    `add_stroke`.
    """

    def __init__(self, size: int) -> None:
        if not 1 <= size <= MAX_SIZE:
            raise ValueError(f"a canvas is 1 to {MAX_SIZE} pixels wide, not {size}")
        self.size = size
        self.pixels: npt.NDArray[np.uint8] = np.zeros((size, size), dtype=np.uint8)

    def clear(self) -> None:
        """Blank paper."""
        self.pixels[:] = 0

    def add_stroke(self, stroke: Stroke) -> Rect:
        """Draw a whole stroke: a dot where the pen came down, then each segment. Returns the pixels
        touched.
        """
        rect = _EMPTY
        for start, end in zip(stroke.points[:1] + stroke.points, stroke.points, strict=False):
            rect = union(rect, self.add_segment(start, end, stroke.width, stroke.erase))
        return rect

    def add_segment(self, start: Point, end: Point, width: float, erase: bool = False) -> Rect:
        """Draw (or erase) from `start` to `end`; equal ends make a dot. Returns the pixels touched."""
        ax, ay = start[0] * self.size, start[1] * self.size
        bx, by = end[0] * self.size, end[1] * self.size
        radius = width * self.size / 2
        pieces = max(1, math.ceil(math.hypot(bx - ax, by - ay) / (_PIECE + radius)))
        rect = _EMPTY
        for piece in range(pieces):
            low, high = piece / pieces, (piece + 1) / pieces
            a = (ax + (bx - ax) * low, ay + (by - ay) * low)
            b = (ax + (bx - ax) * high, ay + (by - ay) * high)
            rect = union(rect, self._add_capsule(a, b, radius, erase))
        return rect

    def _add_capsule(self, a: Point, b: Point, radius: float, erase: bool) -> Rect:
        left, right = _span(a[0], b[0], radius, self.size)
        top, bottom = _span(a[1], b[1], radius, self.size)
        if left >= right or top >= bottom:
            return _EMPTY
        ink = _capsule(a, b, radius, (left, top, right, bottom))
        under = self.pixels[top:bottom, left:right]
        if erase:
            np.minimum(under, 255 - ink, out=under)
        else:
            np.maximum(under, ink, out=under)
        return left, top, right - left, bottom - top


def _span(a: float, b: float, radius: float, size: int) -> tuple[int, int]:
    low, high = min(a, b) - radius - 1, max(a, b) + radius + 1
    return max(0, math.floor(low)), min(size, math.ceil(high))


def _capsule(a: Point, b: Point, radius: float, box: tuple[int, int, int, int]) -> npt.NDArray[np.uint8]:
    """Coverage 0..255 of the pixels of `box` (left, top, right, bottom) by all points within `radius` of
    a-b.
    """
    left, top, right, bottom = box
    x = np.arange(left, right)[None, :] + (0.5 - a[0])
    y = np.arange(top, bottom)[:, None] + (0.5 - a[1])
    dx, dy = b[0] - a[0], b[1] - a[1]
    square = dx * dx + dy * dy
    if square > 0:
        along = np.clip((x * dx + y * dy) / square, 0.0, 1.0)
        x, y = x - along * dx, y - along * dy
    distance = np.sqrt(x * x + y * y)
    # The edge of the ink crosses a pixel over one pixel's width; a line thinner than a pixel never fills one.
    fullest = min(1.0, 2 * radius)
    return np.rint(np.clip(radius + 0.5 - distance, 0.0, fullest) * 255).astype(np.uint8)


def union(one: Rect, other: Rect) -> Rect:
    """The smallest rectangle around both; an empty one adds nothing."""
    if not one[2] or not one[3]:
        return other
    if not other[2] or not other[3]:
        return one
    left, top = min(one[0], other[0]), min(one[1], other[1])
    right = max(one[0] + one[2], other[0] + other[2])
    bottom = max(one[1] + one[3], other[1] + other[3])
    return left, top, right - left, bottom - top


def rasterise(strokes: Iterable[Stroke], size: int = INK_SIDE) -> npt.NDArray[np.uint8]:
    """(size, size) uint8 ink of strokes drawn in order: the same pixels as drawing them on a Canvas."""
    canvas = Canvas(size)
    for stroke in strokes:
        canvas.add_stroke(stroke)
    return canvas.pixels


# --- on paper ---


def strokes_to_json(strokes: Sequence[Stroke]) -> str:
    """A drawing as one compact JSON object; `strokes_from_json` gives back the very same strokes."""
    return json.dumps(
        {"strokes": [stroke_to_plain(stroke) for stroke in strokes]}, separators=(",", ":"), allow_nan=False
    )


def strokes_from_json(text: str | bytes) -> tuple[Stroke, ...]:
    """The strokes of a drawing. Raises DataError on anything but what `strokes_to_json` writes, within its
    limits.
    """
    return strokes_from_plain(_member(parse_json(text), "strokes"))


def stroke_to_plain(stroke: Stroke) -> dict[str, Any]:
    """A stroke as what JSON holds: points, width, and erase where it erases."""
    plain: dict[str, Any] = {"width": stroke.width, "points": [list(point) for point in stroke.points]}
    return plain | {"erase": True} if stroke.erase else plain


def parse_json(text: str | bytes) -> object:
    """Parse a stranger's JSON: bounded in size, no NaN or infinity. Raises DataError."""
    if len(text) > MAX_BYTES:
        raise _bad(f"It is larger than {MAX_BYTES // 1_000_000} MB.")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _bad("It is not valid JSON.") from error


def strokes_from_plain(plain: object) -> tuple[Stroke, ...]:
    """Strokes from a parsed JSON list, every value checked. Raises DataError."""
    if not isinstance(plain, list) or len(plain) > MAX_STROKES:
        raise _bad(f"A drawing is a list of at most {MAX_STROKES} strokes.")
    strokes = tuple(_stroke(one) for one in plain)
    if sum(len(stroke.points) for stroke in strokes) > MAX_POINTS:
        raise _bad(f"It has more than {MAX_POINTS} points.")
    return strokes


def _stroke(plain: object) -> Stroke:
    points = _member(plain, "points")
    if not isinstance(points, list) or not 1 <= len(points) <= MAX_POINTS:
        raise _bad(f"A stroke has 1 to {MAX_POINTS} points.")
    width = _number(_member(plain, "width"))
    if not 0 < width <= MAX_WIDTH:
        raise _bad(f"A stroke is wider than 0 and at most {MAX_WIDTH:g} of the canvas, not {width:g}.")
    erase = _member(plain, "erase", default=False)
    if not isinstance(erase, bool):
        raise _bad("A stroke's `erase` is true or false.")
    return Stroke(tuple(_point(point) for point in points), width, erase)


def _point(plain: object) -> Point:
    if not isinstance(plain, list) or len(plain) != 2:
        raise _bad("A point is two numbers.")
    x, y = _number(plain[0]), _number(plain[1])
    if not (-OUTSIDE <= x <= 1 + OUTSIDE and -OUTSIDE <= y <= 1 + OUTSIDE):
        raise _bad("A point lies too far outside the canvas.")
    return x, y


def _number(plain: object) -> float:
    if isinstance(plain, bool) or not isinstance(plain, (int, float)):
        raise _bad("A coordinate or width is not a number.")
    try:
        number = float(plain)
    except OverflowError as error:
        raise _bad("A number is too large.") from error
    if not math.isfinite(number):
        raise _bad("A number is not finite.")
    return number


_REQUIRED: Any = object()


def _member(plain: object, name: str, default: Any = _REQUIRED) -> Any:
    if not isinstance(plain, dict):
        raise _bad(f"An object with `{name}` was expected.")
    value = plain.get(name, default)
    if value is _REQUIRED:
        raise _bad(f"`{name}` is missing.")
    return value


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _bad(why: str) -> DataError:
    return DataError("This is not a drawing that can be read.", why=why, hint=_HINT)

"""Ink of any size and any pen, made into a 28x28 picture the way MNIST's were made.

MNIST's recipe (LeCun, Cortes and Burges): the digit is scaled, keeping its aspect, to fit a 20x20 box by an
anti-aliasing reduction, and is placed in a 28x28 field so that its centre of mass is at the centre. Their
pens were alike and ours are not, so the stroke width is first brought into MNIST's range.

Two figures were taken from all 70,000 MNIST pictures: the longer side of the ink is 20 pixels, and the mean
centre of mass is at pixel index 14.0 (the middle of that pixel, 14.5 from the edge).
"""

from __future__ import annotations

from math import ceil
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from app.drawing.specks import without_specks
from app.errors import BlankError
from app.picture import SIDE

Gray: TypeAlias = npt.NDArray[np.uint8]
Cover: TypeAlias = npt.NDArray[np.float32]
Values = TypeVar("Values", Gray, Cover)

BOX = 20
CENTRE = 14.5
WORK = 80  # longer side of the ink while its stroke is measured and changed: four pixels to one of the result
THINNEST, THICKEST = 1.9, 3.0  # stroke width left alone, in pixels of the result
LEVELS = tuple(np.float32(level) for level in (1 / 6, 3 / 6, 5 / 6))
EDGE = 0.25  # of full ink: where a smooth edge is taken to be
FAINT = 32  # ink paler than this does not count as drawn

_NOTHING = "Nothing is drawn yet."
_HINT = "Draw one digit, from 0 to 9, large and in the middle."


def to_mnist(ink: Gray) -> Gray:
    """The 28x28 picture, 0 = paper and 255 = ink, of one digit drawn anywhere on (H, W) uint8 of the same
    sense.

    Raises BlankError where nothing, or nothing larger than a dot, is drawn.
    """
    if ink.ndim != 2 or ink.dtype != np.uint8:
        raise TypeError(f"ink must be uint8 of shape (H, W), not {ink.dtype} of shape {ink.shape}")
    cropped = without_specks(_crop(ink))
    _refuse_dot(cropped, max(ink.shape))
    cover = _visible(_working(cropped))
    return _visible(_place(_visible(_at_stroke_width(cover))))


def _visible(values: Values) -> Values:
    """The values, unless all are zero: pale remains, as an eraser leaves them where two smooth edges meet,
    lie below every level at which a stroke is cut, and what is pale and thin is lost in averaging.
    """
    if not values.any():
        raise BlankError(_NOTHING, hint=_HINT)
    return values


def _crop(ink: Gray) -> Gray:
    rows = np.flatnonzero(ink.max(axis=1, initial=0) >= FAINT)
    columns = np.flatnonzero(ink.max(axis=0, initial=0) >= FAINT)
    if not len(rows):
        raise BlankError(_NOTHING, hint=_HINT)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _refuse_dot(cropped: Gray, canvas: int) -> None:
    """A tap of the pen or a crumb: tiny beside the canvas, or small and round."""
    height, width = cropped.shape
    longer, shorter = max(height, width), min(height, width)
    filled = float((cropped >= 128).mean())
    round_dot = shorter > 0.75 * longer and filled > 0.7  # a disc fills pi/4 of its box
    if longer < 4 or longer < 0.04 * canvas or (longer < 0.14 * canvas and round_dot):
        raise BlankError("Only a dot is drawn.", why="A digit needs more ink.", hint=_HINT)


def _working(cropped: Gray) -> Cover:
    """The ink as coverage 0..1, longer side WORK pixels: small enough to be fast, large to be exact."""
    height, width = cropped.shape
    scale = WORK / max(height, width)
    size = (ceil(width * scale), ceil(height * scale))
    # One scale for both directions: the shorter side ends within a pixel, so paper is added to fill it.
    spare = ceil(1 / scale)
    image = Image.fromarray(np.pad(cropped, ((0, spare), (0, spare))))
    # BOX averages areas when it reduces, but would only repeat pixels when it enlarges.
    filter_ = Image.Resampling.BOX if scale <= 1 else Image.Resampling.BICUBIC
    working = image.resize(size, filter_, box=(0, 0, size[0] / scale, size[1] / scale))
    return np.asarray(working, dtype=np.float32) / np.float32(255)


# --- the stroke ---


def stroke_width(cover: Cover) -> float:
    """Mean width of the strokes in pixels: a long stroke has twice its area / its perimeter (total
    variation).
    """
    padded = np.pad(cover, 1)
    across = np.diff(padded, axis=1)[:-1]
    down = np.diff(padded, axis=0)[:, :-1]
    perimeter = float(np.sqrt(across * across + down * down).sum())
    return 2 * float(cover.sum()) / perimeter if perimeter else 0.0


def _at_stroke_width(cover: Cover) -> Cover:
    """The same ink with a stroke that will be between THINNEST and THICKEST wide once BOX pixels are its
    longer side.
    """
    box = _bounds(cover)
    longer = max(box[2] - box[0], box[3] - box[1])
    width = stroke_width(cover)
    wanted = min(max(width * BOX / longer, THINNEST), THICKEST)
    # Moving every edge by g changes the width to w + 2g and the longer side to l + 2g. Asking for
    # (w + 2g) * BOX / (l + 2g) = wanted gives g.
    grow = (wanted * longer - BOX * width) / (2 * (BOX - wanted))
    if abs(grow) < 0.05:
        return cover
    if grow > 0:
        return _thicker(cover, grow, width)
    return _thinner(cover, -grow)


def _thicker(cover: Cover, grow: float, width: float) -> Cover:
    """Every edge moved outward by `grow` pixels.

    Done for several levels of coverage and averaged: one level alone would place edges in whole pixels.
    """
    reach = ceil(grow) + 2
    padded = np.pad(cover, reach)
    length = float(cover.sum()) / width
    grown = np.zeros_like(padded)
    for level in LEVELS:
        # Area averaging leaves a stroke narrower than a pixel pale: its levels are lower by as much.
        mask = padded >= level * min(1.0, width)
        # The mask of a thin stroke is wider than the stroke by rounding: it grows by so much less.
        surplus = float(mask.sum()) / length - width
        grown += np.clip(max(grow - surplus / 2, 0.0) + 1 - _distance(~mask, reach), 0, 1)
    return grown / np.float32(len(LEVELS))


def _thinner(cover: Cover, shrink: float) -> Cover:
    padded = np.pad(cover, 1)
    mask = padded >= 0.5
    reach = ceil(shrink) + 2
    # Distances run to the middle of the nearest pixel of paper; the edge of the ink is half a pixel nearer.
    thinned = np.clip(_distance(mask, reach) - shrink, 0, 1)
    core = thinned > 0
    # What lies far from the thinned stroke was thinner than what was taken away: it stays as it was, with
    # enough of its root to meet the rest.
    wide = ceil(1.6 * shrink) + 2
    lost = mask & (_distance(~core, wide) > 1.6 * shrink + 1)
    if lost.any():
        root = mask & (_distance(~lost, wide) <= 1.6 * shrink + 1)
        thinned = np.where(root, np.maximum(thinned, padded), thinned)
    return thinned


def _distance(inside: npt.NDArray[np.bool_], reach: int) -> Cover:
    """Euclidean distance in pixels from each pixel of `inside` to the nearest pixel outside, exact up to
    `reach`.

    Squared distance is a minimum over rows of a minimum over columns (Felzenszwalb and Huttenlocher); the
    offsets beyond `reach` are not tried, so longer distances come out as `reach` + 1 or more.
    """
    far = np.float32((reach + 1) ** 2)
    square = np.where(inside, far, np.float32(0))
    return np.sqrt(_nearest(_nearest(square, reach).T, reach).T)


def _nearest(square: Cover, reach: int) -> Cover:
    best = square.copy()
    for offset in range(1, min(reach, len(square) - 1) + 1):
        add = np.float32(offset * offset)
        np.minimum(best[offset:], square[:-offset] + add, out=best[offset:])
        np.minimum(best[:-offset], square[offset:] + add, out=best[:-offset])
    return best


# --- the place ---


def _bounds(cover: Cover) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the ink, in fractions of a pixel."""
    left, right = _extent(cover.max(axis=0))
    top, bottom = _extent(cover.max(axis=1))
    return left, top, right, bottom


def _extent(profile: Cover) -> tuple[float, float]:
    """Where the ink begins and ends: where a line through the pixels' middles crosses EDGE of the peak."""
    level = EDGE * float(profile.max())
    drawn = np.flatnonzero(profile >= level)
    padded = np.pad(profile, 1)
    first, last = int(drawn[0]), int(drawn[-1])
    start = first + 0.5 - (padded[first + 1] - level) / (padded[first + 1] - padded[first])
    end = last + 0.5 + (padded[last + 1] - level) / (padded[last + 1] - padded[last + 2])
    return float(start), float(end)


def _place(cover: Cover) -> Gray:
    """Longer side to BOX pixels, centre of mass to CENTRE, by averaging areas: a small move of the ink is a
    small change of the picture, since nothing is rounded to whole pixels.
    """
    left, top, right, bottom = _bounds(cover)
    step = max(right - left, bottom - top) / BOX
    total = float(cover.sum())
    x = float(cover.sum(axis=0) @ (np.arange(cover.shape[1]) + 0.5)) / total
    y = float(cover.sum(axis=1) @ (np.arange(cover.shape[0]) + 0.5)) / total
    across = _area_weights(cover.shape[1], _start(x, left, right, step), step)
    down = _area_weights(cover.shape[0], _start(y, top, bottom, step), step)
    picture = down @ cover @ across.T
    return np.clip(np.rint(picture * 255), 0, 255).astype(np.uint8)


def _start(mass: float, low: float, high: float, step: float) -> float:
    """Where the field begins so that `mass` falls on CENTRE, unless that would push ink out of the field."""
    start = mass - CENTRE * step
    return min(max(start, high - SIDE * step), low)


def _area_weights(length: int, start: float, step: float) -> Cover:
    """(SIDE, length) weights: row i averages the source between start + i * step and start + (i + 1) *
    step.
    """
    low = start + step * np.arange(SIDE)[:, None]
    pixel = np.arange(length)[None, :]
    overlap = np.minimum(low + step, pixel + 1) - np.maximum(low, pixel)
    return (np.clip(overlap, 0, None) / step).astype(np.float32)

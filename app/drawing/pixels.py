"""Pictures whose pixels need care before ink is separated from paper: tiny, enlarged or dithered ones."""

from __future__ import annotations

from math import gcd

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["TINY", "as_made", "colours_of"]

WORK = 640  # longer side on which ink is told from paper
TINY = 40  # pixels of the longer side: a smaller picture has no noise, only edges
LARGEST_ENLARGED = 64  # pixels: larger pictures are left as they are, whether enlarged or not
LONE = 0.01  # of all pixels, that differ from both neighbours: more of them in two colours are a dither
DOTS = 3  # pixels: squares over which a dither is averaged


def as_made(image: Image.Image) -> Image.Image:
    """The picture before each of its pixels was repeated in squares; the same picture if none were."""
    if image.mode == "P" or image.mode.startswith("I;") or not 1 < min(image.size) <= 4096:
        return image
    values = np.asarray(image)
    factor = gcd(_step(values), _step(values.swapaxes(0, 1)))
    if factor < 2 or max(image.size) > factor * LARGEST_ENLARGED:
        return image
    return image.resize((image.width // factor, image.height // factor), Image.Resampling.NEAREST)


def _step(values: npt.NDArray[np.generic]) -> int:
    """The largest number of which every row that differs from the one before is a multiple, and the number
    of rows."""
    differs = (values[1:] != values[:-1]).reshape(len(values) - 1, -1).any(axis=1)
    rows = np.flatnonzero(differs) + 1
    return int(np.gcd.reduce([*rows.tolist(), len(values)])) if len(rows) else 1


def colours_of(image: Image.Image) -> npt.NDArray[np.float32]:
    """(H, W, channels) 0..255 of a gray, RGB or RGBA image.

    A large picture is averaged over squares of pixels until the longer side is at most WORK, a dithered one
    over squares of DOTS pixels at least; a tiny one is enlarged smoothly.
    """
    longer = max(image.size)
    if longer <= TINY:
        image = _with_margin(image)
        image = image.resize((image.width * 8, image.height * 8), Image.Resampling.BICUBIC)
    factor = -(-longer // WORK)
    if longer > TINY and _is_dithered(image):
        factor = max(factor, DOTS)
    colours = np.asarray(image.reduce(factor) if factor > 1 else image, dtype=np.float32)
    return colours[..., None] if colours.ndim == 2 else colours


def _with_margin(image: Image.Image) -> Image.Image:
    """The picture with a pixel of paper around it: ink at its rim ends there."""
    values = np.asarray(image)
    rim = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    paper = np.median(rim, axis=0).astype(np.uint8)
    wide = np.empty((image.height + 2, image.width + 2, *values.shape[2:]), np.uint8)
    wide[:] = paper
    wide[1:-1, 1:-1] = values
    return Image.fromarray(wide)


def _is_dithered(image: Image.Image) -> bool:
    values = np.asarray(image)
    gray = values if values.ndim == 2 else values[..., 0]
    if gray.shape[1] < 3 or len(np.unique(gray[:: max(1, len(gray) // 64)])) > 2 or len(np.unique(gray)) > 2:
        return False
    lone = (gray[:, 1:-1] != gray[:, :-2]) & (gray[:, 1:-1] != gray[:, 2:])
    return bool(lone.mean() > LONE)

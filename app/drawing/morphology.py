"""Running maxima and minima, means and reductions of (H, W) or (H, W, C) arrays."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["Mask", "Values", "blurred", "closing", "enlarged", "grown", "pooled", "reduced", "running"]

Values: TypeAlias = npt.NDArray[np.float32]
Mask: TypeAlias = npt.NDArray[np.bool_]
Pick: TypeAlias = Literal["largest", "smallest"]

_LARGEST: Pick = "largest"
_SMALLEST: Pick = "smallest"


def running(values: Values, window: int, pick: Pick, axis: int) -> Values:
    """The largest (or smallest) value of the `window` (odd) values around each one, along one axis; the edge
    is repeated outward.

    Windows of 1, 2, 4, ... values are joined from two of half their length.
    """
    choose = np.maximum if pick == "largest" else np.minimum
    pad = [(0, 0)] * values.ndim
    pad[axis] = (window // 2, window // 2)
    result = np.moveaxis(np.pad(values, pad, mode="edge"), axis, 0)
    length, have = values.shape[axis], 1
    while 2 * have <= window:
        result = choose(result[:-have], result[have:])
        have *= 2
    spare = window - have
    result = choose(result[: len(result) - spare], result[spare:])
    return np.moveaxis(result[:length], 0, axis)


def closing(values: Values, window: int, dark: bool) -> Values:
    """(H, W, C) values without what is darker (lighter, if not `dark`) and narrower than an odd `window`.

    A closing (an opening) by a square: the edge of anything wider stays where it is. What reaches the rim
    counts as wide.
    """
    first, second = (_LARGEST, _SMALLEST) if dark else (_SMALLEST, _LARGEST)
    result = np.pad(values, ((window, window), (window, window), (0, 0)), mode="edge")
    for pick in (first, second):
        for axis in (0, 1):
            result = running(result, window, pick, axis)
    return result[window:-window, window:-window]


def blurred(values: Values, reach: int = 1) -> Values:
    """Means over squares of 2 * reach + 1 pixels, for each channel."""
    size = 2 * reach + 1
    result = values
    for axis in (0, 1):
        pad = [(0, 0)] * values.ndim
        pad[axis] = (reach, reach)
        padded = np.moveaxis(np.pad(result, pad, mode="edge"), axis, 0)
        total = sum(padded[offset : offset + values.shape[axis]] for offset in range(size))
        result = np.moveaxis(np.asarray(total, dtype=np.float32) / np.float32(size), 0, axis)
    return result


def grown(mask: Mask, reach: int) -> Mask:
    """The mask with every pixel within `reach`, up, down, across or diagonally."""
    values = np.pad(mask, reach).astype(np.float32)
    for axis in (0, 1):
        values = running(values, 2 * reach + 1, _LARGEST, axis)
    return values[reach:-reach, reach:-reach] > 0 if reach else mask


def pooled(values: Values, factor: int) -> Values:
    """The largest value of each square of `factor` pixels; an incomplete square counts as it is."""
    height, width = values.shape
    spare = ((0, -height % factor), (0, -width % factor))
    whole = np.pad(values, spare, mode="edge")
    return whole.reshape(whole.shape[0] // factor, factor, -1, factor).max(axis=(1, 3))


def reduced(colours: Values, side: int) -> Values:
    """Averaged over squares until the longer side is at most `side`."""
    factor = max(1, -(-max(colours.shape[:2]) // side))
    planes = [
        Image.fromarray(np.ascontiguousarray(plane)).reduce(factor) for plane in np.moveaxis(colours, 2, 0)
    ]
    return np.stack([np.asarray(plane, dtype=np.float32) for plane in planes], axis=2)


def enlarged(mask: Mask, factor: int, shape: tuple[int, int]) -> Mask:
    """Each pixel repeated `factor` times both ways, cut to `shape`."""
    return np.repeat(np.repeat(mask, factor, axis=0), factor, axis=1)[: shape[0], : shape[1]]

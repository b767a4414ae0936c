"""Ink told from the paper it is on: any colours, uneven light, and the noise of a camera.

Ink is whatever differs from the paper, in any colour channel. The paper's colour is estimated all over the
picture: a smooth surface fitted to it for light that falls off, and on photographs a local estimate for the
edges of shadows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from app.drawing.mnist import Gray
from app.errors import BlankError

Values: TypeAlias = npt.NDArray[np.float32]

FAINTEST = 24.0  # a mark closer than this to its paper, of 255, is not a mark
PLAIN = 40.0  # visible pixels within this of each other are of one colour
GRID = 64  # longer side of the picture on which the paper's surface is fitted
LOCAL_GRID = 160  # longer side of the picture on which shadows are followed
WIDEST = 0.17  # of the longer side: a dark area wider than this is a shadow, a narrower one is ink
NOISY = 1.0  # a camera's noise; drawings made on a computer have none


def ink_on_paper(colours: Values) -> Gray:
    """(H, W) uint8 ink, 0 = paper and 255 = ink, from (H, W, C) colours 0..255. Raises BlankError if all is
    paper.
    """
    paper = _surface(colours)
    residue = paper - colours
    noise = _noise(colours)
    photograph = noise > NOISY or float(np.ptp(paper, axis=(0, 1)).max()) > 12
    mark, dark = _darker_or_lighter(residue)
    if photograph:
        mark = _blurred(_without_shadows(mark, colours, dark))
    peak = _level(mark)
    if peak < max(FAINTEST, 6 * noise):
        raise BlankError("The picture is blank.")
    # On a photograph the paler marks are folds and shadows; on a drawing every shade is an anti-aliased edge.
    low, high = (max(3 * noise, 0.35 * peak), 0.75 * peak) if photograph else (0.0, peak)
    return _as_ink((mark - low) / (high - low))


def ink_on_nothing(colours: Values) -> Gray:
    """Ink from (H, W, 4) RGBA 0..255 with transparency: what is opaque is ink, unless it is the paper."""
    alpha = colours[..., 3]
    if alpha.max() < FAINTEST:
        raise BlankError("The picture is blank.", why="Every pixel of it is transparent.")
    visible = alpha >= 0.5 * alpha.max()
    seen = colours[..., :3][visible]
    low, high = np.percentile(seen, (2, 98), axis=0)
    one_colour = float((high - low).max()) <= PLAIN
    mostly = visible.mean() > 0.6
    if one_colour and not mostly:
        return _as_ink(alpha / alpha.max())
    paper = np.median(seen, axis=0)
    share = colours[..., 3:] / 255
    return ink_on_paper((colours[..., :3] * share + paper * (1 - share)).astype(np.float32))


def _as_ink(share: Values) -> Gray:
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


def _darker_or_lighter(residue: Values) -> tuple[Values, bool]:
    """The marks as (H, W) distance from paper, and whether they are the dark ones: the side with more
    contrast.
    """
    darker, lighter = _difference(residue, True), _difference(residue, False)
    dark = float((darker * darker).sum()) >= float((lighter * lighter).sum())
    return (darker if dark else lighter), dark


def _difference(residue: Values, dark: bool) -> Values:
    result: Values = np.clip(residue if dark else -residue, 0, None).max(axis=2)
    return result


def _level(mark: Values) -> float:
    """How far full ink is from paper: the mean of the strongest marks, so that one stray pixel does not
    decide.
    """
    strongest = float(mark.max())
    return float(mark[mark >= 0.6 * strongest].mean()) if strongest > 0 else 0.0


def _reduced(colours: Values, side: int) -> Values:
    factor = max(1, -(-max(colours.shape[:2]) // side))
    planes = [
        Image.fromarray(np.ascontiguousarray(plane)).reduce(factor) for plane in np.moveaxis(colours, 2, 0)
    ]
    return np.stack([np.asarray(plane, dtype=np.float32) for plane in planes], axis=2)


def _enlarged(colours: Values, height: int, width: int) -> Values:
    planes = [Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(colours, 2, 0)]
    large = [plane.resize((width, height), Image.Resampling.BILINEAR) for plane in planes]
    return np.stack([np.asarray(plane, dtype=np.float32) for plane in large], axis=2)


def _surface(colours: Values) -> Values:
    """The paper as a quadratic surface in x and y for each channel, fitted so that ink counts for nothing.

    Starts from the rim, which is nearly all paper, then takes in every pixel near the surface so far, with
    a tolerance that tightens (iteratively reweighted least squares with Tukey's biweight).
    """
    small = _reduced(colours, GRID)
    height, width, channels = small.shape
    terms = _quadratic(height, width)
    values = small.reshape(-1, channels).astype(np.float64)
    depth = max(1, round(0.06 * max(height, width)))
    rim = np.ones((height, width), dtype=bool)
    rim[depth:-depth, depth:-depth] = False
    start = np.median(values[rim.ravel()], axis=0)
    estimate = np.broadcast_to(start, values.shape)
    inside = rim.ravel()
    for tolerance in (90.0, 90.0, 60.0, 40.0, 30.0, 20.0, 20.0):
        distance = np.abs(values - estimate).max(axis=1) / tolerance
        weight = np.where(distance < 1, (1 - distance**2) ** 2, 0) * inside
        if np.count_nonzero(weight) < 0.05 * len(weight):
            break
        weighted = terms * weight[:, None]
        solved = np.linalg.lstsq(weighted.T @ terms + 1e-6 * np.eye(6), weighted.T @ values, rcond=None)[0]
        estimate = terms @ solved
        inside = np.ones_like(inside)
    else:
        return (_quadratic(*colours.shape[:2]) @ solved).reshape(colours.shape).astype(np.float32)
    return np.broadcast_to(start.astype(np.float32), colours.shape)


def _quadratic(height: int, width: int) -> npt.NDArray[np.float64]:
    y, x = np.meshgrid(
        (np.arange(height) + 0.5) / height - 0.5, (np.arange(width) + 0.5) / width - 0.5, indexing="ij"
    )
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=2).reshape(-1, 6)


def _noise(colours: Values) -> float:
    """Standard deviation of a pixel, from the differences of neighbours: however much ink there is, few see
    an edge.
    """
    apart = np.abs(np.diff(colours, axis=1))
    return 1.4826 / float(np.sqrt(2)) * float(np.median(apart)) if apart.size else 0.0


def _without_shadows(mark: Values, colours: Values, dark: bool) -> Values:
    """The marks measured from the local paper, unless that loses ink: a pen can be wider than WIDEST."""
    local = _difference(_local_paper(colours, dark) - colours, dark)
    strong = 0.6 * _level(mark)
    kept = local[mark >= strong] >= strong
    return local if kept.mean() > 0.8 else mark


def _local_paper(colours: Values, dark: bool) -> Values:
    """The paper with shadows in it: a closing (opening, for light ink) takes away all that is narrower than
    WIDEST.
    """
    small = _reduced(colours, LOCAL_GRID)
    window = max(3, round(WIDEST * max(small.shape[:2])))
    outer, inner = (np.maximum, np.minimum) if dark else (np.minimum, np.maximum)
    # Averaging first, so that the noise of single pixels does not set the level.
    smooth = np.stack([_blurred(plane) for plane in np.moveaxis(small, 2, 0)], axis=2)
    for axis in (0, 1):
        smooth = _running(smooth, window, outer, axis)
    for axis in (0, 1):
        smooth = _running(smooth, window, inner, axis)
    return _enlarged(smooth, *colours.shape[:2])


def _running(values: Values, window: int, pick: Callable[[Any, Any], Any], axis: int) -> Values:
    """The largest (or smallest) value within window // 2 on either side, along one axis."""
    reach = window // 2
    pad = [(0, 0)] * values.ndim
    pad[axis] = (reach, reach)
    padded = np.moveaxis(np.pad(values, pad, mode="edge"), axis, 0)
    length = values.shape[axis]
    result = padded[:length].copy()
    for offset in range(1, 2 * reach + 1):
        pick(result, padded[offset : offset + length], out=result)  # type: ignore[call-arg]
    return np.moveaxis(result, 0, axis)


def _blurred(mark: Values) -> Values:
    """Means over 3x3 pixels."""
    padded = np.pad(mark, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    result: Values = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9
    return result

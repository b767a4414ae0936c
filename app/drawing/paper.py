"""Separates ink from the paper it is on: any colours, uneven light, shadows, and camera noise.

Ink is whatever differs from the paper, in any colour channel. On a drawing made by a computer the paper is a
smooth surface fitted to the whole picture. On a photograph or a scan it is found around each pixel: whatever
is narrower than one of WINDOWS is a mark, whatever is wider is paper, a shadow on it, or the table.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.drawing.choose import Chosen, choose, connected
from app.drawing.mnist import FAINT, Gray
from app.drawing.morphology import Mask, Values, blurred, closing, reduced, running
from app.drawing.printed import without_printed_lines
from app.errors import BlankError

FAINTEST = 24.0  # a mark closer than this to its paper, of 255, is not a mark
PLAIN = 40.0  # visible pixels within this of each other are of one colour
GRID = 64  # longer side of the picture on which the paper's surface is fitted
WINDOWS = (0.05, 0.17)  # of the longer side: a dark area wider than the last is a shadow, never ink
THIN = (0.015, 0.03, 0.06, 0.12)  # of the longer side: widths by which ink is found to be dark or light
POLARITY_GRID = 320  # longer side of the picture on which that is judged
NOISY = 1.0  # a camera's noise; drawings made on a computer have none
HIGHER = (0.45, 0.6)  # of the strongest marks: tried where paler marks run out of the picture
HIGH = 0.15  # of the longer side: the least height of what is found so
NEAR_PAPER = 24.0  # a pixel that differs by less from the fitted surface shows paper
BRIGHT = 235.0  # the level to which paper is brought where marks are measured
DARKEST = 60.0  # darker paper counts as this dark: noise would be made too large


def ink_on_paper(colours: Values) -> Gray:
    """(H, W) uint8 ink, 0 = paper and 255 = ink, from (H, W, C) colours 0..255. Raises BlankError if all is
    paper.
    """
    paper = _surface(colours)
    noise = _noise(colours)
    uneven = float(np.ptp(paper, axis=(0, 1)).max()) > 12
    if noise > NOISY or uneven or not _is_sheet(colours, paper):
        return _ink_in_scene(colours, noise)
    share = _share_on_plain(colours, paper)
    pale, level = _pale(share, FAINT / 255)
    return _as_ink(np.where(pale, np.minimum(share / level, 1), share))


def ink_on_few_pixels(colours: Values) -> Gray:
    """As `ink_on_paper`, for a tiny picture, enlarged: its paper is of one colour, its rim's."""
    rim = np.concatenate([colours[0], colours[-1], colours[:, 0], colours[:, -1]])
    paper = np.median(rim, axis=0).astype(np.float32)
    # Enlarging has blurred every edge: the stroke is what is darker than its half.
    return _as_ink(_stretched(_share_on_plain(colours, np.broadcast_to(paper, colours.shape)), 0.4))


def _share_on_plain(colours: Values, paper: Values) -> Values:
    """The digit's marks, as parts of the strongest."""
    mark, _ = _darker_or_lighter(paper - colours)
    peak = _level(mark)
    if peak < FAINTEST:
        raise BlankError("The picture is blank.")
    share: Values = mark / np.float32(peak)
    chosen = choose(_as_ink(share).astype(np.float32), FAINT)
    return np.where(chosen.mask, share, np.float32(0))


def _is_sheet(colours: Values, paper: Values) -> bool:
    """Whether the fitted paper is what most of the rim and much of the picture shows: no frame, no table."""
    shown = np.abs(colours - paper).max(axis=2) < NEAR_PAPER
    rim = np.concatenate([shown[:2].ravel(), shown[-2:].ravel(), shown[:, :2].ravel(), shown[:, -2:].ravel()])
    return bool(rim.mean() > 0.8 and shown.mean() > 0.45)


# --- photographs and scans ---


def _ink_in_scene(colours: Values, noise: float) -> Gray:
    dark = _is_ink_dark(colours)
    mark, paper = _local_mark(colours, dark)
    least = max(0.6 * FAINTEST, 2 * noise)
    low = max(least, 0.3 * _level(_inner(mark)))
    mark, printed = without_printed_lines(mark, max(least, 0.5 * low))
    if printed:
        low = max(least, 0.3 * _level(_inner(mark)))
    chosen = choose(mark, low, paper)
    for part in HIGHER:
        if not chosen.mask.any() and chosen.at_rim:  # what is paler may be a pattern that joins the digit
            low = max(least, part * _level(_inner(mark)))
            chosen = choose(mark, low, paper)
            chosen = chosen if _is_high(chosen.mask) else Chosen(np.zeros_like(chosen.mask), True)
    strong = np.where(chosen.mask, mark, np.float32(0))
    peak = _level(strong)
    if peak < max(FAINTEST, 4 * noise):
        why = "All marks run out of the picture or are shadows." if chosen.at_rim else ""
        raise BlankError("The picture is blank.", why=why)
    faint = max(least, 0.13 * peak)
    more = connected(mark, faint, strong >= low) if faint < low else chosen.mask
    digit = more if _continues(more, strong >= low) else chosen.mask
    share: Values = np.where(digit, mark / np.float32(peak), np.float32(0))
    pale, level = _pale(share, faint / peak)
    if pale.any():
        return _as_ink(np.where(pale, _stretched(share / level, 0.3), _stretched(share, 0.3)))
    # The paler marks are folds and shadows.
    return _as_ink(_stretched(share, min(max(low / peak, 0.35), 0.5)))


def _is_high(mask: Mask) -> bool:
    rows = np.flatnonzero(mask.any(axis=1))
    return len(rows) > 0 and int(rows[-1] - rows[0]) >= HIGH * max(mask.shape)


def _stretched(share: Values, low: float) -> Values:
    """Parts of full ink: 0 up to `low`, 1 from 0.75 on."""
    return (share - np.float32(low)) / np.float32(0.75 - low)


def _inner(mark: Values) -> Values:
    """The marks without those near the rim."""
    rim = round(0.04 * max(mark.shape))
    return mark[rim:-rim, rim:-rim] if min(mark.shape) > 4 * rim > 0 else mark


def _is_ink_dark(colours: Values) -> bool:
    """Whether ink is dark: at the narrowest width at which the dark marks, or the light ones, are nearly all
    there. The paper within a loop is a light mark too, but a wide one."""
    small = blurred(reduced(colours, POLARITY_GRID))
    amounts = np.array([[_amount(small, thin, dark) for dark in (True, False)] for thin in THIN])
    complete = (amounts >= 0.5 * amounts[-1]) & (amounts >= 0.15 * max(1.0, float(amounts[-1].max())))
    for (dark, light), amount in zip(complete, amounts, strict=True):
        if dark or light:
            return bool(dark and (not light or amount[0] >= amount[1]))
    return True


def _amount(colours: Values, part: float, dark: bool) -> float:
    """How much there is that is dark (or light) and narrower than `part` of the picture; strong marks count
    most.
    """
    window = _odd(part * max(colours.shape[:2]))
    return float((_inner(_difference(closing(colours, window, dark) - colours, dark)) ** 3).sum())


def _local_mark(colours: Values, dark: bool) -> tuple[Values, Values]:
    """(H, W) difference from the paper around each pixel, by the narrowest window that loses no ink, and the
    brightness of that paper."""
    wide, paper = _mark_within(colours, dark, WINDOWS[-1])
    strong = _inner(wide) >= 0.6 * _level(_inner(wide))
    for window in WINDOWS[:-1]:
        mark, near = _mark_within(colours, dark, window)
        if (_inner(mark)[strong] >= 0.8 * _inner(wide)[strong]).mean() > 0.9:
            return mark, near
    return wide, paper


def _mark_within(colours: Values, dark: bool, part: float) -> tuple[Values, Values]:
    """(H, W) marks narrower than `part` of the picture, and the brightness of the paper.

    Dark ink is measured as a part of the light that its paper sends back: in a shadow it is as dark as beside
    it.
    """
    window = _odd(part * max(colours.shape[:2]))
    local = closing(blurred(colours, 2), window, dark)
    mark = np.clip((local - blurred(colours)) * (1 if dark else -1), 0, None)
    if dark:
        mark *= BRIGHT / np.maximum(local, DARKEST)
    return mark.max(axis=2), local.mean(axis=2)


def _odd(pixels: float) -> int:
    return max(3, round(pixels) | 1)


def _continues(more: Mask, strong: Mask) -> bool:
    """Whether the marks of `more` are the strong ones with faint strokes that go on from them, within the
    picture and not many times as much."""
    rim = max(2, round(0.012 * max(more.shape)))
    inside = more[rim:-rim, rim:-rim].sum() == more.sum()
    return bool(inside and 1.15 * strong.sum() < more.sum() < 2.6 * strong.sum())


def _pale(share: Values, faint: float) -> tuple[Mask, Values]:
    """The pixels of faint strokes, away from dark ones, of ink given as parts of full ink, and how faint they
    are: 0.6 of full ink or less. None where they are few."""
    window = _odd(0.05 * max(share.shape))
    around = share
    for axis in (0, 1):
        around = running(around, window, "largest", axis)
    drawn = share >= faint
    pale = drawn & (around < 0.6)
    if pale.sum() < 0.08 * drawn.sum():
        pale = np.zeros_like(pale)
    return pale, np.clip(around, np.float32(2 * faint), 1)


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


def _surface(colours: Values) -> Values:
    """The paper as a quadratic surface in x and y for each channel, fitted so that ink counts for nothing.

    Starts from the rim, which is nearly all paper, then takes in every pixel near the surface so far, with
    a tolerance that tightens (iteratively reweighted least squares with Tukey's biweight).
    """
    small = reduced(colours, GRID)
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

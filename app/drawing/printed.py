"""Lines that are printed on paper, squared or ruled, taken out of the marks.

A printed line runs through the whole picture and has neighbours; a stroke of a digit does neither. Lines are
straight but, on a photograph, neither upright nor parallel: each is looked for by its own place and slope.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.drawing.morphology import Mask, Values, blurred

__all__ = ["without_printed_lines"]

STEEPEST = 0.14  # slope, in pixels across for each pixel along
COVERED = 0.55  # of its length, a line must be marked
FEWEST = 4  # lines of one direction
SPREAD = 0.4  # of the picture, that the lines of one direction take up
WIDEST_LINE = 9  # pixels: what is wider is a stripe or an edge
SAMPLES = 160  # places at which a line is looked at


def without_printed_lines(mark: Values, low: float) -> tuple[Values, bool]:
    """(H, W) marks without printed lines, and whether there were any. `low` is what counts as marked."""
    upright = _lines(mark, low)
    lying = _lines(mark.T, low)
    if not upright and not lying:
        return mark, False
    on_line = np.zeros(mark.shape, bool)
    result = mark.copy()
    for line in upright:
        _take_out(result, mark, on_line, line)
    for line in lying:
        _take_out(result.T, mark.T, on_line.T, line)
    return _bridged(result, on_line), True


_Line = tuple[float, float]
"""Where a line crosses the first row, in pixels, and its slope."""


def _lines(mark: Values, low: float) -> list[_Line]:
    """The nearly upright printed lines of the marks; none unless there are several."""
    height, width = mark.shape
    if min(height, width) < 60:
        return []
    thin = mark - np.maximum(_shifted(mark, WIDEST_LINE), _shifted(mark, -WIDEST_LINE))
    marked = blurred((thin >= low).astype(np.float32))
    marked = np.minimum(1, 3 * marked)
    rows = np.unique(np.linspace(0, height - 1, SAMPLES).astype(int))
    reach = STEEPEST * height
    slopes = np.arange(-reach, reach + 1, 2.5) / height
    middle = (height - 1) / 2
    place = np.arange(width)
    covered = np.zeros((len(slopes), width), np.float32)
    sampled = marked[rows]
    for number, slope in enumerate(slopes):
        column = np.rint(place[None, :] + slope * (rows[:, None] - middle)).astype(int)
        inside = (column >= 0) & (column < width)
        values = np.take_along_axis(sampled, np.clip(column, 0, width - 1), axis=1) * inside
        covered[number] = values.sum(axis=0) / np.maximum(inside.sum(axis=0), 0.6 * len(rows))
    return _peaks(covered, slopes, middle)


def _peaks(covered: npt.NDArray[np.float32], slopes: npt.NDArray[np.float64], middle: float) -> list[_Line]:
    """The best-covered lines, no two of them closer than their width."""
    lines: list[_Line] = []
    best = covered.max(axis=0)
    while len(lines) < 200 and best.max() >= COVERED:
        column = int(best.argmax())
        slope = float(slopes[covered[:, column].argmax()])
        lines.append((column - slope * middle, slope))
        best[max(0, column - WIDEST_LINE) : column + WIDEST_LINE + 1] = 0
    return lines if _are_regular(sorted(place + slope * middle for place, slope in lines), len(best)) else []


def _are_regular(places: list[float], width: int) -> bool:
    """Whether lines at these places look printed: several, over much of the picture, evenly spaced."""
    if len(places) < FEWEST or places[-1] - places[0] < SPREAD * width:
        return False
    gaps = np.diff(places)
    steps = gaps / np.median(gaps)
    return bool((np.abs(steps - np.rint(steps)) < 0.2).mean() >= 0.6)


def _shifted(mark: Values, by: int) -> Values:
    """The marks `by` columns to the right, paper beyond."""
    result = np.zeros_like(mark)
    if by > 0:
        result[:, by:] = mark[:, :-by]
    else:
        result[:, :by] = mark[:, -by:]
    return result


def _take_out(result: Values, mark: Values, on_line: Mask, line: _Line) -> None:
    """Clear a line in `result`, except where something darker crosses it, and note its pixels."""
    height, width = mark.shape
    rows = np.arange(height)
    column = _followed(mark, line)
    half = WIDEST_LINE // 2
    around = np.clip(column[:, None] + np.arange(-half, half + 1), 0, width - 1)
    profile = mark[rows[:, None], around]
    typical = np.median(profile, axis=0)
    depth = float(typical.max())
    for offset in np.flatnonzero(typical > 0.08 * depth):
        at = around[:, offset]
        printed = mark[rows, at] < 1.5 * typical[offset] + 0.35 * depth
        result[rows[printed], at[printed]] = 0
        on_line[rows, at] = True


def _followed(mark: Values, line: _Line) -> npt.NDArray[np.int64]:
    """The column of the line in each row, moved by up to two pixels to where the marks are."""
    height, width = mark.shape
    rows = np.arange(height)
    straight = line[0] + line[1] * rows
    pieces = max(1, height // 60)
    moved = np.zeros(pieces)
    for number, piece in enumerate(np.array_split(rows, pieces)):
        levels = [
            float(np.median(mark[piece, np.clip(np.rint(straight[piece] + by), 0, width - 1).astype(int)]))
            for by in (0, -1, 1, -2, 2)
        ]
        moved[number] = (0, -1, 1, -2, 2)[int(np.argmax(levels))]
    by_row = np.interp(rows, (np.arange(pieces) + 0.5) * height / pieces, moved)
    return np.clip(np.rint(straight + by_row), 0, width - 1).astype(np.int64)


def _bridged(mark: Values, on_line: Mask) -> Values:
    """Strokes that a line has cut, joined: a cleared pixel with ink on opposite sides becomes ink."""
    result = mark
    for reach in (2, 3, 4, 5):
        across = np.minimum(_shifted(mark, reach), _shifted(mark, -reach))
        down = np.minimum(_shifted(mark.T, reach), _shifted(mark.T, -reach)).T
        falling = np.minimum(_diagonal(mark, reach, reach), _diagonal(mark, -reach, -reach))
        rising = np.minimum(_diagonal(mark, reach, -reach), _diagonal(mark, -reach, reach))
        joined = np.maximum(np.maximum(across, down), np.maximum(falling, rising))
        result = np.where(on_line, np.maximum(result, joined), result)
    return result


def _diagonal(mark: Values, down: int, right: int) -> Values:
    return _shifted(_shifted(mark, right).T, down).T

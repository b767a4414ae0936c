"""Counts what `count_digits` makes of real digits and of pairs of them.

`python -m tests.drawing.several PENS.npz...` prints, for each file of pen digits, how many single digits are
taken for several in two widths of the pen; then how many pairs of random digits are noticed for each gap
between them. The files are no part of the project.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.drawing.several import count_digits
from app.drawing.strokes import Stroke, rasterise

Path_ = npt.NDArray[np.float64]
"""(n, 2) points of one stroke."""

SIDE = 200
SPAN = 0.8  # of the canvas: the longer side of what is drawn
WIDTHS = (0.01, 0.03)  # of the canvas
PAIRS = 400
GAPS = (-0.1, 0.0, 0.05, 0.1, 0.2, 0.4, 0.8)  # of the height of a digit, between the two boxes of ink


def digits_of(file: str | Path) -> list[list[Path_]]:
    """The strokes of each digit of a file of pen strokes, in thousandths."""
    with np.load(file) as data:
        firsts = np.append(data["digit_start"], len(data["stroke_start"]))
        starts = np.append(data["stroke_start"], len(data["points"]))
        points = data["points"].astype(np.float64) / 1000
    strokes = [points[a:b] for a, b in pairwise(starts)]
    return [strokes[a:b] for a, b in pairwise(firsts)]


def ink_of(paths: Sequence[Path_], width: float, side: int = SIDE) -> npt.NDArray[np.uint8]:
    """The paths, scaled to SPAN and put in the middle of a canvas, drawn with a pen of `width`."""
    every = np.vstack(paths)
    low, extent = every.min(axis=0), np.ptp(every, axis=0)
    scale = SPAN / max(float(extent.max()), 1e-6)
    placed = [(path - low - extent / 2) * scale + 0.5 for path in paths]
    return rasterise([Stroke(tuple(map(tuple, path.tolist())), width) for path in placed], side)


def side_by_side(
    digits: Sequence[Sequence[Path_]], gap: float, width: float, random: np.random.Generator
) -> list[Path_]:
    """Digits in a row as a hand would write them: heights of 0.8 to 1.2, a little up or down, and `gap` of
    paper between the boxes of their ink; `width` is the pen's, in the same unit."""
    done: list[Path_] = []
    right = 0.0
    for paths in digits:
        every = np.vstack(paths)
        low, extent = every.min(axis=0), np.ptp(every, axis=0)
        scale = random.uniform(0.8, 1.2) / max(extent[1], 0.8 * extent[0], 1e-6)
        down = (1 - extent[1] * scale) / 2 + random.uniform(-0.08, 0.08)
        done += [(path - low) * scale + (right, down) for path in paths]
        right += extent[0] * scale + gap + width
    return done


def pair_ink(
    digits: Sequence[Sequence[Path_]], gap: float, random: np.random.Generator, count: int = 2
) -> npt.NDArray[np.uint8]:
    """The ink of `count` random digits side by side."""
    width = random.uniform(0.03, 0.13)
    paths = side_by_side([digits[i] for i in random.integers(len(digits), size=count)], gap, width, random)
    span = float(np.ptp(np.vstack(paths), axis=0).max())
    return ink_of(paths, width * SPAN / span)


def main(files: Sequence[str]) -> None:
    """Print the counts."""
    everything: list[list[Path_]] = []
    for file in files:
        digits = digits_of(file)
        everything += digits
        for width in WIDTHS:
            taken = [i for i, paths in enumerate(digits) if count_digits(ink_of(paths, width)) > 1]
            share = 100 * len(taken) / len(digits)
            print(f"{Path(file).stem}: pen {width}: {len(taken)} of {len(digits)} ({share:.2f} %): {taken}")
    random = np.random.default_rng(11)
    for count in (2, 3):
        for gap in GAPS:
            found = sum(count_digits(pair_ink(everything, gap, random, count)) > 1 for _ in range(PAIRS))
            print(f"{count} digits, gap {gap}: {100 * found / PAIRS:.1f} % noticed")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The styles in which people draw each digit: skeletons, paths of the pen designed by hand in a unit
square.

A skeleton is strokes; a stroke is pieces, each going on from where the last one ended; a piece is a line
(with corners) or a curve (smooth) through points in per cent, x to the right and y down. Round zeros and
eights are made of rings.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Path: TypeAlias = npt.NDArray[np.float64]  # (n, 2) points, close together
Random: TypeAlias = np.random.Generator

MISS = 0.036  # how far, in standard deviations, a hand misses the points it aims at

WRITTEN = (
    (1, "plain", "line 50,0 50,100"),
    (1, "slanted", "line 72,0 36,100"),
    (1, "hooked", "line 30,27 56,0 55,100"),
    (1, "serif", "line 26,24 54,0 53,100", "line 20,100 86,99"),
    (1, "curved flag", "curve 34,22 46,14 56,0; line 55,50 54,100"),
    (2, "round", "curve 10,25 28,5 58,0 82,15 80,38 58,64 32,84 8,100; line 92,98"),
    (2, "looped", "curve 12,22 32,3 62,2 82,20 74,46 50,74 26,96 8,97 5,84 20,78 42,88 66,98 94,90"),
    (2, "swan", "curve 14,20 36,1 66,4 78,25 62,55 36,80 10,98; curve 32,90 62,99 95,92"),
    (2, "angular", "curve 10,16 32,2 66,0 84,14 80,32; line 10,100 90,99"),
    (2, "small head", "curve 20,22 40,4 62,6 68,22 54,50 30,78 8,98; line 94,95"),
    (3, "round", "curve 12,14 38,0 70,5 78,24 62,41 36,47; curve 72,50 88,70 76,93 42,100 8,88"),
    (3, "flat top", "line 12,2 82,2 42,40; curve 72,50 88,70 76,93 42,100 8,88"),
    (3, "pointed", "curve 10,10 40,0 75,10 72,30 24,48; curve 60,48 90,68 75,94 40,100 6,92"),
    (3, "looped", "curve 14,10 45,0 75,12 68,34 44,50 30,50 30,42 45,42 76,54 85,76 66,97 34,99 8,86"),
    (3, "small head", "curve 24,8 46,0 66,10 62,28 40,40; curve 76,50 92,72 74,95 42,100 6,90"),
    (4, "open", "line 24,0 10,58 92,57", "line 66,12 62,100"),
    (4, "open round", "curve 16,2 8,30 16,52 45,55 74,48", "line 78,0 74,100"),
    (4, "closed", "line 66,0 5,66 96,66", "line 67,2 65,100"),
    (4, "closed one stroke", "line 97,64 4,66 64,0 62,100"),
    (4, "open slanted", "line 40,0 6,56 90,52", "line 76,20 50,100"),
    (5, "one stroke", "line 86,2 24,2 18,45; curve 50,36 82,50 86,76 62,97 32,99 8,88"),
    (5, "two strokes", "line 25,3 18,45; curve 50,36 82,50 86,76 62,97 32,99 8,88", "line 27,2 90,0"),
    (5, "apart", "line 24,10 18,46; curve 50,36 82,50 86,76 62,97 32,99 8,88", "line 36,2 88,-2"),
    (5, "square", "line 84,0 18,0 18,42 62,41; curve 84,52 86,76 68,97 10,98"),
    (6, "big loop", "curve 70,0 38,20 14,52 12,78 32,98 62,98 84,78 72,54 44,48 17,66"),
    (6, "small loop", "curve 66,0 40,26 20,58 16,82 34,100 62,97 74,80 58,64 34,67 19,80"),
    (6, "straight", "line 68,0 20,60; curve 14,80 34,99 66,98 84,78 70,58 44,55 20,68"),
    (6, "curled", "curve 84,14 66,0 38,12 16,45 14,78 36,99 66,96 82,74 66,53 38,54 18,70"),
    (6, "hooked down", "curve 60,0 30,10 12,45 14,80 38,100 70,94 84,72 66,50 36,52 20,66"),
    (7, "plain", "line 8,3 88,2 40,100"),
    (7, "barred", "line 8,3 88,2 40,100", "line 32,52 86,50"),
    (7, "hooked", "line 10,20 10,2 88,3; curve 64,38 50,70 45,100"),
    (7, "barred curved", "curve 10,10 40,6 88,0; curve 66,36 48,68 42,100", "line 30,48 84,44"),
    (7, "curved", "line 6,5 86,3; curve 70,30 52,62 46,100"),
    (8, "figure eight", "curve 76,12 50,0 22,16 34,40 66,56 84,78 52,100 16,80 32,57 66,38 80,17 70,6"),
    (8, "square", "line 20,46 20,2 80,2 82,98 18,98 20,47 80,48"),
    (8, "narrow", "curve 68,4 44,3 34,20 46,42 64,62 66,86 46,100 28,86 34,62 56,42 72,22 66,2"),
    (8, "open top", "curve 78,10 52,0 24,14 34,38 66,56 84,78 52,100 18,80 32,58 62,40 74,24"),
    (9, "straight tail", "curve 78,20 60,2 30,5 14,28 26,50 54,50 78,22; line 74,100"),
    (9, "curled tail", "curve 78,20 60,2 30,5 14,28 26,50 54,50 78,22; curve 82,60 70,92 42,100 16,90"),
    (9, "slanted tail", "curve 78,20 60,2 30,5 14,28 26,50 54,50 78,22; curve 68,60 50,100"),
    (9, "small loop", "curve 74,14 54,0 30,8 24,28 42,42 68,32 75,12; line 72,55 68,100"),
    (9, "open", "curve 74,10 48,0 22,14 18,36 40,50 66,42 80,20; line 74,100"),
)


def skeletons(digit: int) -> list[str]:
    """The names of a digit's styles."""
    rings = {0: list(ZEROS), 8: ["two circles"]}.get(digit, [])
    return rings + [name for of, name, *_ in WRITTEN if of == digit]


def skeleton(digit: int, style: str, random: Random) -> list[Path]:
    """The strokes of a digit in one of its styles, as a hand that misses a little draws them."""
    for of, name, *strokes in WRITTEN:
        if (of, name) == (digit, style):
            return [_stroke(str(stroke), random) for stroke in strokes]
    return two_circles(random) if digit == 8 else zero(style, random)


def _stroke(text: str, random: Random) -> Path:
    parts: list[Path] = []
    for piece in text.split(";"):
        kind, *marks = piece.split()
        points = np.array([[float(value) / 100 for value in mark.split(",")] for mark in marks])
        points += random.normal(0, MISS, points.shape)
        if parts:
            points = np.vstack([parts[-1][-1], points])
        parts.append(line(points) if kind == "line" else curve(points))
    return np.vstack(parts)


def line(points: Path) -> Path:
    """Straight from point to point."""
    steps = [np.linspace(a, b, 40, endpoint=False) for a, b in pairwise(points)]
    return np.vstack([*steps, points[-1:]])


def curve(points: Path) -> Path:
    """Smoothly through every point (a Catmull-Rom spline)."""
    p = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, 24, endpoint=False)[:, None]
    steps = [
        b + t * (c - a) / 2 + t**2 * (2 * a - 5 * b + 4 * c - d) / 2 + t**3 * (3 * b - a - 3 * c + d) / 2
        for a, b, c, d in zip(p, p[1:], p[2:], p[3:], strict=False)
    ]
    return np.vstack([*steps, points[-1:]])


def ring(centre: tuple[float, float], radii: tuple[float, float], start: float, turn: float) -> Path:
    """Round a centre from an angle in degrees (0 right, 90 down) through `turn`."""
    angle = np.radians(np.linspace(start, start + turn, 120))
    return np.array(centre) + np.stack([np.cos(angle), np.sin(angle)], axis=1) * radii


def nearly_round(random: Random) -> float:
    """A full turn that ends too early or too late."""
    return -360 + random.uniform(-34, 20)


# Name of a zero: least and greatest half-width (its half-height is 0.5), and how far its top leans to the
# right.
ZEROS = {
    "oval": (0.36, 0.42, 0.0),
    "flat": (0.70, 0.85, 0.0),
    "slanted": (0.32, 0.36, 0.4),
    "narrow": (0.24, 0.31, 0.0),
    "closed over": (0.38, 0.44, 0.0),
}


def zero(style: str, random: Random) -> list[Path]:
    """One ring; "closed over" goes on into the inside."""
    narrowest, widest, lean = ZEROS[style]
    over = style == "closed over"
    turn = -360.0 if over else nearly_round(random)
    path = ring((0.5, 0.5), (random.uniform(narrowest, widest), 0.5), random.uniform(-115, -55), turn)
    path[:, 0] += lean * random.uniform(0.75, 1.25) * (0.5 - path[:, 1])
    if over:
        path = np.vstack([path, curve(path[-1] + np.array([(0, 0), (-0.13, 0.02), (-0.24, 0.09)]))])
    return [path]


def two_circles(random: Random) -> list[Path]:
    """An eight of a small ring on a larger one."""
    top = ring((0.5, 0.24), (random.uniform(0.26, 0.33), 0.25), random.uniform(40, 110), nearly_round(random))
    below = ring(
        (0.5, 0.74), (random.uniform(0.32, 0.4), 0.27), random.uniform(-120, -60), nearly_round(random)
    )
    return [top, below]

"""Makes drawn.json, digits as people draw them with a mouse. `python -m tests.data.make_drawn` rewrites it.

Each drawing is a skeleton (glyphs.py) to which is given what hands and mice add: points off their mark,
loops that do not close or close too far, slant, rotation, aspect, size, place, a slow wobble, strokes that
run on, a pen of any width, and a mouse that reports whole pixels at even times, so that fast parts have few
points. The set measures reading; nothing is trained on it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path as File

import numpy as np

from app.drawing.drawn import Drawing
from app.drawing.strokes import Point, Stroke, stroke_to_plain
from tests.data.glyphs import Path, Random, skeleton, skeletons

FILE = File(__file__).with_name("drawn.json")
SEED = 20_240_607
PER_DIGIT = 48
MOUSE = 560  # pixels across the canvas the mouse moved on
SMALLEST, LARGEST = 0.25, 0.95  # longer side of the digit, of the canvas
THINNEST, FATTEST = 0.012, 0.09  # width of the pen, of the canvas
RETAKES = {(1, 4), (1, 27), (7, 10)}  # came out so that a person could not tell a 1 from a 7: drawn again
TOO_FAT = 0.18  # of the digit's size: a wider pen would close its loops, and nobody could read it


def make() -> list[Drawing]:
    """The whole set, the same every time."""
    return [make_one(digit, number) for digit in range(10) for number in range(PER_DIGIT)]


def make_one(digit: int, number: int) -> Drawing:
    """One drawing; the styles of a digit take turns."""
    random = np.random.default_rng([SEED, digit, number, int((digit, number) in RETAKES)])
    styles = skeletons(digit)
    style = styles[number % len(styles)]
    paths, width = placed(by_hand(skeleton(digit, style, random), random), random)
    return Drawing(digit, style, tuple(Stroke(by_mouse(path, random), width) for path in paths))


def by_hand(paths: list[Path], random: Random) -> list[Path]:
    """Aspect, slant, rotation and wobble, the same for all strokes of a digit."""
    aspect = random.uniform(0.52, 1.0)
    slant = random.normal(0.1, 0.15)
    angle = np.radians(np.clip(random.normal(0, 8), -15, 15))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    phases, paces = random.uniform(0, 2 * np.pi, (2, 2)), random.uniform(0.25, 0.7, (2, 2))
    strengths = random.uniform(0, 0.032, (2, 2))
    done = []
    for path in paths:
        x, y = (path - 0.5).T
        bent = np.stack([x * aspect - slant * y, y], axis=1) @ turn.T
        along = 2 * np.pi * lengths(bent)[:, None]
        for wave in (0, 1):
            bent = bent + strengths[wave] * np.sin(paces[wave] * (wave + 1) * along + phases[wave])
        done.append(run_on(bent, random))
    return done


def run_on(path: Path, random: Random) -> Path:
    """Sometimes the button is released a little late."""
    if random.random() > 0.25:
        return path
    heading = path[-1] - path[-6]
    beyond = path[-1] + heading / max(np.hypot(*heading), 1e-9) * random.uniform(0.01, 0.05)
    return np.vstack([path, np.linspace(path[-1], beyond, 6)[1:]])


def placed(paths: list[Path], random: Random) -> tuple[list[Path], float]:
    """The strokes at some size somewhere on the canvas, and the width of the pen, both in canvas units."""
    size = log_uniform(SMALLEST, LARGEST, random)
    every = np.vstack(paths)
    corner, extent = every.min(axis=0), np.ptp(every, axis=0)
    slender = extent.min() / extent.max()
    loops = 1.0 if slender < 0.25 else min(1.0, 2 * slender)  # only a one is as slender as a quarter
    width = round(log_uniform(THINNEST, min(FATTEST, TOO_FAT * size * loops), random), 4)
    scale = min(size, 0.99 - width) / extent.max()
    free = 1 - width - extent * scale
    where = width / 2 + random.beta(2, 2, 2) * free
    return [(path - corner) * scale + where for path in paths], width


def by_mouse(path: Path, random: Random) -> tuple[Point, ...]:
    """Whole pixels at even times: slow at the ends and in bends, by the one-third power law of hand
    movement.
    """
    length = lengths(path)
    even = np.linspace(0, length[-1], 200)
    fine = np.stack([np.interp(even, length, path[:, axis]) for axis in (0, 1)], axis=1)
    steps = np.gradient(fine, axis=0)
    bend = np.abs(np.gradient(np.unwrap(np.arctan2(steps[:, 1], steps[:, 0])), even))
    smooth = np.convolve(np.pad(bend, 4, mode="edge"), np.ones(9) / 9, mode="valid")
    to_end = np.minimum(np.linspace(0, 1, 200), np.linspace(1, 0, 200))
    speed = np.minimum(1, 0.35 + 6 * to_end) / np.cbrt(3 + smooth)
    time = np.concatenate([[0], np.cumsum(1 / speed[:-1])])
    count = int(np.clip(length[-1] * random.uniform(18, 80), 6, 140))
    moments = np.linspace(0, time[-1], count)
    seen = np.stack([np.interp(moments, time, fine[:, axis]) for axis in (0, 1)], axis=1)
    seen += random.normal(0, random.uniform(0, 0.0024), seen.shape)
    pixels = np.rint(np.clip(seen, 0, 1) * MOUSE)
    moved = np.append(True, (np.diff(pixels, axis=0) != 0).any(axis=1))
    return tuple((round(x / MOUSE, 4), round(y / MOUSE, 4)) for x, y in pixels[moved].tolist())


def lengths(path: Path) -> Path:
    """How far along the path each of its points lies."""
    return np.append(0, np.cumsum(np.hypot(*np.diff(path, axis=0).T)))


def log_uniform(low: float, high: float, random: Random) -> float:
    """As many halvings as doublings."""
    return float(np.exp(random.uniform(np.log(low), np.log(high))))


def drawings_to_json(drawings: Sequence[Drawing]) -> str:
    """A file of drawings, one to a line so that a change of one is a change of one line."""
    lines = [
        json.dumps(
            {
                "digit": drawing.digit,
                "style": drawing.style,
                "strokes": [stroke_to_plain(stroke) for stroke in drawing.strokes],
            },
            separators=(",", ":"),
            allow_nan=False,
        )
        for drawing in drawings
    ]
    return '{"drawings":[\n' + ",\n".join(lines) + "\n]}\n"


if __name__ == "__main__":
    FILE.write_text(drawings_to_json(make()), encoding="utf-8")

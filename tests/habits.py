"""Digits as people of several countries write them, drawn by hand-written paths.

Coordinates are thousandths of the canvas, x to the right and y down. A curve is given by points it passes
through, joined smoothly (Catmull-Rom).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from app.drawing import Stroke

Path: TypeAlias = list[tuple[int, int]]

OVAL = [
    (500, 180),
    (360, 280),
    (320, 500),
    (370, 720),
    (500, 820),
    (630, 720),
    (680, 500),
    (640, 280),
    (500, 180),
]
SEVEN_TOP = [(320, 220), (680, 220)]

CURVES: dict[str, tuple[int, list[Path]]] = {
    "slashed zero": (0, [OVAL, [(640, 240), (360, 760)]]),
    "dotted zero": (0, [OVAL, [(490, 490), (510, 510)]]),
    "plain one": (1, [[(500, 180), (500, 820)]]),
    "one with a foot": (1, [[(400, 320), (510, 190)], [(510, 190), (510, 810)], [(380, 810), (640, 810)]]),
    "one with a long upstroke": (1, [[(330, 480), (430, 350), (530, 190)], [(530, 190), (530, 820)]]),
    "round two": (
        2,
        [
            [(340, 320), (400, 210), (510, 180), (620, 230), (640, 350), (540, 530), (340, 800)],
            [(340, 800), (680, 800)],
        ],
    ),
    "cursive two": (
        2,
        [
            [
                (340, 330),
                (410, 210),
                (530, 190),
                (630, 280),
                (600, 440),
                (480, 620),
                (360, 780),
                (320, 730),
                (390, 690),
                (500, 760),
                (600, 810),
                (700, 760),
            ]
        ],
    ),
    "open four": (4, [[(400, 200), (340, 520)], [(340, 520), (690, 520)], [(590, 330), (580, 820)]]),
    "closed four": (4, [[(590, 180), (310, 590)], [(310, 590), (710, 590)], [(590, 180), (590, 830)]]),
    "plain six": (
        6,
        [
            [
                (600, 190),
                (450, 300),
                (360, 480),
                (340, 660),
                (420, 790),
                (550, 800),
                (640, 700),
                (600, 570),
                (480, 540),
                (360, 630),
            ]
        ],
    ),
    "six with a square belly": (
        6,
        [
            [(420, 180), (370, 450), (370, 790)],
            [(370, 790), (640, 790)],
            [(640, 790), (640, 540)],
            [(640, 540), (375, 540)],
        ],
    ),
    "plain seven": (7, [SEVEN_TOP, [(680, 220), (560, 480), (470, 820)]]),
    "crossed seven": (7, [SEVEN_TOP, [(680, 220), (560, 480), (470, 820)], [(420, 510), (680, 510)]]),
    "nine with a straight leg": (
        9,
        [
            [(620, 320), (540, 200), (420, 200), (340, 310), (380, 440), (500, 480), (620, 400), (630, 300)],
            [(630, 240), (630, 820)],
        ],
    ),
}


def drawn(name: str, width: float, slant: float = 0.0, aspect: float = 1.0) -> tuple[Stroke, ...]:
    """The strokes of a habit with a pen of this width, slanted and made wider or narrower."""
    strokes = []
    for path in CURVES[name][1]:
        points = tuple((0.5 + (x - 0.5) * aspect + slant * (0.5 - y), y) for x, y in smooth(path))
        strokes.append(Stroke(points, width))
    return tuple(strokes)


def smooth(path: Path, steps: int = 8) -> tuple[tuple[float, float], ...]:
    """Points of the curve through all points of a path; a path of two is a straight line."""
    known = np.array(path, np.float64) / 1000
    if len(known) == 2:
        return tuple((x, y) for x, y in known.tolist())
    before = np.concatenate([[2 * known[0] - known[1]], known, [2 * known[-1] - known[-2]]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    pieces = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(before, before[1:], before[2:], before[3:], strict=False)
    ]
    return tuple((x, y) for x, y in np.concatenate([*pieces, known[-1:]]).tolist())

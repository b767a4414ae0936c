"""Pen strokes drawn as a person would draw them in the window: in many widths, slants and shapes.

The ink is the project's own, and so is the way from ink to 28x28 (`app.drawing`): what is learned from is
what the judges are given.
"""

from __future__ import annotations

import functools
import math
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.drawing import Stroke, rasterise, to_mnist
from app.training.pens import UNITS, PenSet, Points

SIDE = 28
FINE, COARSE = 560, 140
"""Pixels a side of the canvas: as in the window, and as large as an anti-aliased digit needs to be."""
PART = 500  # characters drawn from one seed
WORKERS = min(os.cpu_count() or 1, 32)  # Windows waits for no more than 61 processes

Images: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Hand:
    """How far a drawing may go from the strokes as written: the largest amounts, either way.

    Every drawing has its own boldness from 0 to 1, which scales all of them but width and size.
    """

    thinnest: float = 0.012  # the pen's width, of the canvas; every width is as likely on a logarithmic scale
    thickest: float = 0.13
    fattest: float = 0.18  # and never wider than this share of the character: its loops would close
    smallest: float = 0.35  # the longer side of the character, of the canvas
    largest: float = 0.85
    rotation: float = 15.0  # degrees
    slant: float = 0.35  # sideways shift per unit of height
    aspect: float = 0.30  # width over height, as a logarithm
    wobble: float = 0.03  # amplitude of slow waves along the stroke, of the character's size
    coarsest: int = 4  # how sparsely points are reported: one of so many


AS_WRITTEN = Hand(0.03, 0.03, 1.0, 0.7, 0.7, 0.0, 0.0, 0.0, 0.0, 1)
"""The strokes as they are, with a pen of usual width."""


def draw(
    pens: PenSet,
    hand: Hand,
    seed: np.random.SeedSequence,
    *,
    size: int = COARSE,
    workers: int = WORKERS,
) -> Images:
    """A picture uint8 (N, 28, 28) of every character; `seed` decides everything, however many `workers`."""
    starts = range(0, len(pens), PART)
    parts = [range(start, min(start + PART, len(pens))) for start in starts]
    work = functools.partial(_draw_part, pens, hand, size)
    seeds = seed.spawn(len(parts))
    if workers == 1 or len(parts) == 1:
        return np.concatenate([work(part, child) for part, child in zip(parts, seeds, strict=True)])
    # Spawned, not forked: the parent may have TensorFlow's threads.
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        return np.concatenate(list(pool.map(work, parts, seeds)))


def as_written(pens: PenSet, *, workers: int = WORKERS) -> Images:
    """A picture uint8 (N, 28, 28) of every character, just as the window would make it."""
    return draw(pens, AS_WRITTEN, np.random.SeedSequence(0), size=FINE, workers=workers)


def _draw_part(pens: PenSet, hand: Hand, size: int, part: range, seed: np.random.SeedSequence) -> Images:
    rng = np.random.default_rng(seed)
    pictures = np.empty((len(part), SIDE, SIDE), np.uint8)
    for place, index in enumerate(part):
        pictures[place] = to_mnist(rasterise(by_hand(pens.strokes(index), hand, rng), size))
    return pictures


def by_hand(strokes: list[Points], hand: Hand, rng: np.random.Generator) -> list[Stroke]:
    """The strokes of one character, varied as another person might write them, on a canvas."""
    boldness = rng.random()
    longer = rng.uniform(hand.smallest, hand.largest)
    width = math.exp(rng.uniform(math.log(hand.thinnest), math.log(hand.thickest)))
    width = min(width, hand.fattest * longer)
    every = int(rng.integers(1, hand.coarsest + 1))
    turn = _turn(hand, boldness, rng)
    waves = rng.uniform(0.0, 1.0, (2, 2, 2))  # pace and phase of two waves along each axis
    written = [points[_reported(len(points), every)] / UNITS - 0.5 for points in strokes]
    amplitude = hand.wobble * boldness
    moved = [(points + amplitude * _wobble(points, waves)) @ turn.T for points in written]
    everything = np.concatenate(moved)
    low, high = everything.min(axis=0), everything.max(axis=0)
    scale = longer / max(float((high - low).max()), 1e-6)
    middle = (low + high) / 2
    return [Stroke(tuple(map(tuple, ((points - middle) * scale + 0.5).tolist())), width) for points in moved]


def _turn(hand: Hand, boldness: float, rng: np.random.Generator) -> Floats:
    """The matrix (2, 2) that slants, stretches and rotates (x, y)."""
    slant, aspect, angle = boldness * rng.uniform(-1.0, 1.0, 3)
    angle *= math.radians(hand.rotation)
    stretch = math.exp(aspect * hand.aspect / 2)
    shape = np.array([[stretch, slant * hand.slant], [0.0, 1 / stretch]])
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turn: Floats = rotation @ shape
    return turn


def _reported(points: int, every: int) -> NDArray[np.int64]:
    """Which of the points a slow mouse reports: one in `every`, and the last one."""
    return np.unique(np.append(np.arange(0, points, every), points - 1))


def _wobble(points: Floats, waves: Floats) -> Floats:
    """Displacements (n, 2) from -1 to 1 that change slowly along the stroke."""
    steps = np.hypot(*np.diff(points, axis=0, prepend=points[:1]).T)
    along = np.cumsum(steps)[:, None, None]
    pace, phase = waves
    return np.asarray(np.sin(2 * math.pi * (along * (0.3 + 1.2 * pace) + phase)).mean(axis=1))

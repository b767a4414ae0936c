"""From the positions a mouse or finger reports to the points of a stroke.

Reported positions are few when the hand is fast, and whole pixels when it is slow: joined by straight
lines they look angular. So the stroke follows quadratic curves between the middles of neighbouring
positions, with the positions themselves as control points, and ends where the hand ended.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Trace", "begin", "end", "move"]

Point: TypeAlias = tuple[float, float]

_STEP = 0.006
"""Length of the straight pieces of a curve, in canvas units: below what an eye tells from round."""
_NEAR = 0.0015
"""A position nearer than this to the one before adds nothing but noise."""
_MOST_PIECES = 24
_DIGITS = 5
MAX_POINTS = 4_000
"""A stroke longer than this ends by itself: a saved drawing has room for 20,000 points."""


@dataclass(frozen=True)
class Trace:
    """A stroke being drawn: its points so far, and the last reported positions that it has not reached."""

    points: tuple[Point, ...]
    width: float
    erase: bool
    last: Point

    @property
    def full(self) -> bool:
        """No more points fit."""
        return len(self.points) >= MAX_POINTS


def begin(position: Point, width: float, erase: bool) -> Trace:
    """The pen comes down."""
    point = _round(position)
    return Trace((point,), width, erase, point)


def move(trace: Trace, position: Point) -> Trace:
    """The pen moves on: the stroke follows up to the middle between the last two positions."""
    position = _round(position)
    if math.dist(trace.last, position) < _NEAR or trace.full:
        return trace
    middle = ((trace.last[0] + position[0]) / 2, (trace.last[1] + position[1]) / 2)
    added = tuple(_curve(trace.points[-1], trace.last, middle))
    return Trace(trace.points + added, trace.width, trace.erase, position)


def end(trace: Trace) -> Trace:
    """The pen is lifted: the stroke reaches the last position."""
    if trace.points[-1] == trace.last:
        return trace
    return Trace((*trace.points, trace.last), trace.width, trace.erase, trace.last)


def _curve(start: Point, control: Point, stop: Point) -> Iterator[Point]:
    """Points after `start` on the quadratic Bezier curve to `stop`."""
    length = math.dist(start, control) + math.dist(control, stop)
    pieces = min(_MOST_PIECES, max(1, math.ceil(length / _STEP)))
    for piece in range(1, pieces + 1):
        t = piece / pieces
        a, b, c = (1 - t) * (1 - t), 2 * t * (1 - t), t * t
        yield _round(
            (a * start[0] + b * control[0] + c * stop[0], a * start[1] + b * control[1] + c * stop[1])
        )


def _round(point: Point) -> Point:
    return round(point[0], _DIGITS), round(point[1], _DIGITS)

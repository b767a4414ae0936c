"""Ink that follows a drawing: additions are drawn on top; after any other change it is redrawn."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from app.drawing.strokes import Canvas, Rect, Stroke, union
from app.picture import SIDE
from app.window.model.document import Content, Place
from app.window.model.pen import Trace

__all__ = ["Sheet", "finished"]

_NOTHING: Rect = (0, 0, 0, 0)
_KEPT = 12
"""Copies of earlier ink, for undo: redrawing a long drawing takes several frames."""


def finished(trace: Trace) -> Stroke:
    """A trace as the stroke that it is so far."""
    return Stroke(trace.points, trace.width, trace.erase)


@dataclass
class _Drawn:
    """What the ink shows: whole strokes, and the points of the one after them."""

    base: Place | None = None
    strokes: tuple[Stroke, ...] = ()
    begun: Stroke | None = None


@dataclass
class Sheet:
    """A canvas of `size` pixels that is brought to show one drawing after the other."""

    size: int
    canvas: Canvas = field(init=False)
    _drawn: _Drawn = field(default_factory=_Drawn, init=False)
    _copies: OrderedDict[tuple[int, ...], tuple[object, bytes]] = field(
        default_factory=OrderedDict, init=False
    )

    def __post_init__(self) -> None:
        self.canvas = Canvas(self.size)

    def show(self, content: Content, trace: Trace | None) -> Rect:
        """Show a drawing and the stroke under way. Returns the pixels that may have changed."""
        begun = finished(trace) if trace else None
        rect = _NOTHING
        if not self._leads_to(content, begun):
            self._start_again(content)
            rect = (0, 0, self.size, self.size)
        for stroke in content.strokes[len(self._drawn.strokes) :]:
            rect = union(rect, self._add(stroke))
            self._drawn.strokes = (*self._drawn.strokes, stroke)
            self._drawn.begun = None
            self._keep()
        if begun:
            rect = union(rect, self._add(begun))
            self._drawn.begun = begun
        return rect

    def _leads_to(self, content: Content, begun: Stroke | None) -> bool:
        """Whether the drawing is what the ink shows, with something added at its end."""
        drawn = self._drawn
        count = len(drawn.strokes)
        if drawn.base != content.base or len(content.strokes) < count:
            return False
        if any(old is not new for old, new in zip(drawn.strokes, content.strokes, strict=False)):
            return False
        following = content.strokes[count] if len(content.strokes) > count else begun
        return drawn.begun is None or (following is not None and _continues(drawn.begun, following))

    def _add(self, stroke: Stroke) -> Rect:
        begun = self._drawn.begun
        if begun is None:
            return self.canvas.add_stroke(stroke)
        rest = stroke.points[len(begun.points) - 1 :]
        if len(rest) < 2:
            return _NOTHING
        rect = _NOTHING
        for start, end in itertools.pairwise(rest):
            rect = union(rect, self.canvas.add_segment(start, end, stroke.width, stroke.erase))
        return rect

    def _start_again(self, content: Content) -> None:
        for count in range(len(content.strokes), -1, -1):
            strokes = content.strokes[:count]
            copy = self._copies.get(_name(content.base, strokes))
            if copy is not None:
                self.canvas.pixels[:] = np.frombuffer(copy[1], np.uint8).reshape(self.size, self.size)
                self._drawn = _Drawn(content.base, strokes)
                return
        self.canvas.pixels[:] = 0 if content.base is None else enlarged(content.base.picture, self.size)
        self._drawn = _Drawn(content.base)

    def _keep(self) -> None:
        drawn = self._drawn
        # The strokes are kept with the copy: while they exist no other object has their ids.
        self._copies[_name(drawn.base, drawn.strokes)] = (
            (drawn.base, drawn.strokes),
            self.canvas.pixels.tobytes(),
        )
        while len(self._copies) > _KEPT:
            self._copies.popitem(last=False)


def enlarged(picture: bytes, size: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """A 28x28 picture as ink of `size` pixels."""
    small = Image.frombytes("L", (SIDE, SIDE), picture)
    return np.asarray(small.resize((size, size), Image.Resampling.BICUBIC))


def _continues(begun: Stroke, stroke: Stroke) -> bool:
    same = begun.width == stroke.width and begun.erase == stroke.erase
    return same and stroke.points[: len(begun.points)] == begun.points


def _name(base: Place | None, strokes: tuple[Stroke, ...]) -> tuple[int, ...]:
    return (id(base), *map(id, strokes))

"""Beneath the canvas: undo, redo, clear, eraser, and the thickness of the pen."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model.state import State
from app.window.model.values import BRUSH_RANGE, Hover
from app.window.view import widgets
from app.window.view.layout import TOOLS, Box, Layout
from app.window.view.paint import Painter

_LOOKS = {
    "undo": ("undo", "Undo"),
    "redo": ("redo", "Redo"),
    "clear": ("clear", "Clear"),
    "eraser": ("eraser", "Eraser"),
    "thinner": ("minus", ""),
    "thicker": ("plus", ""),
}
_LEAST, _MOST = 3.0, 28.0
"""Diameter of the sample for the thinnest and the thickest pen; the ring on the canvas has the true size."""


def box(layout: Layout) -> Box:
    """The row of tools."""
    first = layout.tools["undo"]
    return first._replace(w=layout.tools["thicker"].right - first.x)


def enabled(state: State, tool: str) -> bool:
    """Whether there is anything for a tool to do."""
    if tool == "undo":
        return bool(state.document.actions)
    if tool == "redo":
        return bool(state.document.undone)
    if tool == "clear":
        return not state.content.empty
    if tool == "eraser":
        return True
    return state.brush > BRUSH_RANGE[0] if tool == "thinner" else state.brush < BRUSH_RANGE[1]


def key(state: State) -> Hashable:
    """What the tools show."""
    hover = state.hover.name if state.hover and state.hover.name in TOOLS else ""
    pressed = state.pressed.name if state.pressed and state.pressed.name in TOOLS else ""
    return hover, pressed, state.brush, state.eraser, tuple(enabled(state, tool) for tool in TOOLS)


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """Six quiet buttons, and a dot that grows with the pen."""
    painter.fill(box(layout), painter.colours.desk)
    for tool, place in layout.tools.items():
        icon, label = _LOOKS[tool]
        widgets.ghost(
            painter,
            place,
            icon,
            label,
            enabled=enabled(state, tool),
            hover=state.hover == Hover(tool),
            down=state.pressed == Hover(tool),
            on=tool == "eraser" and state.eraser,
        )
    share = (state.brush - BRUSH_RANGE[0]) / (BRUSH_RANGE[1] - BRUSH_RANGE[0])
    painter.disc(layout.width.centre, _LEAST + share * (_MOST - _LEAST), painter.colours.ink)

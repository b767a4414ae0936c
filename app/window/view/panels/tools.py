"""Beneath the canvas: undo, redo, clear, and the thickness of the pen."""

from __future__ import annotations

from collections.abc import Hashable

from app.window.model.state import BRUSH_RANGE, Hover, State
from app.window.view import theme as look
from app.window.view import widgets
from app.window.view.layout import TOOLS, Box, Layout
from app.window.view.paint import Painter

_LOOKS = {
    "undo": ("undo", "Undo"),
    "redo": ("redo", "Redo"),
    "clear": ("clear", "Clear"),
    "thinner": ("minus", ""),
    "thicker": ("plus", ""),
}


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
    return state.brush > BRUSH_RANGE[0] if tool == "thinner" else state.brush < BRUSH_RANGE[1]


def key(state: State) -> Hashable:
    """What the tools show."""
    hover = state.hover.name if state.hover and state.hover.name in TOOLS else ""
    pressed = state.pressed.name if state.pressed and state.pressed.name in TOOLS else ""
    return hover, pressed, state.brush, tuple(enabled(state, tool) for tool in TOOLS)


def draw(painter: Painter, layout: Layout, state: State) -> None:
    """Five quiet buttons, and a dot as thick as the pen."""
    painter.fill(box(layout), look.DESK)
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
        )
    thick = state.brush * layout.canvas.w / painter.theme.density
    painter.disc(layout.width.centre, min(thick, layout.width.h / painter.theme.density), look.INK)

"""The layout: boxes computed from the size of the window. Nothing overlaps at any size.

The window is laid out in logical pixels, on a grid of `theme.UNIT`. A window smaller than the least of its
arrangement is laid out at that size and scaled down whole; a very large one is scaled up, so that text on a
screen of many pixels stays readable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from app.window.model.values import Tab
from app.window.view.layout import ACTIONS, JUDGES, Box, Layout
from app.window.view.theme import LARGEST, MINIMUM, MINIMUM_TALL, UNIT, Theme

__all__ = ["arrange", "density_for"]

Rect: TypeAlias = tuple[float, float, float, float]
"""Left, top, width, height in logical pixels."""

WIDEST = 2.1
TALL = 1.15
"""Below this width by height the panels stand under the canvas."""
_COLUMNS = 760.0
"""A tall window at least this wide still has a column beside the canvas."""
_LABELLED = 84.0
_CHIP = 172.0
"""Width of the model's name in the header."""
_FACTS = 470.0
"""Width of network, node, height and balance in the status line."""
_TOOLS_H = 32.0


def arrange(size: tuple[int, int], density: float = 1.0, zoom: float = 1.0) -> Layout:
    """The layout of a window of `size` screen pixels, `density` of them to a logical one; `zoom` enlarges."""
    return _Arranger(size, density_for(size, density, zoom)).layout()


def density_for(size: tuple[int, int], density: float, zoom: float = 1.0) -> float:
    """Screen pixels per logical pixel: as asked for, within what the window has room for."""
    least = MINIMUM_TALL if size[0] < TALL * size[1] else MINIMUM
    # Fewer than MINIMUM logical pixels cannot hold the panels; more than LARGEST make the text tiny.
    density = max(density, min(size[0] / LARGEST[0], size[1] / LARGEST[1]))
    return min(density * zoom, size[0] / least[0], size[1] / least[1])


@dataclass
class _Frame:
    """The large parts, in logical pixels: `canvas` is left, top and side."""

    canvas: tuple[float, float, float]
    tools: Rect
    agreement: Rect
    judges: Rect
    sees: Rect
    submit: Rect


class _Arranger:
    """Boxes in logical pixels, rounded by their edges: neighbours stay neighbours at any density."""

    def __init__(self, size: tuple[int, int], density: float) -> None:
        self.size = size
        self.theme = Theme(density)
        self.h = size[1] / density
        self.tall = size[0] < TALL * size[1]
        # A very wide window leaves empty desk on both sides: lines would be too long to read.
        self.w = min(size[0] / density, max(WIDEST * self.h, MINIMUM[0]))
        self.left = (size[0] / density - self.w) / 2
        self.roomy = self.w >= 1180 and self.h >= 720
        self.pad = (3.0 if self.roomy else 2.0) * UNIT
        self.gap = (1.5 if self.roomy else 1.0) * UNIT
        self.header_h, self.status_h, self.strip_h = (52.0, 48.0, 76.0) if self.roomy else (40.0, 42.0, 68.0)

    def box(self, x: float, y: float, w: float, h: float) -> Box:
        x += self.left
        left, top, right, bottom = (self.edge(value) for value in (x, y, x + w, y + h))
        return Box(left, top, max(1, right - left), max(1, bottom - top))

    def edge(self, value: float) -> int:
        """An edge that two boxes share is the same for both, however each computes it."""
        return round(round(value * self.theme.density, 6))

    def layout(self) -> Layout:
        pad, w, h = self.pad, self.w, self.h
        room = h - self.header_h - self.status_h - self.strip_h - 2 * self.gap
        frame = self.tall_frame(room) if self.tall else self.wide_frame(room)
        x, y, side = frame.canvas
        canvas = self.box(x, y, side, side)
        tools, width = self.tools(*frame.tools)
        third = (frame.judges[2] - 2 * self.gap) / 3
        strip = (pad, h - self.status_h - self.strip_h - self.gap, w - 2 * pad, self.strip_h)
        ledger, rows = self.rows(*strip)
        half = (self.status_h - 6) / 2
        chip_y = (self.header_h - 28) / 2
        claims, button, auto, stages, actions, txid = self.submit(*frame.submit)
        return Layout(
            size=self.size,
            theme=self.theme,
            header=self.box(pad, 0, w - 2 * pad, self.header_h),
            help=self.box(w - pad - 32, chip_y, 32, 28),
            dark=self.box(w - pad - 72, chip_y, 32, 28),
            bounties=self.box(w - pad - 120 - _CHIP, chip_y, 32, 28),
            model=self.box(w - pad - 80 - _CHIP, chip_y, _CHIP, 28),
            canvas=canvas._replace(h=canvas.w),
            tools=tools,
            width=width,
            agreement=self.box(*frame.agreement),
            judges={
                who: self.box(
                    frame.judges[0] + i * (third + self.gap), frame.judges[1], third, frame.judges[3]
                )
                for i, who in enumerate(JUDGES)
            },
            sees=self.box(*frame.sees),
            tabs=self.tabs(*frame.sees),
            submit=self.box(*frame.submit),
            claims=claims,
            button=button,
            auto=auto,
            stages=stages,
            actions=actions,
            txid=txid,
            history=self.box(*strip),
            ledger=ledger,
            rows=rows,
            status=self.box(pad, h - self.status_h, w - 2 * pad, self.status_h),
            dismiss=self.box(w - pad - 24, h - self.status_h, 24, half),
            wallet=self.box(pad, h - self.status_h + half, min(_FACTS, w - 2 * pad), half),
        )

    # --- the two arrangements ---

    def wide_frame(self, room: float) -> _Frame:
        """The canvas on the left, everything about it on the right."""
        pad, gap, w = self.pad, self.gap, self.w
        across = w - 2 * pad - 2 * gap
        side = min(room - _TOOLS_H - gap, max(across - 448, 0.48 * across) if self.roomy else across - 448)
        # A high window has more room than the drawing can use: what is left is shared out evenly.
        used = min(room, max(side + _TOOLS_H + gap, 760.0))
        top = self.header_h + (room - used) / 2
        right = pad + side + 2 * gap
        column = w - pad - right
        agreement_h = 72.0 if self.roomy else 48.0
        lower_h = min(256.0, max(212.0 if self.roomy else 182.0, 0.32 * used))
        judges_top = top + agreement_h + gap
        judges_h = used - agreement_h - lower_h - 2 * gap
        lower = judges_top + judges_h + gap
        sees_w = min(lower_h - 32, 0.36 * column)
        return _Frame(
            canvas=(pad, top, side),
            tools=(pad, top + side + gap, side, _TOOLS_H),
            agreement=(right, top, column, agreement_h),
            judges=(right, judges_top, column, judges_h),
            sees=(right, lower, sees_w, lower_h),
            submit=(right + sees_w + gap, lower, column - sees_w - gap, lower_h),
        )

    def tall_frame(self, room: float) -> _Frame:
        """The canvas on top, the judges in a row beneath it."""
        pad, gap, top, inner = self.pad, self.gap, self.header_h, self.w - 2 * self.pad
        if self.w < _COLUMNS:
            judges_h, submit_h, agreement_h = 184.0, 180.0, 48.0
            side = min(room - judges_h - submit_h - agreement_h - _TOOLS_H - 4 * gap, inner - 180)
            spare = room - side - judges_h - submit_h - agreement_h - _TOOLS_H - 4 * gap
            judges_h += spare
            canvas_y = top + agreement_h + gap
            judges_y = canvas_y + side + gap + _TOOLS_H + gap
            return _Frame(
                canvas=(pad, canvas_y, side),
                tools=(pad, canvas_y + side + gap, inner, _TOOLS_H),
                agreement=(pad, top, inner, agreement_h),
                judges=(pad, judges_y, inner, judges_h),
                sees=(pad + side + gap, canvas_y, inner - side - gap, side),
                submit=(pad, judges_y + judges_h + gap, inner, submit_h),
            )
        side = min(0.56 * inner, room - 220 - _TOOLS_H - 2 * gap)
        block = side + gap + _TOOLS_H
        right, column = pad + side + gap, inner - side - gap
        agreement_h, submit_h = 60.0, 184.0
        return _Frame(
            canvas=(pad, top, side),
            tools=(pad, top + side + gap, side, _TOOLS_H),
            agreement=(right, top, column, agreement_h),
            judges=(pad, top + block + gap, inner, room - block - gap),
            sees=(right, top + agreement_h + gap, column, block - agreement_h - submit_h - 2 * gap),
            submit=(right, top + block - submit_h, column, submit_h),
        )

    # --- within the parts ---

    def tools(self, x: float, y: float, w: float, h: float) -> tuple[dict[str, Box], Box]:
        """Undo, redo, clear and eraser on the left, the pen's width on the right."""
        # A narrow canvas leaves room for icons only: the panel shows no words where they do not fit.
        end = w - 32 - 48 - 32 - 4
        wide = min(68.0, end / 4)
        places = {
            name: self.box(x + i * wide, y, wide, h)
            for i, name in enumerate(("undo", "redo", "clear", "eraser"))
        }
        places["thinner"] = self.box(x + w - 32 - 48 - 32, y, 32, h)
        places["thicker"] = self.box(x + w - 32, y, 32, h)
        return places, self.box(x + w - 32 - 48, y, 48, h)

    def tabs(self, x: float, y: float, w: float, h: float) -> dict[Tab, Box]:
        """A row of tabs at the panel's top."""
        inset = 8.0
        wide = (w - 2 * inset) / len(Tab)
        return {tab: self.box(x + inset + i * wide, y + 6, wide, 22) for i, tab in enumerate(Tab)}

    def submit(
        self, x: float, y: float, w: float, h: float
    ) -> tuple[tuple[Box, ...], Box, Box, Box, dict[str, Box], Box]:
        """Claim, button and switch, stages with what can be done after them, txid, from top to bottom."""
        inset = 16.0 if self.roomy else 12.0
        left, inner = x + inset, w - 2 * inset
        top = y + (12 if self.roomy else 8) + 18
        cell_h = 28.0
        first = 46.0
        cell = (inner - first) / 10
        claims = [self.box(left, top, first, cell_h)]
        claims += [self.box(left + first + i * cell, top, cell, cell_h) for i in range(10)]
        top += cell_h + 8
        auto_w = 118.0
        button = self.box(left, top, inner - auto_w - 12, 34)
        auto = self.box(left + inner - auto_w, top, auto_w, 34)
        top += 34 + 6
        end = y + h - (10 if self.roomy else 6)
        txid_h = 18.0
        stages_h = end - txid_h - 2 - top
        stages = self.box(left, top, inner, stages_h)
        steps_h = 36.0 if stages_h < 66 else 40.0
        actions_h = min(28.0, stages_h - steps_h)
        wide = inner / len(ACTIONS)
        actions_y = top + steps_h + min(6.0, stages_h - steps_h - actions_h)
        actions = {
            name: self.box(left + i * wide, actions_y, wide, actions_h) for i, name in enumerate(ACTIONS)
        }
        txid = self.box(left, end - txid_h, inner, txid_h)
        return tuple(claims), button, auto, stages, actions, txid

    def rows(self, x: float, y: float, w: float, h: float) -> tuple[Box, tuple[Box, ...]]:
        """The way to the whole history, and as many entries as fit beside it."""
        inset, gap, row = 8.0, 6.0, 142.0
        ledger = self.box(x + 6, y + 6, _LABELLED, h - 12)
        start = x + inset + _LABELLED
        room = x + w - inset - start
        count = max(1, int((room + gap) // (row + gap)))
        return ledger, tuple(
            self.box(start + i * (row + gap), y + inset, row, h - 2 * inset) for i in range(count)
        )

"""Where everything is: boxes from the size of the window. Nothing overlaps at any size.

The window is laid out in logical pixels, on a grid of `theme.UNIT`. A window smaller than
`theme.MINIMUM` is laid out at that size and scaled down whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from app import models
from app.window.model.state import Card, Hover, Who
from app.window.view.theme import MINIMUM, UNIT, Theme

__all__ = ["JUDGES", "Box", "Layout", "arrange"]

JUDGES = (Who.FLOAT, Who.FIXED, Who.SCRIPT)
TOOLS = ("undo", "redo", "clear", "thinner", "thicker")
WIDEST = 2.1
_LABELLED = 58
_CHIP = 172.0
"""Width of the model's name in the header."""
_FACTS = 416.0
"""Width of network, node, height and balance in the status line."""


class Box(NamedTuple):
    """Left, top, width, height: pygame takes it for a rectangle."""

    x: int
    y: int
    w: int
    h: int

    @property
    def right(self) -> int:
        """The first column behind it."""
        return self.x + self.w

    @property
    def bottom(self) -> int:
        """The first row beneath it."""
        return self.y + self.h

    @property
    def centre(self) -> tuple[int, int]:
        """The middle."""
        return self.x + self.w // 2, self.y + self.h // 2

    def holds(self, point: tuple[float, float]) -> bool:
        """Whether a point lies in it."""
        return self.x <= point[0] < self.right and self.y <= point[1] < self.bottom

    def meets(self, other: Box) -> bool:
        """Whether the two share a pixel."""
        return (
            self.x < other.right and other.x < self.right and self.y < other.bottom and other.y < self.bottom
        )

    def inset(self, across: int, down: int | None = None) -> Box:
        """Smaller by that much on every side."""
        down = across if down is None else down
        return Box(self.x + across, self.y + down, max(0, self.w - 2 * across), max(0, self.h - 2 * down))


@dataclass(frozen=True)
class Layout:
    """The places of one window size, in its own pixels."""

    size: tuple[int, int]
    theme: Theme
    header: Box
    help: Box
    model: Box
    """Names the model that reads: a click on it opens the list of them."""
    canvas: Box
    tools: dict[str, Box]
    width: Box
    """Shows how thick the pen is."""
    agreement: Box
    judges: dict[Who, Box]
    sees: Box
    submit: Box
    claims: tuple[Box, ...]
    """Automatic first, then 0 to 9."""
    button: Box
    auto: Box
    stages: Box
    txid: Box
    history: Box
    rows: tuple[Box, ...]
    status: Box
    wallet: Box
    """The facts of the chain in the status line: a click on them opens the wallet's card."""
    card: Box
    """The wallet's card, over all the others."""
    code: Box
    address: Box
    model_list: Box
    """The list of models, over all the others, and a row each."""
    choices: tuple[Box, ...]

    def parts(self) -> Iterator[tuple[str, Box]]:
        """The boxes that share the window between them."""
        yield from (("header", self.header), ("canvas", self.canvas), ("width", self.width))
        yield from self.tools.items()
        yield "agreement", self.agreement
        yield from ((who.value, box) for who, box in self.judges.items())
        yield from (("sees", self.sees), ("submit", self.submit))
        yield from (("history", self.history), ("status", self.status))

    def inner(self) -> Iterator[tuple[str, str, Box]]:
        """The boxes within those: (outer, own name, box). Those of one outer box do not overlap."""
        yield from (("header", "help", self.help), ("header", "model", self.model))
        yield from (("submit", f"claim {i}", box) for i, box in enumerate(self.claims))
        yield from (
            ("submit", name, box)
            for name, box in (
                ("button", self.button),
                ("auto", self.auto),
                ("stages", self.stages),
                ("txid", self.txid),
            )
        )
        yield from (("history", f"row {i}", box) for i, box in enumerate(self.rows))
        yield "status", "wallet", self.wallet

    def targets(self) -> Iterator[tuple[Hover, Box]]:
        """What can be pointed at, the smaller before what it lies in."""
        yield from ((Hover("help"), self.help), (Hover("model"), self.model))
        yield from ((Hover(name), box) for name, box in self.tools.items())
        yield from ((Hover("claim", i), box) for i, box in enumerate(self.claims))
        yield from ((Hover(n), b) for n, b in (("button", self.button), ("auto", self.auto)))
        yield from ((Hover(n), b) for n, b in (("txid", self.txid), ("stages", self.stages)))
        yield from ((Hover("row", i), box) for i, box in enumerate(self.rows))
        yield from ((Hover(who.value), box) for who, box in self.judges.items())
        yield Hover("wallet"), self.wallet
        yield from ((Hover(n), b) for n, b in (("canvas", self.canvas), ("status", self.status)))

    def at(self, point: tuple[float, float]) -> Hover | None:
        """What is at a point."""
        return next((hover for hover, box in self.targets() if box.holds(point)), None)

    def on_card(self, point: tuple[float, float], card: Card) -> Hover:
        """What is at a point while the wallet's card or the list of models is open."""
        wallet = card is Card.WALLET
        parts = {Hover("address"): self.address} if wallet else self.rows_of_list()
        inside = next((part for part, box in parts.items() if box.holds(point)), Hover("card"))
        return inside if (self.card if wallet else self.model_list).holds(point) else Hover("beside")

    def rows_of_list(self) -> dict[Hover, Box]:
        """The rows of the list of models."""
        return {Hover("choice", index): box for index, box in enumerate(self.choices)}

    def box_of(self, hover: Hover) -> Box | None:
        """Where a target is."""
        return next((box for target, box in self.targets() if target == hover), None)

    def on_canvas(self, point: tuple[float, float]) -> tuple[float, float]:
        """A point in canvas units: 0..1 across it, and beyond outside it."""
        return (point[0] - self.canvas.x) / self.canvas.w, (point[1] - self.canvas.y) / self.canvas.h


def arrange(size: tuple[int, int], density: float = 1.0) -> Layout:
    """The layout of a window of `size` screen pixels."""
    density = min(density, size[0] / MINIMUM[0], size[1] / MINIMUM[1])
    return _Arranger(size, density).layout()


class _Arranger:
    """Boxes in logical pixels, rounded by their edges: neighbours stay neighbours at any density."""

    def __init__(self, size: tuple[int, int], density: float) -> None:
        self.size = size
        self.theme = Theme(density)
        self.h = size[1] / density
        # A very wide window leaves desk on both sides: lines would be too long to follow.
        self.w = min(size[0] / density, max(WIDEST * self.h, MINIMUM[0]))
        self.left = (size[0] / density - self.w) / 2
        self.roomy = self.w >= 1180 and self.h >= 720
        self.pad = (3.0 if self.roomy else 2.0) * UNIT
        self.gap = (1.5 if self.roomy else 1.0) * UNIT

    def box(self, x: float, y: float, w: float, h: float) -> Box:
        x += self.left
        left, top, right, bottom = (self.edge(value) for value in (x, y, x + w, y + h))
        return Box(left, top, max(1, right - left), max(1, bottom - top))

    def edge(self, value: float) -> int:
        """An edge that two boxes share comes out the same for both, however each has reckoned it."""
        return round(round(value * self.theme.density, 6))

    def layout(self) -> Layout:
        pad, gap, w, h = self.pad, self.gap, self.w, self.h
        header_h, status_h, strip_h = (52.0, 48.0, 76.0) if self.roomy else (40.0, 42.0, 68.0)
        tools_h = 32.0
        room = h - header_h - status_h - strip_h - 2 * gap
        across = w - 2 * pad - 2 * gap
        side = min(room - tools_h - gap, max(across - 448, 0.48 * across) if self.roomy else across - 448)
        # A tall window has more height than the drawing can use: what is left is shared out evenly.
        used = min(room, max(side + tools_h + gap, 760.0))
        top = header_h + (room - used) / 2
        right = pad + side + 2 * gap
        column = w - pad - right
        strip_top = h - status_h - strip_h - gap
        canvas = self.box(pad, top, side, side)
        tools, width = self.tools(pad, top + side + gap, side, tools_h)
        agreement_h = 72.0 if self.roomy else 48.0
        lower_h = min(256.0, max(208.0 if self.roomy else 176.0, 0.32 * used))
        judges_top = top + agreement_h + gap
        judges_h = used - agreement_h - lower_h - 2 * gap
        third = (column - 2 * gap) / 3
        judges = {
            who: self.box(right + i * (third + gap), judges_top, third, judges_h)
            for i, who in enumerate(JUDGES)
        }
        lower = judges_top + judges_h + gap
        sees_w = min(lower_h - 32, 0.36 * column)
        submit = (right + sees_w + gap, lower, column - sees_w - gap, lower_h)
        claims, button, auto, stages, txid = self.submit(*submit)
        card, code, address = self.card()
        model_list, choices = self.model_list(len(models.MODELS))
        half = (status_h - 6) / 2
        strip = (pad, strip_top, w - 2 * pad, strip_h)
        return Layout(
            size=self.size,
            theme=self.theme,
            header=self.box(pad, 0, w - 2 * pad, header_h),
            help=self.box(w - pad - 32, (header_h - 28) / 2, 32, 28),
            model=self.box(w - pad - 32 - 8 - _CHIP, (header_h - 28) / 2, _CHIP, 28),
            canvas=canvas._replace(h=canvas.w),
            tools=tools,
            width=width,
            agreement=self.box(right, top, column, agreement_h),
            judges=judges,
            sees=self.box(right, lower, sees_w, lower_h),
            submit=self.box(*submit),
            claims=claims,
            button=button,
            auto=auto,
            stages=stages,
            txid=txid,
            history=self.box(*strip),
            rows=self.rows(*strip),
            status=self.box(pad, h - status_h, w - 2 * pad, status_h),
            wallet=self.box(pad, h - status_h + half, _FACTS, half),
            card=card,
            code=code,
            address=address,
            model_list=model_list,
            choices=choices,
        )

    def tools(self, x: float, y: float, w: float, h: float) -> tuple[dict[str, Box], Box]:
        """Undo, redo and clear on the left, the pen's width on the right."""
        places = {}
        wide = {"undo": 64.0, "redo": 64.0, "clear": 64.0}
        left = x
        for name in ("undo", "redo", "clear"):
            places[name] = self.box(left, y, wide[name], h)
            left += wide[name] + 8
        places["thicker"] = self.box(x + w - 32, y, 32, h)
        width = self.box(x + w - 32 - 56, y, 56, h)
        places["thinner"] = self.box(x + w - 32 - 56 - 32, y, 32, h)
        return places, width

    def submit(self, x: float, y: float, w: float, h: float) -> tuple[tuple[Box, ...], Box, Box, Box, Box]:
        """Claim, button and switch, stages, txid, from top to bottom."""
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
        stages = self.box(left, top, inner, end - txid_h - 2 - top)
        txid = self.box(left, end - txid_h, inner, txid_h)
        return tuple(claims), button, auto, stages, txid

    def card(self) -> tuple[Box, Box, Box]:
        """The wallet's card in the middle of the window, the code on its left, the address on its right."""
        w, h, code, inset = 672.0, 282.0, 226.0, 28.0
        x, y = (self.w - w) / 2, (self.h - h) / 2
        right = x + 2 * inset + code
        side = self.box(x + inset, y + inset, code, code)
        address = self.box(right, y + inset + 94, x + w - inset - right, 44)
        return self.box(x, y, w, h), side._replace(h=side.w), address

    def model_list(self, count: int) -> tuple[Box, tuple[Box, ...]]:
        """The list of models in the middle of the window: a heading, a row each, a line beneath."""
        w, row, head, foot = 640.0, 56.0, 60.0, 44.0
        h = head + count * row + foot
        x, y = (self.w - w) / 2, (self.h - h) / 2
        return self.box(x, y, w, h), tuple(
            self.box(x + 12, y + head + number * row, w - 24, row) for number in range(count)
        )

    def rows(self, x: float, y: float, w: float, h: float) -> tuple[Box, ...]:
        inset, gap, row = 8.0, 6.0, 142.0
        start = x + inset + _LABELLED
        room = x + w - inset - start
        count = max(1, int((room + gap) // (row + gap)))
        return tuple(self.box(start + i * (row + gap), y + inset, row, h - 2 * inset) for i in range(count))

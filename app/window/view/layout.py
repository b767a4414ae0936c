"""The boxes of one window size, and what is at a point. `arrange` makes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from app.window.model.values import Hover, Tab, Who
from app.window.view.theme import Theme

__all__ = ["ACTIONS", "JUDGES", "TOOLS", "Box", "Layout"]

JUDGES = (Who.FLOAT, Who.FIXED, Who.SCRIPT)
TOOLS = ("undo", "redo", "clear", "eraser", "thinner", "thicker")
ACTIONS = ("cheat", "check", "share", "details")
"""What can be done once a claim has its verdict."""


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
    dark: Box
    """Light or dark."""
    bounties: Box
    model: Box
    """Names the model that reads: a click on it opens the list of them."""
    canvas: Box
    tools: dict[str, Box]
    width: Box
    """Shows how thick the pen is."""
    agreement: Box
    judges: dict[Who, Box]
    sees: Box
    tabs: dict[Tab, Box]
    submit: Box
    claims: tuple[Box, ...]
    """Automatic first, then 0 to 9."""
    button: Box
    auto: Box
    stages: Box
    actions: dict[str, Box]
    txid: Box
    history: Box
    ledger: Box
    """Opens the whole history."""
    rows: tuple[Box, ...]
    status: Box
    dismiss: Box
    """Dismisses the message in the status line."""
    wallet: Box
    """The facts of the chain in the status line: a click on them opens the wallet's card."""

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
        yield from (
            ("header", n, b)
            for n, b in (
                ("help", self.help),
                ("dark", self.dark),
                ("model", self.model),
                ("bounties", self.bounties),
            )
        )
        yield from (("sees", f"tab {tab.value}", box) for tab, box in self.tabs.items())
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
        yield "history", "ledger", self.ledger
        yield from (("history", f"row {i}", box) for i, box in enumerate(self.rows))
        yield from (("status", "wallet", self.wallet), ("status", "dismiss", self.dismiss))

    def targets(self) -> Iterator[tuple[Hover, Box]]:
        """What can be pointed at, the smaller before what it lies in."""
        yield from (
            (Hover(n), b) for n, b in (("help", self.help), ("dark", self.dark), ("model", self.model))
        )
        yield Hover("bounties"), self.bounties
        yield from ((Hover(name), box) for name, box in self.tools.items())
        yield from ((Hover("tab", i), box) for i, box in enumerate(self.tabs.values()))
        yield from ((Hover("claim", i), box) for i, box in enumerate(self.claims))
        yield from ((Hover(n), b) for n, b in (("button", self.button), ("auto", self.auto)))
        yield from ((Hover(name), box) for name, box in self.actions.items())
        yield from ((Hover(n), b) for n, b in (("txid", self.txid), ("stages", self.stages)))
        yield Hover("ledger"), self.ledger
        yield from ((Hover("row", i), box) for i, box in enumerate(self.rows))
        yield from ((Hover(who.value), box) for who, box in self.judges.items())
        yield from ((Hover(n), b) for n, b in (("wallet", self.wallet), ("dismiss", self.dismiss)))
        yield from ((Hover(n), b) for n, b in (("canvas", self.canvas), ("status", self.status)))
        yield from ((Hover(n), b) for n, b in (("agreement", self.agreement), ("sees", self.sees)))

    def at(self, point: tuple[float, float]) -> Hover | None:
        """What is at a point."""
        return next((hover for hover, box in self.targets() if box.holds(point)), None)

    def box_of(self, hover: Hover) -> Box | None:
        """Where a target is."""
        return next((box for target, box in self.targets() if target == hover), None)

    def on_canvas(self, point: tuple[float, float]) -> tuple[float, float]:
        """A point in canvas units: 0..1 across it, and beyond outside it."""
        return (point[0] - self.canvas.x) / self.canvas.w, (point[1] - self.canvas.y) / self.canvas.h

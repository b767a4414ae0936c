"""What a person wants, freed from the key, button or finger that said it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from app.window.model.state import Card, Hover


@dataclass(frozen=True)
class PenDown:
    """Draw or erase from here. Positions are in canvas units."""

    x: float
    y: float
    erase: bool = False


@dataclass(frozen=True)
class PenMove:
    """Go on to here."""

    x: float
    y: float


@dataclass(frozen=True)
class PenUp:
    """The stroke is done."""


@dataclass(frozen=True)
class Point:
    """The pointer is on this; `brush` is where it is in canvas units, if over the canvas."""

    hover: Hover | None
    brush: tuple[float, float] | None = None


@dataclass(frozen=True)
class Press:
    """A button is pressed on something that can be pressed."""

    hover: Hover


@dataclass(frozen=True)
class Release:
    """The button is released, here."""

    hover: Hover | None


@dataclass(frozen=True)
class Thicken:
    """A thicker pen, by so many notches; thinner if negative."""

    notches: int


@dataclass(frozen=True)
class Scroll:
    """Further back in the history; forward if negative. `visible` rows are shown at once."""

    rows: int
    visible: int


@dataclass(frozen=True)
class Undo:
    """Take back the last stroke, wipe or picture."""


@dataclass(frozen=True)
class Redo:
    """Do again what was taken back."""


@dataclass(frozen=True)
class Clear:
    """Blank paper."""


@dataclass(frozen=True)
class Submit:
    """Put the claim to the contract."""


@dataclass(frozen=True)
class Choose:
    """Claim this digit, or None: what the integer engine reads."""

    digit: int | None


@dataclass(frozen=True)
class ToggleAuto:
    """Submit whenever the pen rests, or not."""


@dataclass(frozen=True)
class Toggle:
    """Open a card, or close it."""

    card: Card


@dataclass(frozen=True)
class Highlight:
    """Point at another model in the list: so many further down; further up if negative."""

    rows: int


@dataclass(frozen=True)
class ChooseModel:
    """Read with this model of the list from now on."""

    index: int


@dataclass(frozen=True)
class ToggleFullscreen:
    """Full screen, or a window."""


@dataclass(frozen=True)
class Reply:
    """Yes or no to the question on the screen."""

    yes: bool


@dataclass(frozen=True)
class Escape:
    """Leave what is open."""


@dataclass(frozen=True)
class Save:
    """Save the drawing, or a picture of the whole window."""

    window: bool = False


@dataclass(frozen=True)
class DropFile:
    """Take this image file as the drawing."""

    path: str


@dataclass(frozen=True)
class Quit:
    """Close the window."""


Intent: TypeAlias = (
    PenDown
    | PenMove
    | PenUp
    | Point
    | Press
    | Release
    | Thicken
    | Scroll
    | Undo
    | Redo
    | Clear
    | Submit
    | Choose
    | ToggleAuto
    | Toggle
    | Highlight
    | ChooseModel
    | ToggleFullscreen
    | Reply
    | Escape
    | Save
    | DropFile
    | Quit
)

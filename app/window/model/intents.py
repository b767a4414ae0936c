"""What a person wants, independent of the key, button or finger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from app.window.model.values import Card, Hover, Tab


@dataclass(frozen=True)
class PenDown:
    """Draw or erase from here. Positions are in canvas units."""

    x: float
    y: float
    erase: bool = False


@dataclass(frozen=True)
class PenMove:
    """The pen has moved to here."""

    x: float
    y: float


@dataclass(frozen=True)
class PenUp:
    """The stroke has ended."""


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
class ToggleEraser:
    """Let the left button erase, or draw again."""


@dataclass(frozen=True)
class Undo:
    """Undo the last stroke, wipe or picture."""


@dataclass(frozen=True)
class Redo:
    """Redo what was undone last."""


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
    """Point at another row of the open list: so many further down; further up if negative."""

    rows: int


@dataclass(frozen=True)
class Confirm:
    """Take what the open card points at, or what was typed on it."""


@dataclass(frozen=True)
class ChooseModel:
    """Read with this model of the list from now on."""

    index: int


@dataclass(frozen=True)
class Focus:
    """Move the keyboard's focus: to the next thing (1), or the previous one (-1)."""

    step: int
    rows: int = 0
    """How many entries of the history the strip shows."""


@dataclass(frozen=True)
class Arrow:
    """An arrow key, for what has the focus: to the right and down are positive."""

    across: int
    down: int
    fine: bool = False


@dataclass(frozen=True)
class Activate:
    """Press what has the focus."""


@dataclass(frozen=True)
class ShowTab:
    """Show this of the picture that the judges read."""

    tab: Tab


@dataclass(frozen=True)
class TryToCheat:
    """Choose a claim that the model does not read."""


@dataclass(frozen=True)
class CheckAgain:
    """Take the verification that is shown, or pointed at, from the chain and run it again."""


@dataclass(frozen=True)
class Share:
    """Make the proof card of the verification that is shown, or pointed at."""


@dataclass(frozen=True)
class WriteProof:
    """Write the proof file of the verification that is shown, or pointed at."""


@dataclass(frozen=True)
class CopyTxid:
    """Put the txid that is shown, or pointed at, on the clipboard."""


@dataclass(frozen=True)
class Recall:
    """Bring the drawing of the entry back that the open history points at."""


@dataclass(frozen=True)
class DeletePicture:
    """Delete what is kept of the drawing that the open history points at."""


@dataclass(frozen=True)
class PutAway:
    """Dismiss the hint that is shown."""


@dataclass(frozen=True)
class Zoom:
    """A larger text, by so many steps; smaller if negative; the usual size if 0."""

    steps: int


@dataclass(frozen=True)
class ToggleDark:
    """Dark or light colours."""


@dataclass(frozen=True)
class ToggleSound:
    """Sounds, or none."""


@dataclass(frozen=True)
class AskForFile:
    """Choose a picture file."""


@dataclass(frozen=True)
class Paste:
    """Take the picture on the clipboard as the drawing; text, while a path is typed."""


@dataclass(frozen=True)
class Type:
    """Characters typed into a text field; `delete` removes the last one."""

    text: str = ""
    delete: bool = False


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
    | ToggleEraser
    | Undo
    | Redo
    | Clear
    | Submit
    | Choose
    | ToggleAuto
    | Toggle
    | Highlight
    | Confirm
    | ChooseModel
    | Focus
    | Arrow
    | Activate
    | ShowTab
    | TryToCheat
    | CheckAgain
    | Share
    | WriteProof
    | CopyTxid
    | Recall
    | DeletePicture
    | PutAway
    | Zoom
    | ToggleDark
    | ToggleSound
    | AskForFile
    | Paste
    | Type
    | ToggleFullscreen
    | Reply
    | Escape
    | Save
    | DropFile
    | Quit
)

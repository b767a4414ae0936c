"""Everything the window shows, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field

from app import models
from app.window.model.bounty_values import BountyClaim, BountyList
from app.window.model.document import Content, Document
from app.window.model.pen import Trace
from app.window.model.values import (
    BRUSH,
    Card,
    ChainView,
    Check,
    Evidence,
    Hint,
    Hover,
    Judge,
    ModelEntry,
    Neurons,
    NoDigit,
    Notice,
    Picture,
    Question,
    Reading,
    Row,
    Run,
    Submission,
    Tab,
    Who,
    shipped_entries,
)


@dataclass(frozen=True)
class State:
    """The whole window at one moment. `clock` is in seconds since it opened."""

    document: Document = field(default_factory=Document)
    trace: Trace | None = None
    revision: int = 0
    """Counts changes of the ink."""
    inked: float = 0.0
    """When the ink last changed."""
    looked: int = 0
    """The latest revision whose ink has been turned into a picture, or found blank."""
    looked_at: float = 0.0
    """When the last picture was asked for."""
    picture: Picture | None = None
    blank: str = ""
    """Why the ink shows no digit, where something is drawn that shows none."""
    no_digit: NoDigit = NoDigit.BLANK
    brush: float = BRUSH
    eraser: bool = False
    """The left button erases."""
    pointer: tuple[float, float] | None = None
    """Where the brush is, in canvas units; None where it is not over the canvas."""
    judges: dict[Who, Judge] = field(
        default_factory=lambda: {who: Judge() for who in (Who.FLOAT, Who.FIXED, Who.SCRIPT)}
    )
    chain: ChainView = field(default_factory=ChainView)
    claim: int | None = None
    auto_verify: bool = False
    wanted: bool = False
    """A submission was asked for and waits for what it needs."""
    submission: Submission | None = None
    """The latest one: under way, judged, or failed."""
    jobs: int = 0
    judged: tuple[Submission, ...] = ()
    """All that have a verdict, the oldest first: one drawing and claim, one transaction."""
    run: Run | None = None
    """The run of the contract's Script that is being played, or was last."""
    tab: Tab = Tab.PIXELS
    evidence: Evidence | None = None
    neurons: Neurons | None = None
    explaining: int = -1
    """The revision whose evidence and neurons have been asked for and have not come; -1 if none."""
    check: Check | None = None
    history: tuple[Row, ...] = ()
    remembered: bool = False
    """The ledger has been read: what the history does not show is not there."""
    scroll: int = 0
    selected: int = 0
    """Which row the open history points at."""
    bounties: BountyList | None = None
    bounties_asked: int | None = None
    """The revision whose list has been asked for since the card was opened; None if none was."""
    bounty: int = 0
    """Which row of that list is pointed at."""
    bounty_claim: BountyClaim | None = None
    """The claim on a bounty that this window made last."""
    notice: Notice | None = None
    question: Question | None = None
    listed: tuple[ModelEntry, ...] = field(default_factory=shipped_entries)
    """The models that can be chosen."""
    model: str = models.DEFAULT
    """The one that the judges read with, by its name in `app.models`."""
    since: int = 0
    """The first revision that it reads: what was read before is another model's."""
    card: Card | None = None
    highlighted: int = 0
    """Which model the list of them points at, while it is open."""
    fullscreen: bool = False
    hover: Hover | None = None
    hovered: float = 0.0
    """Since when the pointer is on it."""
    pressed: Hover | None = None
    focus: Hover | None = None
    """What the keyboard acts on, chosen with Tab."""
    typed: str = ""
    """The path typed so far, while a file is asked for."""
    copied: float = float("-inf")
    """When the address was copied last."""
    dark: bool = False
    zoom: float = 1.0
    sound: bool = False
    still: bool = False
    """Reduced motion: nothing is animated."""
    hints: frozenset[Hint] = frozenset()
    """The hints of the first run that have been put away, or have served."""
    clock: float = 0.0

    @property
    def content(self) -> Content:
        """What lies on the paper, the stroke being drawn not included."""
        return self.document.content

    @property
    def covered(self) -> bool:
        """Whether something lies over the panels that keeps the pen off the paper."""
        return self.card is not None or self.question is not None

    @property
    def fresh(self) -> Picture | None:
        """The picture, if it is that of the ink as it is now."""
        return self.picture if self.picture and self.picture.revision == self.revision else None

    @property
    def model_names(self) -> tuple[str, ...]:
        """The models that can be chosen, in the order of the list."""
        return tuple(entry.name for entry in self.listed)

    def reading(self, who: Who) -> Reading | None:
        """What a judge read in the ink as it is now."""
        reading = self.judges[who].reading
        return reading if reading and self.fresh and reading.revision == self.revision else None

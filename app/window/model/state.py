"""Everything the window shows, as plain values. No pygame, no arithmetic of the judges."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass, field

from app import models
from app.window.model.document import Content, Document
from app.window.model.pen import Trace

__all__ = [
    "BRUSH",
    "BRUSH_RANGE",
    "BRUSH_STEP",
    "ZOOMS",
    "Card",
    "ChainView",
    "Check",
    "Evidence",
    "Hint",
    "Hover",
    "Judge",
    "Mark",
    "ModelEntry",
    "Neurons",
    "NoDigit",
    "Notice",
    "Phase",
    "Picture",
    "Question",
    "Reading",
    "Row",
    "Run",
    "RunSample",
    "State",
    "StepMark",
    "Submission",
    "SubmissionStage",
    "Tab",
    "Who",
    "entries",
    "shipped_entries",
]

BRUSH = 0.062
BRUSH_RANGE = (0.02, 0.16)
BRUSH_STEP = 1.15
"""Factor from one thickness of the pen to the next."""
ZOOMS = (0.8, 0.9, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0)
"""Sizes of the text, as factors of the usual one."""


class Who(enum.Enum):
    """Who reads."""

    FLOAT = "float"
    FIXED = "fixed"
    SCRIPT = "script"
    CHAIN = "chain"


class Card(enum.Enum):
    """What can be opened over the panels, one at a time."""

    HELP = "help"
    WORDS = "words"
    MEANING = "meaning"
    WALLET = "wallet"
    MODELS = "models"
    DETAILS = "details"
    HISTORY = "history"
    CHECK = "check"
    PATH = "path"


class Tab(enum.Enum):
    """What the panel beside the claim shows of the picture that the judges read."""

    PIXELS = "pixels"
    EVIDENCE = "evidence"
    NEURONS = "neurons"


class Hint(enum.Enum):
    """The steps of a first run that are explained, in order."""

    DRAW = "draw"
    SUBMIT = "submit"
    CHEAT = "cheat"


class NoDigit(enum.Enum):
    """Why ink is not read as one digit."""

    BLANK = "blank"
    SEVERAL = "several"


class Phase(enum.Enum):
    """Where something that has to start stands."""

    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class Picture:
    """The 28x28 picture (784 bytes) that the judges see, and the revision of the ink it was made from."""

    pixels: bytes
    revision: int


@dataclass(frozen=True)
class Reading:
    """What one judge reads: digit, ten shares that sum to 1, exact logits where there are any, and whether
    the model is sure of it."""

    revision: int
    digit: int
    shares: tuple[float, ...]
    milliseconds: float
    logits: tuple[int, ...] = ()
    sure: bool = True


@dataclass(frozen=True)
class Judge:
    """A judge's panel: how far it has come up, and what it read last."""

    phase: Phase = Phase.STARTING
    note: str = ""
    share: float | None = None
    reading: Reading | None = None
    asked: int = -1
    """The revision it has been asked to read and has not answered; -1 if none."""

    @property
    def up(self) -> bool:
        """It can be asked."""
        return self.phase is Phase.READY


@dataclass(frozen=True)
class ChainView:
    """The chain in the status line. `balance` in satoshis; `contract` (a SHA-256) may be empty."""

    phase: Phase = Phase.STARTING
    note: str = ""
    share: float | None = None
    network: str = ""
    node: str = ""
    height: int | None = None
    balance: int | None = None
    contract: str = ""
    explorer: str = ""
    """Where a transaction can be looked up, with one `{}`; empty on a private chain."""
    address: str = ""
    """Where coins are sent to; empty until the chain's worker has told it."""

    @property
    def up(self) -> bool:
        """It can be asked."""
        return self.phase is Phase.READY


class SubmissionStage(enum.Enum):
    """The four steps of a submission, in order."""

    READY = "contract ready"
    SIGNED = "signed"
    JUDGED = "judged"
    CONFIRMED = "in a block"


class StepMark(enum.Enum):
    """How one step stands."""

    WAITING = "waiting"
    ACTIVE = "active"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class Submission:
    """A claim on its way to the chain, or judged by it.

    `picture` is 784 bytes; `digit` is what the integer engine read; `model` and `network` say which contract
    judges and where. `fee` in satoshis, `size` in bytes.
    """

    job: int
    revision: int
    claim: int
    content: Content = field(default_factory=Content)
    picture: bytes = b""
    digit: int | None = None
    model: str = models.DEFAULT
    network: str = ""
    steps: tuple[StepMark, ...] = (StepMark.ACTIVE, StepMark.WAITING, StepMark.WAITING, StepMark.WAITING)
    running: bool = True
    note: str = ""
    txid: str = ""
    accepted: bool | None = None
    reason: str = ""
    block: int | None = None
    fee: int | None = None
    size: int | None = None


class Mark(enum.Enum):
    """The state of a past verification."""

    CONFIRMED = "in a block"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    OPEN = "open"
    LOST = "lost"
    ERROR = "no verdict"


@dataclass(frozen=True)
class Row:
    """One past verification. `picture` is 784 bytes."""

    txid: str
    picture: bytes
    claim: int
    digit: int
    mark: Mark
    reason: str = ""
    block: int | None = None
    when: str = ""
    network: str = ""
    model: str = ""
    """The model that read it, if it is one of those that ship."""


@dataclass(frozen=True)
class Notice:
    """A line for the person: what happened, why, what to do. Errors stay until something follows them."""

    what: str
    why: str = ""
    hint: str = ""
    error: bool = True
    until: float = float("inf")

    @property
    def text(self) -> str:
        """The whole message."""
        return " ".join(part for part in (self.what, self.why, self.hint) if part)


@dataclass(frozen=True)
class Evidence:
    """Why a digit is read in a picture: for each of its 784 pixels, -1 (against it) to 1 (for it).

    `exact`: each value is that pixel's own part of the logit; else it is how much the logit falls when the
    pixel and its neighbours are blank.
    """

    revision: int
    digit: int
    pixels: tuple[float, ...]
    exact: bool


@dataclass(frozen=True)
class Neurons:
    """The first hidden layer: `count` maps of `side` by `side` bytes each, 0 silent to 255 the strongest."""

    revision: int
    count: int
    side: int
    values: bytes


@dataclass(frozen=True)
class RunSample:
    """A moment in a run of the contract's Script: opcodes, bytes and multiplications so far, and the long
    number that is being computed: its lanes as bytes, 0 to 255."""

    opcodes: int
    code: int
    multiplications: int
    lanes: bytes


@dataclass(frozen=True)
class Run:
    """A run of the contract's Script, played in its panel from `began` (seconds on the window's clock).

    `total` is the length of the Script in bytes, `digit` what it read, `claim` what it is compared with.
    """

    job: int
    samples: tuple[RunSample, ...]
    total: int
    digit: int
    claim: int
    began: float


@dataclass(frozen=True)
class Check:
    """A verification that is checked again: `rows` are facts and values, empty while it runs."""

    txid: str
    rows: tuple[tuple[str, str], ...] = ()
    accepted: bool | None = None
    failure: str = ""

    @property
    def running(self) -> bool:
        """No result has come yet."""
        return self.accepted is None and not self.failure


@dataclass(frozen=True)
class ModelEntry:
    """A model in the list: share of the test digits that it reads right (0 to 1), bytes of its contract; both
    None where they were not measured."""

    name: str
    summary: str
    accuracy: float | None = None
    script_bytes: int | None = None
    own: bool = False
    """The person has imported it."""


@functools.cache
def shipped_entries() -> tuple[ModelEntry, ...]:
    """The models that ship."""
    return tuple(map(_entry, models.MODELS.values()))


def entries() -> tuple[ModelEntry, ...]:
    """All models there are now, read from the disk: those that ship, and the imported ones."""
    return tuple(map(_entry, models.available().values()))


def _entry(model: models.Model) -> ModelEntry:
    known = model.figures
    own = model.root is not None
    if known is None:
        return ModelEntry(model.name, model.summary, own=own)
    return ModelEntry(model.name, model.summary, known.accuracy, known.script_bytes, own)


@dataclass(frozen=True)
class Question:
    """Asked before coins that cost money are spent."""

    satoshis: int
    purpose: str


@dataclass(frozen=True)
class Hover:
    """What the pointer is on: the name of a place in the layout, and which one of several."""

    name: str
    index: int = 0


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
    chain: ChainView = ChainView()
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

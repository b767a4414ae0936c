"""The values that make up a window's state. No pygame, no arithmetic of the judges."""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass, field

from app import models
from app.window.model.document import Content

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
    BOUNTIES = "bounties"


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
    """The address that coins are sent to; empty until the chain's worker has sent it."""

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
    """A line for the person: what happened, why, what to do. Errors stay until the next notice."""

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
    pens: float | None = None
    """Share of pen digits of unseen people that it reads, where measured."""


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
    return ModelEntry(model.name, model.summary, known.accuracy, known.script_bytes, own, known.pens)


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

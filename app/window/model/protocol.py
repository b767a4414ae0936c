"""What the window asks of its workers and what they tell it, as small values that can be pickled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from app.window.model.bounty_values import BountyMessage, BountyRequest
from app.window.model.document import Content
from app.window.model.pen import Trace
from app.window.model.values import (
    Check,
    Evidence,
    ModelEntry,
    Neurons,
    NoDigit,
    Notice,
    Reading,
    Row,
    RunSample,
    SubmissionStage,
    Who,
)

if TYPE_CHECKING:
    from app.drawing.strokes import Stroke

# --- from the window ---


@dataclass(frozen=True)
class Look:
    """Make the picture of this ink, and read it with the integer engine."""

    revision: int
    content: Content
    trace: Trace | None


@dataclass(frozen=True)
class LookAtFile:
    """Make a picture of an image file; import a model file."""

    path: str


@dataclass(frozen=True)
class SaveDrawing:
    """Write the drawing as PNG."""

    content: Content


@dataclass(frozen=True)
class Keep:
    """Keep the strokes of a drawing that was submitted: the ledger has room for its picture only."""

    txid: str
    content: Content


@dataclass(frozen=True)
class BringBack:
    """The drawing of a past verification: its strokes if they were kept, else its picture (784 bytes)."""

    txid: str
    picture: bytes


@dataclass(frozen=True)
class DeleteDrawing:
    """Delete the strokes that are kept of a drawing."""

    txid: str


@dataclass(frozen=True)
class ChooseFile:
    """Let the person choose a picture file, in the platform's own dialog where there is one."""


@dataclass(frozen=True)
class LookAtClipboard:
    """Make a picture of the image on the clipboard."""


@dataclass(frozen=True)
class Explain:
    """Why this digit is read in a picture (784 bytes), and what the first hidden layer makes of it."""

    revision: int
    picture: bytes
    digit: int


@dataclass(frozen=True)
class MakeCard:
    """Make the proof card of a verification. `accepted`: the contract accepted the claim."""

    txid: str
    picture: bytes
    content: Content | None
    claim: int
    digit: int | None
    accepted: bool
    model: str
    network: str
    block: int | None
    contract: str = ""
    explorer: str = ""


@dataclass(frozen=True)
class Remember:
    """Write the preferences: JSON values by name."""

    values: dict[str, object]


@dataclass(frozen=True)
class TraceRun:
    """Run the contract's Script on a picture (784 bytes), and sample the run."""

    job: int
    picture: bytes


@dataclass(frozen=True)
class CheckTxid:
    """Take a verification from the chain and run its Script again, as `inkproof inspect` does."""

    txid: str
    network: str


@dataclass(frozen=True)
class MakeProof:
    """Write the proof file of a verification, as `inkproof proof` does."""

    txid: str
    network: str


@dataclass(frozen=True)
class ReadPicture:
    """Read a 28x28 picture (784 bytes)."""

    revision: int
    picture: bytes


@dataclass(frozen=True)
class SubmitClaim:
    """Submit a claim; the readings are for the ledger."""

    job: int
    picture: bytes
    digit: int
    float_digit: int
    probabilities: tuple[float, ...]
    fixed_digit: int
    logits: tuple[int, ...]


@dataclass(frozen=True)
class Answer:
    """The person's answer to `Ask`."""

    yes: bool


@dataclass(frozen=True)
class SwitchModel:
    """Work with another model from now on, by its name in `app.models`."""

    model: str


@dataclass(frozen=True)
class Stop:
    """Finish what must be finished, release everything, and end."""


Request: TypeAlias = (
    Look
    | LookAtFile
    | SaveDrawing
    | Keep
    | BringBack
    | DeleteDrawing
    | ChooseFile
    | LookAtClipboard
    | Explain
    | MakeCard
    | Remember
    | TraceRun
    | CheckTxid
    | MakeProof
    | ReadPicture
    | SubmitClaim
    | Answer
    | SwitchModel
    | Stop
    | BountyRequest
)

# --- from the workers ---


@dataclass(frozen=True)
class LoadProgress:
    """A stage of starting up, and how much of it is done (0 to 1) where that is known."""

    who: Who
    note: str
    share: float | None = None


@dataclass(frozen=True)
class Ready:
    """A judge, or the chain, has come up."""

    who: Who


@dataclass(frozen=True)
class Failed:
    """A worker cannot do its work. `again`: it is being restarted."""

    who: Who
    notice: Notice
    again: bool = False


@dataclass(frozen=True)
class Looked:
    """The picture of a revision of the ink (784 bytes), or why there is none, and what the engine reads."""

    revision: int
    picture: bytes | None
    blank: str = ""
    reading: Reading | None = None
    no_digit: NoDigit = NoDigit.BLANK


@dataclass(frozen=True)
class Read:
    """What a judge reads."""

    who: Who
    reading: Reading


@dataclass(frozen=True)
class Explained:
    """The answer to `Explain`."""

    evidence: Evidence
    neurons: Neurons


@dataclass(frozen=True)
class Traced:
    """A run of the contract's Script: samples in order, its length in bytes, and the digit it read."""

    job: int
    samples: tuple[RunSample, ...]
    total: int
    digit: int


@dataclass(frozen=True)
class Checked:
    """The result of `CheckTxid`."""

    check: Check


@dataclass(frozen=True)
class Models:
    """The models there are now."""

    entries: tuple[ModelEntry, ...]


@dataclass(frozen=True)
class NoDialog:
    """The platform has no dialog for choosing a file: let the person type its path."""


@dataclass(frozen=True)
class Placed:
    """A drawing to put down: its 28x28 picture (784 bytes), its strokes if known, its file if any, and the
    txid of its verification if it comes from the history."""

    picture: bytes
    name: str = ""
    strokes: tuple[Stroke, ...] = ()
    txid: str = ""


@dataclass(frozen=True)
class Said:
    """Something to tell the person."""

    notice: Notice


@dataclass(frozen=True)
class Account:
    """The chain's name and the wallet's address there, known before the chain has answered."""

    network: str
    address: str


@dataclass(frozen=True)
class ChainStatus:
    """The chain, and the contract of `model`. `balance` in satoshis, `explorer` with one `{}` or empty."""

    network: str
    node: str
    height: int
    balance: int
    model: str
    contract: str
    explorer: str = ""
    address: str = ""


@dataclass(frozen=True)
class StageReached:
    """A submission has come one step further. `text`: txid when signed, block height in a block."""

    job: int
    stage: SubmissionStage
    text: str = ""
    refused: bool = False


@dataclass(frozen=True)
class ClaimJudged:
    """The chain's verdict on a claim. `fee` in satoshis, `size` in bytes."""

    job: int
    accepted: bool
    txid: str
    reason: str
    block: int | None
    fee: int
    size: int


@dataclass(frozen=True)
class NotJudged:
    """A submission did not come to a verdict."""

    job: int
    notice: Notice


@dataclass(frozen=True)
class History:
    """Past verifications, the latest first."""

    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Ask:
    """May these coins, which cost money, be spent?"""

    satoshis: int
    purpose: str


Message: TypeAlias = (
    LoadProgress
    | Ready
    | Failed
    | Looked
    | Read
    | Explained
    | Traced
    | Checked
    | NoDialog
    | Models
    | Placed
    | Said
    | Account
    | ChainStatus
    | StageReached
    | ClaimJudged
    | NotJudged
    | History
    | Ask
    | BountyMessage
)

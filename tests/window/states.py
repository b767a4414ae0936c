"""States to look at: made of plain values, with readings that no judge ever gave."""

from dataclasses import replace

from app.drawing import Stroke, rasterise, to_mnist
from app.window.model.document import Document
from app.window.model.state import (
    Card,
    ChainView,
    Hover,
    Judge,
    Mark,
    Notice,
    Phase,
    Picture,
    Reading,
    Row,
    State,
    StepMark,
    Submission,
    Who,
)

SEVEN = (
    Stroke(((0.27, 0.24), (0.5, 0.235), (0.72, 0.23), (0.66, 0.36), (0.55, 0.6), (0.47, 0.8)), 0.062),
    Stroke(((0.42, 0.53), (0.68, 0.5)), 0.062),
)
PICTURE = to_mnist(rasterise(SEVEN, 560)).tobytes()
HALF = to_mnist(rasterise(SEVEN[:1], 560)).tobytes()
LOGITS = tuple(-123_456_789_012_345_678 + digit * 9_876_543_210_987_654 for digit in range(10))
ADDRESS = "mkHS9ne12qx9pS9VojpwU5xtRd4T7X7ZUt"
TXID = "3f8a29c01e2d4aa7" * 4
REASON = (
    "mandatory-script-verify-flag-failed (Script evaluated without error but finished with a false/empty "
    "top stack element)"
)


def shares(digit, best, second=None):
    """Ten shares: `best` for a digit, what is left for one other or for all others."""
    if second is not None:
        return tuple(best if d == digit else 1 - best if d == second else 0.0 for d in range(10))
    return tuple(best if d == digit else (1 - best) / 9 for d in range(10))


def reading(digit, revision=2, best=0.97, second=None, logits=(), milliseconds=0.42):
    return Reading(revision, digit, shares(digit, best, second), milliseconds, logits)


def judges(float_digit=7, fixed=7, script=7, **more):
    return {
        Who.FLOAT: Judge(Phase.READY, reading=reading(float_digit, **more)),
        Who.FIXED: Judge(Phase.READY, reading=reading(fixed, logits=LOGITS, milliseconds=0.11, **more)),
        Who.SCRIPT: Judge(Phase.READY, reading=reading(script, logits=LOGITS, milliseconds=31.4, **more)),
    }


READY = {who: Judge(Phase.READY) for who in (Who.FLOAT, Who.FIXED, Who.SCRIPT)}
CHAIN = ChainView(
    Phase.READY,
    network="regtest",
    node="Bitcoin SV:1.0.13",
    height=103,
    balance=4_999_000_000,
    contract="fa5a4003966a" + "0" * 52,
    address=ADDRESS,
)
_ROW = Row(TXID, PICTURE, 7, 7, Mark.OPEN, network="regtest", model="handwriting")
HISTORY = tuple(replace(_ROW, mark=mark, block=103 if mark is Mark.CONFIRMED else None) for mark in Mark)


def drawn(**changes):
    """A seven that all three read, everything up."""
    state = State(
        document=Document(SEVEN),
        revision=2,
        looked=2,
        picture=Picture(PICTURE, 2),
        judges=judges(),
        chain=CHAIN,
        history=HISTORY,
        remembered=True,
        clock=100.0,
    )
    return replace(state, **changes)


def submission(**changes):
    return replace(Submission(1, 2, 7), **changes)


CONFIRMED = submission(
    steps=(StepMark.DONE,) * 4, running=False, txid=TXID, accepted=True, block=103, fee=541, size=1082
)
REFUSED = submission(
    claim=3,
    steps=(StepMark.DONE, StepMark.DONE, StepMark.REFUSED, StepMark.WAITING),
    running=False,
    txid=TXID,
    accepted=False,
    reason=REASON,
    fee=541,
    size=1082,
)
ERROR = Notice(
    "The embedded node cannot be used.",
    "There is no space left on the device.",
    "Set INKPROOF_HOME to a folder you can write to.",
)

STATES = {
    "empty": State(judges=READY, chain=CHAIN, remembered=True),
    "starting": State(
        judges=READY | {Who.FLOAT: Judge(note="loading TensorFlow")},
        chain=ChainView(note="Fetching the Bitcoin SV node (once)", share=0.43),
    ),
    "drawing": drawn(
        document=Document(SEVEN[:1]),
        picture=Picture(HALF, 2),
        judges=judges(best=0.55, second=1) | {Who.SCRIPT: Judge(Phase.READY)},
        pointer=(0.47, 0.8),
        history=(),
    ),
    "agree": drawn(),
    "confirmed": drawn(submission=CONFIRMED),
    "disagree": drawn(judges=judges(4, 9, 9, best=0.6, second=7)),
    "refused": drawn(claim=3, submission=REFUSED),
    "submitting": drawn(
        submission=submission(steps=(StepMark.DONE, StepMark.DONE, StepMark.ACTIVE, StepMark.WAITING))
    ),
    "error": drawn(notice=ERROR, chain=ChainView(Phase.FAILED), history=()),
    "help": drawn(card=Card.HELP),
    "wallet": drawn(card=Card.WALLET),
    "models": drawn(card=Card.MODELS, highlighted=1),
    "logits": drawn(hover=Hover("fixed"), hovered=0.0),
}

"""States to look at: made of plain values, with readings that no judge ever gave."""

from dataclasses import replace

from app.drawing import Stroke, rasterise, to_mnist
from app.window.model.bounty_values import (
    BountyClaim,
    BountyList,
    BountyMark,
    BountyRow,
)
from app.window.model.document import Content, Document
from app.window.model.state import State
from app.window.model.values import (
    Card,
    ChainView,
    Check,
    Evidence,
    Hint,
    Hover,
    Judge,
    Mark,
    Neurons,
    NoDigit,
    Notice,
    Phase,
    Picture,
    Question,
    Reading,
    Row,
    Run,
    RunSample,
    StepMark,
    Submission,
    Tab,
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
    return Reading(revision, digit, shares(digit, best, second), milliseconds, logits, sure=best >= 0.7)


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
WHEN = "26 Nov 2026, 01:13"
_ROW = Row(TXID, PICTURE, 7, 7, Mark.OPEN, network="regtest", model="handwriting", when=WHEN)
HISTORY = tuple(
    replace(_ROW, txid=f"{number:02x}{TXID[2:]}", mark=mark, block=103 if mark is Mark.CONFIRMED else None)
    for number, mark in enumerate(Mark)
)


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
        hints=frozenset(Hint),
    )
    return replace(state, **changes)


def submission(**changes):
    plain = Submission(1, 2, 7, Content(None, SEVEN), picture=PICTURE, digit=7, network="regtest")
    return replace(plain, **changes)


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


def judged(done=CONFIRMED, **changes):
    """A drawing that has this verdict, and is in the history."""
    mark = Mark.CONFIRMED if done.accepted else Mark.REFUSED
    row = replace(_ROW, claim=done.claim, mark=mark, block=done.block, reason=done.reason)
    claim = None if done.claim == done.digit else done.claim
    state = drawn(submission=done, judged=(done,), claim=claim, history=(row, *HISTORY))
    return replace(state, **changes)


EVIDENCE = Evidence(
    2, 7, tuple((pixel / 255) * (1 - index / 392) for index, pixel in enumerate(PICTURE)), True
)
NEURONS = Neurons(2, 64, 1, bytes((number * 37) % 256 if number % 3 else 0 for number in range(64)))
RUN = Run(
    1,
    tuple(
        RunSample(n * 900, n * 3_200, n * 11, bytes((lane * n * 5) % 256 for lane in range(64)))
        for n in range(61)
    ),
    195_276,
    7,
    7,
    100.0,
)
CHECK = Check(
    TXID,
    (
        ("Claim", "this is a 7"),
        ("Model", "handwriting"),
        ("Script", "195,276 bytes, run in 24 ms"),
        ("Its SHA-256", "fa5a4003966a" + "0" * 52),
        ("Block", "103"),
        ("Block's hash", "0f" * 32),
        ("Fee", "541 satoshis for 1,082 bytes"),
        ("Txid", TXID),
    ),
    True,
)
BOUNTY = BountyRow(
    number=3,
    digit=7,
    holds=20_000,
    model="compact",
    mark=BountyMark.OPEN,
    sureness=0.905,
    deposit=3_000,
    window=144,
    last_block=1_103,
    fees=812,
    digit_read=7,
    earns=True,
)
BOUNTIES = BountyList(
    2,
    "regtest",
    (
        BOUNTY,
        replace(BOUNTY, number=2, digit=4, holds=5_000, model="cnn", earns=False),
        replace(BOUNTY, number=5, holds=9_000, sureness=0.9999, earns=False, posted_here=True),
        replace(BOUNTY, number=1, digit=0, mark=BountyMark.HELD, expires=247),
        replace(BOUNTY, number=4, digit=2, mark=BountyMark.PAID),
    ),
)
ERROR = Notice(
    "The embedded node cannot be used.",
    "There is no space left on the device.",
    "Set INKPROOF_HOME to a folder you can write to.",
)

FEW = {
    "empty": State(judges=READY, chain=CHAIN, remembered=True, hints=frozenset(Hint)),
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
    "unsure": drawn(judges=judges(best=0.6, second=1)),
    "several": drawn(
        blank="There seem to be two digits side by side. Leave one.",
        no_digit=NoDigit.SEVERAL,
        picture=None,
        judges=READY,
    ),
    "confirmed": judged(),
    "cheat": judged(claim=1),
    "refused": judged(REFUSED),
    "disagree": drawn(judges=judges(4, 9, 9, second=7)),
    "running": drawn(
        submission=submission(steps=(StepMark.DONE, StepMark.DONE, StepMark.ACTIVE, StepMark.WAITING)),
        run=RUN,
        clock=100.9,
    ),
    "error": drawn(notice=ERROR, chain=ChainView(Phase.FAILED), history=()),
    "evidence": judged(tab=Tab.EVIDENCE, evidence=EVIDENCE, neurons=NEURONS),
    "neurons": drawn(tab=Tab.NEURONS, evidence=EVIDENCE, neurons=NEURONS),
    "hint": drawn(hints=frozenset({Hint.DRAW})),
    "focus": drawn(focus=Hover("button"), eraser=True),
}
"""What the panels show."""
OVER = {
    "help": drawn(card=Card.HELP),
    "words": drawn(card=Card.WORDS),
    "meaning": drawn(card=Card.MEANING),
    "wallet": drawn(card=Card.WALLET),
    "models": drawn(card=Card.MODELS, highlighted=1),
    "details": judged(REFUSED, card=Card.DETAILS),
    "history": judged(card=Card.HISTORY, selected=1, history=(*judged().history, *HISTORY * 3)),
    "check": judged(card=Card.CHECK, check=CHECK),
    "bounties": drawn(card=Card.BOUNTIES, bounties=BOUNTIES),
    "bounty": drawn(
        card=Card.BOUNTIES,
        bounties=BOUNTIES,
        bounty_claim=BountyClaim(3, (StepMark.DONE, StepMark.DONE, StepMark.ACTIVE, StepMark.WAITING)),
    ),
    "no-bounty": drawn(card=Card.BOUNTIES, bounties=BountyList(2, "regtest", ())),
    "path": drawn(card=Card.PATH, typed="~/pictures/seven.png"),
    "question": drawn(
        question=Question(
            20_776,
            "deploy the contract (206,738 bytes, where compact has 4,715 and cnn has 36,770; fee 20,674) "
            "and verify one image with it (fee 102); 1,102 more are held by the contract until "
            "then and come back",
        )
    ),
    "logits": drawn(hover=Hover("fixed"), hovered=0.0),
}
"""What lies over them."""
STATES = FEW | OVER

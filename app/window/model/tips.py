"""What the tooltips say: a sentence for every control, and for every word that a stranger does not know."""

from __future__ import annotations

from dataclasses import dataclass

from app.window.model import decide, words
from app.window.model.decide import Act
from app.window.model.state import State
from app.window.model.values import Hover, Reading, Who

__all__ = ["DELAY", "Tip", "tip"]

DELAY = 0.45
"""Seconds the pointer has to stay before a tooltip appears, so that passing over things shows none."""


@dataclass(frozen=True)
class Tip:
    """A heading, rows of two columns, and paragraphs."""

    heading: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    text: tuple[str, ...] = ()


_PLAIN = {
    "help": "Keys, words, and what agreement means (F1).",
    "agreement": "One model on three machines. Click for what agreement means, and what it does not.",
    "dark": "Light or dark colours (D).",
    "undo": "Undo the last stroke (Ctrl+Z).",
    "redo": "Redo what was undone (Ctrl+Shift+Z).",
    "clear": "Blank paper, and an automatic claim (C).",
    "eraser": "Let the left button erase (E). The right button always does.",
    "thinner": "A thinner pen (-).",
    "thicker": "A thicker pen (+).",
    "auto": "Submit by itself whenever the pen rests and the model is sure (V).",
    "cheat": "Claim a digit that the model does not read: the node has to refuse it (X).",
    "check": "Take the transaction from the chain and run its Script here, like `inkproof inspect` (K).",
    "share": "Make a picture with the drawing, the verdict and how to check it (P).",
    "details": "Transaction, fee, size, and the node's own words (I).",
    "ledger": "All past verifications (H).",
    "dismiss": "Dismiss this message (Esc).",
    "model": "A model is a trained neural network. Click to choose the one that reads (N).",
    "bounties": "Bounties: coins for whoever brings a drawing that a contract recognises (B).",
    "yes": "Spend the coins (Y).",
    "no": "Send nothing (N or Esc).",
}
_TABS = (
    "What the judges read: 28 by 28 pixels, made as MNIST's were.",
    "Why this digit: which pixels speak for it, and which against it.",
    "What the first hidden layer makes of the picture.",
)
_CLAIM = (
    'A claim is put to the contract: "this is a 7". A node accepts it only if the model reads that digit.'
)


def tip(state: State) -> Tip | None:
    """The tooltip of what the pointer is on, once it has rested there."""
    hover = state.hover
    if hover is None or state.trace is not None or state.covered or state.clock - state.hovered < DELAY:
        return None
    return _of(state, hover)


def _of(state: State, hover: Hover) -> Tip | None:
    if hover.name in ("cheat", "check", "share", "details") and decide.verdict_of(state) is None:
        return _stages(state)
    if hover.name in _PLAIN:
        return Tip(text=(_PLAIN[hover.name],))
    if hover.name == "tab":
        return Tip(text=(_TABS[hover.index],))
    if hover.name in (Who.FLOAT.value, Who.FIXED.value, Who.SCRIPT.value):
        return _judge(state, Who(hover.name))
    made = {"row": _row, "claim": _claim}.get(hover.name)
    if made is not None:
        return made(state, hover.index)
    if hover.name == "button":
        return _button(state)
    if hover.name == "stages":
        return _stages(state)
    if hover.name == "txid" and (txid := words.txid_line(state)):
        does = "Click to open it in the explorer." if state.chain.explorer else "Click to copy it."
        what = "The transaction's name: a hash of its bytes, the same for everybody."
        return Tip("Transaction (txid)", text=(txid, what, does))
    if hover.name == "status" and state.notice:
        return Tip(state.notice.what, text=(f"{state.notice.why} {state.notice.hint}".strip(),))
    if hover.name == "wallet":
        return _chain(state)
    return None


def _claim(_state: State, index: int) -> Tip:
    if index == 0:
        return Tip(text=(_CLAIM, "Auto claims what the integer engine reads (A)."))
    return Tip(text=(_CLAIM, f"Click to claim a {index - 1}, whatever is drawn."))


def _button(state: State) -> Tip | None:
    match decide.act(state):
        case Act.SUBMIT:
            return Tip(text=("Send a signed transaction to the node, which runs the model (Enter).",))
        case Act.CHEAT:
            return Tip(
                text=(
                    "Submit the false claim (Enter). It costs nothing: what a node refuses is not sent on.",
                )
            )
        case Act.NEW:
            return Tip(text=("Blank paper (C). What was proved stays in the history.",))
    return None


def _stages(state: State) -> Tip:
    shown = decide.shown_submission(state)
    if shown is not None and shown.accepted is not None:
        fee = () if shown.fee is None else (("fee", f"{shown.fee:,} satoshis for {shown.size or 0:,} bytes"),)
        return Tip("This claim", fee, ("A block is a page of the chain: what stands in it stays.",))
    return Tip(
        "Steps of a claim",
        (),
        (
            "Ready: a contract with the whole model in it waits on the chain.",
            "Signed: a transaction carries drawing and claim to it.",
            "Judged: the node runs the model and accepts or refuses.",
            "In a block: everybody who follows the chain has it, and ran it too.",
        ),
    )


def _chain(state: State) -> Tip:
    chain = state.chain
    text = ["Click for the wallet's address (W)."]
    if chain.network in words.PRACTICE:
        text = [
            "A Bitcoin SV chain of your own, on this machine, with play money. Every block mined here pays "
            "the wallet 50 BSV, so the balance grows with each proof.",
            *text,
        ]
    if chain.network == "regtest-raised":
        text = [
            "This model's contract is larger than a default node takes: it runs on a second practice chain, "
            "with a higher limit and a balance of its own.",
            *text,
        ]
    return Tip(words.network_words(chain.network).capitalize() if chain.network else "", text=tuple(text))


def _judge(state: State, who: Who) -> Tip | None:
    judge = state.judges[who]
    reading: Reading | None = judge.reading
    if reading is None:
        return Tip(words.NAMES[who], text=(_JUDGES[who], judge.note) if judge.note else (_JUDGES[who],))
    if reading.logits:
        rows = tuple((str(d), f"{logit:,}") for d, logit in enumerate(reading.logits))
        return Tip("Logits, exact integers", rows, (_JUDGES[who],))
    rows = tuple((str(d), f"{share:.4%}") for d, share in enumerate(reading.shares))
    return Tip("Probabilities", rows, (_JUDGES[who],))


_JUDGES = {
    Who.FLOAT: "The model in TensorFlow, with real numbers that round.",
    Who.FIXED: "The same weights as whole numbers, computed exactly: what the contract computes, too.",
    Who.SCRIPT: "The contract's own Script, run here by an interpreter. On submit, a node runs it as well.",
}


def _row(state: State, index: int) -> Tip | None:
    index += state.scroll
    if index >= len(state.history):
        return None
    row = state.history[index]
    rows = [("claimed", str(row.claim)), ("engine read", str(row.digit)), ("state", row.mark.value)]
    if row.block is not None:
        rows.append(("block", f"{row.block:,}"))
    rows += [("read by", row.model), ("chain", words.network_words(row.network)), ("when", row.when)]
    return Tip("Click to bring the drawing back", tuple(r for r in rows if r[1]), (row.txid,))

"""What the cards say that open over the panels: the keys, the wallet, the list of models."""

from __future__ import annotations

from app import models
from app.models import Model
from app.window.model.state import Phase, State

KEYS: tuple[tuple[str, str], ...] = (
    ("Left button, finger", "draw"),
    ("Right button", "erase"),
    ("Wheel", "thickness of the pen"),
    ("Ctrl+Z", "undo"),
    ("Ctrl+Shift+Z", "redo"),
    ("C, Delete", "clear"),
    ("Enter", "submit the claim to the contract"),
    ("0 to 9, A", "claim that digit, or automatic"),
    ("V", "auto-verify when the pen rests"),
    ("Drop a file", "take a picture as the drawing"),
    ("Ctrl+S", "save the drawing as PNG"),
    ("Ctrl+Shift+S", "save a picture of the window"),
    ("N", "choose the model that reads"),
    ("W", "the wallet's address, to send coins to"),
    ("F11", "full screen"),
    ("F1, ?", "show or hide this list"),
    ("Esc", "leave what is open"),
    ("Ctrl+Q", "quit"),
)

MODELS_HINT = "Up, down and Enter, or a click. The drawing stays, and is read again."


def model_summary(model: Model) -> str:
    """A model in a sentence."""
    return f"{model.summary[0].upper()}{model.summary[1:]}."


def model_figures(model: Model) -> tuple[str, str]:
    """Its accuracy and the size of its contract; empty where they were not measured."""
    known = models.figures().get(model.name)
    if known is None:
        return "", ""
    return f"{known.accuracy:.2%} of MNIST".replace("%", " %"), f"{known.script_bytes:,} bytes"


COPIED = "The address is on the clipboard."
_ADVICE = {
    "testnet": "Send test coins to this address: every verification is paid for with them.",
    "mainnet": "Send coins to this address: every verification is paid for with them, and they cost money.",
}


def address_copied(state: State) -> bool:
    """Whether the address was copied a moment ago."""
    return state.notice is not None and state.notice.what == COPIED


def wallet_facts(state: State) -> tuple[tuple[str, str], ...]:
    """The network and what the wallet holds there, each with its name."""
    chain = state.chain
    balance = "not known yet" if chain.balance is None else f"{chain.balance:,} satoshis"
    return ("Network", chain.network or "not known yet"), ("Balance", balance)


def wallet_advice(state: State) -> str:
    """What to do with the address."""
    chain = state.chain
    if not chain.address and chain.phase is Phase.FAILED:
        return "The address is not known: there is no node to ask."
    if not chain.address:
        return "The address is not known yet: the node has not answered."
    private = "This chain is private: coins are mined here, and there is nothing to do."
    return _ADVICE.get(chain.network, private)

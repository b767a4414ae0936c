"""What the cards say that open over the panels."""

from __future__ import annotations

from app.window.model import decide, words
from app.window.model.state import State
from app.window.model.values import Card, ModelEntry, Phase, Row

PAGES = (
    (Card.HELP, ("Keys",)),
    (Card.WORDS, ("Words",)),
    (Card.MEANING, ("What agreement means", "Agreement")),
)
"""The three pages of the help in order, each with its name, and a shorter one."""

KEYS: tuple[tuple[str, str], ...] = (
    ("Left button, finger", "draw"),
    ("Right button, E", "erase"),
    ("Wheel, + and -", "thickness of the pen"),
    ("Ctrl+Z, Ctrl+Shift+Z", "undo, redo"),
    ("C, Delete", "new drawing"),
    ("Enter", "submit the claim"),
    ("0 to 9, A", "claim that digit, or automatic"),
    ("X", "try to cheat"),
    ("V", "auto-verify when the pen rests"),
    ("K, P, I", "check again, proof card, details"),
    ("H", "history"),
    ("T", "pixels, evidence, neurons"),
    ("N, W, B", "models, wallet, bounties"),
    ("Ctrl+O, Ctrl+V", "open or paste a picture"),
    ("Ctrl+S", "save the drawing"),
    ("Ctrl+Shift+S", "save a picture of the window"),
    ("Ctrl and +, -, 0", "size of the text"),
    ("D, S", "dark colours, sounds"),
    ("Tab, arrows, Space", "everything by keyboard"),
    ("F11, F1, Esc", "full screen, help, leave"),
    ("Ctrl+Q", "quit"),
)

GLOSSARY: tuple[tuple[str, str], ...] = (
    ("Model", "A trained neural network: its weights decide which digit is read."),
    ("Judge", "One of three machines that run the model: Keras, exact integers, a contract."),
    ("Contract", "A program that locks coins on a blockchain. This one holds the whole model."),
    ("Claim", '"This is a 7", put to the contract together with the drawing.'),
    ("Transaction", "Spends coins. Here it carries drawing and claim to the contract."),
    ("Txid", "A transaction's name: a hash of its bytes."),
    ("Node", "A program that runs every contract it is sent, and refuses what is false."),
    ("Block", "A page of the blockchain: what stands in it stays."),
    ("Fee", "What a transaction pays for being taken, by its size in bytes."),
    ("Practice chain", "A chain of your own, on this machine. Its coins are play money."),
    ("Logits", "Ten numbers, one for each digit: the largest is what the model reads."),
)

MEANING: tuple[tuple[str, str], ...] = (
    (
        "It means",
        "that three programs of different make read the same digit in the same 784 bytes, and that a node "
        "accepted a transaction which is valid only if the model reads that digit.",
    ),
    (
        "It does not mean that the digit is right.",
        "One model runs on all three machines: they differ in arithmetic, and can be wrong together.",
    ),
    (
        "It does not prove who drew it, or when:",
        "only that the owner of the contract signed, and in which block it is.",
    ),
    (
        "On the practice chain you are the only miner.",
        "A proof is as strong as its chain. What holds anywhere: anybody can run the Script again.",
    ),
)

MODELS_HINT = "Up, down and Enter, or a click. Drop a Keras or ONNX file on the window to add your own."
HISTORY_HINT = "Up, down and Enter, or a click. An entry comes back with its verdict."
PATH_HINT = "Path of a picture: type it or paste it (Ctrl+V), then Enter. Or drop the file on the window."


def model_summary(entry: ModelEntry) -> str:
    """A model in a sentence."""
    summary = f"{entry.summary[:1].upper()}{entry.summary[1:]}".rstrip(".")
    return f"{'Your own: ' if entry.own else ''}{summary}."


def model_figures(entry: ModelEntry) -> tuple[str, str]:
    """Its accuracy and the size of its contract; empty where they were not measured."""
    if entry.accuracy is None or entry.script_bytes is None:
        return "", ""
    shares = f"{entry.accuracy:.1%} of MNIST"
    if entry.pens is not None:
        shares = f"{entry.pens:.1%} of pens, {shares}"
    return shares.replace("%", " %"), f"{entry.script_bytes:,} bytes"


# --- a verdict ---


def details(state: State) -> tuple[tuple[str, str], ...]:
    """What there is to know about the verdict that is shown: facts and values."""
    shown = decide.shown_submission(state)
    if shown is None:
        return ()
    rows = [
        ("Claim", f"this is a {shown.claim}"),
        ("Engine read", "" if shown.digit is None else str(shown.digit)),
        ("Verdict", {True: "accepted", False: "refused", None: "none yet"}[shown.accepted]),
        ("Block", "" if shown.block is None else f"{shown.block:,}"),
        ("Model", shown.model),
        ("Network", shown.network and f"{words.network_words(shown.network)} ({shown.network})"),
        ("Fee", "" if shown.fee is None else f"{shown.fee:,} satoshis for {shown.size or 0:,} bytes"),
        ("Contract", state.chain.contract if shown.model == state.model else ""),
        ("Txid", shown.txid),
        ("The node's words", shown.reason),
    ]
    return tuple((name, value) for name, value in rows if value)


def verdict_words(row: Row) -> str:
    """An entry's verdict in a few words."""
    if row.block is not None:
        return f"claim {row.claim}: block {row.block:,}"
    return f"claim {row.claim}: {row.mark.value}"


def made_by(row: Row) -> str:
    """Which model read an entry, on which chain, and when."""
    parts = (row.model or "a model that is not here", words.network_words(row.network), row.when)
    return "  ·  ".join(part for part in parts if part)


def check_result(state: State) -> str:
    """The sentence above the facts of a check."""
    check = state.check
    if check is None or check.running:
        return "Taking the transaction from the chain, and running its Script again."
    if check.failure:
        return check.failure
    if check.accepted:
        return "The Script accepts, run again on this machine."
    return "The Script does not accept here."


# --- the wallet ---

_ADVICE = {
    "testnet": "Send test coins to this address: every verification is paid for with them.",
    "mainnet": "Send coins to this address: every verification is paid for with them, and they cost money.",
}
_COPIED_SHOWN = 6.0


def address_copied(state: State) -> bool:
    """Whether the address was copied a moment ago."""
    return state.clock - state.copied < _COPIED_SHOWN


def wallet_facts(state: State) -> tuple[tuple[str, str], ...]:
    """The network and what the wallet holds there, each with its name."""
    chain = state.chain
    balance = "not known yet" if chain.balance is None else words.coins(chain.balance)
    return ("Network", words.network_words(chain.network) or "not known yet"), ("Balance", balance)


def wallet_advice(state: State) -> str:
    """What to do with the address."""
    chain = state.chain
    if not chain.address and chain.phase is Phase.FAILED:
        return "The address is not known: there is no node to ask."
    if not chain.address:
        return "The address is not known yet: the node has not answered."
    private = "Play money: every block that is mined here pays 50 BSV, so there is nothing to do."
    return _ADVICE.get(chain.network, private)

"""The bounty with a model in it: its terms, its state, and its locking script, made or recognised.

The rules themselves are in contracts/digit_bounty.scrypt; docs/bounty.md draws them.
"""

from __future__ import annotations

import functools
import hashlib
import math
from dataclasses import dataclass, replace

from bitcoinx import Ops, Script, ScriptError, hash160, int_to_item, item_to_int, push_int, push_item

from app import paths
from app.contract import description
from app.errors import ContractError
from app.fixedpoint import IntegerModel
from app.picture import CLASSES, PIXELS
from app.script import Program

__all__ = [
    "FIRST_SECONDS",
    "OPEN",
    "SALT_BYTES",
    "Bounty",
    "State",
    "Terms",
    "bounty_for",
    "commitment_to",
    "earns",
    "least_margin",
    "margin_of",
    "recognise",
    "sureness_of",
]

SALT_BYTES = 32
FIRST_SECONDS = 500_000_000
"""Lock times from here on are seconds, not heights."""
MOST_BLOCKS = 100_000
"""The longest that a commitment may last: about two years."""
_HASH_BYTES = 32
_MOST_SATOSHIS = 21_000_000 * 100_000_000
_MODEL = "<DigitBounty.model.model>"
_PLACES = ("state", "poster", "digit", "margin", "deposit", "window", "lastBlock")
_LONGEST_MARGIN = 16
"""Bytes of a margin, at most: a logit has no more."""


@dataclass(frozen=True)
class State:
    """Where a bounty stands: open, or committed to something (SHA-256, 32 bytes) until a height."""

    commitment: bytes = bytes(_HASH_BYTES)
    expires: int = 0

    @property
    def is_open(self) -> bool:
        """Whether no commitment holds it."""
        return self.expires == 0

    def to_bytes(self) -> bytes:
        """The 36 bytes in the script."""
        return self.commitment + self.expires.to_bytes(4, "little")


OPEN = State()


@dataclass(frozen=True)
class Terms:
    """What a bounty asks for, which never changes. ContractError for terms that no sound bounty has.

    `poster`: public key hash (20 bytes). `margin`: in the model's integer logits, from 1. `deposit`: satoshis
    that a commitment adds. `window`: blocks that it lasts. `last_block`: the height after which the poster
    may take the bounty back.
    """

    poster: bytes
    digit: int
    margin: int
    deposit: int
    window: int
    last_block: int

    def __post_init__(self) -> None:
        sound = {
            "The poster is a public key hash of 20 bytes.": len(self.poster) == 20,
            f"The digit is one of 0 to {CLASSES - 1}.": 0 <= self.digit < CLASSES,
            "The margin is 1 or more, and no longer than a logit.": self.margin >= 1
            and len(int_to_item(self.margin)) <= _LONGEST_MARGIN,
            "The deposit is an amount.": 0 <= self.deposit <= _MOST_SATOSHIS,
            f"A commitment lasts 1 to {MOST_BLOCKS:,} blocks.": 1 <= self.window <= MOST_BLOCKS,
            "The last block is a height.": 0 <= self.last_block < FIRST_SECONDS,
        }
        for rule, holds in sound.items():
            if not holds:
                raise ContractError("There is no bounty on such terms.", why=rule)


@dataclass(frozen=True)
class Bounty:
    """One bounty in one state: what its output is locked with."""

    terms: Terms
    code: bytes
    """The Script of the model in it."""
    state: State = OPEN

    @functools.cached_property
    def locking_script(self) -> bytes:
        """The whole script."""
        before, between, behind = _parts()
        return b"".join((before, *_pushes(self.terms, self.state), between, self.code, behind))

    @functools.cached_property
    def code_sha256(self) -> str:
        """Identity of the model's Script."""
        return hashlib.sha256(self.code).hexdigest()

    def holding(self, state: State) -> Bounty:
        """The same bounty in another state."""
        return replace(self, state=state)

    def script_code(self, separator: int) -> bytes:
        """What a signature covers behind a separator: 0 that of `reveal`, 1 that of `reclaim`."""
        behind = _parts()[2]
        return behind[_separators()[separator] + 1 :]


def bounty_for(program: Program, model: IntegerModel, terms: Terms) -> Bounty:
    """The open bounty of a model. ContractError for models of another shape."""
    if program.classes != CLASSES or model.pixels != PIXELS:
        raise ContractError(f"A bounty holds models of {PIXELS} pixels and {CLASSES} classes only.")
    return Bounty(terms, program.code)


def recognise(locking_script: bytes) -> Bounty | None:
    """The bounty that a stranger's script is, byte for byte; None if it is not a bounty, or on unsound terms.

    Which model its code is remains to be found out: compare `code`.
    """
    before, between, behind = _parts()
    if not locking_script.startswith(before) or not locking_script.endswith(behind):
        return None
    try:
        items, position = _read_pushes(locking_script, len(before))
        state, poster, *numbers = items
        if len(state) != _HASH_BYTES + 4 or any(len(item) > _LONGEST_MARGIN for item in numbers):
            return None
        terms = Terms(poster, *map(item_to_int, numbers))
    except (ScriptError, ValueError, IndexError, ContractError):
        return None
    code = locking_script[position + len(between) : len(locking_script) - len(behind)]
    found = Bounty(terms, code, State(state[:_HASH_BYTES], int.from_bytes(state[_HASH_BYTES:], "little")))
    # Pushes in another form, or constants in other words, are another script.
    return found if found.locking_script == locking_script else None


def commitment_to(image: bytes, salt: bytes, claimant: bytes) -> bytes:
    """What a claimant (public key hash, 20 bytes) puts on an open bounty: SHA-256 of all three, in order."""
    if (len(image), len(salt), len(claimant)) != (PIXELS, SALT_BYTES, 20):
        raise ContractError("A commitment is to an image, a salt of 32 bytes and a public key hash.")
    return hashlib.sha256(image + salt + claimant).digest()


def margin_of(logits: tuple[int, ...] | list[int], digit: int) -> int:
    """By how much the digit's logit exceeds the largest other one; negative where another one is larger."""
    return logits[digit] - max(logit for index, logit in enumerate(logits) if index != digit)


def earns(logits: tuple[int, ...] | list[int], terms: Terms) -> bool:
    """Whether an image with these logits (of the bounty's model and rule) is what the bounty pays for."""
    return margin_of(logits, terms.digit) >= terms.margin


def least_margin(sureness: float, denominator: int) -> int:
    """The margin at which the digit is this much likelier (0.5 to 1, both excluded) than the second one.

    By a softmax of the two: ln(p / (1 - p)), in logits of that denominator, rounded up. ContractError for
    shares that have none.
    """
    if not 0.5 < sureness < 1 or sureness > 1 - 1e-12:
        raise ContractError(f"{sureness} is no margin.", why="It is a share between 0.5 and 1, such as 0.9.")
    return max(1, math.ceil(math.log(sureness / (1 - sureness)) * denominator))


def sureness_of(margin: int, denominator: int) -> float:
    """The inverse of `least_margin`: how much likelier the digit is than the second, 0.5 to 1."""
    # Beyond 700 exp overflows; the quotient is taken in integers first, for logits may exceed 64 bits.
    return 1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, margin / denominator))))


def public_key_hash(public_key: bytes) -> bytes:
    """HASH160, as the contract computes it."""
    return bytes(hash160(public_key))


def _pushes(terms: Terms, state: State) -> list[bytes]:
    numbers = (terms.digit, terms.margin, terms.deposit, terms.window, terms.last_block)
    return [push_item(state.to_bytes()), push_item(terms.poster), *map(push_int, numbers)]


def _read_pushes(script: bytes, position: int) -> tuple[list[bytes], int]:
    """The items of the constructor in a script, and where they end."""
    # A script's beginning is enough: a model of megabytes is not read for seven pushes.
    head = Script(script[position : position + 200])
    items: list[bytes] = []
    size = 0
    for op, item in head.ops_and_items():
        if item is None or op > Ops.OP_16:
            raise ScriptError("It is no push.")
        items.append(bytes(item))
        size += len(push_item(item))
        if len(items) == len(_PLACES):
            return items, position + size
    raise ScriptError("There are too few pushes.")


@functools.cache
def _parts() -> tuple[bytes, bytes, bytes]:
    """The compiled contract around what is filled in: before the constants, up to the model, behind it."""
    whole = description.load(paths.bounty_source())["hex"]
    before, places, rest = whole.partition("".join(f"<{name}>" for name in _PLACES))
    between, model, behind = rest.partition(_MODEL)
    if not places or not model or "<" in before + between + behind:
        raise ContractError(
            "The description of the bounty does not fit this program.", hint="Reinstall Inkproof."
        )
    return bytes.fromhex(before), bytes.fromhex(between), bytes.fromhex(behind)


@functools.cache
def _separators() -> tuple[int, ...]:
    """Where the separators stand in the part behind the model."""
    behind = _parts()[2]
    found, position = [], 0
    for op, item in Script(behind).ops_and_items():
        if op == Ops.OP_CODESEPARATOR:
            found.append(position)
        position += 1 if item is None or op == 0 or op > Ops.OP_PUSHDATA4 else 1 + len(item)
    return tuple(found)

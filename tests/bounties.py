"""What the tests of the bounty share: one around a small random model, and its four honest steps."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from bitcoinx import PrivateKey, Script, Tx, TxOutput

from app.contract.bounty import OPEN, Bounty, State, Terms, bounty_for, commitment_to, margin_of
from app.contract.bounty_spends import (
    Coin,
    Place,
    build_commit,
    build_reclaim,
    build_reopen,
    build_reveal,
)
from app.contract.classifier import program_for
from app.fixedpoint import IntegerModel, Rescale, quantise
from app.script import Kind

POSTER, CLAIMANT, THIEF = (PrivateKey(bytes([number]) * 32) for number in (7, 8, 9))
REWARD, DEPOSIT, WINDOW, LAST = 5_000, 700, 10, 1_000
FEE = 400
SALT = b"\x05" * 32
OUTPOINT = "11" * 32
"""The transaction whose first output holds the bounty; tests on a node put a real one here."""
COIN = Coin("22" * 32, 1, 60_000)


@functools.cache
def small_model() -> IntegerModel:
    """A small random model: the same code paths as a shipped one, in a tenth of the time."""
    rng = np.random.default_rng(11)
    weights = [(rng.normal(0, 0.05, (784, 6)), rng.normal(size=6)), (rng.normal(size=(6, 10)), np.zeros(10))]
    return quantise(weights).with_rule(Rescale.PER_SUM)


def pays(key: PrivateKey) -> bytes:
    """The locking script of a key's coins."""
    return key.public_key.P2PKH_script().to_bytes()


def logits(image: bytes) -> tuple[int, ...]:
    """What the small model computes."""
    return small_model().read(np.frombuffer(image, np.uint8)).logits


@functools.cache
def picture(seed: int = 3) -> bytes:
    """An image of random ink that the small model reads clearly."""
    rng = np.random.default_rng(seed)
    while True:
        image = rng.integers(0, 256, 784, dtype=np.uint8).tobytes()
        found = logits(image)
        if margin_of(found, found.index(max(found))) > 1_000:
            return image


def terms(image: bytes | None = None, **changes: int | bytes) -> Terms:
    """Terms that exactly this image earns: its digit, and its margin to the unit."""
    found = logits(image or picture())
    digit = found.index(max(found))
    plain = Terms(POSTER.public_key.hash160(), digit, margin_of(found, digit), DEPOSIT, WINDOW, LAST)
    return dataclasses.replace(plain, **changes)


@functools.cache
def opened(chosen: Terms | None = None) -> Bounty:
    """The open bounty."""
    return bounty_for(program_for(small_model(), Kind.PACKED), small_model(), chosen or terms())


def commitment(image: bytes | None = None, salt: bytes = SALT, key: PrivateKey = CLAIMANT) -> bytes:
    """The claimant's commitment."""
    return commitment_to(image or picture(), salt, key.public_key.hash160())


def at(state: State = OPEN, value: int = REWARD, *, chosen: Terms | None = None) -> Place:
    """The bounty in a state, at an outpoint of its own."""
    return Place(OUTPOINT, 0, value, opened(chosen).holding(state))


def committed(height: int = 100, image: bytes | None = None) -> Place:
    """The bounty as the claimant's commitment leaves it."""
    return at(State(commitment(image), height + WINDOW), REWARD + DEPOSIT)


def change(key: PrivateKey = CLAIMANT, value: int = 50_000) -> TxOutput:
    """What a step leaves of the coins that pay for it."""
    return TxOutput(value, Script(pays(key)))


def commit(place: Place | None = None, height: int = 100) -> Tx:
    """The claimant's commit; its coin's input is not signed."""
    return build_commit(place or at(), commitment(), height, [COIN], [change()])


def reveal(place: Place | None = None, key: PrivateKey = CLAIMANT) -> Tx:
    """The claimant's reveal."""
    return build_reveal(place or committed(), picture(), SALT, key, pays(key), FEE)


def reopen(place: Place | None = None, height: int = 110) -> Tx:
    """Anybody's reopening; its coin's input is not signed."""
    return build_reopen(place or committed(), height, [COIN], [change(THIEF)])


def reclaim(place: Place | None = None, key: PrivateKey = POSTER, height: int = LAST + 1) -> Tx:
    """The poster's reclaim."""
    return build_reclaim(place or at(), height, key, pays(key), FEE)

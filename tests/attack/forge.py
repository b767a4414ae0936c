"""Spends of the shipped contract, honest and forged. What is random comes from a seed."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from bitcoinx import PrivateKey, Script, ScriptError, SigHash, Tx, item_to_int, push_item

from app import paths
from app.contract import DigitContract, SpendPlan, build_spend, contract_for
from app.contract.spend import SIGHASH
from app.fixedpoint import IntegerModel, load
from app.script import Kind, Program
from app.script.program import LOGIT_BYTES

OWNER = PrivateKey(b"\x07" * 32)
STRANGER = PrivateKey(b"\x09" * 32)
VALUE, FEE = 5_000, 600
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Of the group of secp256k1: `ORDER - s` signs as well as `s`."""
_STATED = bytes(784)
"""The image that every spend here commits to, whatever image it shows."""


@dataclass(frozen=True)
class Attempt:
    """One spend to be judged: what is tried, the whole transaction, and the value it says it spends."""

    name: str
    tx: bytes
    value: int = VALUE


@functools.cache
def shipped_model() -> IntegerModel:
    """The integer model that ships: what the contract has to read."""
    return load(paths.model_folder() / "integers.npz")


@functools.cache
def shipped_contract(owner: bytes) -> DigitContract:
    """The shipped contract of an owner (public key hash, 20 bytes)."""
    return contract_for(shipped_model(), owner)


def answering(logits: Sequence[int]) -> DigitContract:
    """The contract with a model that answers `logits` to every image; all else is the shipped one's."""
    packed = b"".join(_logit(value) for value in logits)
    answers = Program(Kind.PACKED, b"\x75" + push_item(packed), 1, 10)
    return DigitContract(answers, OWNER.public_key.hash160(), shipped_model())


def _logit(value: int) -> bytes:
    """LOGIT_BYTES bytes, little endian, the sign in the top bit: what OP_NUM2BIN makes."""
    sign = (value < 0) << (8 * LOGIT_BYTES - 1)
    return (abs(value) | sign).to_bytes(LOGIT_BYTES, "little")


def read(image: bytes) -> int:
    """What the integer engine reads in an image of 784 bytes."""
    return shipped_model().read(np.frombuffer(image, np.uint8)).digit


class Forger:
    """Builds spends of one deployed contract output."""

    def __init__(
        self,
        key: PrivateKey = OWNER,
        *,
        txid: str = "11" * 32,
        index: int = 0,
        value: int = VALUE,
        contract: DigitContract | None = None,
        version: int = 1,
    ) -> None:
        """`version`: of its transactions; those above 1 are judged by the rules since Chronicle."""
        self.key = key
        self.version = version
        self.contract = contract or shipped_contract(key.public_key.hash160())
        self.plan = SpendPlan(txid, index, value, FEE, key.public_key.P2PKH_script().to_bytes())

    def claim(self, image: bytes, digit: int, *, signer: PrivateKey | None = None) -> Tx:
        """The spend as the app builds it, true or false, but for what it states of itself.

        All spends of one output state the same, so they differ in their unlocking scripts only.
        """
        tx = build_spend(self.contract, self.plan, read(_STATED), _STATED, signer or self.key)
        signature, key = items(tx)[2:]
        if self.version != tx.version:
            tx.version = self.version
            signature = self.signed(tx, signer=signer)
        tx.inputs[0].script_sig = Script(self.contract.unlocking_script(image, digit, signature, key))
        return tx

    def pushes(self, image: bytes, digit: int) -> list[bytes]:
        """The four items of the app's own spend: image, digit, signature, public key."""
        return items(self.claim(image, digit))

    def attempt(self, name: str, image: bytes, digit: int) -> Attempt:
        """A claim, right in everything but perhaps in what it says."""
        return self.finished(name, self.claim(image, digit))

    def unlocked(self, name: str, pushed: Sequence[bytes]) -> Attempt:
        """The app's spend, its unlocking script replaced by minimal pushes of these items."""
        return self.finished(name, self.scripted(b"".join(push_item(item) for item in pushed)))

    def scripted(self, unlocking: bytes) -> Tx:
        """The app's spend with any unlocking script: the signature covers all but that."""
        tx = Tx.from_bytes(self.honest)
        tx.inputs[0].script_sig = Script(unlocking)
        return tx

    @functools.cached_property
    def honest(self) -> bytes:
        """A spend as the app builds it. Spends of one output differ in their unlocking scripts only."""
        return self.claim(bytes(784), read(bytes(784))).to_bytes()

    def finished(self, name: str, tx: Tx) -> Attempt:
        """A transaction as an attempt."""
        return Attempt(name, tx.to_bytes(), self.plan.value)

    def signed(self, tx: Tx, kind: SigHash = SIGHASH, *, signer: PrivateKey | None = None) -> bytes:
        """A signature of the owner over the spend as it stands, with its sighash byte."""
        digest = tx.signature_hash(0, self.plan.value, Script(self.contract.script_code), kind)
        return (signer or self.key).sign(digest, None) + bytes([int(kind)])


def items(tx: Tx) -> list[bytes]:
    """What a spend pushes."""
    return [item for _, item in tx.inputs[0].script_sig.ops_and_items()]


def is_true(tx: Tx, forger: Forger) -> bool:
    """Whether a spend says nothing but the truth, in the owner's name: then nothing is forged.

    What lies beneath the four items, and how they are pushed, does not change what is claimed.
    """
    honest = Tx.from_bytes(forger.honest)
    signature = items(honest)[2]
    try:
        pushed = items(tx)[-4:]
    except ScriptError:
        return False
    if len(pushed) < 4 or None in pushed or pushed[2] != signature or len(pushed[0]) != 784:
        return False
    tx = Tx.from_bytes(tx.to_bytes())
    tx.inputs[0].script_sig = honest.inputs[0].script_sig
    return tx.hash() == honest.hash() and item_to_int(pushed[1]) == read(pushed[0])


def noise(seed: int, count: int) -> list[bytes]:
    """Images of random ink: sparse, dense, black and white, and single pixels."""
    rng = np.random.default_rng(seed)
    made: list[npt.NDArray[np.uint8]] = []
    for number in range(count):
        ink = rng.integers(0, 256, 784, dtype=np.uint8)
        if number % 3 == 1:
            ink[rng.random(784) > 0.2] = 0
        elif number % 3 == 2:
            ink = np.where(ink > 127, 255, 0).astype(np.uint8)
        made.append(ink)
    return [image.tobytes() for image in made]

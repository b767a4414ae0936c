"""The contract with a model in it and an owner: its locking script and its unlocking scripts."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Any

import scryptlib
from bitcoinx import Ops, Script
from scryptlib.types import Bytes, Int, PubKey, Ripemd160, Sig

from app.contract import description
from app.errors import ContractError
from app.fixedpoint import IntegerModel, Rescale
from app.picture import CLASSES, PIXELS
from app.script import Kind, Program, packed_program, unrolled

_MODEL_VARIABLE = "DigitClassifier.model.model"


@dataclass(frozen=True)
class _Hex:
    """What scryptlib takes for an assembly variable: anything with a `hex`."""

    hex: str


class DigitContract:
    """One deployed or deployable contract: a program and the owner's public key hash (20 bytes).

    The class that encodes it is scryptlib's, made from the committed description.
    """

    def __init__(self, program: Program, owner: bytes, model: IntegerModel) -> None:
        if len(owner) != 20:
            raise ContractError(
                "An owner is a public key hash of 20 bytes.", why=f"This one has {len(owner)}."
            )
        if program.classes != CLASSES or model.pixels != PIXELS:
            raise ContractError(f"The contract holds models of {PIXELS} pixels and {CLASSES} classes only.")
        self.program = program
        self.owner = owner
        self.model = model
        self._instance = _contract_class()(
            Ripemd160(owner), asm_vars={_MODEL_VARIABLE: _Hex(program.code.hex())}
        )
        # scryptlib ends every contract with OP_RETURN and its state. This one has no state, so the code
        # alone is the locking script.
        self.locking_script: bytes = self._instance.code_part.to_bytes()[:-1]

    @property
    def kind(self) -> Kind:
        """Which generator made the model's Script."""
        return self.program.kind

    @functools.cached_property
    def sha256(self) -> str:
        """The contract's identity, whoever owns it: SHA-256 of its locking script with a zero owner."""
        start = _owner_position()
        anonymous = self.locking_script[:start] + bytes(20) + self.locking_script[start + 20 :]
        return hashlib.sha256(anonymous).hexdigest()

    @functools.cached_property
    def script_code(self) -> bytes:
        """The part of the locking script that a signature covers: what follows its OP_CODESEPARATOR."""
        after = description.load()["hex"].partition(f"<{_MODEL_VARIABLE}>")[2]
        code = bytes.fromhex(after)
        words = [op for op, _ in Script(code).ops_and_items()]
        # Behind the model the contract pushes small numbers only: a word is a byte.
        position = words.index(Ops.OP_CODESEPARATOR)
        return code[position + 1 :]

    @functools.cached_property
    def opcodes(self) -> int:
        """Opcodes in the locking script, pushes not counted."""
        return sum(1 for op, _ in Script(self.locking_script).ops_and_items() if op > 0x60)

    def unlocking_script(self, image: bytes, digit: int, signature: bytes, public_key: bytes) -> bytes:
        """Push the arguments of `predict`. They are encoded, not checked: checking is the contract's task."""
        call = self._instance.predict(Bytes(image), Int(digit), Sig(signature), PubKey(public_key))
        return call.unlocking_script.to_bytes()


def contract_for(model: IntegerModel, owner: bytes, kind: Kind = Kind.PACKED) -> DigitContract:
    """The contract of a model for an owner, its Script generated in either form."""
    return DigitContract(program_for(model, kind), owner, model)


def rule_of(kind: Kind) -> Rescale:
    """The rescaling rule that a form of the contract computes with."""
    return Rescale.PER_SUM if kind is Kind.PACKED else Rescale.PER_PRODUCT


def program_for(model: IntegerModel, kind: Kind) -> Program:
    """Generate the Script of a model, under the rule of its kind."""
    ruled = model.with_rule(rule_of(kind))
    return unrolled(ruled) if kind is Kind.UNROLLED else packed_program(ruled)


def owner_of(locking_script: bytes, program: Program) -> bytes | None:
    """The owner named in a locking script if it is this contract with this program, else None.

    The script is a stranger's: the contract is rebuilt for the owner it names and compared whole.
    """
    before, _, after = description.load()["hex"].partition("<owner>")
    start = _owner_position()
    owner = locking_script[start : start + 20]
    expected = before + "14" + owner.hex() + after.replace(f"<{_MODEL_VARIABLE}>", program.code.hex())
    return owner if len(owner) == 20 and locking_script == bytes.fromhex(expected) else None


def _owner_position() -> int:
    """Where the owner's 20 bytes stand in every locking script of this contract, behind their push."""
    return len(bytes.fromhex(description.load()["hex"].partition("<owner>")[0])) + 1


@functools.cache
def _contract_class() -> Any:
    return scryptlib.build_contract_class(description.load())

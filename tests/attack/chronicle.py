"""Spends of the shipped contract under the rules since Chronicle: in bitcoinX and in bsv-sdk's interpreter.

A transaction of a version above 1 may hold numbers and pushes longer than need be, items beneath, a high S,
and an unlocking script that computes. So a spend that is damaged in its form only may be a true claim of the
owner: what must not happen is that anything else is accepted.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from bitcoinx import Script, Tx

from app.contract import judge_spend, read_claim
from app.contract.rules import limits_in_block
from app.errors import ContractError
from tests import bsv_sdk
from tests.attack.forge import OWNER, Attempt, Forger, items, read, shipped_contract

RELAXED = 2
"""The version of transactions that are judged by the new rules."""


@dataclass(frozen=True)
class Judged:
    """What both interpreters say of one spend, and whether it says nothing but the truth."""

    attempt: Attempt
    bitcoinx: bool
    bsv_sdk: bool
    true: bool

    @property
    def accepted(self) -> bool:
        """Whether one of them takes it."""
        return self.bitcoinx or self.bsv_sdk


def judge_redrafted(attempt: Attempt) -> Judged:
    """An attempt as its forger would make it today: of version 2, the owner's signature made again."""
    return judge(redrafted(attempt))


def judge(attempt: Attempt) -> Judged:
    """One attempt on the shipped contract."""
    return Judged(attempt, by_bitcoinx(attempt), by_bsv_sdk(attempt), is_true_in_any_form(attempt))


def redrafted(attempt: Attempt) -> Attempt:
    """The attempt in version 2. Where it showed the owner's signature of version 1, that of version 2."""
    tx = Tx.from_bytes(attempt.tx)
    old, new = (items(Tx.from_bytes(forger(version).honest))[2] for version in (1, RELAXED))
    script = tx.inputs[0].script_sig.to_bytes()
    for behind in (lambda item: bytes([len(item)]), lambda item: b"\x4e" + len(item).to_bytes(4, "little")):
        script = script.replace(behind(old) + old, behind(new) + new)
    tx.version, tx.inputs[0].script_sig = RELAXED, Script(script)
    return Attempt(attempt.name, tx.to_bytes(), attempt.value)


@functools.cache
def forger(version: int) -> Forger:
    """The forger of transactions of one version."""
    return Forger(version=version)


def by_bitcoinx(attempt: Attempt) -> bool:
    """Whether bitcoinX accepts a spend by the rules of a block."""
    contract, tx = shipped_contract(OWNER.public_key.hash160()), Tx.from_bytes(attempt.tx)
    limits = limits_in_block(tx, contract.program)
    return judge_spend(tx, attempt.value, contract.locking_script, limits).accepted


def by_bsv_sdk(attempt: Attempt) -> bool:
    """Whether bsv-sdk accepts a spend of the shipped contract."""
    locking_script = shipped_contract(OWNER.public_key.hash160()).locking_script
    return bsv_sdk.accepts(attempt.tx, attempt.value, locking_script)


def is_true_in_any_form(attempt: Attempt) -> bool:
    """Whether a spend of version 2 claims what the model reads and is, unlocking script aside, what the owner
    signed: then nothing is forged, however it is written.
    """
    tx, signed = Tx.from_bytes(attempt.tx), Tx.from_bytes(forger(RELAXED).honest)
    try:
        claim = read_claim(tx)
    except ContractError:
        return False
    tx.inputs[0].script_sig = signed.inputs[0].script_sig
    same = tx.hash() == signed.hash() and attempt.value == forger(RELAXED).plan.value
    return same and claim.digit == read(claim.image)

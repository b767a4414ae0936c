"""The Script of a small model, generated once: many tests want it, and it takes longer than they do."""

from __future__ import annotations

import functools

from app.contract import DigitContract
from app.contract.classifier import program_for
from app.fixedpoint import IntegerModel
from app.script import Kind, Program


@functools.cache
def program_of(model: IntegerModel, kind: Kind = Kind.PACKED) -> Program:
    return program_for(model, kind)


def contract_of(model: IntegerModel, owner: bytes, kind: Kind = Kind.PACKED) -> DigitContract:
    return DigitContract(program_of(model, kind), owner, model)

"""The model of a bounty: found among those that are known here, by the Script that the bounty holds."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app import models
from app.contract import description
from app.contract.bounty import Bounty, Terms, bounty_for, earns, margin_of
from app.contract.classifier import program_for, rule_of
from app.errors import ContractError, ModelError
from app.fixedpoint import IntegerModel, load
from app.picture import PIXELS
from app.script import Kind, Program
from app.script.limits import SCRIPT_LIMIT

__all__ = ["Earning", "Reader", "earning", "reader_named", "reader_of"]

_ROOM = 1_000
"""Bytes of an unlocking script around the bounty's own script that it carries, at most."""


@dataclass(frozen=True)
class Earning:
    """Whether an image earns a bounty: what is read in it, and the margin of the wanted digit.

    `margin`: in the model's logits; negative where another digit is read.
    """

    earns: bool
    digit: int
    margin: int
    needed: int


@dataclass(frozen=True)
class Reader:
    """A model that bounties can hold: its name, its integers under the rule of the Script, the Script."""

    name: str
    model: IntegerModel
    program: Program

    def logits(self, image: bytes) -> tuple[int, ...]:
        """What the contract computes for an image of 784 bytes, computed here."""
        if len(image) != PIXELS:
            raise ContractError(f"An image has {PIXELS} bytes.")
        return self.model.read(np.frombuffer(image, np.uint8)).logits

    @functools.cached_property
    def denominator(self) -> int:
        """What a logit of 1 is in these integers."""
        return self.model.logit_range.denominator

    def bounty(self, terms: Terms) -> Bounty:
        """The open bounty on these terms. ContractError if a default node would not relay its steps."""
        made = bounty_for(self.program, self.model, terms)
        size = len(made.locking_script)
        if size + _ROOM > SCRIPT_LIMIT:
            raise ContractError(
                f"The model {self.name!r} is too big for a bounty.",
                why=f"Its script has {size:,} bytes and every commitment carries it in its unlocking script; "
                f"nodes take {SCRIPT_LIMIT:,} unless told otherwise.",
                hint="Take a smaller one: `inkproof bounty costs` shows what each costs.",
            )
        return made


def earning(terms: Terms, logits: tuple[int, ...]) -> Earning:
    """Whether logits of the bounty's model earn it. Pure: no chain is asked."""
    digit = logits.index(max(logits))
    return Earning(earns(logits, terms), digit, margin_of(logits, terms.digit), terms.margin)


def reader_named(name: str) -> Reader:
    """The reader of a model by its name. ModelError if there is no such model, or its file is damaged."""
    model = models.named(name)
    path = model.integers_path
    # Another of the person's models may have taken the name in the meantime.
    changed = path.stat().st_mtime_ns if path.is_file() else 0
    return _reader(model.name, path, changed)


def reader_of(code: bytes) -> Reader | None:
    """The reader whose Script this is, byte for byte; None if no model known here makes it."""
    # A classifier around the same Script has the size that is known of each model.
    likely = len(code) + _around_classifier()

    def unlikely(model: models.Model) -> int:
        return 0 if model.figures is None else abs(model.figures.script_bytes - likely)

    for model in sorted(models.available().values(), key=unlikely):
        # A damaged model of the person's own must not hide the others.
        try:
            found = reader_named(model.name)
        except ModelError:
            continue
        if found.program.code == code:
            return found
    return None


@functools.lru_cache(maxsize=16)
def _reader(name: str, path: Path, _changed: int) -> Reader:
    integers = load(path, rule_of(Kind.PACKED))
    return Reader(name, integers, program_for(integers, Kind.PACKED))


@functools.cache
def _around_classifier() -> int:
    text = description.load()["hex"]
    return len(text.partition("<DigitClassifier.model.model>")[2]) // 2 + 50

"""What a generator makes: a piece of Script that turns an image into logits.

Every program has one interface, so that the contract does not care which one it holds:
it takes the image off the stack (784 bytes, or the script fails) and leaves the logits, each a
signed number of LOGIT_BYTES bytes in Bitcoin's sign-and-magnitude form, the lowest class first.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import Enum

from app.errors import ScriptError
from app.fixedpoint import Dense, IntegerModel, Relu
from app.script.assembler import Assembler

LOGIT_BYTES = 16
"""Bytes of one logit on the stack. Room for 127 bits: proved for each model, see `check_logits_fit`."""


class Kind(Enum):
    """Which generator made a program."""

    PACKED = "packed"
    UNROLLED = "unrolled"


@dataclass(frozen=True)
class Lanes:
    """How a number that one layer computes with is divided: each lane's width in bits and what is added
    so that no lane is ever negative. `each`: what has a lane of its own."""

    widths: tuple[int, ...]
    offsets: tuple[int, ...]
    each: str = "neuron"

    @property
    def total(self) -> int:
        """Bits of all lanes together."""
        return sum(self.widths)

    @property
    def shifts(self) -> tuple[int, ...]:
        """Where each lane starts, in bits from the low end."""
        return (0, *itertools.accumulate(self.widths[:-1]))


@dataclass(frozen=True)
class Program:
    """Script that reads one image, and the facts about it.

    `lanes`: per layer with weights (packed only). `rows`: pixels of the image that it computes with.
    """

    kind: Kind
    code: bytes
    opcodes: int
    classes: int
    lanes: tuple[Lanes, ...] = ()
    rows: int = 0


@dataclass(frozen=True)
class DenseStep:
    """A dense layer, at place `index` of the model, and whether ReLU follows it."""

    dense: Dense
    relu: bool
    index: int


def dense_steps(model: IntegerModel) -> list[DenseStep]:
    """The model as dense layers, each with or without ReLU. Raises ScriptError on other layers."""
    found: list[DenseStep] = []
    for index, layer in enumerate(model.layers[:-1]):
        if isinstance(layer, Dense):
            found.append(DenseStep(layer, False, index))
        elif isinstance(layer, Relu) and found and not found[-1].relu:
            found[-1] = DenseStep(found[-1].dense, True, found[-1].index)
        else:
            raise ScriptError(f"There is no Script for a {layer.kind} layer at this place.")
    return found


def opening(assembler: Assembler, pixels: int) -> None:
    """(image -- image): fail unless the image has exactly `pixels` bytes."""
    assembler.op("SIZE").number(pixels).op("NUMEQUALVERIFY")


def as_number(assembler: Assembler) -> None:
    """(byte -- p): read one byte as a number from 0 to 255.

    A byte of 128 or more would read as negative: a zero byte above it makes it unsigned, and
    OP_BIN2NUM takes the zero off again where it is not needed, as minimal numbers demand.
    """
    assembler.push(b"\0").op("CAT", "BIN2NUM")


def check_logits_fit(model: IntegerModel) -> None:
    """Raise ScriptError unless every logit is proved to fit LOGIT_BYTES."""
    proved = model.logit_range
    largest = max(int(abs(proved.low).max()), int(abs(proved.high).max()))
    if largest.bit_length() >= 8 * LOGIT_BYTES:
        raise ScriptError(
            "The model's logits do not fit the contract.",
            why=f"They can reach {largest.bit_length()} bits; it takes {8 * LOGIT_BYTES - 1}.",
        )

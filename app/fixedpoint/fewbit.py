"""Dense layers whose weights are integers of a few bits.

Nothing is rounded and nothing is rescaled on the way: a value's denominator is the product of all scales
before it, and the largest logit of a model of a few such layers still fits 64 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from app.errors import BoundError, ModelError
from app.fixedpoint.arithmetic import INT64_EXACT, Integers, Range, Rescale, as_objects, exact_matmul
from app.fixedpoint.layers import (
    Weighted,
    check_features,
    check_numbers,
    check_per_sum,
    sums_range,
)

MOST_BITS = 16


def check_bits(bits: int) -> None:
    """Refuse, with ModelError, a number of bits that no layer's weights have."""
    if not 2 <= bits <= MOST_BITS:
        raise ModelError(f"A weight of a few-bit layer has 2 to {MOST_BITS} bits.")


@dataclass(frozen=True, eq=False)
class FewBit(Weighted):
    """Weighted sums of the values as they are: o = sum(x*w) + b, and no rescale.

    `weights`: int64 (inputs, outputs), -2**(bits-1) .. 2**(bits-1) - 1, of denominator `scale`, which tells
    what the sums are worth and takes no part in them. `biases`: int64 (outputs,), at the sums' denominator.
    """

    weights: npt.NDArray[np.int64]
    biases: npt.NDArray[np.int64]
    bits: int
    scale: int
    kind: ClassVar[str] = "few-bit"

    def __post_init__(self) -> None:
        check_numbers("few-bit layer", self.weights, self.biases, axes=2)
        check_bits(self.bits)
        if self.scale < 1:
            raise ModelError("A few-bit layer has a positive scale.")
        end = 2 ** (self.bits - 1)
        if not ((self.weights >= -end) & (self.weights < end)).all():
            raise BoundError(f"A weight does not fit {self.bits} bits.")

    def description(self) -> dict[str, Any]:
        widths = {"inputs": self.inputs, "outputs": self.outputs}
        return {"kind": self.kind, **widths, "bits": self.bits, "scale": self.scale}

    @classmethod
    def restored(cls, entry: dict[str, Any], numbers: dict[str, npt.NDArray[Any]]) -> FewBit:
        return cls(numbers["weights"], numbers["biases"], int(entry["bits"]), int(entry["scale"]))

    def output_range(self, given: Range, rule: Rescale) -> Range:
        check_features(given, self.inputs, "few-bit")
        check_per_sum(rule, "few-bit")
        return sums_range(given, self.weights, as_objects(self.biases), given.denominator * self.scale)

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        narrow = proved.magnitude < INT64_EXACT
        sums = exact_matmul(values, self.weights, proved.magnitude)
        return sums + (self.biases if narrow else as_objects(self.biases))

"""Integers that stand for real numbers, and the proofs that they fit what carries them.

A real number v is carried as the integer v*d; d is the *denominator* of the values. A pixel
p in 0..255 stands for p/255, so its denominator is 255. Weights and biases have SCALE.
A sum of products of values with denominator d and weights with SCALE has denominator d*SCALE.

Division truncates toward zero, as OP_DIV does; Python's `//` floors.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64] | npt.NDArray[np.object_]
"""Exact integers: int64 where the proof allows it, Python's own (dtype object) elsewhere."""

SCALE = 10**8
PIXEL_MAX = 255

FLOAT64_EXACT = 2**53
"""Integers of smaller magnitude are exact in float64, and so are their sums and products."""
INT64_EXACT = 2**63
"""Integers of smaller magnitude are exact in int64."""


_FEWEST_LIMB_BITS = 8
"""Shorter limbs gain nothing over Python's integers."""


class Rescale(Enum):
    """When a product's denominator is brought back to SCALE."""

    PER_SUM = "per-sum"
    """Once per neuron, after ReLU and before the next dense layer (the default)."""
    PER_PRODUCT = "per-product"
    """Each product before it is added: the literal rule of the published contract."""


@dataclass(frozen=True)
class Range:
    """What is proved of one layer's values, for any image whatever.

    `low` and `high`: Python integers (dtype object) of the values' shape, no reachable value lies outside;
    the bounds themselves may be unreachable. `denominator`: the values are multiples of its inverse.
    `magnitude`: nothing on the way to the values (what enters the sums, products, partial sums in whatever
    order) exceeds it in absolute value.
    """

    low: npt.NDArray[np.object_]
    high: npt.NDArray[np.object_]
    denominator: int
    magnitude: int

    @staticmethod
    def of_pixels(count: int) -> Range:
        """The range of an image of `count` pixels from a stranger: every byte is possible."""
        return Range(
            np.full(count, 0, dtype=object), np.full(count, PIXEL_MAX, dtype=object), PIXEL_MAX, PIXEL_MAX
        )


def truncated_division(values: Integers, divisor: int) -> Integers:
    """Quotient of `values` by a positive `divisor`, rounded toward zero as OP_DIV rounds."""
    return np.where(values < 0, -(-values // divisor), values // divisor)


def as_objects(values: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """The same integers as Python's own, which have no limit."""
    return np.asarray(values).astype(object)


def exact_matmul(x: Integers, weights: npt.NDArray[np.int64], magnitude: int) -> Integers:
    """`x @ weights`, exact, with the fastest number type for which that is proved.

    x: (N, in); weights: (in, out); returns (N, out). `magnitude` bounds the absolute value of
    every factor, product and partial sum: below 2**53 a float64 matrix product (BLAS) rounds nothing
    in any order of summation, below 2**63 int64 cannot overflow, beyond that the factors are cut into limbs,
    or Python's integers do the work.
    """
    if magnitude < FLOAT64_EXACT:
        return (x.astype(np.float64) @ weights.astype(np.float64)).astype(np.int64)
    if magnitude < INT64_EXACT:
        return x.astype(np.int64) @ weights
    limb = FLOAT64_EXACT.bit_length() - 2 - int(as_objects(abs(weights)).sum(axis=0).max()).bit_length()
    if limb < _FEWEST_LIMB_BITS:
        return as_objects(x) @ as_objects(weights)
    return _matmul_by_limbs(as_objects(x), weights.astype(np.float64), limb)


def _matmul_by_limbs(
    x: npt.NDArray[np.object_], weights: npt.NDArray[np.float64], bits: int
) -> npt.NDArray[np.object_]:
    """`x @ weights` as a sum over limbs of `bits` bits of x, the topmost with x's sign.

    sum|w| * 2**bits stays below 2**53, so the product of each limb is exact in float64.
    """
    total = np.zeros((len(x), weights.shape[1]), dtype=object)
    shift = 0
    while True:
        last = not x.size or int(abs(x).max()) < 1 << bits
        limb = x if last else x & ((1 << bits) - 1)
        total += as_objects((limb.astype(np.float64) @ weights).astype(np.int64)) << shift
        if last:
            return total
        x, shift = x >> bits, shift + bits

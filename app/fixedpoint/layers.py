"""Layers of an integer model.

A layer knows two things: the range of its output, proved from the range of its input, and how to
compute it over a batch. `fewbit`, `convolution` and `pooling` hold further layers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from app.errors import BoundError, ModelError
from app.fixedpoint.arithmetic import (
    INT64_EXACT,
    PIXEL_MAX,
    SCALE,
    Integers,
    Range,
    Rescale,
    as_objects,
    exact_matmul,
    truncated_division,
)

WEIGHT_LIMIT = 2**53
"""Weights and biases are smaller in magnitude: 9*10**7 in real terms, far beyond any trained one."""

LARGEST_SIDE = 1024
"""Values along each side of a picture or a map, at most."""

MOST_VALUES = 1_000_000
"""Values that one layer makes, at most: a file may not ask for more memory than their ranges take."""

_BATCH_ELEMENTS = 4_000_000


class Layer(ABC):
    """One step of the model on values of shape (N, features)."""

    kind: ClassVar[str]

    def description(self) -> dict[str, Any]:
        """The layer without its numbers, as JSON values."""
        return {"kind": self.kind}

    def numbers(self) -> dict[str, npt.NDArray[np.int64]]:
        """Its parameters by name."""
        return {}

    @classmethod
    def restored(cls, entry: dict[str, Any], numbers: dict[str, npt.NDArray[Any]]) -> Layer:
        """The layer of this description and these numbers. Both may be anything: they come from a file."""
        return cls()

    @abstractmethod
    def output_range(self, given: Range, rule: Rescale) -> Range:
        """The range proved for the output. Raises ModelError if the input does not fit the layer."""

    @abstractmethod
    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        """The layer's exact output for a batch: values within `given`, output within `proved`."""


def check_numbers(what: str, weights: npt.NDArray[Any], biases: npt.NDArray[Any], *, axes: int) -> None:
    """Refuse, with ModelError, what cannot be a layer's numbers: `weights` of `axes` axes, the last of them
    the outputs, and `biases` (outputs,), both int64 and not empty. They may come from a file. BoundError for
    magnitudes of WEIGHT_LIMIT or more."""
    if weights.dtype != np.int64 or biases.dtype != np.int64:
        raise ModelError(f"A {what} takes int64 weights and biases.")
    if weights.ndim != axes or 0 in weights.shape or biases.shape != weights.shape[-1:]:
        raise ModelError(
            f"The weights and biases of a {what} do not fit each other.",
            why=f"Their shapes are {weights.shape} and {biases.shape}.",
        )
    for values in (weights, biases):
        if not ((values > -WEIGHT_LIMIT) & (values < WEIGHT_LIMIT)).all():
            raise BoundError("A weight or bias is 2**53 or more in magnitude.")


def check_features(given: Range, expected: int, what: str) -> None:
    """Refuse, with ModelError, what comes before a layer if it is not the `expected` number of values."""
    if given.low.shape != (expected,):
        raise ModelError(
            "The layers of the model do not fit each other.",
            why=f"A {what} layer for {expected} values follows one of {given.low.shape[0]}.",
        )


def check_per_sum(rule: Rescale, what: str) -> None:
    """Refuse, with ModelError, to rescale each product of a layer that never rescales."""
    if rule is not Rescale.PER_SUM:
        raise ModelError(
            f"A {what} layer has no products to rescale.", hint="It exists in the packed form only."
        )


def sums_range(
    given: Range, weights: npt.NDArray[np.int64], biases: npt.NDArray[np.object_], denominator: int
) -> Range:
    """The range of `x @ weights + biases` for any x within `given`; `denominator`: of the sums.

    A sum is least where positive weights meet the least values and negative ones the largest.
    """
    entries = np.maximum(abs(given.low), abs(given.high))[None]
    largest, heaviest = int(entries.max()), int(abs(weights).max())
    bound = max(largest, 1) * max(1, int(as_objects(abs(weights)).sum(axis=0).max()))
    sums = as_objects(exact_matmul(entries, abs(weights), bound)[0]) + abs(biases)
    up, down = np.maximum(weights, 0), np.minimum(weights, 0)
    low, high = (
        as_objects(exact_matmul(a[None], up, bound)[0] + exact_matmul(b[None], down, bound)[0]) + biases
        for a, b in ((given.low, given.high), (given.high, given.low))
    )
    return Range(low, high, denominator, max(int(sums.max()), largest, heaviest))


class Weighted(Layer):
    """Sums weighted by `weights`, with `biases` added, both int64. Where the weights have two axes, they are
    (inputs, outputs)."""

    weights: npt.NDArray[np.int64]
    biases: npt.NDArray[np.int64]

    @property
    def inputs(self) -> int:
        """Number of values it reads."""
        return int(self.weights.shape[0])

    @property
    def outputs(self) -> int:
        """Number of values it makes."""
        return int(self.weights.shape[1])

    def numbers(self) -> dict[str, npt.NDArray[np.int64]]:
        return {"weights": self.weights, "biases": self.biases}


@dataclass(frozen=True, eq=False)
class Dense(Weighted):
    """Weighted sums. `weights`: (inputs, outputs) and `biases`: (outputs,), int64, denominator SCALE."""

    weights: npt.NDArray[np.int64]
    biases: npt.NDArray[np.int64]
    kind: ClassVar[str] = "dense"

    def __post_init__(self) -> None:
        check_numbers("dense layer", self.weights, self.biases, axes=2)

    def description(self) -> dict[str, Any]:
        return {"kind": self.kind, "inputs": self.inputs, "outputs": self.outputs}

    @classmethod
    def restored(cls, entry: dict[str, Any], numbers: dict[str, npt.NDArray[Any]]) -> Dense:
        return cls(numbers["weights"], numbers["biases"])

    def entry_denominator(self, given: Range, rule: Rescale) -> int:
        """Denominator of the values as the sums read them."""
        return PIXEL_MAX if rule is Rescale.PER_SUM and given.denominator == PIXEL_MAX else SCALE

    def output_range(self, given: Range, rule: Rescale) -> Range:
        check_features(given, self.inputs, "dense")
        if given.denominator != PIXEL_MAX and given.denominator % SCALE:
            raise ModelError(
                "A dense layer cannot follow at this place.",
                why=f"It reads pixels or multiples of 1/{SCALE}, not of 1/{given.denominator}.",
            )
        entry = [as_objects(self._enter(end, given.denominator, rule)) for end in (given.low, given.high)]
        if rule is Rescale.PER_SUM:
            denominator = self.entry_denominator(given, rule)
            entered = Range(entry[0], entry[1], denominator, given.magnitude)
            return sums_range(
                entered, self.weights, as_objects(self.biases) * denominator, denominator * SCALE
            )
        return self._rescaled_range(entry)

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        x = self._enter(values, given.denominator, rule)
        narrow = proved.magnitude < INT64_EXACT
        if rule is Rescale.PER_SUM:
            bias = as_objects(self.biases) * self.entry_denominator(given, rule)
            sums = exact_matmul(x, self.weights, proved.magnitude)
            return sums + (bias.astype(np.int64) if narrow else bias)
        return self._rescaled_sums(x, narrow)

    def _enter(self, values: Integers, denominator: int, rule: Rescale) -> Integers:
        """Bring values to the denominator that the sums read: pixels stay as they are per sum, and
        become x = (2*S*p + 255) div 510, the nearest multiple of 1/S, per product."""
        if denominator == PIXEL_MAX:
            if rule is Rescale.PER_SUM:
                return values
            return (2 * SCALE * values + PIXEL_MAX) // (2 * PIXEL_MAX)
        return truncated_division(values, denominator // SCALE)

    def _rescaled_range(self, entry: list[npt.NDArray[np.object_]]) -> Range:
        """Per product: as `sums_range`, but each product is rescaled before it is added."""
        # Each product is monotone in its input, so its extremes stand at the input's.
        raw = [end[:, None] * as_objects(self.weights) for end in entry]
        ends = [truncated_division(products, SCALE) for products in raw]
        least, most = np.minimum(*ends), np.maximum(*ends)
        bias = as_objects(self.biases)
        sums = (np.maximum(abs(least), abs(most)).sum(axis=0) + abs(bias)).max()
        magnitude = max(int(sums), *(int(abs(values).max()) for values in (*entry, *raw)))
        return Range(least.sum(axis=0) + bias, most.sum(axis=0) + bias, SCALE, magnitude)

    def _rescaled_sums(self, x: Integers, narrow: bool) -> Integers:
        """sum((x*w) div S) + b, a few images at a time: every product exists by itself."""
        weights = self.weights if narrow else as_objects(self.weights)
        x = x.astype(np.int64) if narrow else as_objects(x)
        step = max(1, _BATCH_ELEMENTS // self.weights.size)
        sums = [
            truncated_division(x[start : start + step, :, None] * weights, SCALE).sum(axis=1)
            for start in range(0, len(x), step)
        ]
        return np.concatenate(sums) + (self.biases if narrow else as_objects(self.biases))


@dataclass(frozen=True)
class Relu(Layer):
    """The larger of each value and zero."""

    kind: ClassVar[str] = "relu"

    def output_range(self, given: Range, rule: Rescale) -> Range:
        return Range(np.maximum(given.low, 0), np.maximum(given.high, 0), given.denominator, given.magnitude)

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        return np.maximum(values, 0)


@dataclass(frozen=True)
class LeakyRelu(Layer):
    """v + offset where v >= 0, and offset - ((-v div 2**drop) * numerator) div 2**shift below.

    The slope below zero is numerator / 2**(drop + shift). `offset` keeps small negative values above zero,
    where ReLU would cut them off; a layer that reads them makes up for it in its biases.
    """

    numerator: int
    drop: int
    shift: int
    offset: int
    kind: ClassVar[str] = "leaky-relu"

    def __post_init__(self) -> None:
        if not (0 < self.numerator < 2**31 and 0 <= self.drop < 63 and 0 <= self.shift < 63):
            raise ModelError("A leaky ReLU's slope is out of range.")
        if self.numerator >= 2 ** (self.drop + self.shift):
            raise ModelError("A leaky ReLU's slope is below 1.")
        if not 0 <= self.offset < WEIGHT_LIMIT:
            raise ModelError("A leaky ReLU's offset is 0 or more, and below 2**53.")

    def description(self) -> dict[str, Any]:
        numbers = {name: getattr(self, name) for name in ("numerator", "drop", "shift", "offset")}
        return {"kind": self.kind, **numbers}

    @classmethod
    def restored(cls, entry: dict[str, Any], numbers: dict[str, npt.NDArray[Any]]) -> LeakyRelu:
        return cls(*(int(entry[name]) for name in ("numerator", "drop", "shift", "offset")))

    def output_range(self, given: Range, rule: Rescale) -> Range:
        low, high = (self._values(as_objects(end)) for end in (given.low, given.high))
        magnitude = given.magnitude * self.numerator + self.offset
        return Range(as_objects(low), as_objects(high), given.denominator, magnitude)

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        return self._values(values if proved.magnitude < INT64_EXACT else as_objects(values))

    def _values(self, values: Integers) -> Integers:
        below = ((-values // 2**self.drop) * self.numerator) // 2**self.shift
        return np.where(values < 0, -below, values) + self.offset


@dataclass(frozen=True)
class Argmax(Layer):
    """The index of the largest value, the lowest among equals. Closes the model."""

    kind: ClassVar[str] = "argmax"

    def output_range(self, given: Range, rule: Rescale) -> Range:
        top = len(given.low) - 1
        return Range(np.array([0], dtype=object), np.array([top], dtype=object), 1, top)

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        return np.argmax(values, axis=1).astype(np.int64)[:, None]

"""Layers of a convolutional integer model: sums over windows of a map, and requantisation.

Values stay flat, (N, height*width*channels), in Keras's order: row by row, and in a pixel channel by
channel. So flattening changes nothing, and a dense layer behind a map is the convolution whose kernel covers
all of it. Weights and activations are small integers of a few bits; `docs/convolution.md` derives the
arithmetic. `pooling` holds the layers of maps without weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from app.errors import ModelError
from app.fixedpoint.arithmetic import INT64_EXACT, Integers, Range, Rescale, as_objects, exact_matmul
from app.fixedpoint.layers import (
    LARGEST_SIDE,
    MOST_VALUES,
    Layer,
    Weighted,
    check_features,
    check_numbers,
    check_per_sum,
)

FLOAT32_EXACT = 2**24
"""Integers of smaller magnitude are exact in float32, and so are their sums and products."""

MOST_WINDOW_VALUES = 4_000_000
"""Values in all windows of a map, at most: 28x28 windows of 5x5 over 200 channels, about half a gigabyte if
each value is a Python integer. A file may not ask for more memory than that takes."""
MOST_PRODUCTS = 2**28
"""Products of one layer for one image, at most, so that a proof ends in bounded time."""

_BATCH_ELEMENTS = 2_000_000


class Windowed(Weighted):
    """Sums over windows of a map, without padding. `weights`: int64, of four axes, kernel height and width
    first; `stride`: rows and columns from one window to the next."""

    height: int
    width: int
    denominator: int
    stride: tuple[int, int]

    @property
    def kernel(self) -> tuple[int, int]:
        """Rows and columns of a window."""
        return int(self.weights.shape[0]), int(self.weights.shape[1])

    @property
    def channels(self) -> int:
        """Channels of the map it reads."""
        return int(self.weights.shape[2])

    @property
    def filters(self) -> int:
        """Channels of the map it makes."""
        return len(self.biases)

    @property
    def output_height(self) -> int:
        """Windows from top to bottom."""
        return (self.height - self.kernel[0]) // self.stride[0] + 1

    @property
    def output_width(self) -> int:
        """Windows from left to right."""
        return (self.width - self.kernel[1]) // self.stride[1] + 1

    @property
    def inputs(self) -> int:
        """Number of values it reads."""
        return self.height * self.width * self.channels

    @property
    def outputs(self) -> int:
        """Number of values it makes."""
        return self.output_height * self.output_width * self.filters

    def check(self) -> None:
        """Refuse, with ModelError, a kernel that does not fit the map, and more work than a model needs."""
        if self.denominator < 1 or min(self.stride) < 1:
            raise ModelError("A convolution's stride and denominator are 1 or more.")
        if max(self.height, self.width) > LARGEST_SIDE:
            raise ModelError(f"A map is at most {LARGEST_SIDE} values wide and high.")
        if self.kernel[0] > self.height or self.kernel[1] > self.width:
            raise ModelError("A convolution's kernel is larger than the map.")
        windows = self.output_height * self.output_width
        values = windows * self.kernel[0] * self.kernel[1] * self.channels
        if (
            values > MOST_WINDOW_VALUES
            or windows * self.weights.size > MOST_PRODUCTS
            or max(self.inputs, self.outputs) > MOST_VALUES
        ):
            raise ModelError(
                "A convolution is too large.",
                why=f"Its windows hold {values:,} values; it makes {self.outputs:,} of them.",
            )

    def description(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "kind": self.kind,
            "height": self.height,
            "width": self.width,
            "kernel": list(self.weights.shape),
            "denominator": self.denominator,
        }
        # Models without strides keep the description, and so the identity, that they have always had.
        return plain if self.stride == (1, 1) else {**plain, "stride": list(self.stride)}

    @classmethod
    def restored(cls, entry: dict[str, Any], numbers: dict[str, npt.NDArray[Any]]) -> Windowed:
        sizes = {name: int(entry[name]) for name in ("height", "width", "denominator")}
        down, right = entry.get("stride", (1, 1))
        numbers = {"weights": numbers["weights"], "biases": numbers["biases"]}
        made: Any = cls  # a dataclass below, with just these fields
        layer: Windowed = made(**sizes, **numbers, stride=(int(down), int(right)))
        return layer


@dataclass(frozen=True, eq=False)
class Conv2d(Windowed):
    """Sums over every window of a map, all channels together.

    `height`, `width`: of the map it reads. `weights`: int64 (kernel height, kernel width, channels, outputs);
    a weight stands for weight/denominator. `biases`: int64 (outputs,), added to the sums as they are.
    """

    height: int
    width: int
    weights: npt.NDArray[np.int64]
    biases: npt.NDArray[np.int64]
    denominator: int
    stride: tuple[int, int] = (1, 1)
    kind: ClassVar[str] = "conv2d"

    def __post_init__(self) -> None:
        check_numbers("convolution", self.weights, self.biases, axes=4)
        self.check()

    def l1_norms(self) -> list[int]:
        """Sum of |weights| of each filter: how much inputs of at most 1 can make of its sum."""
        return [int(norm) for norm in as_objects(abs(self.weights)).sum(axis=(0, 1, 2))]

    def output_range(self, given: Range, rule: Rescale) -> Range:
        check_features(given, self.inputs, "convolution")
        # A dense layer behind it would take its sums for pixels, and scale them up within 64 bits.
        check_per_sum(rule, "convolution")
        largest = max(int(abs(given.low).max()), int(abs(given.high).max()))
        bias = max(int(abs(b)) for b in as_objects(self.biases))
        magnitude = max(largest, max(self.l1_norms()) * max(largest, 1) + bias)
        ends = given.low[None], given.high[None]
        # A sum is least where positive weights meet the least values and negative ones the largest.
        up, down = np.maximum(self.weights, 0), np.minimum(self.weights, 0)
        low, high = (
            as_objects(self._sums(a, up, magnitude) + self._sums(b, down, magnitude) + self.biases)
            for a, b in (ends, ends[::-1])
        )
        return Range(low.reshape(-1), high.reshape(-1), given.denominator * self.denominator, magnitude)

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        step = max(1, _BATCH_ELEMENTS // (self.output_height * self.output_width * self.weights[..., 0].size))
        parts = [
            self._sums(values[start : start + step], self.weights, proved.magnitude) + self.biases
            for start in range(0, len(values), step)
        ]
        return np.concatenate(parts).reshape(len(values), self.outputs)

    def _sums(self, values: Integers, weights: npt.NDArray[np.int64], magnitude: int) -> Integers:
        """Windows times weights, without biases: (N, output height, output width, filters), exact."""
        # Below 2**24 float32 rounds nothing either, and is half as large to move about.
        narrow = magnitude < FLOAT32_EXACT
        maps: Any = values.reshape(-1, self.height, self.width, self.channels)
        maps = maps.astype(np.float32) if narrow else maps
        windows = np.lib.stride_tricks.sliding_window_view(maps, weights.shape[:2], axis=(1, 2))
        windows = windows[:, :: self.stride[0], :: self.stride[1]]
        # (N, y, x, channel, dy, dx) becomes one row per window, in the order of the kernel.
        rows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, weights[..., 0].size)
        kernel = weights.reshape(-1, self.filters)
        sums: Integers
        if narrow:
            sums = (rows @ kernel.astype(np.float32)).astype(np.int64)
        else:
            sums = exact_matmul(rows, kernel, magnitude)
        return sums.reshape(-1, self.output_height, self.output_width, self.filters)


@dataclass(frozen=True, eq=False)
class Depthwise(Windowed):
    """Sums over every window of a map, each channel by itself.

    `height`, `width`: of the map it reads. `weights`: int64 (kernel height, kernel width, channels,
    multiplier); output channel c*multiplier + m reads channel c. `biases`: int64 (channels*multiplier,),
    added as they are.
    """

    height: int
    width: int
    weights: npt.NDArray[np.int64]
    biases: npt.NDArray[np.int64]
    denominator: int
    stride: tuple[int, int] = (1, 1)
    kind: ClassVar[str] = "depthwise"

    def __post_init__(self) -> None:
        if self.weights.ndim != 4:
            raise ModelError("A depthwise convolution's weights have four axes.")
        # In the order of the outputs, the last axis of the weights has one entry for each of them.
        check_numbers("depthwise convolution", self._by_output, self.biases, axes=3)
        self.check()

    @property
    def _by_output(self) -> npt.NDArray[np.int64]:
        return self.weights.reshape(*self.weights.shape[:2], -1)

    def l1_norms(self) -> list[int]:
        """Sum of |weights| of each output channel."""
        return [int(norm) for norm in as_objects(abs(self._by_output)).sum(axis=(0, 1))]

    def output_range(self, given: Range, rule: Rescale) -> Range:
        check_features(given, self.inputs, "depthwise convolution")
        check_per_sum(rule, "depthwise convolution")
        ends = as_objects(given.low)[None], as_objects(given.high)[None]
        up, down = (as_objects(part(self._by_output, 0)) for part in (np.maximum, np.minimum))
        low, high = (
            as_objects(self._sums(a, up) + self._sums(b, down) + self.biases).reshape(-1)
            for a, b in (ends, ends[::-1])
        )
        largest = max(int(abs(given.low).max()), int(abs(given.high).max()))
        bias = max(int(abs(b)) for b in as_objects(self.biases))
        magnitude = max(largest, max(self.l1_norms()) * max(largest, 1) + bias)
        return Range(low, high, given.denominator * self.denominator, magnitude)

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        wide = proved.magnitude >= INT64_EXACT
        weights = as_objects(self._by_output) if wide else self._by_output
        x = as_objects(values) if wide else values.astype(np.int64)
        return (self._sums(x, weights) + self.biases).reshape(len(values), self.outputs)

    def _sums(self, values: Integers, weights: Integers) -> Integers:
        """(N, output height, output width, filters), without biases."""
        maps: Any = values.reshape(-1, self.height, self.width, self.channels)
        maps = np.repeat(maps, weights.shape[2] // self.channels, axis=3)
        total: Any = 0
        for row in range(self.kernel[0]):
            for column in range(self.kernel[1]):
                total = total + _every(maps, row, column, self) * weights[row, column]
        sums: Integers = total
        return sums


def _every(maps: Integers, row: int, column: int, layer: Windowed) -> Integers:
    """The value at (row, column) of every window."""
    down, right = layer.stride
    taken = maps[:, row::down, column::right]
    return taken[:, : layer.output_height, : layer.output_width]


@dataclass(frozen=True)
class Requantise(Layer):
    """min(value div 2**shift, ceiling) of values that are not negative: back to a few bits.

    What comes out stands for value/denominator: the real size of an activation is chosen in training.
    """

    shift: int
    ceiling: int
    denominator: int
    kind: ClassVar[str] = "requantise"

    def __post_init__(self) -> None:
        if not 0 <= self.shift < 63 or not 1 <= self.ceiling < 2**31 or self.denominator < 1:
            raise ModelError("A requantisation's shift, ceiling or denominator is out of range.")

    def description(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "shift": self.shift,
            "ceiling": self.ceiling,
            "denominator": self.denominator,
        }

    @classmethod
    def restored(cls, entry: dict[str, Any], numbers: dict[str, npt.NDArray[Any]]) -> Requantise:
        return cls(*(int(entry[name]) for name in ("shift", "ceiling", "denominator")))

    def output_range(self, given: Range, rule: Rescale) -> Range:
        if (given.low < 0).any():
            raise ModelError(
                "Only values that cannot be negative are requantised.", hint="Put a ReLU before it."
            )
        low, high = (as_objects(self._quantised(end)) for end in (given.low, given.high))
        return Range(low, high, self.denominator, given.magnitude)

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        return self._quantised(values)

    def _quantised(self, values: Integers) -> Integers:
        return np.minimum(values // 2**self.shift, self.ceiling)

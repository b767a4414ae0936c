"""Layers of a convolutional integer model: convolution, max pooling, requantisation.

Values stay flat, (N, height*width*channels), in Keras's order: row by row, and in a pixel channel by
channel. So flattening changes nothing, and a dense layer behind it is the convolution whose kernel covers
the whole map. Weights and activations are small integers of a few bits; `docs/convolution.md` derives
the arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from app.errors import ModelError
from app.fixedpoint.arithmetic import Integers, Range, Rescale, as_objects, exact_matmul
from app.fixedpoint.layers import LARGEST_SIDE, Layer, Weighted, check_features, check_numbers, check_per_sum

FLOAT32_EXACT = 2**24
"""Integers of smaller magnitude are exact in float32, and so are their sums and products."""

_BATCH_ELEMENTS = 2_000_000


@dataclass(frozen=True, eq=False)
class Conv2d(Weighted):
    """Sums over every window of a map, without padding, at stride 1.

    `height`, `width`: of the map it reads. `weights`: int64 (kernel height, kernel width, channels, outputs);
    a weight stands for weight/denominator. `biases`: int64 (outputs,), added to the sums as they are.
    """

    height: int
    width: int
    weights: npt.NDArray[np.int64]
    biases: npt.NDArray[np.int64]
    denominator: int
    kind: ClassVar[str] = "conv2d"

    def __post_init__(self) -> None:
        check_numbers("convolution", self.weights, self.biases, axes=4)
        if self.output_height < 1 or self.output_width < 1 or self.denominator < 1:
            raise ModelError("A convolution's kernel is larger than the map, or its denominator is not one.")
        if max(self.height, self.width) > LARGEST_SIDE:
            raise ModelError(f"A map is at most {LARGEST_SIDE} values wide and high.")

    @property
    def channels(self) -> int:
        """Channels of the map it reads."""
        return int(self.weights.shape[2])

    @property
    def filters(self) -> int:
        """Channels of the map it makes."""
        return int(self.weights.shape[3])

    @property
    def output_height(self) -> int:
        """Windows from top to bottom."""
        return self.height - int(self.weights.shape[0]) + 1

    @property
    def output_width(self) -> int:
        """Windows from left to right."""
        return self.width - int(self.weights.shape[1]) + 1

    @property
    def inputs(self) -> int:
        """Number of values it reads."""
        return self.height * self.width * self.channels

    @property
    def outputs(self) -> int:
        """Number of values it makes."""
        return self.output_height * self.output_width * self.filters

    def l1_norms(self) -> list[int]:
        """Sum of |weights| of each filter: how much inputs of at most 1 can make of its sum."""
        return [int(norm) for norm in as_objects(abs(self.weights)).sum(axis=(0, 1, 2))]

    def description(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "height": self.height,
            "width": self.width,
            "kernel": list(self.weights.shape),
            "denominator": self.denominator,
        }

    @classmethod
    def restored(cls, entry: dict[str, Any], numbers: dict[str, npt.NDArray[Any]]) -> Conv2d:
        height, width, denominator = (int(entry[name]) for name in ("height", "width", "denominator"))
        return cls(height, width, numbers["weights"], numbers["biases"], denominator)

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

    @property
    def _output_shape(self) -> tuple[int, int, int]:
        return self.output_height, self.output_width, self.filters

    def _sums(self, values: Integers, weights: npt.NDArray[np.int64], magnitude: int) -> Integers:
        """Windows times weights, without biases: (N, output height, output width, filters), exact."""
        # Below 2**24 float32 rounds nothing either, and is half as large to move about.
        narrow = magnitude < FLOAT32_EXACT
        maps: Any = values.reshape(-1, self.height, self.width, self.channels)
        maps = maps.astype(np.float32) if narrow else maps
        windows = np.lib.stride_tricks.sliding_window_view(maps, weights.shape[:2], axis=(1, 2))
        # (N, y, x, channel, dy, dx) becomes one row per window, in the order of the kernel.
        rows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, weights[..., 0].size)
        kernel = weights.reshape(-1, self.filters)
        sums: Integers
        if narrow:
            sums = (rows @ kernel.astype(np.float32)).astype(np.int64)
        else:
            sums = exact_matmul(rows, kernel, magnitude)
        return sums.reshape(-1, *self._output_shape)


@dataclass(frozen=True)
class MaxPool(Layer):
    """The largest of each 2x2 block of a map; an odd last row or column is left out."""

    height: int
    width: int
    channels: int
    kind: ClassVar[str] = "maxpool"

    def __post_init__(self) -> None:
        if min(self.height, self.width) < 2 or self.channels < 1:
            raise ModelError("Max pooling takes maps of at least 2 by 2 values.")

    def description(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
        }

    @classmethod
    def restored(cls, entry: dict[str, Any], numbers: dict[str, npt.NDArray[Any]]) -> MaxPool:
        return cls(*(int(entry[name]) for name in ("height", "width", "channels")))

    def output_range(self, given: Range, rule: Rescale) -> Range:
        check_features(given, self.height * self.width * self.channels, "pooling")
        low, high = (as_objects(self._largest(end[None])).reshape(-1) for end in (given.low, given.high))
        return Range(low, high, given.denominator, given.magnitude)

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        return self._largest(values).reshape(len(values), -1)

    def _largest(self, values: Integers) -> Integers:
        maps = values.reshape(-1, self.height, self.width, self.channels)
        maps = maps[:, : self.height // 2 * 2, : self.width // 2 * 2]
        rows = np.maximum(maps[:, 0::2], maps[:, 1::2])
        return np.maximum(rows[:, :, 0::2], rows[:, :, 1::2])


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

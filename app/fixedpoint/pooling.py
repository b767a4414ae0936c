"""Layers of maps without weights: pooling, and what is put around a map.

Values are flat, (N, height*width*channels), as in `convolution`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from app.errors import ModelError
from app.fixedpoint.arithmetic import INT64_EXACT, Integers, Range, Rescale, as_objects
from app.fixedpoint.layers import LARGEST_SIDE, MOST_VALUES, Layer, check_features

Pair = tuple[int, int]
"""Down, then right."""
Padding = tuple[int, int, int, int]
"""Rows or columns: top, bottom, left, right."""

MOST_WINDOW_VALUES = 2**24
"""Values in all windows of a pooling layer, at most, so that a proof ends in bounded time."""


def check_map(height: int, width: int, channels: int) -> None:
    """Refuse, with ModelError, a map that is empty or too large."""
    if min(height, width, channels) < 1 or max(height, width) > LARGEST_SIDE:
        raise ModelError(f"A map is 1 to {LARGEST_SIDE} values wide and high.")
    if height * width * channels > MOST_VALUES:
        raise ModelError(f"A map holds at most {MOST_VALUES:,} values.")


def _pair(values: Any) -> Pair:
    down, right = values
    return int(down), int(right)


def _padding(values: Any) -> Padding:
    top, bottom, left, right = values
    return int(top), int(bottom), int(left), int(right)


@dataclass(frozen=True)
class Pad(Layer):
    """`value` around every channel of a map, and, unless `constant` is 0, one more channel behind the others:
    `constant` inside, 0 in the padding. Its weights in a convolution are offsets that the padding has not."""

    height: int
    width: int
    channels: int
    padding: Padding
    value: int = 0
    constant: int = 0
    kind: ClassVar[str] = "pad"

    def __post_init__(self) -> None:
        if min(self.padding) < 0 or max(self.padding) > LARGEST_SIDE:
            raise ModelError(f"A map's padding is 0 to {LARGEST_SIDE} rows or columns.")
        if not 0 <= self.value < 2**31 or not 0 <= self.constant < 2**31:
            raise ModelError("What is put around a map is 0 or more, and below 2**31.")
        check_map(self.output_height, self.output_width, self.output_channels)
        check_map(self.height, self.width, self.channels)

    @property
    def output_height(self) -> int:
        """Rows of the padded map."""
        return self.height + self.padding[0] + self.padding[1]

    @property
    def output_width(self) -> int:
        """Columns of the padded map."""
        return self.width + self.padding[2] + self.padding[3]

    @property
    def output_channels(self) -> int:
        """Channels of the padded map."""
        return self.channels + (self.constant > 0)

    @property
    def inputs(self) -> int:
        """Number of values it reads."""
        return self.height * self.width * self.channels

    @property
    def outputs(self) -> int:
        """Number of values it makes."""
        return self.output_height * self.output_width * self.output_channels

    def description(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
            "padding": list(self.padding),
            "value": self.value,
            "constant": self.constant,
        }

    @classmethod
    def restored(cls, entry: dict[str, Any], numbers: dict[str, npt.NDArray[Any]]) -> Pad:
        sizes = {name: int(entry[name]) for name in ("height", "width", "channels", "value", "constant")}
        return cls(padding=_padding(entry["padding"]), **sizes)

    def output_range(self, given: Range, rule: Rescale) -> Range:
        check_features(given, self.inputs, "padding")
        low, high = (as_objects(self._padded(end[None])[0]) for end in (given.low, given.high))
        return Range(low, high, given.denominator, max(given.magnitude, self.value, self.constant))

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        return self._padded(values)

    def _padded(self, values: Integers) -> Integers:
        top, _, left, _ = self.padding
        inner = slice(top, top + self.height), slice(left, left + self.width)
        shape = len(values), self.output_height, self.output_width, self.output_channels
        made: Any = np.full(shape, self.value, dtype=values.dtype)
        if self.constant:
            made[..., self.channels] = 0
            made[:, inner[0], inner[1], self.channels] = self.constant
        maps = values.reshape(-1, self.height, self.width, self.channels)
        made[:, inner[0], inner[1], : self.channels] = maps
        return made.reshape(len(values), -1)


@dataclass(frozen=True)
class MaxPool(Layer):
    """The largest value of each window of a map; a last row or column that fills no window is left out."""

    height: int
    width: int
    channels: int
    size: Pair = (2, 2)
    stride: Pair = (2, 2)
    kind: ClassVar[str] = "maxpool"

    def __post_init__(self) -> None:
        check_map(self.height, self.width, self.channels)
        _check_windows(self, self.height, self.width)

    @property
    def output_height(self) -> int:
        """Windows from top to bottom."""
        return (self.height - self.size[0]) // self.stride[0] + 1

    @property
    def output_width(self) -> int:
        """Windows from left to right."""
        return (self.width - self.size[1]) // self.stride[1] + 1

    @property
    def inputs(self) -> int:
        """Number of values it reads."""
        return self.height * self.width * self.channels

    @property
    def outputs(self) -> int:
        """Number of values it makes."""
        return self.output_height * self.output_width * self.channels

    def description(self) -> dict[str, Any]:
        plain: dict[str, Any] = {
            "kind": self.kind,
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
        }
        # Models with windows of 2x2 keep the description, and so the identity, that they have always had.
        usual = self.size == self.stride == (2, 2)
        return plain if usual else {**plain, "size": list(self.size), "stride": list(self.stride)}

    @classmethod
    def restored(cls, entry: dict[str, Any], numbers: dict[str, npt.NDArray[Any]]) -> MaxPool:
        height, width, channels = (int(entry[name]) for name in ("height", "width", "channels"))
        size, stride = (_pair(entry.get(name, (2, 2))) for name in ("size", "stride"))
        return cls(height, width, channels, size, stride)

    def output_range(self, given: Range, rule: Rescale) -> Range:
        check_features(given, self.inputs, "pooling")
        low, high = (as_objects(self._largest(end[None])).reshape(-1) for end in (given.low, given.high))
        return Range(low, high, given.denominator, given.magnitude)

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        return self._largest(values).reshape(len(values), -1)

    def _largest(self, values: Integers) -> Integers:
        maps = values.reshape(-1, self.height, self.width, self.channels)
        largest = _tap(maps, (0, 0), self)
        for tap in np.ndindex(*self.size):
            largest = np.maximum(largest, _tap(maps, tap, self))
        return largest


@dataclass(frozen=True)
class SumPool(Layer):
    """Means of each window of a map, as integers: sums over the values that are not padding, each times
    `parts` divided by how many there are.

    `parts` is the least number that all of those counts divide, so nothing is rounded: what comes out has
    `parts` times the denominator of what comes in. Without padding that is the plain sum.
    """

    height: int
    width: int
    channels: int
    size: Pair
    stride: Pair
    padding: Padding = (0, 0, 0, 0)
    kind: ClassVar[str] = "sumpool"

    def __post_init__(self) -> None:
        check_map(self.height, self.width, self.channels)
        top, bottom, left, right = self.padding
        if min(self.padding) < 0 or max(top, bottom) >= self.size[0] or max(left, right) >= self.size[1]:
            raise ModelError("A pooling window may not be nothing but padding.")
        _check_windows(self, self.height + top + bottom, self.width + left + right)
        if self.parts >= 2**31:
            raise ModelError("The means of a pooling layer have no common denominator below 2**31.")

    @property
    def output_height(self) -> int:
        """Windows from top to bottom."""
        return (self.height + self.padding[0] + self.padding[1] - self.size[0]) // self.stride[0] + 1

    @property
    def output_width(self) -> int:
        """Windows from left to right."""
        return (self.width + self.padding[2] + self.padding[3] - self.size[1]) // self.stride[1] + 1

    @property
    def inputs(self) -> int:
        """Number of values it reads."""
        return self.height * self.width * self.channels

    @property
    def outputs(self) -> int:
        """Number of values it makes."""
        return self.output_height * self.output_width * self.channels

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many values of the map each window holds, (output height, output width)."""
        rows = _inside(self.height, self.output_height, self.size[0], self.stride[0], self.padding[0])
        columns = _inside(self.width, self.output_width, self.size[1], self.stride[1], self.padding[2])
        return np.outer(rows, columns)

    @property
    def parts(self) -> int:
        """What a mean is multiplied by to be an integer."""
        return math.lcm(*(int(count) for count in np.unique(self.counts)))

    def description(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "height": self.height,
            "width": self.width,
            "channels": self.channels,
            "size": list(self.size),
            "stride": list(self.stride),
            "padding": list(self.padding),
        }

    @classmethod
    def restored(cls, entry: dict[str, Any], numbers: dict[str, npt.NDArray[Any]]) -> SumPool:
        size, stride = (_pair(entry[name]) for name in ("size", "stride"))
        height, width, channels = (int(entry[name]) for name in ("height", "width", "channels"))
        return cls(height, width, channels, size, stride, _padding(entry["padding"]))

    def output_range(self, given: Range, rule: Rescale) -> Range:
        check_features(given, self.inputs, "pooling")
        low, high = (
            as_objects(self._means(as_objects(end)[None])).reshape(-1) for end in (given.low, given.high)
        )
        # A window's sum times parts/count is at most parts times its largest value.
        magnitude = given.magnitude * self.parts
        return Range(low, high, given.denominator * self.parts, magnitude)

    def apply(self, values: Integers, given: Range, proved: Range, rule: Rescale) -> Integers:
        narrow = proved.magnitude < INT64_EXACT
        return self._means(values if narrow else as_objects(values)).reshape(len(values), -1)

    def _means(self, values: Integers) -> Integers:
        maps: Any = values.reshape(-1, self.height, self.width, self.channels)
        top, bottom, left, right = self.padding
        maps = np.pad(maps, ((0, 0), (top, bottom), (left, right), (0, 0)))
        total: Any = 0
        for tap in np.ndindex(*self.size):
            total = total + _tap(maps, tap, self)
        means: Integers = total * (self.parts // self.counts)[None, :, :, None]
        return means


def _tap(maps: Integers, tap: tuple[int, ...], layer: MaxPool | SumPool) -> Integers:
    """The value at place `tap` of every window."""
    taken = maps[:, tap[0] :: layer.stride[0], tap[1] :: layer.stride[1]]
    return taken[:, : layer.output_height, : layer.output_width]


def _inside(length: int, windows: int, size: int, stride: int, before: int) -> npt.NDArray[np.int64]:
    """How many places of each window along one side are not padding."""
    starts = np.arange(windows) * stride - before
    return np.minimum(starts + size, length) - np.maximum(starts, 0)


def _check_windows(layer: MaxPool | SumPool, height: int, width: int) -> None:
    """Refuse, with ModelError, windows that do not fit a (padded) map of this height and width."""
    down, right = layer.size
    if min(*layer.size, *layer.stride) < 1 or down > height or right > width:
        raise ModelError(f"Pooling windows of {down}x{right} do not fit a map of {height}x{width}.")
    if layer.outputs * down * right > MOST_WINDOW_VALUES:
        raise ModelError("A pooling layer's windows hold too many values.")

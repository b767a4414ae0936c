"""Linear layers and what lies between them, rounded to integers of a few bits one after the other.

A value is carried as an integer a that stands for the real number alpha * a + beta, with an alpha and a beta
of its own for each channel. So an affine layer costs nothing, and a filter's weights may use all their bits
whatever their size: the next layer's weights make up for it. Each layer is rounded knowing what the layers
before it really make of the calibration images, and its biases take up the mean of what rounding has changed
("bias correction": Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction",
2019).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.errors import BoundError
from app.fixedpoint.arithmetic import Integers, Range, Rescale
from app.fixedpoint.convolution import Conv2d, Depthwise, Requantise
from app.fixedpoint.fewbit import FewBit
from app.fixedpoint.folded import (
    ActivationLayer,
    AffineLayer,
    AveragePoolLayer,
    ConvLayer,
    DenseLayer,
    DepthwiseLayer,
    FlattenLayer,
    FoldedModel,
    MaxPoolLayer,
    Shape,
    ZeroPadLayer,
    output_shape,
)
from app.fixedpoint.layers import WEIGHT_LIMIT, Argmax, Layer, LeakyRelu, Relu
from app.fixedpoint.model import IntegerModel
from app.fixedpoint.pooling import MaxPool, Pad, SumPool
from app.fixedpoint.units import Linear, Unit, outputs

Floats = npt.NDArray[np.float64]

WIDE = 200
"""Outputs of a dense layer from which on they are brought back to few bits: longer numbers would carry
more."""

_REACHED = 0.999
"""The share of an activation's values that its integers must be able to hold."""
_BATCH = 64

_WIDE_BITS = 8
_SLOPE_BITS = 5
_NEARLY_6 = 5.9
"""What the values of a filter reach if a ReLU with the ceiling 6 cuts some of them off."""


@dataclass(frozen=True, eq=False)
class Statistics:
    """What a linear layer makes of the calibration images, each (channels,): the mean before its activation,
    and how far values reach above zero and below it after the activation, but for one in a thousand."""

    mean: Floats
    above: Floats
    below: Floats


@dataclass(frozen=True)
class Width:
    """Bits of a weight with its sign, and of an activation of a map."""

    weights: int
    activations: int


def statistics_of(
    folded: FoldedModel, units: Sequence[Unit], images: npt.NDArray[np.uint8]
) -> list[Statistics | None]:
    """What the linear units make of images, batch by batch: a map of every image at once takes much
    memory."""
    found: list[list[Statistics]] = [[] for _ in units]
    for start in range(0, len(images), _BATCH):
        pixels = images[start : start + _BATCH, ..., None].astype(np.float64)
        values = pixels * folded.meaning.scale + folded.meaning.offset
        for place, (unit, (before, after)) in enumerate(zip(units, outputs(units, values), strict=True)):
            if isinstance(unit, Linear):
                rows = after.reshape(-1, after.shape[-1])
                above, below = (np.quantile(np.maximum(side, 0), _REACHED, axis=0) for side in (rows, -rows))
                mean = before.reshape(rows.shape).mean(axis=0)
                found[place].append(Statistics(mean, above, below))
    return [_averaged(batches) if batches else None for batches in found]


def _averaged(batches: list[Statistics]) -> Statistics:
    mean, above, below = (
        np.mean([getattr(batch, name) for batch in batches], axis=0) for name in ("mean", "above", "below")
    )
    return Statistics(mean, above, below)


def rounded(
    folded: FoldedModel,
    units: Sequence[Unit],
    statistics: Sequence[Statistics | None],
    images: npt.NDArray[np.uint8],
    width: Width,
) -> IntegerModel:
    """The integer model of a folded one. `statistics`: of each unit, None where it is not linear; `images`:
    those that they are of. Raises BoundError where numbers leave the range that an integer model can have."""
    rounder = _Rounder(folded, images, width)
    for index, (unit, known) in enumerate(zip(units, statistics, strict=True)):
        rounder.add(unit, known, last=index == len(units) - 1)
    return IntegerModel([*rounder.layers, Argmax()])


class _Rounder:
    """The layers so far, and what the calibration images have become."""

    def __init__(self, folded: FoldedModel, images: npt.NDArray[np.uint8], width: Width) -> None:
        self.layers: list[Layer] = []
        self.width = width
        self.shape: Shape = folded.shapes[0]
        self.values: Integers = images.reshape(len(images), -1).astype(np.int64)
        self.range = Range.of_pixels(self.values.shape[1])
        self.alpha = np.full(1, folded.meaning.scale)
        self.beta = np.full(1, folded.meaning.offset)
        self.zero: int | None = None if folded.meaning.offset else 0
        """The integer that stands for 0 in every channel; None if there is no such integer."""

    def add(self, unit: Unit, known: Statistics | None, *, last: bool) -> None:
        """Round one unit."""
        match unit:
            case Linear(layer=DenseLayer() as layer):
                assert known is not None
                self._dense(layer, unit.activation, known, last=last)
            case Linear(layer=ConvLayer() | DepthwiseLayer() as layer):
                assert known is not None
                self._windows(layer, unit.activation, known)
            case AffineLayer():
                self.alpha = self.alpha * unit.scale
                self.beta = self.beta * unit.scale + unit.offset
                self.zero = None if np.any(unit.offset) else self.zero
            case MaxPoolLayer():
                if any(unit.padding):
                    # No value is below 0, so 0 is never the largest of a window that holds one.
                    self._push(Pad(*self._map, unit.padding))
                height, width, channels = self._padded(unit.padding)
                self._push(MaxPool(height, width, channels, unit.size, unit.stride))
            case AveragePoolLayer():
                pool = SumPool(*self._map, unit.size, unit.stride, unit.padding)
                self._push(pool)
                self.alpha = self.alpha / pool.parts
                self.zero = None if self.zero is None else self.zero * pool.parts
            case ZeroPadLayer():
                assert self.zero is not None
                self._push(Pad(*self._map, unit.padding, self.zero))
            case FlattenLayer():
                pixels = int(np.prod(self.shape[:-1]))
                self.alpha, self.beta = np.tile(self.alpha, pixels), np.tile(self.beta, pixels)
        self.shape = output_shape(unit.layer if isinstance(unit, Linear) else unit, self.shape)

    @property
    def _map(self) -> tuple[int, int, int]:
        height, width, channels = self.shape
        return height, width, channels

    def _padded(self, padding: tuple[int, int, int, int]) -> tuple[int, int, int]:
        height, width, channels = self._map
        return height + padding[0] + padding[1], width + padding[2] + padding[3], channels

    def _push(self, layer: Layer) -> None:
        proved = layer.output_range(self.range, Rescale.PER_SUM)
        self.values = layer.apply(self.values, self.range, proved, Rescale.PER_SUM)
        self.range = proved
        self.layers.append(layer)

    def _windows(
        self, layer: ConvLayer | DepthwiseLayer, activation: ActivationLayer | None, known: Statistics
    ) -> None:
        kernel = self._entered(layer)
        height, width, _ = self._padded(layer.padding)
        deep = isinstance(layer, DepthwiseLayer)
        by_filter = kernel.reshape(kernel.shape[0] * kernel.shape[1] * (1 if deep else kernel.shape[2]), -1)
        levels = _levels(abs(by_filter).max(axis=0), activation, known, self.width)
        scales = levels.scales.reshape(kernel.shape[2:]) if deep else levels.scales
        weights = np.rint(kernel * scales).astype(np.int64)
        made = Depthwise if deep else Conv2d
        self._requantised(
            lambda biases: made(height, width, weights, biases, 1, layer.stride), levels, activation, known
        )

    def _entered(self, layer: ConvLayer | DepthwiseLayer) -> Floats:
        """The kernel for integers instead of real numbers, once the map is padded."""
        kernel: Floats = layer.kernel * self.alpha[:, None]
        if not any(layer.padding):
            return kernel
        constant = 0
        if self.zero is None:
            # Offsets are the weights of one more channel, which is 0 in the padding.
            constant = max(1, int(self.range.high.max()))
            offsets = (layer.kernel * self.beta[:, None]).sum(axis=2, keepdims=True) / constant
            kernel = np.concatenate([kernel, offsets], axis=2)
        self._push(Pad(*self._map, layer.padding, self.zero or 0, constant))
        return kernel

    def _requantised(
        self,
        made: Callable[[npt.NDArray[np.int64]], Conv2d | Depthwise | FewBit],
        levels: _Levels,
        activation: ActivationLayer | None,
        known: Statistics,
    ) -> None:
        """A layer of sums, its activation, and the way back to few bits."""
        # Half a step more, and the division that rounds down rounds to the nearest.
        offset = (levels.zero << levels.shift) + (1 << levels.shift) // 2
        biases = self._biases(made(np.zeros(len(levels.scales), np.int64)), known.mean * levels.scales)
        if activation is not None and activation.kind == "leaky":
            # A leaky ReLU changes what lies below zero: the offset comes after it.
            self._push(made(biases))
            self._push(leaky_relu(activation.alpha, offset))
        else:
            self._push(made(biases + offset))
        self._push(Relu())
        self._push(Requantise(levels.shift, levels.ceiling, 1))
        self._stands((1 << levels.shift) / levels.scales, levels.zero)

    def _stands(self, alpha: Floats, zero: int) -> None:
        self.alpha, self.beta, self.zero = alpha, -zero * alpha, zero

    def _dense(
        self, layer: DenseLayer, activation: ActivationLayer | None, known: Statistics, *, last: bool
    ) -> None:
        kernel = layer.kernel * self.alpha[:, None]
        bits, largest = self.width.weights, abs(kernel).max(axis=0)
        kind = activation.kind if activation else "linear"
        if (len(largest) >= WIDE or kind == "relu6") and not last:
            levels = _levels(largest, activation, known, Width(bits, _WIDE_BITS))
            weights = np.rint(kernel * levels.scales).astype(np.int64)
            self._requantised(lambda biases: FewBit(weights, biases, bits, 1), levels, activation, known)
            return
        if last:
            largest = np.full(len(largest), largest.max())
        scales = (2 ** (bits - 1) - 1) / np.where(largest > 0, largest, 1.0)
        weights = np.rint(kernel * scales).astype(np.int64)
        scale = max(1, round(float(scales[0]) / self.range.denominator)) if last else 1
        plain = FewBit(weights, np.zeros(len(scales), np.int64), bits, scale)
        biases, zero = self._biases(plain, known.mean * scales), 0
        if kind == "linear" and not last:
            zero = _lift(FewBit(weights, biases, bits, scale), self.range)
        self._push(FewBit(weights, biases + zero, bits, scale))
        if kind == "relu":
            self._push(Relu())
        if activation is not None and kind == "leaky":
            zero = _lift(leaky_relu(activation.alpha, 0), self.range)
            self._push(leaky_relu(activation.alpha, zero))
        self._stands(1 / scales, zero)

    def _biases(self, layer: Conv2d | Depthwise | FewBit, wanted: Floats) -> npt.NDArray[np.int64]:
        """Integers that bring the mean of a layer's sums, without biases, to the wanted ones."""
        proved = layer.output_range(self.range, Rescale.PER_SUM)
        sums = layer.apply(self.values, self.range, proved, Rescale.PER_SUM)
        biases = np.rint(wanted - sums.reshape(-1, len(wanted)).astype(np.float64).mean(axis=0))
        if not (abs(biases) < WEIGHT_LIMIT).all():
            raise BoundError("A bias is out of range.", why="At the scale of its sums it reaches 2**53.")
        return biases.astype(np.int64)


def _lift(layer: Layer, given: Range) -> int:
    """What must be added to a layer's values so that none is below zero, for any image."""
    return max(0, -int(layer.output_range(given, Rescale.PER_SUM).low.min()))


@dataclass(frozen=True, eq=False)
class _Levels:
    """How sums become few bits. `scales`: of each filter, integers per real unit of its sums; then they are
    divided by 2**`shift`, `zero` is added, and `ceiling` is the largest that is left."""

    scales: Floats
    shift: int
    zero: int
    ceiling: int


def _levels(largest: Floats, activation: ActivationLayer | None, known: Statistics, width: Width) -> _Levels:
    """`largest`: of each filter's weights, as real units of its sums for an integer that it reads."""
    ceiling = 2**width.activations - 1
    by_weights = np.divide(
        2 ** (width.weights - 1) - 1, largest, out=np.full(len(largest), np.inf), where=largest > 0
    )
    above = np.maximum(known.above, 0)
    capped = np.zeros(len(above), bool)
    if activation is not None and activation.kind == "relu6":
        capped = above > _NEARLY_6
        above = np.where(capped, 6.0, above)
    zero, room = _zero(above, np.maximum(known.below, 0), ceiling)
    both = np.isfinite(room) & np.isfinite(by_weights) & (room > 0)
    shift = 0
    if both.any():
        # As many filters lose bits of their weights as lose bits of what they make.
        shift = min(40, max(0, round(float(np.log2(np.median(by_weights[both] / room[both]))))))
    if capped.any():
        # The ceiling is what stops these filters at 6, so their weights must leave it where it is.
        shift = min(shift, max(0, int(np.floor(np.log2((by_weights / room)[capped].min())))))
    scales = np.minimum(by_weights, room * 2.0**shift)
    return _Levels(np.where(np.isfinite(scales) & (scales > 0), scales, 1.0), shift, zero, ceiling)


def _zero(above: Floats, below: Floats, ceiling: int) -> tuple[int, Floats]:
    """The integer that stands for 0, and for each filter the most integers per real unit with which its
    values reach neither below 0 nor above the ceiling; infinite where it has no values.

    All filters share the zero. The one that leaves them the most, as a geometric mean, is taken of 16.
    """
    sixteenths = range(1, 16) if below.any() else (0,)
    found = []
    for part in sixteenths:
        zero = min(ceiling - 1, -(-ceiling * part // 16))
        with np.errstate(divide="ignore"):
            room = np.minimum((ceiling - zero) / above, zero / below if zero else np.inf)
        finite = room[np.isfinite(room)]
        found.append((float(np.log(finite).mean()) if len(finite) else 0.0, zero, room))
    _, zero, room = max(found, key=lambda one: one[:2])
    return zero, room


def leaky_relu(slope: float, offset: int) -> LeakyRelu:
    """The integer leaky ReLU nearest to a slope between 0 and 1, with a numerator of a few bits."""
    shift = min(60, int(np.floor(np.log2((2**_SLOPE_BITS - 0.5) / slope))))
    numerator = max(1, round(slope * 2**shift))
    if numerator >= 2**shift:
        numerator, shift = 2**_SLOPE_BITS - 1, _SLOPE_BITS
    while numerator % 2 == 0 and shift > 1:
        numerator, shift = numerator // 2, shift - 1
    # Dropping as many bits first as the numerator has keeps products as small as what they are made of.
    drop = min(shift, numerator.bit_length() if numerator > 1 else 0)
    return LeakyRelu(numerator, drop, shift - drop, offset)

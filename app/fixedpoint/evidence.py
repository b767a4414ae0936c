"""Why a digit is read: what each pixel adds to its logit, and what the first hidden layer makes of an image.

A model of dense layers is linear wherever its neurons stay on or off. With D_k the diagonal matrix of the
neurons of layer k that are on, the part of pixel i in logit d is

    part_i = p_i * (W_1 D_1 W_2 D_2 ... W_n)[i, d]

in exact integers: sums of products of weights over all paths of neurons that are on. The parts of pixels and
biases add up to the logit, but for what is truncated between the layers (less than one unit per neuron).

For other models it is measured: a patch of the image is blanked, and the logit falls by so much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.errors import ModelError
from app.fixedpoint.arithmetic import Integers, as_objects
from app.fixedpoint.convolution import Conv2d
from app.fixedpoint.fewbit import FewBit
from app.fixedpoint.layers import Dense, Relu
from app.fixedpoint.model import IntegerModel
from app.picture import PIXELS, SIDE

__all__ = ["Evidence", "Hidden", "evidence", "hidden_layer", "is_exact"]

PATCH, STRIDE = 4, 2
"""Side of the patch that is blanked, and the step from one to the next, in pixels."""


@dataclass(frozen=True)
class Evidence:
    """What each of the 784 pixels adds to the logit of `digit`.

    `exact`: integers, in units of pixel * weight * ... * weight; else the mean fall of the logit over all
    patches that hold the pixel.
    """

    digit: int
    parts: tuple[int, ...] | tuple[float, ...]
    exact: bool

    @property
    def shares(self) -> tuple[float, ...]:
        """The parts, divided by the largest magnitude: -1 to 1; all 0 where nothing speaks."""
        most = max(abs(part) for part in self.parts)
        return tuple(part / most if most else 0.0 for part in self.parts)


@dataclass(frozen=True)
class Hidden:
    """The first hidden layer: `count` maps of `side` by `side` bytes (0 to 255), one after the other."""

    count: int
    side: int
    values: bytes


def is_exact(model: IntegerModel) -> bool:
    """Whether the evidence of this model is exact: it has dense layers only."""
    return all(isinstance(layer, (Dense, FewBit, Relu)) for layer in model.layers[:-1])


def evidence(model: IntegerModel, image: npt.NDArray[np.uint8], digit: int) -> Evidence:
    """What speaks for a digit in a 28x28 uint8 image, and what speaks against it."""
    if image.shape != (SIDE, SIDE) or not 0 <= digit < model.classes:
        raise ModelError("Evidence is of one of the model's digits, in a picture of 28 by 28 pixels.")
    if is_exact(model):
        return Evidence(digit, _exact(model, image, digit), True)
    return Evidence(digit, _by_occlusion(model, image, digit), False)


def _exact(model: IntegerModel, image: npt.NDArray[np.uint8], digit: int) -> tuple[int, ...]:
    outputs = _outputs(model, image)
    slope = np.array([int(d == digit) for d in range(model.classes)], dtype=object)
    for layer, values in zip(reversed(model.layers[:-1]), reversed(outputs), strict=True):
        if isinstance(layer, Relu):
            slope = np.where(values > 0, slope, 0)
        else:
            assert isinstance(layer, (Dense, FewBit))
            on = np.flatnonzero(slope != 0)
            slope = as_objects(layer.weights[:, on]) @ slope[on]
    return tuple(int(part) for part in as_objects(image.reshape(-1).astype(np.int64)) * slope)


def _outputs(model: IntegerModel, image: npt.NDArray[np.uint8]) -> list[Integers]:
    """What every layer but the last makes of the image, each as a row of values."""
    values: Integers = image.reshape(1, -1).astype(np.int64)
    found = []
    for layer, given, proved in zip(model.layers[:-1], model.ranges, model.ranges[1:], strict=False):
        values = layer.apply(values, given, proved, model.rule)
        found.append(values[0])
    return found


def _by_occlusion(model: IntegerModel, image: npt.NDArray[np.uint8], digit: int) -> tuple[float, ...]:
    ends = range(0, SIDE - PATCH + 1, STRIDE)
    patches = [(y, x) for y in ends for x in ends if image[y : y + PATCH, x : x + PATCH].any()]
    if not patches:
        return (0.0,) * PIXELS
    batch = np.repeat(image[None], len(patches) + 1, axis=0)
    for number, (y, x) in enumerate(patches, start=1):
        batch[number, y : y + PATCH, x : x + PATCH] = 0
    logits = [int(row[digit]) for row in model.logits(batch)]
    falls, times = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    for (y, x), logit in zip(patches, logits[1:], strict=True):
        falls[y : y + PATCH, x : x + PATCH] += (logits[0] - logit) / model.logit_range.denominator
        times[y : y + PATCH, x : x + PATCH] += 1
    means = falls / np.maximum(times, 1)
    return tuple(float(value) for value in np.where(image > 0, means, 0).reshape(-1))


def hidden_layer(model: IntegerModel, image: npt.NDArray[np.uint8]) -> Hidden:
    """The first hidden layer, after its activation; the strongest value is 255."""
    outputs = _outputs(model, image)
    place = next((i for i, layer in enumerate(model.layers) if isinstance(layer, Relu)), 0)
    values = outputs[place]
    most = max(1, int(values.max()))
    scaled = np.array([min(255, max(0, int(value) * 255 // most)) for value in values], dtype=np.uint8)
    before = model.layers[place - 1] if place else None
    if not isinstance(before, Conv2d):
        return Hidden(len(scaled), 1, scaled.tobytes())
    maps = scaled.reshape(before.output_height, before.output_width, before.filters).transpose(2, 0, 1)
    side = min(before.output_height, before.output_width)
    return Hidden(before.filters, side, np.ascontiguousarray(maps[:, :side, :side]).tobytes())

"""An integer model: layers in a row, a rescaling rule, and an identity."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.errors import ImageError, ModelError
from app.fixedpoint.arithmetic import SCALE, Integers, Range, Rescale
from app.fixedpoint.convolution import Depthwise, Windowed
from app.fixedpoint.layers import Argmax, Layer, Weighted
from app.fixedpoint.pooling import MaxPool, Pad, SumPool

MOST_LAYERS = 500
MOST_RANGES = 4_000_000
"""Values that all layers together make, at most. The range of each is kept: a file may not ask for more
memory than that takes, half a gigabyte."""

_AT_ONCE = 100
"""Images that one layer reads at a time: their maps stay in the processor's cache, and memory does not grow
with the batch."""

_READS_PIXELS = (Weighted, Pad, MaxPool, SumPool)


@dataclass(frozen=True)
class FixedReading:
    """What the integer engine reads in one image.

    `logits` are integers of denominator `denominator`, lowest class first; they may exceed 64 bits.
    """

    digit: int
    logits: tuple[int, ...]
    denominator: int
    milliseconds: float

    @property
    def top(self) -> float:
        """The largest logit at its real size."""
        return max(self.logits) / self.denominator


class IntegerModel:
    """Dense and convolutional models of any depth and width over an image of `pixels` bytes.

    The range of every layer is proved once, here, for any image; each layer then computes with the
    narrowest integers that the proof allows. The last layer is Argmax; what enters it are the logits.
    """

    def __init__(self, layers: Sequence[Layer], rule: Rescale = Rescale.PER_SUM) -> None:
        if len(layers) < 2 or not isinstance(layers[0], _READS_PIXELS) or not isinstance(layers[-1], Argmax):
            raise ModelError("An integer model starts with a layer that reads pixels and ends with argmax.")
        if any(isinstance(layer, Argmax) for layer in layers[:-1]):
            raise ModelError("Only the last layer of an integer model may be argmax.")
        if len(layers) > MOST_LAYERS:
            raise ModelError(f"An integer model has at most {MOST_LAYERS} layers.")
        self.layers = tuple(layers)
        self.rule = rule
        self.pixels = layers[0].inputs
        self.ranges = [Range.of_pixels(self.pixels)]
        """`ranges[k]` is what layer k reads; the last entry is the class."""
        proved = 0
        for layer in self.layers:
            self.ranges.append(layer.output_range(self.ranges[-1], rule))
            proved += len(self.ranges[-1].low)
            if proved > MOST_RANGES:
                raise ModelError(f"The layers of an integer model make at most {MOST_RANGES:,} values.")

    @property
    def classes(self) -> int:
        """Number of logits."""
        return len(self.logit_range.low)

    @property
    def logit_range(self) -> Range:
        """The proved range of the logits; its denominator tells what a logit is worth."""
        return self.ranges[-2]

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum(numbers.size for layer in self.layers for numbers in layer.numbers().values())

    @property
    def architecture(self) -> str:
        """The widths, input first: `784-64-10`; `64c3` is a convolution of 64 filters of 3x3, `64c3s2` one
        with stride 2, `d3` a depthwise one, `p2` takes the largest of 2x2, `a2` the mean."""
        widths = [str(self.pixels)]
        for layer in self.layers:
            if isinstance(layer, Windowed) and layer.outputs > layer.filters:
                widths.append(_windowed(layer))
            elif isinstance(layer, MaxPool | SumPool):
                widths.append(("p" if isinstance(layer, MaxPool) else "a") + _size(layer.size))
            elif isinstance(layer, Weighted):
                widths.append(str(layer.outputs))
        return "-".join(widths)

    @property
    def sha256(self) -> str:
        """Identity of the parameters: SHA-256 over the layers' description and their numbers.

        The rescaling rule is not part of it: one set of weights, two ways to compute with them.
        """
        digest = hashlib.sha256(json.dumps(self.description(), sort_keys=True).encode())
        for layer in self.layers:
            for numbers in layer.numbers().values():
                digest.update(numbers.astype("<i8").tobytes())
        return digest.hexdigest()

    def description(self) -> dict[str, Any]:
        """The layers without their numbers, as JSON values."""
        return {"scale": SCALE, "layers": [layer.description() for layer in self.layers]}

    def with_rule(self, rule: Rescale) -> IntegerModel:
        """The same layers under the other rescaling rule."""
        return self if rule is self.rule else IntegerModel(self.layers, rule)

    def logits(self, images: npt.NDArray[np.uint8]) -> Integers:
        """Exact logits (N, classes) of a batch of images: uint8, (N, pixels) or (N, height, width).

        dtype int64 where every logit is proved to fit, object (Python integers) elsewhere.
        Raises ImageError on anything else: an image is a stranger's bytes.
        """
        flat = self._flatten(images)
        parts = np.split(flat, range(_AT_ONCE, len(flat), _AT_ONCE))
        logits: Integers = np.concatenate([self._logits(part.astype(np.int64)) for part in parts])
        return logits

    def _logits(self, values: Integers) -> Integers:
        for layer, given, proved in zip(self.layers[:-1], self.ranges, self.ranges[1:], strict=False):
            values = layer.apply(values, given, proved, self.rule)
        return values

    def classify(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        """The class (N,) of each image: the index of its largest logit, the lowest among equals."""
        return self._argmax(self.logits(images))

    def read(self, image: npt.NDArray[np.uint8]) -> FixedReading:
        """Read one image, with the time it took."""
        start = time.perf_counter()
        row = self.logits(np.asarray(image)[None])
        digit = int(self._argmax(row)[0])
        elapsed = (time.perf_counter() - start) * 1000
        return FixedReading(digit, tuple(int(v) for v in row[0]), self.logit_range.denominator, elapsed)

    def _argmax(self, logits: Integers) -> npt.NDArray[np.int64]:
        digits = self.layers[-1].apply(logits, self.logit_range, self.ranges[-1], self.rule)
        return digits[:, 0].astype(np.int64)

    def _flatten(self, images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        if images.dtype != np.uint8 or images.ndim not in (2, 3) or not len(images):
            raise ImageError(
                "The integer engine reads batches of 8-bit grey images.",
                why=f"It was given {images.dtype} {images.shape}.",
            )
        flat = images.reshape(len(images), -1)
        if flat.shape[1] != self.pixels:
            raise ImageError(
                f"The model reads images of exactly {self.pixels} pixels.",
                why=f"This one has {flat.shape[1]}.",
            )
        return flat


def _windowed(layer: Windowed) -> str:
    filters = "d" if isinstance(layer, Depthwise) else f"{layer.filters}c"
    stride = "" if layer.stride == (1, 1) else f"s{_size(layer.stride)}"
    return filters + _size(layer.kernel) + stride


def _size(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"

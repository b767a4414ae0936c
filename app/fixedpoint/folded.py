"""A float model as a plain list of layers: what a model file is read into, and what is quantised.

A reader of files makes a `FoldedModel`; the float judge is built from it, and `imported.quantise_folded`
turns it into integers. Values are maps (height, width, channels) in Keras's order (channels last) until a
`FlattenLayer`, then vectors. Nothing here knows a file format. Softmax (or any other increasing function) at
the end is left out: the last layer's values are the logits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from app.errors import BoundError, ModelError
from app.picture import SIDE

Floats = npt.NDArray[np.floating]
Pair = tuple[int, int]
"""Down, then right."""
Padding = tuple[int, int, int, int]
"""Rows or columns of padding: top, bottom, left, right."""
Shape = tuple[int, ...]
"""(height, width, channels), or (features,) once flat."""

NO_PADDING: Padding = (0, 0, 0, 0)
LARGEST_MAP = 64
"""Values along each side of a padded map, at most."""
MOST_VALUES = 1_000_000
"""Values of one layer's output, at most: a file may not ask for more memory than that takes."""


def same_padding(size: Pair, kernel: Pair, stride: Pair) -> Padding:
    """What Keras's "same" pads a map of `size` with: ceil(size/stride) windows, the odd row or column of
    padding at the bottom or right (https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2)."""
    pads = []
    for length, window, step in zip(size, kernel, stride, strict=True):
        total = max((-(-length // step) - 1) * step + window - length, 0)
        pads += [total // 2, total - total // 2]
    return (pads[0], pads[1], pads[2], pads[3])


@dataclass(frozen=True)
class PixelMeaning:
    """The real number x = scale * p + offset that a pixel p (0 to 255, 0 = paper, 255 = ink) stands for.

    0..1 is (1/255, 0), 0..255 is (1, 0), -1..1 is (2/255, -1), and dark ink on white paper in 0..1 is
    (-1/255, 1).
    """

    scale: float = 1 / 255
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.scale) and np.isfinite(self.offset)) or self.scale == 0:
            raise ModelError("A pixel's scale and offset are finite numbers, and its scale is not 0.")


@dataclass(frozen=True, eq=False)
class DenseLayer:
    """x @ kernel + bias. `kernel`: (inputs, outputs); `bias`: (outputs,). Reads vectors; on a map it works on
    each pixel's channels, as Keras's Dense does."""

    kernel: Floats
    bias: Floats


@dataclass(frozen=True, eq=False)
class ConvLayer:
    """Correlation, as Keras's Conv2D. `kernel`: (kernel height, kernel width, channels, filters);
    `bias`: (filters,). The padding's values are 0."""

    kernel: Floats
    bias: Floats
    stride: Pair = (1, 1)
    padding: Padding = NO_PADDING


@dataclass(frozen=True, eq=False)
class DepthwiseLayer:
    """Each channel convolved by itself, as Keras's DepthwiseConv2D. `kernel`: (kernel height, kernel width,
    channels, multiplier); output channel c*multiplier + m; `bias`: (channels*multiplier,)."""

    kernel: Floats
    bias: Floats
    stride: Pair = (1, 1)
    padding: Padding = NO_PADDING


@dataclass(frozen=True, eq=False)
class AffineLayer:
    """scale * x + offset, channel by channel; both (channels,), or (features,) behind a FlattenLayer.

    What batch normalisation, Rescaling and Normalization do once trained. It may stand anywhere: it is folded
    into its neighbours exactly, or computed where that cannot be done.
    """

    scale: Floats
    offset: Floats


@dataclass(frozen=True)
class MaxPoolLayer:
    """The largest value of each window; padding is never the largest."""

    size: Pair
    stride: Pair
    padding: Padding = NO_PADDING


@dataclass(frozen=True)
class AveragePoolLayer:
    """The mean of each window over the values that are not padding, as Keras counts them."""

    size: Pair
    stride: Pair
    padding: Padding = NO_PADDING


@dataclass(frozen=True)
class GlobalAverageLayer:
    """The mean of each channel: a vector comes out."""


@dataclass(frozen=True)
class GlobalMaxLayer:
    """The largest value of each channel: a vector comes out."""


@dataclass(frozen=True)
class ZeroPadLayer:
    """Zeros around the map."""

    padding: Padding


@dataclass(frozen=True)
class ActivationLayer:
    """Kind "relu": max(x, 0). "relu6": min(max(x, 0), 6). "leaky": x where x >= 0, alpha * x below, 0 < alpha
    < 1."""

    kind: Literal["relu", "relu6", "leaky"]
    alpha: float = 0.0


@dataclass(frozen=True)
class FlattenLayer:
    """A map becomes a vector, row by row, in a pixel channel by channel."""


FoldedLayer = (
    DenseLayer
    | ConvLayer
    | DepthwiseLayer
    | AffineLayer
    | MaxPoolLayer
    | AveragePoolLayer
    | GlobalAverageLayer
    | GlobalMaxLayer
    | ZeroPadLayer
    | ActivationLayer
    | FlattenLayer
)


@dataclass(frozen=True)
class FoldedModel:
    """Layers in a row over a grey image of SIDE x SIDE pixels, and what its pixels mean.

    A model of dense layers begins with a FlattenLayer. Raises ModelError on shapes that do not fit each other
    and BoundError on numbers that are not finite, so whatever exists fits.
    """

    layers: Sequence[FoldedLayer]
    meaning: PixelMeaning = PixelMeaning()
    shapes: list[Shape] = field(init=False, repr=False)
    """`shapes[k]` is what layer k reads; the last entry is what comes out."""

    def __post_init__(self) -> None:
        shapes: list[Shape] = [(SIDE, SIDE, 1)]
        for layer in self.layers:
            shapes.append(output_shape(layer, shapes[-1]))
        object.__setattr__(self, "layers", tuple(self.layers))
        object.__setattr__(self, "shapes", shapes)

    @property
    def classes(self) -> int:
        """Number of logits. Raises ModelError if the model ends with a map."""
        if len(self.shapes[-1]) != 1:
            raise ModelError(
                "The model does not end with a row of numbers.", why=f"It makes {self.shapes[-1]}."
            )
        return self.shapes[-1][0]

    @property
    def dense_only(self) -> bool:
        """Whether it is Dense layers with ReLU between them, and nothing else that computes."""
        computing = [layer for layer in self.layers if not isinstance(layer, FlattenLayer)]
        return all(
            isinstance(layer, DenseLayer) or (isinstance(layer, ActivationLayer) and layer.kind == "relu")
            for layer in computing
        )


def output_shape(layer: FoldedLayer, given: Shape) -> Shape:
    """The shape of what a layer makes of `given`. Raises ModelError or BoundError where they do not fit."""
    for numbers in (getattr(layer, name, None) for name in ("kernel", "bias", "scale", "offset")):
        if numbers is not None and not np.isfinite(numbers).all():
            raise BoundError("A weight is not a number, or infinite.", hint="Train the model again.")
    made = _shape_of(layer, given)
    if 0 in made or min(made) < 0 or int(np.prod(made)) > MOST_VALUES:
        raise ModelError(f"A layer makes {made} of {given}, which no model of this program does.")
    return made


def _shape_of(layer: FoldedLayer, given: Shape) -> Shape:
    if isinstance(layer, DenseLayer):
        _fits(layer.kernel.ndim == 2 and layer.kernel.shape[0] == given[-1], layer, given)
        _fits(layer.bias.shape == layer.kernel.shape[1:], layer, given)
        return (*given[:-1], layer.kernel.shape[1])
    if isinstance(layer, AffineLayer):
        _fits(layer.scale.shape == layer.offset.shape == given[-1:], layer, given)
        return given
    if isinstance(layer, ActivationLayer):
        if layer.kind == "leaky" and not 0 < layer.alpha < 1:
            raise ModelError(f"A leaky ReLU has a slope between 0 and 1, not {layer.alpha}.")
        return given
    if isinstance(layer, FlattenLayer):
        return (int(np.prod(given)),)
    _fits(len(given) == 3, layer, given)
    if isinstance(layer, GlobalAverageLayer | GlobalMaxLayer):
        return given[2:]
    return _map_shape(layer, given)


def _map_shape(
    layer: ConvLayer | DepthwiseLayer | MaxPoolLayer | AveragePoolLayer | ZeroPadLayer, given: Shape
) -> Shape:
    height, width, channels = given
    top, bottom, left, right = layer.padding
    _fits(min(layer.padding) >= 0, layer, given)
    padded = height + top + bottom, width + left + right
    _fits(max(padded) <= LARGEST_MAP, layer, given)
    if isinstance(layer, ZeroPadLayer):
        return (*padded, channels)
    if isinstance(layer, ConvLayer | DepthwiseLayer):
        _fits(layer.kernel.ndim == 4 and layer.kernel.shape[2] == channels, layer, given)
        window = layer.kernel.shape[:2]
        channels = layer.kernel.shape[3] * (1 if isinstance(layer, ConvLayer) else channels)
        _fits(layer.bias.shape == (channels,), layer, given)
    else:
        window = layer.size
        # A window of nothing but padding has neither a largest value nor a mean.
        _fits(max(top, bottom) < window[0] and max(left, right) < window[1], layer, given)
    _fits(min(*layer.stride, *window) >= 1, layer, given)
    made = [
        (length - size) // step + 1 for length, size, step in zip(padded, window, layer.stride, strict=True)
    ]
    return (*made, channels)


def _fits(condition: bool, layer: FoldedLayer, given: Shape) -> None:
    if not condition:
        raise ModelError(
            "The layers of the model do not fit each other.",
            why=f"A {type(layer).__name__.removesuffix('Layer')} layer cannot read {given}.",
        )

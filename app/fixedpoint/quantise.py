"""From trained weights to the integer model that computes with them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from app.errors import BoundError, ModelError
from app.fixedpoint.arithmetic import PIXEL_MAX, SCALE, Rescale
from app.fixedpoint.convolution import Conv2d, Requantise
from app.fixedpoint.fewbit import FewBit, check_bits
from app.fixedpoint.layers import WEIGHT_LIMIT, Argmax, Dense, Layer, Relu
from app.fixedpoint.model import IntegerModel
from app.fixedpoint.pooling import MaxPool
from app.picture import SIDE

Floats = npt.NDArray[np.floating]

FewBitParameters = tuple[npt.NDArray[np.int64], Floats, float, int]
"""A few-bit layer: integers (inputs, outputs), real biases (outputs,), what one step is worth, bits."""


def quantise(parameters: Sequence[tuple[Floats, Floats]], rule: Rescale = Rescale.PER_SUM) -> IntegerModel:
    """The integer model of dense layers with ReLU between them.

    `parameters`: for each layer its kernel (inputs, outputs) and bias (outputs,), as Keras gives them.
    Raises BoundError on NaN, infinity and values out of range, ModelError on shapes that do not fit.
    """
    layers: list[Layer] = []
    for kernel, bias in parameters:
        if layers:
            layers.append(Relu())
        layers.append(Dense(nearest_integers(kernel), nearest_integers(bias)))
    return IntegerModel([*layers, Argmax()], rule)


def few_bit_model(parameters: Sequence[FewBitParameters]) -> IntegerModel:
    """The integer model of few-bit layers with ReLU between them.

    A bias is rounded at the denominator of the sums it is added to, the product of all 1/step before it.
    Scales are whole numbers: each makes up for what rounding the ones before it left, so that the denominator
    of the logits is off by half of 1/scale of the last layer at most. Raises BoundError on numbers out of
    range, ModelError on steps or bits that no layer can have.
    """
    layers: list[Layer] = []
    stated = float(PIXEL_MAX)
    worth = 1.0 / stated
    for codes, bias, step, bits in parameters:
        if layers:
            layers.append(Relu())
        worth *= step
        if not np.isfinite(bias).all() or not 0 < worth < np.inf:
            raise BoundError("A bias or a step is not a number, or infinite.", hint="Train the model again.")
        if 1.0 / (worth * stated) >= WEIGHT_LIMIT:
            raise ModelError("A layer's weights are too small.", why="Its scale would reach 2**53.")
        biases = np.rint(np.asarray(bias, np.float64) / worth)
        if not (abs(biases) < WEIGHT_LIMIT).all():
            raise BoundError("A bias is out of range.", why="At the scale of its sums it reaches 2**53.")
        scale = max(1, round(1.0 / (worth * stated)))
        layers.append(FewBit(codes, biases.astype(np.int64), bits, scale))
        stated *= scale
    return IntegerModel([*layers, Argmax()])


def rounded_to_bits(parameters: Sequence[tuple[Floats, Floats]], bits: int) -> IntegerModel:
    """The few-bit model nearest to float dense layers: a layer's step fits its largest weight.

    `parameters` as `quantise` takes them. Nothing is trained: 8 bits lose little, 4 bits lose much.
    Raises as `few_bit_model` does.
    """
    check_bits(bits)
    layers: list[FewBitParameters] = []
    for kernel, bias in parameters:
        kernel = np.asarray(kernel, np.float64)
        if not np.isfinite(kernel).all():
            raise BoundError("A weight is not a number, or infinite.", hint="Train the model again.")
        step = float(abs(kernel).max()) / (2 ** (bits - 1) - 1) or 1.0
        layers.append((np.rint(kernel / step).astype(np.int64), bias, step, bits))
    return few_bit_model(layers)


def convolutional(
    parameters: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]],
    steps: Sequence[tuple[int, int, int]],
    side: int = SIDE,
    lane_bits: int | None = None,
) -> IntegerModel:
    """Convolutions, each followed by ReLU, 2x2 pooling and requantisation, then a dense layer.

    `parameters`: of each layer its kernel, biases and the denominator of its weights; the last kernel
    (inputs, outputs) is the dense layer's. `steps`: after each layer but the last the shift, the ceiling and
    the denominator of what comes out. Raises BoundError if a convolution's sum does not fit `lane_bits`
    signed bits for every image, ModelError if the shapes do not fit each other.
    """
    layers: list[Layer] = []
    *convolutions, (kernel, biases, denominator) = parameters
    for (filters, offsets, worth), step in zip(convolutions, steps, strict=True):
        layers.append(Conv2d(side, side, filters, offsets, worth))
        side = side - filters.shape[0] + 1
        layers += [Relu(), MaxPool(side, side, filters.shape[3]), Requantise(*step)]
        side //= 2
    largest = max(1, int(abs(kernel).max()))
    layers.append(FewBit(kernel, biases, largest.bit_length() + 1, denominator))
    model = IntegerModel([*layers, Argmax()])
    sums = [
        proved
        for layer, proved in zip(model.layers, model.ranges[1:], strict=False)
        if isinstance(layer, Conv2d)
    ]
    widest = max((proved.magnitude.bit_length() + 1 for proved in sums), default=0)
    if lane_bits is not None and widest > lane_bits:
        raise BoundError(
            "The trained sums do not fit their lanes.",
            why=f"They take {widest} bits; there are {lane_bits}.",
            hint="Train for more epochs, or with smaller weights or activations.",
        )
    return model


def nearest_integers(values: Floats) -> npt.NDArray[np.int64]:
    """The integers nearest to values*SCALE, ties to even, as int64 of the same shape.

    Computed with fractions: a float is a fraction, so nothing is rounded before the one rounding.
    """
    values = np.asarray(values)
    if values.dtype.kind != "f":
        raise ModelError("Only floating-point weights can be quantised.")
    if not np.isfinite(values).all():
        raise BoundError("A weight is not a number, or infinite.", hint="Train the model again.")
    integers = [round(Fraction(float(value)) * SCALE) for value in values.ravel()]
    if any(abs(integer) >= WEIGHT_LIMIT for integer in integers):
        raise BoundError(
            "A weight is out of range.",
            why=f"Its magnitude times {SCALE} reaches 2**53; no trained one does.",
        )
    return np.array(integers, dtype=np.int64).reshape(values.shape)

"""From the few-bit integers that training found to the integer network that computes with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.errors import BoundError
from app.fixedpoint.convolution import Conv2d, MaxPool, Requantise
from app.fixedpoint.layers import Argmax, Layer, Relu
from app.fixedpoint.network import IntegerNetwork

Int64s = npt.NDArray[np.int64]


def convolutional(
    parameters: Sequence[tuple[Int64s, Int64s, int]],
    steps: Sequence[tuple[int, int, int]],
    side: int = 28,
    lane_bits: int | None = None,
) -> IntegerNetwork:
    """Convolutions, each followed by ReLU, 2x2 pooling and requantisation, then a layer over the whole map.

    `parameters`: of each layer its kernel, biases and the denominator of its weights; a kernel of two
    dimensions (inputs, outputs) covers the whole map. `steps`: after each layer but the last the shift, the
    ceiling and the denominator of what comes out. Raises BoundError if a sum does not fit `lane_bits` signed
    bits for every image, ModelError if the shapes do not fit each other.
    """
    layers: list[Layer] = []
    for index, (kernel, biases, denominator) in enumerate(parameters):
        if kernel.ndim == 2:
            kernel = kernel.reshape(side, side, -1, kernel.shape[1])
        layers.append(Conv2d(side, side, kernel, biases, denominator))
        if index < len(steps):
            side = side - kernel.shape[0] + 1
            layers += [Relu(), MaxPool(side, side, kernel.shape[3]), Requantise(*steps[index])]
            side //= 2
    network = IntegerNetwork([*layers, Argmax()])
    widest = max(proved.magnitude.bit_length() + 1 for proved in network.ranges[1:-1])
    if lane_bits is not None and widest > lane_bits:
        raise BoundError(
            "The trained sums do not fit their lanes.",
            why=f"They take {widest} bits; there are {lane_bits}.",
            hint="Train for more epochs, or with smaller weights or activations.",
        )
    return network

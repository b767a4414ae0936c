"""From a float network's weights to integers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from app.errors import BoundError, ModelError
from app.fixedpoint.arithmetic import SCALE, Rescale
from app.fixedpoint.layers import WEIGHT_LIMIT, Argmax, Dense, Layer, Relu
from app.fixedpoint.network import IntegerNetwork

Floats = npt.NDArray[np.floating]


def quantise(parameters: Sequence[tuple[Floats, Floats]], rule: Rescale = Rescale.PER_SUM) -> IntegerNetwork:
    """The integer network of dense layers with ReLU between them.

    `parameters`: for each layer its kernel (inputs, outputs) and bias (outputs,), as Keras gives them.
    Raises BoundError on NaN, infinity and values out of range, ModelError on shapes that do not fit.
    """
    layers: list[Layer] = []
    for kernel, bias in parameters:
        if layers:
            layers.append(Relu())
        layers.append(Dense(nearest_integers(kernel), nearest_integers(bias)))
    return IntegerNetwork([*layers, Argmax()], rule)


def nearest_integers(values: Floats) -> npt.NDArray[np.int64]:
    """The integers nearest to values*SCALE, ties to even, as int64 of the same shape.

    Computed with fractions: a float is a fraction, so nothing is rounded before the one rounding.
    """
    values = np.asarray(values)
    if values.dtype.kind != "f":
        raise ModelError("Only floating-point weights can be quantised.")
    if not np.isfinite(values).all():
        raise BoundError("A weight is not a number, or infinite.", hint="Train the network again.")
    integers = [round(Fraction(float(value)) * SCALE) for value in values.ravel()]
    if any(abs(integer) >= WEIGHT_LIMIT for integer in integers):
        raise BoundError(
            "A weight is out of range.",
            why=f"Its magnitude times {SCALE} reaches 2**53; no trained one does.",
        )
    return np.array(integers, dtype=np.int64).reshape(values.shape)

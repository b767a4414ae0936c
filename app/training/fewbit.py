"""Dense layers whose weights are integers of a few bits times one step, trained as they will be used.

Forward, a weight w counts as step * round(clip(w / step)); backward, rounding counts as the identity, and
clipping as what it is (the straight-through estimator: Bengio, Léonard, Courville, "Estimating or Propagating
Gradients Through Stochastic Neurons for Conditional Computation", 2013). The step is one number per layer and
is learned too (Esser et al., "Learned Step Size Quantization", 2020).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.floats.runtime import import_keras


@dataclass(frozen=True)
class FewBitWeights:
    """One layer: real weight = codes * step. `codes` int64 (in, out) in -2**(bits-1) .. 2**(bits-1) - 1,
    `bias` float64 (out,), real values."""

    codes: NDArray[np.int64]
    bias: NDArray[np.float64]
    step: float
    bits: int


@functools.cache
def few_bit_dense() -> Any:
    """The Keras layer's class, made when Keras is there to be imported."""
    keras = import_keras()
    ops = keras.ops

    class FewBitDense(keras.layers.Layer):  # type: ignore[name-defined]
        """Weighted sums with weights of `bits` bits, and ReLU unless it is the last layer."""

        def __init__(self, units: int, bits: int, relu: bool, **options: Any) -> None:
            super().__init__(**options)
            self.units, self.bits, self.relu = units, bits, relu

        def build(self, shape: tuple[int | None, ...]) -> None:
            inputs = int(shape[-1] or 0)
            self.kernel = self.add_weight((inputs, self.units), "glorot_uniform", name="kernel")
            self.bias = self.add_weight((self.units,), "zeros", name="bias")
            # The largest weights of Glorot's start lie at the end of the codes. As a logarithm the step can
            # never turn negative, and the optimizer changes it by shares of itself.
            start = (6.0 / (inputs + self.units)) ** 0.5 / 2 ** (self.bits - 1)
            self.log_step = self.add_weight((), keras.initializers.Constant(np.log(start)), name="log_step")

        def codes(self) -> Any:
            """The integers that the weights stand for, as float32 with a straight-through gradient."""
            high = 2 ** (self.bits - 1)
            scaled = ops.clip(self.kernel / ops.exp(self.log_step), -high, high - 1)
            return scaled + ops.stop_gradient(ops.round(scaled) - scaled)

        def call(self, values: Any) -> Any:
            sums = ops.matmul(values, self.codes() * ops.exp(self.log_step)) + self.bias
            return ops.relu(sums) if self.relu else sums

    return FewBitDense


def few_bit_weights(model: Any) -> list[FewBitWeights]:
    """What the few-bit layers of a model have learned, first layer first; empty if it has none."""
    return [
        FewBitWeights(
            np.rint(np.asarray(layer.codes(), np.float64)).astype(np.int64),
            np.asarray(layer.bias, np.float64),
            float(np.exp(np.asarray(layer.log_step, np.float64))),
            layer.bits,
        )
        for layer in model.layers
        if isinstance(layer, few_bit_dense())
    ]

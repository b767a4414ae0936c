"""Quantisation-aware training: a float convolutional model becomes one of few-bit integers.

The forward pass is the integer engine's own arithmetic, carried in float32, which is exact below 2**24.
Rounding and truncation have no useful slope, so gradients pass straight through them (the straight-through
estimator).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.fixedpoint.arithmetic import PIXEL_MAX
from app.floats.runtime import import_for_training, import_keras
from app.picture import SIDE
from app.training.distil import distillation_loss
from app.training.fitting import (
    EpochData,
    ProgressCallback,
    batches,
    compile_model,
    cosine_schedule,
    fit,
    no_progress,
)

_CALIBRATION_IMAGES = 2000


@dataclass(frozen=True)
class QuantisedRecipe:
    """How few bits, and how they are trained.

    `weights`: the largest magnitude of a weight, layer by layer. `ceilings`: the largest activation after
    each convolution. `lane_bits`: what the sums of every convolution shall fit, with their sign, for any
    image whatever.
    """

    weights: tuple[int, ...] = (15, 7, 3)
    ceilings: tuple[int, ...] = (31, 31)
    lane_bits: int = 16
    epochs: int = 12
    batch: int = 128
    learning_rate: float = 1e-3
    dropout: float = 0.1


@dataclass(frozen=True)
class FewBits:
    """A trained model of integers.

    `parameters`: each layer's kernel, biases (int64) and the denominator of its weights. `steps`: after each
    layer but the last the shift, the ceiling and the denominator of the activations.
    """

    parameters: list[tuple[NDArray[np.int64], NDArray[np.int64], int]]
    steps: list[tuple[int, int, int]]


@dataclass
class _Layer:
    """One layer's trained values (real size) and the fixed grid they are rounded to."""

    kernel: Any
    bias: Any
    limit: int  # largest magnitude of an integer weight
    denominator: int  # a weight w becomes round(w * denominator)
    entry: int  # denominator of the values it reads

    def integers(self, ops: Any) -> tuple[Any, ...]:
        """Integer weights and biases as float tensors with straight-through gradients."""
        scaled = self.kernel * float(self.denominator)
        kernel = ops.clip(scaled, -float(self.limit), float(self.limit))
        bias = self.bias * float(self.denominator * self.entry)
        return tuple(_straight(ops, value, ops.round(value)) for value in (kernel, bias))


def _straight(ops: Any, value: Any, stepped: Any) -> Any:
    return value + ops.stop_gradient(stepped - value)


class QuantisedCnn:
    """Convolutions with a 2x2 maximum behind each and a dense layer, on a grid of integers, trainable."""

    def __init__(self, model: Any, images: NDArray[np.uint8], recipe: QuantisedRecipe) -> None:
        self._ops = import_keras().ops
        variable = import_keras().Variable
        self.recipe = recipe
        self.shifts: list[int] = []
        self.layers: list[_Layer] = []
        values = self._ops.convert_to_tensor(images[:_CALIBRATION_IMAGES, ..., None].astype(np.float32))
        entry = PIXEL_MAX
        trained = [layer for layer in model.layers if type(layer).__name__ in ("Conv2D", "Dense")]
        for index, (layer, limit) in enumerate(zip(trained, recipe.weights, strict=True)):
            kernel, bias = np.asarray(layer.kernel), np.asarray(layer.bias)
            # Three standard deviations reach the largest integer: beyond them weights saturate.
            denominator = max(1, round(limit / (3.0 * float(kernel.std()))))
            self.layers.append(_Layer(variable(kernel), variable(bias), limit, denominator, entry))
            if index == len(trained) - 1:
                break
            sums = self._pooled(self._sums(index, values))
            ceiling = recipe.ceilings[index]
            shift = max(0, math.ceil(math.log2(np.percentile(self._array(sums), 99.9) / (ceiling + 1))))
            self.shifts.append(shift)
            # Truncation loses half a step on average: the bias starts with it put back.
            self.layers[-1].bias.assign(bias + np.float32(2.0 ** (shift - 1) / (denominator * entry)))
            values = self._requantised(index, self._sums(index, values))
            entry = max(1, round(entry * denominator / 2**shift))

    @property
    def variables(self) -> list[Any]:
        """What is trained: kernel and bias of each layer."""
        return [variable for layer in self.layers for variable in (layer.kernel, layer.bias)]

    def logits(self, images: Any, dropout: Any = None) -> Any:
        """Logits of images float32 (N, 28, 28, 1), 0 to 255, at real size; `dropout`: a layer."""
        values = images
        for index in range(len(self.layers) - 1):
            values = self._requantised(index, self._sums(index, values))
        values = self._ops.reshape(values, (-1, self.layers[-1].kernel.shape[0]))
        if dropout is not None:
            values = dropout(values, training=True)
        last = self.layers[-1]
        kernel, bias = last.integers(self._ops)
        return (self._ops.matmul(values, kernel) + bias) / float(last.entry * last.denominator)

    def excess(self) -> Any:
        """How far the worst sums pass nine tenths of a lane, as a share of it: a loss that narrows lanes."""
        room = 0.9 * 2.0 ** (self.recipe.lane_bits - 1)
        total = 0.0
        for layer, largest in zip(self.layers, (PIXEL_MAX, *self.recipe.ceilings[:-1]), strict=False):
            kernel, bias = layer.integers(self._ops)
            axes = list(range(len(kernel.shape) - 1))
            worst = self._ops.sum(self._ops.abs(kernel), axes) * float(largest) + self._ops.abs(bias)
            total += self._ops.sum(self._ops.relu(worst / room - 1.0))
        return total

    def trained(self) -> FewBits:
        """The integers as they stand."""
        parameters = []
        for layer in self.layers:
            kernel, bias = (
                np.rint(self._array(value)).astype(np.int64) for value in layer.integers(self._ops)
            )
            parameters.append((kernel, bias, layer.denominator))
        following = [layer.entry for layer in self.layers[1:]]
        return FewBits(parameters, list(zip(self.shifts, self.recipe.ceilings, following, strict=True)))

    def _sums(self, index: int, values: Any) -> Any:
        kernel, bias = self.layers[index].integers(self._ops)
        return self._ops.conv(values, kernel, 1, "valid") + bias

    def _requantised(self, index: int, sums: Any) -> Any:
        pooled = self._pooled(self._ops.relu(sums)) / 2.0 ** self.shifts[index]
        steps = _straight(self._ops, pooled, self._ops.floor(pooled))
        return self._ops.minimum(steps, float(self.recipe.ceilings[index]))

    def _array(self, value: Any) -> NDArray[np.float32]:
        return np.asarray(self._ops.convert_to_numpy(value))

    def _pooled(self, values: Any) -> Any:
        return self._ops.max_pool(values, 2, 2, "valid")


def train_quantised(
    model: Any,
    data: EpochData,
    recipe: QuantisedRecipe,
    *,
    temperature: float,
    seed: int = 1,
    progress: ProgressCallback = no_progress,
) -> FewBits:
    """Train a float model on as integers, starting from its weights, on soft targets at `temperature`."""
    keras = import_for_training(seed)
    images, _, rows = data(0)
    few_bits = QuantisedCnn(model, images, recipe)
    trained = keras.Sequential([keras.layers.Input((SIDE, SIDE)), _layer(few_bits)])
    rate = cosine_schedule(recipe.learning_rate, recipe.epochs * batches(len(rows), recipe.batch))
    compile_model(trained, keras.optimizers.Adam(rate), distillation_loss(temperature))
    fit(
        trained,
        data,
        stage="integers",
        epochs=recipe.epochs,
        batch=recipe.batch,
        rng=np.random.default_rng(seed),
        progress=progress,
    )
    return few_bits.trained()


def _layer(few_bits: QuantisedCnn) -> Any:
    """A Keras layer from pictures (N, 28, 28), 0 to 1, to logits, that trains what `few_bits` holds."""
    keras = import_keras()

    class FewBitLayer(keras.layers.Layer):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.dropout = keras.layers.Dropout(few_bits.recipe.dropout)
            self.values = few_bits.variables  # Keras finds what it trains among a layer's attributes

        def call(self, images: Any) -> Any:
            self.add_loss(few_bits.excess())
            pixels = keras.ops.round(images * float(PIXEL_MAX))
            return few_bits.logits(pixels[..., None], self.dropout)

    return FewBitLayer()

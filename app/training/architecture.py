"""The models that can be trained, as Keras models, and what their weights must be for Bitcoin Script.

Every model takes float32 (N, 28, 28), pixel/255, and answers float32 (N, 10), a probability per digit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.fixedpoint import SCALE
from app.floats.judge import DenseWeights, Floats
from app.picture import CLASSES, SIDE

DEFAULT = "784-64-10"


def build(name: str = DEFAULT) -> Any:
    """A fresh Keras model of the architecture `name`, a key of ARCHITECTURES; Keras's seed decides."""
    return ARCHITECTURES[name]()


def answering_logits(model: Any) -> Any:
    """A fresh model of ours, changed to answer its ten logits instead of the probabilities that follow."""
    from app.floats.runtime import import_keras

    model.layers[-1].activation = import_keras().activations.linear
    return model


def _build_784_64_10() -> Any:
    from app.floats.runtime import import_keras

    layers = import_keras().layers
    return import_keras().Sequential(
        [
            layers.Input((SIDE, SIDE), name="image"),
            layers.Flatten(name="pixels"),
            layers.Dense(64, activation="relu", name="hidden"),
            layers.Dense(CLASSES, activation="softmax", name="digits"),
        ],
        name="inkproof_784_64_10",
    )


def _build_mlp() -> Any:
    from app.floats.runtime import import_keras

    layers = import_keras().layers
    return import_keras().Sequential(
        [
            layers.Input((SIDE, SIDE), name="image"),
            layers.Flatten(name="pixels"),
            layers.Dense(128, activation="relu", name="hidden1"),
            layers.Dense(256, activation="relu", name="hidden2"),
            layers.Dense(512, activation="relu", name="hidden3"),
            layers.Dense(CLASSES, activation="softmax", name="digits"),
        ],
        name="inkproof_mlp",
    )


def _build_cnn() -> Any:
    """Conv 32, pool, conv 64, pool, flatten to 1600, dropout, dense 10: all kernels 3x3, no padding."""
    return _convolutions("inkproof_cnn", ((32, 3), (64, 3)), dropout=0.25)


def _build_compact() -> Any:
    """Conv 5, pool, conv 10, pool, flatten to 160, dense 10: all kernels 5x5, no padding."""
    return _convolutions("inkproof_compact", ((5, 5), (10, 5)), dropout=0.0)


def _convolutions(name: str, filters: Sequence[tuple[int, int]], dropout: float) -> Any:
    """Convolutions, (filters, side of the kernel) each, a 2x2 maximum behind each, then ten digits."""
    from app.floats.runtime import import_keras

    layers = import_keras().layers
    row = [layers.Input((SIDE, SIDE), name="image"), layers.Reshape((SIDE, SIDE, 1), name="channel")]
    for number, (count, side) in enumerate(filters, 1):
        row.append(layers.Conv2D(count, side, activation="relu", name=f"conv{number}"))
        row.append(layers.MaxPooling2D(2, name=f"pool{number}"))
    row.append(layers.Flatten(name="flat"))
    if dropout:
        row.append(layers.Dropout(dropout, name="dropout"))
    return import_keras().Sequential(
        [*row, layers.Dense(CLASSES, activation="softmax", name="digits")], name=name
    )


def _build_teacher() -> Any:
    """Twice two convolutions of 3x3, of 32 and of 64 filters, each normalised over its batch."""
    from app.floats.runtime import import_keras

    layers = import_keras().layers
    row = [layers.Input((SIDE, SIDE), name="image"), layers.Reshape((SIDE, SIDE, 1), name="channel")]
    for count in (32, 64):
        for _ in range(2):
            row += [layers.Conv2D(count, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU()]
        row.append(layers.MaxPooling2D(2))
    row += [layers.Flatten(), layers.Dropout(0.4), layers.Dense(CLASSES, activation="softmax", name="digits")]
    return import_keras().Sequential(row, name="inkproof_teacher")


ARCHITECTURES: dict[str, Callable[[], Any]] = {
    DEFAULT: _build_784_64_10,
    "compact": _build_compact,
    "784-128-256-512-10": _build_mlp,
    "cnn": _build_cnn,
    "teacher": _build_teacher,
}


def set_dense_weights(model: Any, weights: DenseWeights) -> None:
    """Put `weights`, in the order of `dense_weights`, into the model."""
    dense = [layer for layer in model.layers if type(layer).__name__ == "Dense"]
    for layer, pair in zip(dense, weights, strict=True):
        layer.set_weights(pair)


def l1_norms(kernel: Floats, bias: Floats) -> NDArray[np.float64]:
    """sum_i |w_ij| + |b_j| of each neuron j, float64 (out,): what inputs from 0 to 1 can make of its sum."""
    norms: NDArray[np.float64] = np.abs(kernel.astype(np.float64)).sum(axis=0) + np.abs(
        bias.astype(np.float64)
    )
    return norms


def largest_l1(lane_bits: int) -> float:
    """The largest `l1_norms` of a first layer whose sums fit a signed lane of `lane_bits` bits in Script.

    A sum is of pixels 0..255 times weights at scale 10^8, so it stays below 255 * 10^8 * norm, which must
    not pass 2**(lane_bits - 1). Half a percent is left for rounding the weights.
    """
    return float(0.995 * 2 ** (lane_bits - 1) / (255 * SCALE))


def balance(weights: DenseWeights, norm: float) -> DenseWeights:
    """The same function with every hidden neuron's `l1_norms` brought to `norm`.

    relu(c * x) = c * relu(x) for c > 0, so what a neuron's incoming weights are multiplied by, its outgoing
    ones are divided by. Narrow lanes then cost a little precision, spread evenly, and no accuracy.
    """
    balanced = [(kernel.astype(np.float64), bias.astype(np.float64)) for kernel, bias in weights]
    for index in range(len(balanced) - 1):
        (kernel, bias), (following, next_bias) = balanced[index], balanced[index + 1]
        norms = np.abs(kernel).sum(axis=0) + np.abs(bias)
        # A neuron without weights is dead whatever it is multiplied by.
        factors = np.where(norms > 0, norm / np.where(norms > 0, norms, 1.0), 1.0)
        balanced[index] = (kernel * factors, bias * factors)
        balanced[index + 1] = (following / factors[:, None], next_bias)
    return [(kernel.astype(np.float32), bias.astype(np.float32)) for kernel, bias in balanced]


def used_pixels(images: NDArray[np.uint8], fewest: int) -> NDArray[np.bool_]:
    """Which of the 784 pixels carry ink in at least `fewest` of `images` (N, 28, 28), bool (784,).

    The rows of the others are kept at zero: they drop out of the script.
    """
    used: NDArray[np.bool_] = (images > 0).sum(axis=0).reshape(-1) >= fewest
    return used

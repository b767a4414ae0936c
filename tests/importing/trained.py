"""Five kinds of models, trained with Keras alone, for seconds, on the digits that ship."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.importing.digits import Digits


def _dense(keras: Any) -> list[Any]:
    layers = keras.layers
    return [
        layers.Input((28, 28)),
        layers.Flatten(),
        layers.Dense(24, activation="relu"),
        layers.Dropout(0.1),
        layers.Dense(10, activation="softmax"),
    ]


def _convolution_on_white_paper(keras: Any) -> list[Any]:
    layers = keras.layers
    return [
        layers.Input((28, 28, 1)),
        layers.Conv2D(6, 3, strides=2, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]


def _lenet(keras: Any) -> list[Any]:
    layers = keras.layers
    return [
        layers.Input((28, 28, 1)),
        layers.Conv2D(6, 5, padding="same", activation="relu"),
        layers.AveragePooling2D(2),
        layers.Conv2D(12, 5, activation="relu"),
        layers.AveragePooling2D(2),
        layers.Flatten(),
        layers.Dense(48, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]


def _batch_normalisation(keras: Any) -> list[Any]:
    layers = keras.layers
    return [
        layers.Input((28, 28, 1)),
        layers.Rescaling(1 / 255),
        layers.RandomTranslation(0.05, 0.05),
        layers.Conv2D(8, 3, activation="relu"),
        layers.BatchNormalization(momentum=0.8),
        layers.MaxPooling2D(2),
        layers.Conv2D(8, 3, padding="same", activation="relu"),
        layers.BatchNormalization(momentum=0.8),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]


def _separable(keras: Any) -> list[Any]:
    layers = keras.layers
    return [
        layers.Input((28, 28, 1)),
        layers.Conv2D(8, 3, strides=2, padding="same"),
        layers.LeakyReLU(),
        layers.SeparableConv2D(12, 3, padding="same"),
        layers.LeakyReLU(),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]


TRAINED: dict[str, tuple[Callable[[Any], list[Any]], str, Callable[[np.ndarray], np.ndarray], int]] = {
    "dense": (_dense, "h5", lambda pixels: pixels / 255, 6),
    "convolution_on_white_paper": (_convolution_on_white_paper, "keras", lambda pixels: 1 - pixels / 255, 12),
    "lenet": (_lenet, "keras", lambda pixels: pixels / 255, 12),
    "batch_normalisation": (_batch_normalisation, "keras", lambda pixels: pixels, 12),
    "separable": (_separable, "h5", lambda pixels: pixels / 127.5 - 1, 12),
}
"""By name: layers, the format it is saved in, what its pixels mean, and epochs."""


def trained(keras: Any, kind: str, digits: Digits, folder: Path) -> Path:
    """The file of a model of this kind, trained on these digits."""
    build, suffix, meaning, epochs = TRAINED[kind]
    keras.utils.set_random_seed(3)
    model = keras.Sequential(build(keras))
    pixels = meaning(digits.images.astype(np.float32)).reshape(len(digits.labels), *model.input_shape[1:])
    model.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    model.fit(pixels, digits.labels, batch_size=32, epochs=epochs, verbose=0)
    path = folder / f"{kind}.{suffix}"
    model.save(path)
    return path

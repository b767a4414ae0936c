"""Models as people build them, made with whichever Keras is given: each kind by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def dense(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(8, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )


def flat_with_batch_normalisation(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((784,)),
            layers.Dense(8, use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Dense(10),
        ]
    )


def lenet(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(3, 5, padding="same", activation="relu"),
            layers.AveragePooling2D(2),
            layers.Conv2D(4, 5, activation="relu"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(12, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def nested_and_augmented(keras: Any) -> Any:
    """Models within the model, augmentation, rescaling, separable convolution, leaky and clipped ReLU."""
    layers = keras.layers
    inmost = keras.Sequential([layers.Conv2D(3, 1), layers.ReLU(max_value=1.0)], name="inmost")
    features = [
        layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(max_value=6.0),
        inmost,
    ]
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            keras.Sequential([layers.RandomRotation(0.1), layers.Rescaling(2, -1)], name="augmentation"),
            keras.Sequential(features, name="features"),
            layers.GaussianNoise(0.1),
            layers.SeparableConv2D(4, 3, depth_multiplier=2),
            layers.LeakyReLU(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def functional(keras: Any) -> Any:
    """Depthwise convolution, uneven padding, poolings of other strides, dilation, groups, an operation."""
    layers = keras.layers
    picture = layers.Input((28, 28))
    values = layers.Reshape((28, 28, 1))(picture)
    values = layers.ZeroPadding2D(((1, 2), (0, 3)))(values)
    values = layers.DepthwiseConv2D(3, depth_multiplier=3, padding="same")(values)
    values = layers.BatchNormalization()(values)
    values = layers.Activation("relu")(values)
    values = layers.MaxPooling2D(3, 2, padding="same")(values)
    values = layers.AveragePooling2D(3, 2, padding="same")(values)
    values = layers.Conv2D(6, 3, dilation_rate=2, groups=1)(values)
    values = layers.Flatten()(values)
    values = values / 3.0
    return keras.Model(picture, layers.Dense(10)(values))


def convolutions_with_batch_normalisation(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Conv2D(4, 3, padding="same", activation="relu"),
            layers.BatchNormalization(scale=False),
            layers.MaxPooling2D(),
            layers.Conv2D(5, 5, strides=2, padding="same"),
            layers.BatchNormalization(center=False),
            layers.Activation("relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(10, activation="sigmoid"),
        ]
    )


KINDS: dict[str, Callable[[Any], Any]] = {
    kind.__name__: kind
    for kind in (
        dense,
        flat_with_batch_normalisation,
        lenet,
        nested_and_augmented,
        functional,
        convolutions_with_batch_normalisation,
    )
}


def filled(model: Any, seed: int = 1) -> Any:
    """The model with random numbers in all its weights, variances above zero."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        name = getattr(weight, "path", weight.name)
        if "seed" in name or "state" in name.lower():
            continue
        spread = random.uniform(0.5, 2.0, weight.shape) if "variance" in name else None
        drawn = random.normal(0, 0.3, weight.shape) if spread is None else spread
        weight.assign(drawn.astype(np.float32))
    return model


def before_the_end(answers: np.ndarray, model: Any) -> np.ndarray:
    """Logits of a model's answers, up to what its last function loses: a constant for softmax."""
    last = str(model.layers[-1].get_config().get("activation"))
    answers = np.asarray(answers, np.float64)
    if last == "softmax":
        return np.log(answers)
    return np.log(answers / (1 - answers)) if last == "sigmoid" else answers

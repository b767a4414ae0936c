"""The float judge of an imported model: a Keras model built from the list of layers that was read.

Built from the layers as they stand, with nothing folded, so that it is a check on the integers and not their
copy.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.fixedpoint.folded import (
    ActivationLayer,
    AffineLayer,
    AveragePoolLayer,
    ConvLayer,
    DenseLayer,
    DepthwiseLayer,
    FlattenLayer,
    FoldedLayer,
    FoldedModel,
    GlobalAverageLayer,
    GlobalMaxLayer,
    MaxPoolLayer,
    Padding,
    PixelMeaning,
    ZeroPadLayer,
)
from app.floats.runtime import import_keras
from app.picture import SIDE

__all__ = ["build", "save_judge"]

_Step = tuple[Any, list[Any]]
"""What is called with the values, and its weights in Keras's order."""

_BELOW_ALL = -1e30
"""Padding of a maximum: less than any value, and still a float32."""


def build(model: FoldedModel, meaning: PixelMeaning | None = None) -> Any:
    """A Keras model of the layers.

    Without `meaning` it takes float32 (N, 28, 28) of what the file's first layer reads, and answers logits.
    With it, it takes pixel/255, as every float judge here, and answers probabilities.
    """
    keras = import_keras()
    layers = keras.layers
    picture = layers.Input((SIDE, SIDE), name="image")
    values = picture
    if meaning is not None:
        # A pixel comes as p/255 and stands for scale * p + offset.
        values = layers.Rescaling(meaning.scale * 255.0, meaning.offset, name="meaning")(values)
    values = layers.Reshape((SIDE, SIDE, 1), name="channel")(values)
    weights: list[_Step] = []
    for index, layer in enumerate(model.layers):
        for made, numbers in _keras_layers(keras, layer, f"{_word(layer)}{index}"):
            values = made(values)
            weights.append((made, numbers))
    if meaning is not None:
        values = layers.Softmax(name="digits")(values)
    built = keras.Model(picture, values, name="imported")
    for made, numbers in weights:
        if numbers:
            made.set_weights([np.asarray(one, np.float32) for one in numbers])
    return built


def save_judge(model: FoldedModel, path: Path) -> None:
    """Write the judge as a `.keras` file."""
    build(model, model.meaning).save(path)


def _word(layer: FoldedLayer) -> str:
    return type(layer).__name__.removesuffix("Layer").lower()


def _keras_layers(keras: Any, layer: FoldedLayer, name: str) -> list[_Step]:
    """The Keras layers that compute one folded layer, each with its weights in Keras's order."""
    layers = keras.layers
    match layer:
        case DenseLayer():
            return [(layers.Dense(layer.kernel.shape[1], name=name), [layer.kernel, layer.bias])]
        case AffineLayer():
            # Batch normalisation at rest: gamma * x + beta, with mean 0 and variance 1.
            rest = [np.zeros_like(layer.scale), np.ones_like(layer.scale)]
            normalised = layers.BatchNormalization(epsilon=0.0, name=name)
            return [(normalised, [layer.scale, layer.offset, *rest])]
        case ConvLayer() | DepthwiseLayer():
            return [*_padded(layers, layer.padding, name), _convolution(layers, layer, name)]
        case MaxPoolLayer() | AveragePoolLayer():
            return _pooling(keras, layer, name)
        case GlobalAverageLayer():
            return [(layers.GlobalAveragePooling2D(name=name), [])]
        case GlobalMaxLayer():
            return [(layers.GlobalMaxPooling2D(name=name), [])]
        case ZeroPadLayer():
            return _padded(layers, layer.padding, name)
        case ActivationLayer():
            return [(_activation(layers, layer, name), [])]
        case FlattenLayer():
            return [(layers.Flatten(name=name), [])]


def _padded(layers: Any, padding: Padding, name: str) -> list[_Step]:
    top, bottom, left, right = padding
    if not any(padding):
        return []
    return [(layers.ZeroPadding2D(((top, bottom), (left, right)), name=f"{name}_padding"), [])]


def _convolution(layers: Any, layer: ConvLayer | DepthwiseLayer, name: str) -> _Step:
    window, last = layer.kernel.shape[:2], layer.kernel.shape[3]
    if isinstance(layer, ConvLayer):
        made = layers.Conv2D(last, window, strides=layer.stride, name=name)
    else:
        made = layers.DepthwiseConv2D(window, strides=layer.stride, depth_multiplier=last, name=name)
    return made, [layer.kernel, layer.bias]


def _pooling(keras: Any, layer: MaxPoolLayer | AveragePoolLayer, name: str) -> list[_Step]:
    """Keras knows "same" and "valid". A maximum is padded here with less than any value; readers refuse a
    mean over other padding than Keras's "same"."""
    layers = keras.layers
    if isinstance(layer, AveragePoolLayer):
        mode = "same" if any(layer.padding) else "valid"
        return [(layers.AveragePooling2D(layer.size, strides=layer.stride, padding=mode, name=name), [])]
    pool = layers.MaxPooling2D(layer.size, strides=layer.stride, name=name)
    if not any(layer.padding):
        return [(pool, [])]
    top, bottom, left, right = layer.padding
    edges = ((0, 0), (top, bottom), (left, right), (0, 0))
    return [(lambda values: keras.ops.pad(values, edges, constant_values=_BELOW_ALL), []), (pool, [])]


def _activation(layers: Any, layer: ActivationLayer, name: str) -> Any:
    if layer.kind == "leaky":
        return layers.LeakyReLU(negative_slope=layer.alpha, name=name)
    return layers.ReLU(max_value=6.0 if layer.kind == "relu6" else None, name=name)

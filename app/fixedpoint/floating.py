"""What a folded model computes, in float64 with NumPy: for calibration, and to try what pixels mean.

It is not the float judge (that is Keras, in float32), but differs from it by rounding only.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

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
    Pair,
    ZeroPadLayer,
)

Values = npt.NDArray[np.float64]

_BATCH = 64


def logits(model: FoldedModel, images: npt.NDArray[np.uint8]) -> Values:
    """Logits (N, classes) of images uint8 (N, 28, 28)."""
    batches = (images[start : start + _BATCH] for start in range(0, len(images), _BATCH))
    return np.concatenate([list(outputs(model, batch))[-1] for batch in batches])


def outputs(model: FoldedModel, images: npt.NDArray[np.uint8]) -> Iterator[Values]:
    """What each layer makes of images uint8 (N, 28, 28), layer by layer, float64 (N, *shape)."""
    pixels: Values = images[..., None].astype(np.float64)
    values = pixels * model.meaning.scale + model.meaning.offset
    for layer in model.layers:
        values = apply(layer, values)
        yield values


def apply(layer: FoldedLayer, values: Values) -> Values:
    """The output of one layer for a batch (N, *shape)."""
    match layer:
        case DenseLayer():
            return values @ layer.kernel.astype(np.float64) + layer.bias
        case AffineLayer():
            return values * layer.scale.astype(np.float64) + layer.offset
        case ActivationLayer():
            return _activated(layer, values)
        case FlattenLayer():
            return values.reshape(len(values), -1)
        case GlobalAverageLayer():
            return values.mean(axis=(1, 2))
        case GlobalMaxLayer():
            return values.max(axis=(1, 2))
        case ZeroPadLayer():
            return _padded(values, layer.padding, 0.0)
        case MaxPoolLayer():
            padded = _padded(values, layer.padding, -np.inf)
            return _windows(padded, layer.size, layer.stride).max(axis=(-2, -1))
        case AveragePoolLayer():
            return _averages(layer, values)
        case ConvLayer():
            windows = _windows(_padded(values, layer.padding, 0.0), layer.kernel.shape[:2], layer.stride)
            return np.tensordot(windows, layer.kernel.astype(np.float64), ((4, 5, 3), (0, 1, 2))) + layer.bias
        case DepthwiseLayer():
            windows = _windows(_padded(values, layer.padding, 0.0), layer.kernel.shape[:2], layer.stride)
            made = np.einsum("nyxcij,ijcm->nyxcm", windows, layer.kernel, optimize=True)
            return made.reshape(*made.shape[:3], -1) + layer.bias


def _activated(layer: ActivationLayer, values: Values) -> Values:
    if layer.kind == "leaky":
        return np.where(values < 0, layer.alpha * values, values)
    return np.clip(values, 0.0, 6.0 if layer.kind == "relu6" else None)


def _averages(layer: AveragePoolLayer, values: Values) -> Values:
    sums = _windows(_padded(values, layer.padding, 0.0), layer.size, layer.stride).sum(axis=(-2, -1))
    ones = np.ones((1, *values.shape[1:3], 1))
    counts = _windows(_padded(ones, layer.padding, 0.0), layer.size, layer.stride).sum(axis=(-2, -1))
    return sums / counts


def _padded(values: Values, padding: Padding, with_: float) -> Values:
    top, bottom, left, right = padding
    return np.pad(values, ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=with_)


def _windows(values: Values, size: Pair, stride: Pair) -> Values:
    """(N, rows, columns, channels, size down, size right): a view of every window."""
    windows = np.lib.stride_tricks.sliding_window_view(values, size, axis=(1, 2))
    return windows[:, :: stride[0], :: stride[1]]

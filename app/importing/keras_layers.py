"""One Keras layer and its weights, added to a chain. Argument names of Keras 1, 2 and 3 are all known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from app.fixedpoint.folded import Pair
from app.importing.chain import Chain
from app.importing.keras_config import Entry
from app.importing.keras_functions import (
    PROGRAM,
    WITHOUT_PROGRAMS,
    activate,
    add_arithmetic,
    add_leaky,
    add_operation,
    add_relu,
    add_softmax,
)
from app.importing.kernels import Numbers
from app.importing.refusing import refuse_layer, shown

__all__ = ["add", "needs_weights"]

Weights = list[Numbers]

_TRAINING_ONLY = {
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "InputLayer",
    "SpatialDropout2D",
}
_PROGRAMS = {
    "Lambda",
    "TFOpLambda",
    "SlicingOpLambda",
    "TensorFlowOpLayer",
    "TorchModuleWrapper",
    "TFSMLayer",
}
_IN_PLACE = {
    "LSTM": "Use Dense or Conv2D layers over the whole picture.",
    "PReLU": "Use LeakyReLU in its place.",
    "ELU": "Use ReLU or LeakyReLU in its place.",
    "Conv2DTranspose": "Use Conv2D in its place.",
    "LayerNormalization": "Use BatchNormalization in its place.",
    "GroupNormalization": "Use BatchNormalization in its place.",
    "Cropping2D": "Leave the margin to the convolutions.",
}
_KNOWN = (
    "Known are Dense, Conv2D, DepthwiseConv2D, SeparableConv2D, the poolings, BatchNormalization, "
    "Normalization, Rescaling, ReLU, LeakyReLU, ZeroPadding2D, Flatten, Reshape, and what only trains."
)
_FIRST = {"channels_first", "th"}


def add(chain: Chain, entry: Entry, weights: Weights) -> None:
    """Add what the layer computes. ModelError, with the layer's name, for what cannot be."""
    if entry.kind in _TRAINING_ONLY or entry.kind.startswith("Random") or _resizes_nothing(chain, entry):
        return
    found = _ADDERS.get(entry.kind)
    if found is None:
        if entry.kind in _PROGRAMS:
            refuse_layer(
                entry.name,
                f"is a {entry.kind}: {PROGRAM}",
                WITHOUT_PROGRAMS,
            )
        refuse_layer(entry.name, f"is of the kind {shown(entry.kind)}.", _IN_PLACE.get(entry.kind, _KNOWN))
    found(chain, entry, weights)


def needs_weights(entry: Entry) -> bool:
    """Whether a layer of this kind has numbers of its own in the file."""
    return entry.kind in _WEIGHTED


def _resizes_nothing(chain: Chain, entry: Entry) -> bool:
    if entry.kind not in ("Resizing", "CenterCrop"):
        return False
    return [entry.config.get("height"), entry.config.get("width")] == [
        size for size in chain.dims if size > 1
    ][:2]


def _dense(chain: Chain, entry: Entry, weights: Weights) -> None:
    kernel, bias = _kernel_and_bias(entry, weights, 1)
    chain.dense(entry.name, kernel[0], bias)
    activate(chain, entry)


def _conv(chain: Chain, entry: Entry, weights: Weights) -> None:
    (kernel,), bias = _kernel_and_bias(entry, weights, 1)
    if "nb_filter" in entry.config and entry.config.get("dim_ordering") == "th" and kernel.ndim == 4:
        kernel = kernel.transpose(
            2, 3, 1, 0
        )  # Keras 1 over Theano's order: (filters, channels, height, width)
    _set_order(chain, entry)
    chain.convolution(
        entry.name,
        kernel,
        bias,
        strides=_strides(entry),
        padding=_padding(entry),
        dilation=_dilation(entry),
        groups=int(entry.number("groups", 1)),
    )
    activate(chain, entry)


def _depthwise(chain: Chain, entry: Entry, weights: Weights) -> None:
    (kernel,), bias = _kernel_and_bias(entry, weights, 1)
    _set_order(chain, entry)
    chain.depthwise(
        entry.name, kernel, bias, strides=_strides(entry), padding=_padding(entry), dilation=_dilation(entry)
    )
    activate(chain, entry)


def _separable(chain: Chain, entry: Entry, weights: Weights) -> None:
    (depthwise, pointwise), bias = _kernel_and_bias(entry, weights, 2)
    _set_order(chain, entry)
    chain.depthwise(
        entry.name,
        depthwise,
        None,
        strides=_strides(entry),
        padding=_padding(entry),
        dilation=_dilation(entry),
    )
    chain.convolution(entry.name, pointwise, bias)
    activate(chain, entry)


def _batch_normalization(chain: Chain, entry: Entry, weights: Weights) -> None:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta."""
    if entry.config.get("mode"):
        refuse_layer(entry.name, "normalises each picture by itself.", "Use mode 0.")
    _check_axis(chain, entry)
    scaled, centred = entry.config.get("scale", True), entry.config.get("center", True)
    needed = 2 + bool(scaled) + bool(centred)
    if len(weights) != needed:
        refuse_layer(
            entry.name, f"has {len(weights)} arrays of numbers, not {needed}.", "The file is damaged."
        )
    rest = list(weights)
    gamma = rest.pop(0) if scaled else np.ones_like(rest[-1])
    beta = rest.pop(0) if centred else np.zeros_like(rest[-1])
    mean, variance = rest
    spread = variance + entry.number("epsilon", 1e-3)
    if (spread <= 0).any() or len({part.shape for part in (gamma, beta, mean, variance)}) != 1:
        refuse_layer(
            entry.name, "has a variance below zero, or parts that do not fit.", "Train the model again."
        )
    scale = gamma / np.sqrt(spread)
    chain.affine(entry.name, scale, beta - mean * scale)


def _normalization(chain: Chain, entry: Entry, weights: Weights) -> None:
    """(x - mean) / max(sqrt(variance), 1e-7), as it was adapted to the training images."""
    if entry.config.get("invert"):
        refuse_layer(entry.name, "inverts a normalisation.", "Use Rescaling in its place.")
    given = [entry.config.get("mean"), entry.config.get("variance")]
    parts = weights[:2] if len(weights) >= 2 else [_plain(entry, value) for value in given]
    mean, variance = parts
    scale = 1.0 / np.maximum(np.sqrt(np.maximum(variance, 0)), 1e-7)
    chain.affine(entry.name, scale, -mean * scale)


def _rescaling(chain: Chain, entry: Entry, weights: Weights) -> None:
    scale, offset = (
        _plain(entry, entry.config.get(key, default)) for key, default in (("scale", 1), ("offset", 0))
    )
    chain.affine(entry.name, scale, offset)


def _pool(largest: bool) -> Callable[[Chain, Entry, Weights], None]:
    def adder(chain: Chain, entry: Entry, weights: Weights) -> None:
        _set_order(chain, entry)
        size = entry.pair(("pool_size",), (2, 2))
        chain.pool(
            entry.name,
            largest=largest,
            size=size,
            strides=entry.pair(("strides",), size),
            padding=_padding(entry),
        )

    return adder


def _global(largest: bool) -> Callable[[Chain, Entry, Weights], None]:
    def adder(chain: Chain, entry: Entry, weights: Weights) -> None:
        _set_order(chain, entry)
        chain.global_pool(entry.name, largest=largest, keep=bool(entry.config.get("keepdims")))

    return adder


def _zero_padding(chain: Chain, entry: Entry, weights: Weights) -> None:
    _set_order(chain, entry)
    plain = entry.config.get("padding", 1)
    pairs = [plain, plain] if isinstance(plain, int) else plain
    try:
        (top, bottom), (left, right) = ((one, one) if isinstance(one, int) else one for one in pairs)
        padding = int(top), int(bottom), int(left), int(right)
    except (TypeError, ValueError):
        refuse_layer(entry.name, "has no padding that can be read.", "Save the model again.")
    if min(padding) < 0:
        refuse_layer(entry.name, "pads by less than nothing.", "Save the model again.")
    chain.pad(entry.name, padding)


def _flatten(chain: Chain, entry: Entry, weights: Weights) -> None:
    # From Keras 2.2 on, channels_first here means that the layer turns the map to channels last beforehand.
    turns = entry.config.get("data_format") == "channels_first" and len(chain.dims) == 3
    chain.flatten(entry.name, first=False if turns else None)


def _reshape(chain: Chain, entry: Entry, weights: Weights) -> None:
    target = entry.config.get("target_shape")
    if not isinstance(target, list) or not all(isinstance(size, int) for size in target) or len(target) > 8:
        refuse_layer(entry.name, "has no target shape that can be read.", "Save the model again.")
    chain.reshape(entry.name, target)


def _permute(chain: Chain, entry: Entry, weights: Weights) -> None:
    order = entry.config.get("dims")
    if not isinstance(order, list) or not all(isinstance(axis, int) for axis in order):
        refuse_layer(entry.name, "has no order that can be read.", "Save the model again.")
    chain.transpose(entry.name, [axis - 1 for axis in order])


def _kernel_and_bias(entry: Entry, weights: Weights, kernels: int) -> tuple[Weights, Numbers | None]:
    biased = entry.config.get("use_bias", entry.config.get("bias", True))
    if len(weights) != kernels + bool(biased):
        refuse_layer(
            entry.name,
            f"has {len(weights)} arrays of numbers in the file, not {kernels + bool(biased)}.",
            "Save the whole model (model.save), after training.",
        )
    return weights[:kernels], weights[kernels] if biased else None


def _strides(entry: Entry) -> Pair:
    return entry.pair(("strides", "subsample"), (1, 1))


def _dilation(entry: Entry) -> Pair:
    return entry.pair(("dilation_rate",), (1, 1))


def _padding(entry: Entry) -> tuple[int, int, int, int] | None:
    mode = entry.config.get("padding", entry.config.get("border_mode", "valid"))
    if mode not in ("valid", "same"):
        refuse_layer(entry.name, f"has {shown(mode)!r} as its padding.", 'Use "valid" or "same".')
    return (0, 0, 0, 0) if mode == "valid" else None


def _set_order(chain: Chain, entry: Entry) -> None:
    """Refuse a layer that takes the axes of its map in another order than the ones before it."""
    stated: Any = entry.config.get("data_format", entry.config.get("dim_ordering"))
    if stated in (None, "default"):
        return
    if len(chain.dims) == 3 and (stated in _FIRST) != chain.first:
        refuse_layer(
            entry.name,
            f"takes the map before it as {shown(stated)}, which it is not.",
            "Use one order of axes in the whole model.",
        )


def _check_axis(chain: Chain, entry: Entry) -> None:
    axis = entry.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    rank = len(chain.dims) + 1
    channel = 1 if chain.first and rank == 4 else rank - 1
    if axis not in (channel, channel - rank):
        refuse_layer(entry.name, f"normalises along axis {shown(axis)}.", "Normalise along the channels.")


def _plain(entry: Entry, value: object) -> Numbers:
    """A number or a list of numbers from the configuration."""
    try:
        numbers = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        numbers = np.array([np.nan])
    if numbers.size > 1_000 or not np.isfinite(numbers).all():
        refuse_layer(entry.name, "has no numbers that can be read.", "Save the model again, after training.")
    return numbers


def _weightless(adder: Callable[[Chain, Entry], None]) -> Callable[[Chain, Entry, Weights], None]:
    return lambda chain, entry, weights: adder(chain, entry)


_WEIGHTED: dict[str, Callable[[Chain, Entry, Weights], None]] = {
    "Dense": _dense,
    "Conv2D": _conv,
    "Convolution2D": _conv,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "SeparableConvolution2D": _separable,
    "BatchNormalization": _batch_normalization,
    "BatchNormalizationV1": _batch_normalization,
    "BatchNormalizationV2": _batch_normalization,
    "SyncBatchNormalization": _batch_normalization,
    "Normalization": _normalization,
}
_ADDERS: dict[str, Callable[[Chain, Entry, Weights], None]] = {
    **_WEIGHTED,
    "Activation": _weightless(activate),
    "Add": _weightless(add_arithmetic),
    "AveragePooling2D": _pool(False),
    "Divide": _weightless(add_arithmetic),
    "Flatten": _flatten,
    "GlobalAveragePooling2D": _global(False),
    "GlobalMaxPooling2D": _global(True),
    "LeakyReLU": _weightless(add_leaky),
    "MaxPooling2D": _pool(True),
    "Multiply": _weightless(add_arithmetic),
    "Permute": _permute,
    "ReLU": _weightless(add_relu),
    "Rescaling": _rescaling,
    "Reshape": _reshape,
    "Softmax": _weightless(add_softmax),
    "Subtract": _weightless(add_arithmetic),
    "TFOpLambda": _weightless(add_operation),
    "TrueDivide": _weightless(add_arithmetic),
    "ZeroPadding2D": _zero_padding,
}

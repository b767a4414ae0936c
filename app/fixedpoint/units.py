"""A folded model brought to one form: linear layers, each with what follows it, and layers that only arrange.

Every step here is exact in real numbers; nothing is rounded to integers yet. What cannot be folded into a
neighbour becomes a linear layer of its own (`identity`), so that rounding has few cases to treat:

- a `Linear` layer has its activation with it, and no AffineLayer behind it;
- maps are pooled after the activation; global pooling is pooling; a Dense layer on a map is a 1x1
convolution; - what is pooled has no channel turned upside down, and what is padded by more than zeros of a
convolution has no offset; the last unit is linear and without an activation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.errors import ModelError
from app.fixedpoint import floating
from app.fixedpoint.floating import Values
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
    Shape,
    ZeroPadLayer,
    output_shape,
)

LinearLayer = ConvLayer | DepthwiseLayer | DenseLayer


@dataclass(frozen=True, eq=False)
class Linear:
    """A linear layer and the activation that follows it at once, if one does."""

    layer: LinearLayer
    activation: ActivationLayer | None = None


Unit = Linear | AffineLayer | MaxPoolLayer | AveragePoolLayer | ZeroPadLayer | FlattenLayer


def units_of(model: FoldedModel) -> list[Unit]:
    """The model in that form. Raises ModelError where it makes no row of numbers."""
    _ = model.classes
    layers = _merged(_reordered(_plain(model)))
    units = _checked(_paired(layers, model.shapes[0]), model)
    if not isinstance(units[-1], Linear) or units[-1].activation:
        units.append(Linear(identity(model.shapes[-1])))
    return units


def outputs(units: Sequence[Unit], values: Values) -> Iterator[tuple[Values, Values]]:
    """Of each unit, what it makes of real inputs (N, *shape): before its activation, and after."""
    for unit in units:
        if isinstance(unit, Linear):
            before = floating.apply(unit.layer, values)
            values = floating.apply(unit.activation, before) if unit.activation else before
        else:
            before = values = floating.apply(unit, values)
        yield before, values


def identity(shape: Shape) -> LinearLayer:
    """The linear layer that changes nothing, for values of this shape."""
    if len(shape) == 3:
        return DepthwiseLayer(np.ones((1, 1, shape[2], 1)), np.zeros(shape[2]))
    return DenseLayer(np.eye(shape[0]), np.zeros(shape[0]))


def _plain(model: FoldedModel) -> list[FoldedLayer]:
    """Without global pooling, dense layers on maps, and depthwise layers of one channel."""
    plain: list[FoldedLayer] = []
    for place, (layer, shape) in enumerate(zip(model.layers, model.shapes, strict=False)):
        match layer:
            case GlobalAverageLayer():
                plain += [AveragePoolLayer((shape[0], shape[1]), (shape[0], shape[1])), FlattenLayer()]
            case GlobalMaxLayer():
                plain += [MaxPoolLayer((shape[0], shape[1]), (shape[0], shape[1])), FlattenLayer()]
            case MaxPoolLayer() | AveragePoolLayer() if output_shape(layer, shape)[:2] == (1, 1):
                # One window: its stride makes no difference, and one as large as the map moves channels
                # together.
                plain.append(replace(layer, stride=layer.size))
            case DenseLayer() if len(shape) == 3:
                plain.append(ConvLayer(layer.kernel[None, None], layer.bias))
            case DepthwiseLayer() if shape[2] == 1:
                plain.append(ConvLayer(layer.kernel, layer.bias, layer.stride, layer.padding))
            case ConvLayer() if _dense(layer, shape) and _flattened(model.layers[place + 1 :]):
                plain += [
                    FlattenLayer(),
                    DenseLayer(layer.kernel.reshape(-1, layer.kernel.shape[3]), layer.bias),
                ]
            case _:
                plain.append(layer)
    return plain


def _dense(layer: ConvLayer, shape: Shape) -> bool:
    """Whether a kernel covers the whole map: a dense layer by another name."""
    return shape[:2] == layer.kernel.shape[:2] and not any(layer.padding)


def _flattened(layers: Sequence[FoldedLayer]) -> bool:
    """Whether these layers flatten what they read before they do anything else to the map."""
    first = next((x for x in layers if not isinstance(x, ActivationLayer | AffineLayer)), None)
    return isinstance(first, FlattenLayer)


def _reordered(layers: list[FoldedLayer]) -> list[FoldedLayer]:
    """With activations, and affine layers that keep the order of values, before the maxima: they are
    increasing."""
    layers = list(layers)
    for end in range(1, len(layers)):
        for at in range(end, 0, -1):
            if not (isinstance(layers[at - 1], MaxPoolLayer) and _increasing(layers[at])):
                break
            layers[at - 1], layers[at] = layers[at], layers[at - 1]
    return layers


def _increasing(layer: FoldedLayer) -> bool:
    return isinstance(layer, ActivationLayer) or (
        isinstance(layer, AffineLayer) and bool((layer.scale > 0).all())
    )


def _merged(layers: list[FoldedLayer]) -> list[FoldedLayer]:
    """With every affine layer that follows a linear one, or another affine one, in it."""
    merged: list[FoldedLayer] = []
    for layer in layers:
        before = merged[-1] if merged else None
        if isinstance(layer, AffineLayer) and isinstance(before, LinearLayer):
            merged[-1] = _scaled(before, layer)
        elif isinstance(layer, AffineLayer) and isinstance(before, AffineLayer):
            merged[-1] = AffineLayer(before.scale * layer.scale, before.offset * layer.scale + layer.offset)
        elif isinstance(layer, ZeroPadLayer) and isinstance(before, ZeroPadLayer):
            merged[-1] = ZeroPadLayer(_sum(before.padding, layer.padding))
        elif isinstance(layer, ConvLayer | DepthwiseLayer) and isinstance(before, ZeroPadLayer):
            merged[-1] = replace(layer, padding=_sum(before.padding, layer.padding))
        else:
            merged.append(layer)
    return merged


def _sum(first: Padding, second: Padding) -> Padding:
    top, bottom, left, right = (a + b for a, b in zip(first, second, strict=True))
    return top, bottom, left, right


def _scaled(layer: LinearLayer, affine: AffineLayer) -> LinearLayer:
    scale = np.asarray(affine.scale, np.float64)
    bias = layer.bias * scale + affine.offset
    if isinstance(layer, DepthwiseLayer):
        # Output channel c*multiplier + m belongs to kernel[..., c, m].
        return replace(layer, kernel=layer.kernel * scale.reshape(layer.kernel.shape[2:]), bias=bias)
    return replace(layer, kernel=layer.kernel * scale, bias=bias)


def _paired(layers: list[FoldedLayer], shape: Shape) -> list[Unit]:
    """Linear layers with their activations; an activation that follows none gets one."""
    units: list[Unit] = []
    for layer in layers:
        if isinstance(layer, ActivationLayer):
            last = units[-1] if units else None
            if not isinstance(last, Linear) or last.activation:
                if layer.kind == "relu" and isinstance(last, Linear) and _never_negative(last):
                    continue
                last = Linear(identity(shape))
                units.append(last)
            units[-1] = replace(last, activation=layer)
        elif isinstance(layer, LinearLayer):
            units.append(Linear(layer))
        elif isinstance(layer, GlobalAverageLayer | GlobalMaxLayer):
            raise ModelError("Global pooling is pooling over the whole map here.")
        else:
            units.append(layer)
        shape = output_shape(layer, shape)
    return units


def _never_negative(unit: Linear) -> bool:
    return unit.activation is not None and unit.activation.kind != "leaky"


def _checked(units: list[Unit], model: FoldedModel) -> list[Unit]:
    """With an identity where an affine layer's sign or offset cannot be carried further."""
    shape, made = model.shapes[0], list[Unit]()
    turned, shifted = model.meaning.scale < 0, model.meaning.offset != 0
    for unit in units:
        padded = isinstance(unit, ZeroPadLayer) or (
            isinstance(unit, Linear) and isinstance(unit.layer, DepthwiseLayer) and any(unit.layer.padding)
        )
        if (turned and isinstance(unit, MaxPoolLayer)) or (shifted and padded):
            made.append(Linear(identity(shape)))
            turned = shifted = False
        if isinstance(unit, Linear):
            turned = shifted = False
        elif isinstance(unit, AffineLayer):
            turned = turned or bool((unit.scale <= 0).any())
            shifted = shifted or bool((unit.offset != 0).any())
        made.append(unit)
        shape = output_shape(unit.layer if isinstance(unit, Linear) else unit, shape)
    return made
